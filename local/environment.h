/* SPDX-License-Identifier: Apache-2.0 */
/* One execution environment of a function, as its Runtime API server sees it. Its process has, besides what all
   environments of the function have in common, an AWS_LAMBDA_RUNTIME_API and an AWS_LAMBDA_LOG_STREAM_NAME of its own. */
#ifndef LOCAL_ENVIRONMENT_H
#define LOCAL_ENVIRONMENT_H

#include "function.h"

struct environment;

struct environment_delivery {
    struct str event, request_id, trace_id; /* copies in the arena */
    int64_t deadline_ms;
};

/* GET next. Waits; an invocation that is not yet answered is given again. False: the process is gone, or has asked again on
   another connection, or everything stops. */
bool environment_take(struct environment *env, struct environment_delivery *d, struct arena *a);

/* POST response or error, whole. False: the id is not that of the current invocation. */
bool environment_answer(struct environment *env, struct str request_id, enum function_outcome outcome, struct str body);

/* POST init/error: what is said to be the reason when the process ends, which it does now, or soon. */
void environment_init_failed(struct environment *env, struct str error_type, struct str error_message);

const struct model_function *environment_model(const struct environment *env);

#endif
