// SPDX-License-Identifier: Apache-2.0
// A loop of its own over class runtime, with a user agent of its own; says how each call ended.
#include "either.hpp"

#include <cstdio>
#include <cstdlib>

using namespace aws::lambda_runtime;

int main() {
    runtime api(std::string("http://") + std::getenv("AWS_LAMBDA_RUNTIME_API"), "own-loop/1.2");
    for (;;) {
        runtime::next_outcome next = api.get_next();
        if (!next.is_success()) {
            std::fprintf(stderr, "next: %d\n", static_cast<int>(next.get_failure()));
            return 0;
        }
        invocation_request const request = std::move(next).get_result();
        runtime::post_outcome const post =
            request.payload == "fail"
                ? api.post_failure(request.request_id, either::failed("as told", "Told"))
                : api.post_success(request.request_id, invocation_response::success(request.payload, "text/plain"));
        std::fprintf(stderr, "%s: %d\n", request.payload.c_str(),
                     post.is_success() ? 0 : static_cast<int>(post.get_failure()));
    }
}
