/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines of a handler, written as the runtime's own: one line, one write, with the request's ids, in the format and from
   the level that AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL say. */
#ifndef AWS_LOGGING_LOGGING_H
#define AWS_LOGGING_LOGGING_H

#include <cstdarg>
#include <cstdio>
#include <string>

/* <syslog.h> has macros of these names. */
#pragma push_macro("LOG_INFO")
#pragma push_macro("LOG_DEBUG")
#undef LOG_INFO
#undef LOG_DEBUG
#include <lambda-iam-c/log.h>

namespace aws {
namespace logging {

enum class verbosity {
    error,
    info,
    debug,
};

/* No line is written when msg cannot be formatted. */
__attribute__((format(printf, 3, 0))) inline void log(verbosity v, char const *tag, char const *msg, va_list args) {
    va_list again;
    va_copy(again, args);
    int const n = std::vsnprintf(nullptr, 0, msg, args);
    if (n >= 0) {
        std::string text(static_cast<std::string::size_type>(n) + 1, '\0'); /* one more for the NUL */
        std::vsnprintf(&text[0], text.size(), msg, again);
        ::log_level const level = v == verbosity::error ? ::LOG_ERROR : v == verbosity::info ? ::LOG_INFO : ::LOG_DEBUG;
        ::log_line(level, "%s %s", tag, text.c_str());
    }
    va_end(again);
}

__attribute__((format(printf, 2, 3))) inline void log_error(char const *tag, char const *msg, ...) {
    va_list args;
    va_start(args, msg);
    log(verbosity::error, tag, msg, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) inline void log_info(char const *tag, char const *msg, ...) {
    va_list args;
    va_start(args, msg);
    log(verbosity::info, tag, msg, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) inline void log_debug(char const *tag, char const *msg, ...) {
    va_list args;
    va_start(args, msg);
    log(verbosity::debug, tag, msg, args);
    va_end(args);
}

} // namespace logging
} // namespace aws

#pragma pop_macro("LOG_DEBUG")
#pragma pop_macro("LOG_INFO")

#endif
