// SPDX-License-Identifier: Apache-2.0
// Says every member of the request.
#include "either.hpp"

using namespace aws::lambda_runtime;

static invocation_response handler(invocation_request const &r) {
    using namespace std::chrono;
    std::string text;
    for (std::string const &member : {r.payload, r.request_id, r.xray_trace_id, r.client_context, r.cognito_identity,
                                      r.function_arn, either::tenant_id(r, 0), either::content_type(r, 0)})
        text += "[" + member + "]";
    text += std::to_string(duration_cast<milliseconds>(r.deadline.time_since_epoch()).count());
    text += r.get_time_remaining() > milliseconds(0) ? " to come" : " is over";
    return invocation_response::success(text, "text/plain");
}

int main() {
    run_handler(handler);
    return 0;
}
