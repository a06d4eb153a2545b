/* SPDX-License-Identifier: Apache-2.0 */
/* The version of aws-lambda-cpp's interface that these headers have: its 1.0 line, which the 0.2 line is a part of. What
   the User-Agent says is the version of lambda-iam-c. */
#ifndef AWS_LAMBDA_RUNTIME_VERSION_H
#define AWS_LAMBDA_RUNTIME_VERSION_H

namespace aws {
namespace lambda_runtime {

inline unsigned get_version_major() {
    return 1;
}

inline unsigned get_version_minor() {
    return 0;
}

inline unsigned get_version_patch() {
    return 1;
}

inline char const *get_version() {
    return "1.0.1";
}

} // namespace lambda_runtime
} // namespace aws

#endif
