// SPDX-License-Identifier: Apache-2.0
// The event is the message of the failure; its content is the type too.
#include "either.hpp"

using namespace aws::lambda_runtime;

static invocation_response handler(invocation_request const &r) {
    return either::failed(r.payload, "Type of " + r.payload);
}

int main() {
    run_handler(handler);
    return 0;
}
