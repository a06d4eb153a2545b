/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a function, for handlers too: one record, one line. Records hold ids, sizes, durations and status, never a
   payload, field value, key, token or signature. Any byte may be in a message: the line stays one line, and JSON stays JSON.
   JSON: timestamp (RFC 3339), level, message, requestId, traceId, tenantId; of failures errorType, errorMessage, stackTrace.
   Text: timestamp TAB requestId TAB LEVEL TAB message.
   A record is at most 64 KiB, takes no memory and goes out whole before that of another thread. Other processes with the
   same pipe can come between if it is longer than PIPE_BUF (4 KiB); with a file, if it was not opened with O_APPEND. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };
enum log_format { LOG_TEXT, LOG_JSON };

/* The values of AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL, without regard to case; false: not one of them. */
bool log_read_format(struct str s, enum log_format *format);
bool log_read_level(struct str s, enum log_level *level);

/* Once, before threads start. The default is text, INFO, standard output. */
void log_open(enum log_format format, enum log_level least, int fd);

/* The same by the environment: AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL; with AWS_LAMBDA_MAX_CONCURRENCY it is
   always JSON, for lines of several requests mix. Records go to the descriptor in _LAMBDA_TELEMETRY_LOG_FD as frames, and
   the variable goes; without it lines go to fd. What is wrong in them is logged as a warning. */
void log_open_from_environment(int fd);

/* The ids that this thread's next lines carry; borrowed until the next call; absent members are left out. */
struct log_scope {
    struct str request_id, trace_id, tenant_id;
};
void log_set_scope(const struct log_scope *scope); /* NULL: none */

/* A message of 2,048 bytes or more ends in "...". */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A failure; absent members are left out. In text they follow the message: "message: errorType: errorMessage", then the
   frames, all in one line. Long members are cut as messages are; of a long stack trace the last frames are missing. */
struct log_cause {
    struct str error_type, error_message;
    const struct str *stack_trace;
    size_t stack_trace_n;
};
void log_failure(enum log_level level, const struct log_cause *failure, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Async-signal-safe: a record that its writer made himself in the right format, without a line feed. It is written at once,
   without waiting for other threads' lines; up to 4 KiB it does not mix with them. A pipe without room: half a second. */
bool log_is_json(void);
void log_raw(enum log_level level, struct str text);

#ifdef __cplusplus
}
#endif

#endif
