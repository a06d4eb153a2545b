/* SPDX-License-Identifier: Apache-2.0 */
/* A Lambda custom runtime: write one function, call lambda_run from main, name the binary `bootstrap`.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
   With AWS_LAMBDA_MAX_CONCURRENCY set (Lambda Managed Instances) that many threads call the handler at once.
   https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-custom-runtimes.html */
#ifndef RUNTIME_LAMBDA_H
#define RUNTIME_LAMBDA_H

#include "buf.h"
#include "http_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One delivery of an event. Everything here, and all that is taken from the arena, ends when the handler returns.
   Absent and empty header fields are both absent; bytes are as they came, UTF-8 or not. */
struct lambda_invocation {
    struct str request_id;           /* Lambda-Runtime-Aws-Request-Id */
    struct str invocation_id;        /* Lambda-Runtime-Invocation-Id */
    struct str invoked_function_arn; /* Lambda-Runtime-Invoked-Function-Arn */
    struct str trace_id;             /* Lambda-Runtime-Trace-Id; also in _X_AMZN_TRACE_ID, but not with concurrency */
    struct str client_context;       /* Lambda-Runtime-Client-Context: JSON text */
    struct str cognito_identity;     /* Lambda-Runtime-Cognito-Identity: JSON text */
    struct str tenant_id;            /* Lambda-Runtime-Aws-Tenant-Id */
    struct str content_type;
    int64_t deadline_ms; /* Lambda-Runtime-Deadline-Ms, milliseconds since 1970; INT64_MAX when not given */
    struct str payload;
    struct arena *arena;
    struct lambda_turn *turn; /* the runtime's own; the functions below use it */
};

/* Writes the result into *reply (limit: LAMBDA_MAX_REPLY_BYTES). False: *e becomes the function error of this invocation,
   errorMessage its sentence, and the runtime goes on with the next one. With concurrency it is called from several
   threads at once, with the same user. */
typedef bool lambda_handler(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);

/* Members that are NULL or false are not used. */
struct lambda_program {
    bool (*init)(void *user, struct err *e); /* false: /init/error, then the process exits */
    lambda_handler *handle;
    void *user;
    /* Before the environment ends. Having one registers an internal extension, for without any Lambda sends no SIGTERM.
       It has 300 ms; then the process exits with 0, or with 1 if the hook took longer. Also after a local run. */
    void (*shutdown)(void *user);
    bool (*before_snapshot)(void *user, struct err *e); /* SnapStart; false: /init/error, then the process exits */
    bool (*after_restore)(void *user, struct err *e);   /* SnapStart; false: /restore/error, then the process exits */
    bool deadline_watchdog; /* with concurrency, where Lambda enforces no time-out: answers /error 20 ms before the
                               deadline, and drops what the handler returns later; a handler is never interrupted */
    struct str user_agent;  /* "name/version"; absent: lambda-iam-c/VERSION */
};

enum { LAMBDA_MAX_REPLY_BYTES = 6291556 }; /* 6 MiB + 100: more is refused by Lambda with 413 */

/* Serves invocations until the Runtime API ends it. Returns main's exit code, which is never 0: a runtime that stops has
   failed. Reads AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_MAX_CONCURRENCY, AWS_LAMBDA_INITIALIZATION_TYPE,
   AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL and _LAMBDA_TELEMETRY_LOG_FD.
   Without AWS_LAMBDA_RUNTIME_API, LAMBDA_EVENT=FILE ("-": standard input) is handled once, with a deadline in
   AWS_LAMBDA_FUNCTION_TIMEOUT seconds (3) that nothing enforces: the reply goes to standard output, records to standard
   error, and the exit code is 0 done, 1 the function failed, 2 the event cannot be read. */
int lambda_run(const struct lambda_program *program);

/* Milliseconds left before Lambda ends this invocation; 0 when none are. */
int64_t lambda_remaining_ms(const struct lambda_invocation *inv);

/* The Content-Type of a buffered reply; application/json without it. It is copied. A value with a control byte is not
   sent and is logged. */
void lambda_set_content_type(const struct lambda_invocation *inv, struct str content_type);

/* What is known about a failure beside its sentence. Every member may be absent. */
struct lambda_failure {
    struct str error_type; /* "Function.BadInput"; a text that is no Category.Reason stays in the body, and the header
                                 says Function.Unknown */
    struct str error_message; /* any bytes; what is not UTF-8 is replaced in the JSON */
    const struct str *stack_trace;
    size_t stack_trace_n;
    struct str xray_error_cause; /* Lambda-Runtime-Function-XRay-Error-Cause: one line of JSON, up to 1,000 KiB;
                                    absent: one is made from the members above */
    struct str body;             /* sent instead of {"errorMessage","errorType","stackTrace"} */
    struct str content_type;     /* of body; absent: application/json */
};

/* Says more about the failure that the handler is about to return; all of it is copied. */
void lambda_set_failure(const struct lambda_invocation *inv, const struct lambda_failure *failure);

/* --- Response streaming -----------------------------------------------------------------------------------------------
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
   The first call of a begin function opens the stream; the handler then writes to it instead of to *reply, and returns
   true to end it well. When it returns false, *e goes out in the trailers Lambda-Runtime-Function-Error-Type and -Body.
   A write waits until the bytes are on their way: memory does not grow with the stream. False: the stream is broken
   (ERR_REFUSED: Lambda closed it) and the handler should return. What is in *reply when a handler has streamed is dropped,
   with an error in the log; a content type set for it has no effect. A stream that Lambda refuses is the loss of this
   invocation only: it is logged and the runtime goes on. */
bool lambda_stream_begin(const struct lambda_invocation *inv, struct str content_type, struct err *e);
/* For Function URLs and API Gateway: sends the prelude {"statusCode","headers","cookies"} and its 8 NUL bytes; the body of
   *head must be empty. Set-Cookie fields become cookies; a repeated field is joined with ", ". */
bool lambda_stream_begin_http(const struct lambda_invocation *inv, const struct http_response *head, struct err *e);
bool lambda_stream_write(const struct lambda_invocation *inv, struct str bytes, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
