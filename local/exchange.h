/* SPDX-License-Identifier: Apache-2.0 */
/* One request to one API: verdict, event, invocation, reply, and its lines in the log. */
#ifndef LOCAL_EXCHANGE_H
#define LOCAL_EXCHANGE_H

#include "function.h"
#include "judge.h"
#include "stream_pipe.h"

/* What all requests to one API have in common. */
struct exchange_place {
    const struct model *model;
    const struct model_api *api;
    const struct keyring *keyring;
    uint16_t port; /* it listens on */
    struct function *(*function_of)(void *user, const struct model_function *f);
    void *user;
};

/* What one request carries through the steps. */
struct exchange {
    const struct exchange_place *place;
    const struct http_request *rq;
    struct http_response *rs;
    struct stream_pipe **stream;
    struct arena *arena;
    struct judge_verdict verdict;
    struct str peer_ip, trace_id;
    char request_id[37], extended_id[17], trace_root[64];
    int64_t now_ms;
    int64_t function_ms; /* how long the function was waited for; -1: it was not asked */
};

/* Fills *rs and, where the body is a stream, *stream. Memory from the arena lives until the answer is sent. */
void exchange_run(const struct exchange_place *place, const struct http_request *rq, struct str peer_ip,
                  struct http_response *rs, struct stream_pipe **stream, struct arena *a);

/* Is the name of a field in the list, which ends with NULL? */
bool exchange_is_one_of(struct str name, const char *const *names);

#endif
