// SPDX-License-Identifier: Apache-2.0
// A second file with every header, beside hello.cpp: nothing is defined twice, and <syslog.h> may come first.
#include <syslog.h>

#include <apigw.h>
#include <aws/http/response.h>
#include <aws/lambda-runtime/outcome.h>
#include <aws/lambda-runtime/runtime.h>
#include <aws/lambda-runtime/version.h>
#include <aws/logging/logging.h>
#include <http.h>
#include <url.h>

static_assert(LOG_DEBUG == 7, "syslog's macros are as they were");

int log_with_both(int n);
int log_with_both(int n) {
    aws::logging::log_debug("mixed", "%d", n);
    return LOG_DEBUG;
}
