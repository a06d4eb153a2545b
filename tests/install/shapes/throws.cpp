// SPDX-License-Identifier: Apache-2.0
// Handlers that throw: ours alone survive it.
#include <aws/lambda-runtime/runtime.h>

#include <new>
#include <stdexcept>

using namespace aws::lambda_runtime;

namespace shop {
struct sold_out : std::runtime_error {
    using std::runtime_error::runtime_error;
};
} // namespace shop

static invocation_response handler(invocation_request const &r) {
    if (r.payload == "standard") return invocation_response::success(r.payload.substr(99), "text/plain");
    if (r.payload == "own") throw shop::sold_out("no \"tea\"\n\xff left");
    if (r.payload == "int") throw 42;
    if (r.payload == "memory") throw std::bad_alloc();
    return invocation_response::success("still here", "text/plain");
}

int main() {
    run_handler(handler);
    return 0;
}
