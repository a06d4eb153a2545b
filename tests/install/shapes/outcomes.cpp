// SPDX-License-Identifier: Apache-2.0
// outcome<>, version.h, response.h and the names of status codes, without a server.
#include <aws/http/response.h>
#include <aws/lambda-runtime/outcome.h>
#include <aws/lambda-runtime/version.h>

#include <cstdio>
#include <memory>
#include <string>

using namespace aws::lambda_runtime;
using aws::http::response_code;

int main() {
    using text_or_code = outcome<std::string, int>;
    text_or_code good(std::string(100, 'x')), bad(7), copy(good);
    copy = text_or_code(8);
    std::fprintf(stderr, "%zu %d %d\n", good.get_result().size(), bad.get_failure(), copy.get_failure());
    copy = std::move(good);
    std::fprintf(stderr, "%d %zu\n", copy.is_success(), std::move(copy).get_result().size());

    outcome<std::unique_ptr<int>, std::string> only_moves(std::unique_ptr<int>(new int(5)));
    outcome<std::unique_ptr<int>, std::string> moved(std::move(only_moves));
    std::fprintf(stderr, "%d\n", *moved.get_result());

    aws::http::response r;
    r.add_header("X-First", "1");
    r.append_body("abc", 3);
    r.set_response_code(response_code::IM_A_TEAPOT);
    std::fprintf(stderr, "%s %d %d %s %d\n", r.get_header("x-first").get_result().c_str(), r.has_header("x-first"),
                 r.has_header("x-second"), r.get_body().c_str(), static_cast<int>(r.get_response_code()));
    std::fprintf(stderr, "%d %d\n", static_cast<int>(response_code::REQUEST_NOT_MADE),
                 static_cast<int>(response_code::NETWORK_CONNECT_TIMEOUT));

    std::string const version = std::to_string(get_version_major()) + "." + std::to_string(get_version_minor()) + "." +
                                std::to_string(get_version_patch());
    std::fprintf(stderr, "%d\n", std::string(get_version()).compare(0, version.size(), version));
    return 0;
}
