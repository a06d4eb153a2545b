/* SPDX-License-Identifier: Apache-2.0 */
/* One function of the template: its queue of invocations and its one execution environment (a bootstrap process).
   The gateway puts invocations in, the Runtime API server hands them to the process, a thread of its own starts the process
   again when it has ended and is needed. */
#ifndef LOCAL_FUNCTION_H
#define LOCAL_FUNCTION_H

#include "model.h"

enum function_outcome {
    FUNCTION_REPLY,     /* body: what was posted to /response */
    FUNCTION_ERROR,     /* body: what was posted to /error */
    FUNCTION_TIMED_OUT, /* the function's own Timeout passed; its process was killed */
    FUNCTION_EXITED,    /* the process ended, or never came up */
    FUNCTION_TOO_LATE,  /* the caller's time was up first */
};

struct function_result {
    enum function_outcome outcome;
    struct str body; /* in the caller's arena */
};

struct function_options {
    const struct model_function *model;
    const char *bootstrap;    /* the executable */
    const char *task_root;    /* its folder, LAMBDA_TASK_ROOT and working directory */
    char *const *environment; /* complete, NULL-terminated */
};

struct function;
bool function_open(const struct function_options *options, struct function **f, struct err *e);
void function_stop(struct function *f);  /* kills the process, fails what waits and what comes; NULL is fine */
void function_close(struct function *f); /* stops it and gives its memory back, once nobody calls it any more */

/* Starts the process and waits for its first GET /invocation/next. */
bool function_start(struct function *f, int64_t timeout_ms, struct err *e);

/* From a gateway thread: queues the event, waits for its outcome. The request id is the gateway's. */
bool function_invoke(struct function *f, struct str event, struct str request_id, struct str trace_id,
                     int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e);

/* For the Runtime API server. */
struct function_delivery {
    struct str event, request_id, trace_id; /* copies in the arena */
    int64_t deadline_ms;
};
/* Waits; false: the process is gone or everything stops. */
bool function_take(struct function *f, struct function_delivery *d, struct arena *a);
/* False: the id is not that of the current invocation. */
bool function_answer(struct function *f, struct str request_id, enum function_outcome outcome, struct str body);
void function_init_failed(struct function *f); /* fails what waits: it would only see the same again */

const struct model_function *function_model(const struct function *f);

#endif
