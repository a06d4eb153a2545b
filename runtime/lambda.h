/* SPDX-License-Identifier: Apache-2.0 */
/* A Lambda custom runtime: write one function, call lambda_run from main, name the binary `bootstrap`.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html */
#ifndef RUNTIME_LAMBDA_H
#define RUNTIME_LAMBDA_H

#include "buf.h"

/* One delivery of an event. Everything here, and all that is taken from the arena, ends when the handler returns.
   Absent and empty header fields are both absent. */
struct lambda_invocation {
    struct str request_id;           /* Lambda-Runtime-Aws-Request-Id */
    struct str invocation_id;        /* Lambda-Runtime-Invocation-Id */
    struct str invoked_function_arn; /* Lambda-Runtime-Invoked-Function-Arn */
    struct str trace_id;             /* Lambda-Runtime-Trace-Id, also in _X_AMZN_TRACE_ID */
    struct str client_context;       /* Lambda-Runtime-Client-Context: JSON text */
    struct str cognito_identity;     /* Lambda-Runtime-Cognito-Identity: JSON text */
    struct str tenant_id;            /* Lambda-Runtime-Aws-Tenant-Id */
    struct str content_type;
    int64_t deadline_ms; /* Lambda-Runtime-Deadline-Ms, milliseconds since 1970; INT64_MAX when not given */
    struct str payload;
    struct arena *arena;
};

/* Writes the result into *reply (limit: LAMBDA_MAX_REPLY_BYTES). False: *e becomes the function error of this invocation,
   errorMessage its sentence, and the runtime goes on with the next one. */
typedef bool lambda_handler(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);

struct lambda_program {
    bool (*init)(void *user, struct err *e); /* may be NULL; false: /init/error, then the process exits */
    lambda_handler *handle;
    void *user;
};

enum { LAMBDA_MAX_REPLY_BYTES = 6291556 }; /* 6 MiB + 100: more is refused by Lambda with 413 */

/* Serves invocations until the Runtime API ends it. Returns main's exit code, which is never 0: a runtime that stops has
   failed. Reads AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL. */
int lambda_run(const struct lambda_program *program);

/* Milliseconds left before Lambda ends this invocation; 0 when none are. */
int64_t lambda_remaining_ms(const struct lambda_invocation *inv);

#endif
