/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between the lines of aws-lambda-cpp, so that one program builds with each of them. */
#ifndef TESTS_EITHER_H
#define TESTS_EITHER_H

#include <aws/lambda-runtime/runtime.h>
#include <string>

namespace either {

using std::string;

/* failure(message, type); some lines ask for the cause for X-Ray too. */
template <typename R>
auto failure(string const &message, string const &type, int) -> decltype(R::failure(message, type)) {
    return R::failure(message, type);
}
template <typename R> R failure(string const &message, string const &type, long) {
    return R::failure(message, type, "");
}
inline aws::lambda_runtime::invocation_response failed(string const &message, string const &type) {
    return failure<aws::lambda_runtime::invocation_response>(message, type, 0);
}

template <typename R> auto whole(string const &body, string const &type, bool ok, int) -> decltype(R(body, type, ok)) {
    return R(body, type, ok);
}
template <typename R> R whole(string const &body, string const &type, bool ok, long) {
    return R(body, type, ok, "");
}
inline aws::lambda_runtime::invocation_response reply(string const &body, string const &type, bool ok) {
    return whole<aws::lambda_runtime::invocation_response>(body, type, ok, 0);
}

/* Members that came later; empty where there are none. */
template <typename R> auto content_type(R const &r, int) -> decltype(r.content_type) {
    return r.content_type;
}
template <typename R> string content_type(R const &, long) {
    return "";
}
template <typename R> auto tenant_id(R const &r, int) -> decltype(r.tenant_id) {
    return r.tenant_id;
}
template <typename R> string tenant_id(R const &, long) {
    return "";
}

} // namespace either

#endif
