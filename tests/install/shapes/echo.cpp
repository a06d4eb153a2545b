// SPDX-License-Identifier: Apache-2.0
// A lambda with a capture; replies of any size and content.
#include <aws/lambda-runtime/runtime.h>
#include <string>

using namespace aws::lambda_runtime;

int main() {
    std::string const type = "application/json";
    run_handler(
        [&type](invocation_request const &request) { return invocation_response::success(request.payload, type); });
    return 0;
}
