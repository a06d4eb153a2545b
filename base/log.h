/* SPDX-License-Identifier: Apache-2.0 */
/* One record, one line, one write. Records hold ids, sizes, durations and status, never a payload, field value, key,
   token or signature. JSON: timestamp (RFC 3339), level, message, requestId, traceId, tenantId.
   Text: timestamp TAB requestId TAB LEVEL TAB message. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "str.h"

enum log_level { LOG_TRACE, LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };
enum log_format { LOG_TEXT, LOG_JSON };

/* Once, before threads start. The default is text, INFO, standard output. */
void log_open(enum log_format format, enum log_level least, int fd);

/* The values of AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL, without regard to case; false: not one of them. */
bool log_read_format(struct str s, enum log_format *format);
bool log_read_level(struct str s, enum log_level *level);

/* The ids that this thread's next lines carry; borrowed until the next call; absent members are left out. */
struct log_scope {
    struct str request_id, trace_id, tenant_id;
};
void log_set_scope(const struct log_scope *scope); /* NULL: none */

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
