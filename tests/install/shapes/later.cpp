// SPDX-License-Identifier: Apache-2.0
// What came with the 1.0 line: a cause for X-Ray, the tenant, the delivery's id, init errors.
#include <aws/lambda-runtime/runtime.h>
#include <aws/logging/logging.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace aws::lambda_runtime;

static invocation_response handler(invocation_request const &r) {
    aws::logging::log_error("shape", "an error of %s", r.tenant_id.c_str());
    aws::logging::log_info("shape", "an info, %d", 7);
    aws::logging::log_debug("shape", "a debug line");
    if (r.payload == "own error") return invocation_response("{}", "application/json", false, "{\"message\":\"why\"}");
    if (r.payload == "error") return invocation_response::failure("m", "Function.Told", "{\"message\":\"because\"}");
    return invocation_response::success(r.tenant_id + " " + r.content_type + " " + r.invocation_id, "text/plain");
}

int main(int argc, char **argv) {
    if (argc == 1) run_handler(handler);
    if (argc > 1 && std::strcmp(argv[1], "init") == 0) {
        runtime api(std::string("http://") + std::getenv("AWS_LAMBDA_RUNTIME_API"));
        runtime_response const why("{\"errorMessage\":\"no table\",\"errorType\":\"Runtime.NoTable\"}",
                                   "application/json", "{\"message\":\"cause\"}");
        runtime::post_outcome const post = api.post_init_error(why);
        std::fprintf(stderr, "%d\n", post.is_success());
        return 1;
    }
    return 0;
}
