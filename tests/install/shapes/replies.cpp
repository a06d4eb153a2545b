// SPDX-License-Identifier: Apache-2.0
// Replies and errors that the program writes itself, told by the event.
#include "either.hpp"

using namespace aws::lambda_runtime;

class replies {
  public:
    invocation_response operator()(invocation_request const &r) const {
        if (r.payload == "own error") return either::reply("{\"trace\":[1,2]}", "application/json", false);
        if (r.payload == "own reply") return either::reply("<p>", "text/html", true);
        if (r.payload == "no type") return invocation_response::success("1", "");
        if (r.payload == "nothing") return invocation_response::success("", "application/octet-stream");
        invocation_response const made = either::failed("a", "b");
        return invocation_response::success(made.get_payload() + made.get_content_type() +
                                                (made.is_success() ? "1" : "0"),
                                            "text/plain; charset=utf-8");
    }
};

int main() {
    run_handler(replies());
    return 0;
}
