// SPDX-License-Identifier: Apache-2.0
// Nobody listens: what the calls of class runtime then say.
#include "either.hpp"

#include <cstdio>

using namespace aws::lambda_runtime;

int main() {
    runtime api("http://127.0.0.1:1");
    std::fprintf(stderr, "%d\n",
                 static_cast<int>(api.post_success("id", either::reply("1", "text/plain", true)).get_failure()));
    std::fprintf(stderr, "%d\n", static_cast<int>(api.post_failure("id", either::failed("a", "b")).get_failure()));
    return api.get_next().get_failure() == aws::http::response_code::REQUEST_NOT_MADE ? 0 : 1;
}
