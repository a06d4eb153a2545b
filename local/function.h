/* SPDX-License-Identifier: Apache-2.0 */
/* One function of the template: a queue of invocations and up to `concurrency` execution environments that serve it. As at
   Lambda an environment has one process and one invocation at a time; another one is started when an invocation waits
   and none is idle. What becomes of one of them is no matter to the others. */
#ifndef LOCAL_FUNCTION_H
#define LOCAL_FUNCTION_H

#include "model.h"
#include "stream_pipe.h"

enum { FUNCTION_MAX_CONCURRENCY = 64, FUNCTION_DEFAULT_CONCURRENCY = 10, FUNCTION_INIT_TIMEOUT_MS = 10000 };

enum function_outcome {
    FUNCTION_REPLY,     /* body: what was posted to /response */
    FUNCTION_ERROR,     /* body: what was posted to /error */
    FUNCTION_TIMED_OUT, /* the function's own Timeout, or that of its init, passed; its process was killed */
    FUNCTION_EXITED,    /* the process ended, or never came up */
    FUNCTION_TOO_LATE,  /* the caller's time was up first */
    FUNCTION_THROTTLED, /* ReservedConcurrentExecutions of them are under way */
};

struct function_result {
    enum function_outcome outcome;
    struct str body;            /* in the caller's arena */
    struct str why;             /* there too: a sentence for the log when there is no reply, else empty */
    struct stream_pipe *stream; /* function_invoke_stream: instead of a body; the caller is its reader now */
    struct str content_type;    /* of the stream, as it was posted */
};

struct function_options {
    const struct model_function *model;
    const char
        *bootstrap; /* the executable; NULL: somebody starts it by hand, in one environment, with time to debug */
    const char *task_root;    /* its folder, LAMBDA_TASK_ROOT and working directory */
    char *const *environment; /* what all have in common, NULL-terminated; see environment.h for the rest */
    unsigned concurrency;     /* 1 to FUNCTION_MAX_CONCURRENCY */
    int64_t init_timeout_ms;  /* until the first GET /invocation/next */
    int64_t timeout_s;        /* 0: the model's, or a day for a process that is started by hand */
};

struct function;
bool function_open(const struct function_options *options, struct function **f, struct err *e);
void function_stop(struct function *f);  /* kills all processes, fails what waits and what comes; NULL is fine */
void function_close(struct function *f); /* stops it and gives its memory back, once nobody calls it any more */

/* Starts the first environment. Nothing to do for one that is started by hand. */
void function_begin(struct function *f);
/* The same, unless it has begun, and waits for its GET /invocation/next. */
bool function_start(struct function *f, struct err *e);

/* From a gateway thread: queues the event, waits for its outcome. The request id is the gateway's. */
bool function_invoke(struct function *f, struct str event, struct str request_id, struct str trace_id,
                     int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e);

/* For a caller that takes a reply while it is still being written, which then is a stream. A whole one is a body here too;
   and to function_invoke a streamed one is given when it is whole. */
bool function_invoke_stream(struct function *f, struct str event, struct str request_id, struct str trace_id,
                            int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e);

/* The bootstrap has changed: idle environments end now, busy ones after their invocation, and one with the new program is
   started. A program that does not start is said in the log; every invocation tries again. */
void function_replace(struct function *f);

/* For whoever starts the process by hand: its complete environment, NULL-terminated. NULL: we start them. */
char *const *function_variables(const struct function *f);

#endif
