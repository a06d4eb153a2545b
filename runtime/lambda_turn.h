/* SPDX-License-Identifier: Apache-2.0 */
/* One invocation in the runtime's eyes: what the handler has said of its answer so far. For worker.c. */
#ifndef RUNTIME_LAMBDA_TURN_H
#define RUNTIME_LAMBDA_TURN_H

#include "runtime_api.h"
#include "watchdog.h"

struct lambda_turn {
    struct runtime_api *api;
    struct watchdog_slot *slot; /* NULL: nobody watches */
    struct arena notes;         /* what the handler set; not its own arena, which may be used up */
    struct str content_type;
    struct lambda_failure failure;
    bool streaming;
    bool (*write)(struct str bytes, struct err *e); /* takes the stream where api is NULL; see lifecycle_run_once */
};

/* Forgets the invocation before. */
void lambda_turn_begin(struct lambda_turn *turn, struct lambda_invocation *inv);

/* The one answer to it: the end of the stream, the reply, or the failure. False: it was not taken, or the environment is
   lost; *e says which. */
bool lambda_turn_answer(struct lambda_turn *turn, const struct lambda_invocation *inv, bool ok, const struct buf *reply,
                        struct err *cause, struct err *e);

/* Somebody else has answered: what the handler made is dropped, and a stream is cut. */
void lambda_turn_drop(struct lambda_turn *turn);

/* What the handler set of its failure, and *cause where it was silent. */
struct lambda_failure lambda_turn_complete(const struct lambda_turn *turn, struct err *cause);

/* The failure that *cause alone tells. */
struct lambda_failure lambda_turn_failure(const struct err *cause);

#endif
