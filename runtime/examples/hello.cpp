// SPDX-License-Identifier: Apache-2.0
// Written for aws-lambda-cpp; builds with either library. With ours it may throw.
#include <aws/lambda-runtime/runtime.h>

using namespace aws::lambda_runtime;

static invocation_response hello(invocation_request const &request) {
    if (request.payload == "{}") return invocation_response::failure("the event is empty", "Function.EmptyEvent");
    return invocation_response::success("{\"hello\":\"world\"}", "application/json");
}

int main() {
    run_handler(hello);
    return 0;
}
