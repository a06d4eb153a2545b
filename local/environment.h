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

/* POST response, streamed. For a caller that takes a stream *pipe is the writer's side, and the environment is busy until
   environment_stream_end. For any other it is to be collected and given to environment_answer. */
enum environment_stream { ENVIRONMENT_NOT_CURRENT, ENVIRONMENT_COLLECT, ENVIRONMENT_STREAM };
enum environment_stream environment_stream_begin(struct environment *env, struct str request_id,
                                                 struct str content_type, struct stream_pipe **pipe);

/* The writer leaves. FUNCTION_REPLY: the stream is whole; else it broke off, and why is logged. False: it was broken before,
   for the invocation has ended without it. */
bool environment_stream_end(struct environment *env, struct stream_pipe *pipe, enum function_outcome outcome,
                            const char *why);

/* POST init/error: what is said to be the reason when the process ends, which it does now, or soon. */
void environment_init_failed(struct environment *env, struct str error_type, struct str error_message);

const struct model_function *environment_model(const struct environment *env);

#endif
