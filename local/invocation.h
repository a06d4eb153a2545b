/* SPDX-License-Identifier: Apache-2.0 */
/* One event on its way. It is owned by its gateway thread and, while it waits or runs, by the function too; the last of
   the two frees it. All under the function's lock. */
#ifndef LOCAL_INVOCATION_H
#define LOCAL_INVOCATION_H

#include "function.h"

enum invocation_state { INVOCATION_QUEUED, INVOCATION_RUNNING, INVOCATION_DONE };
enum { INVOCATION_WHY_BYTES = sizeof(((struct err *)0)->msg) };

struct invocation {
    struct invocation *next;
    enum invocation_state state;
    enum function_outcome outcome;
    char *event, *body, *request_id, *trace_id; /* malloc'd */
    size_t event_n, body_n;
    int64_t deadline_ms; /* of the monotonic clock, once it runs */
    int64_t tell_ms;     /* when it is said that it takes long */
    char why[INVOCATION_WHY_BYTES];
    bool streams;               /* its caller takes a stream */
    struct stream_pipe *writer; /* what is posted to, while it is */
    struct stream_pipe *reader; /* until the caller has it */
    char *content_type;         /* of the stream; malloc'd */
    int owners;
};

struct invocation *invocation_make(struct str event, struct str request_id, struct str trace_id); /* NULL: no memory */
void invocation_let_go(struct invocation *inv);

/* Opens the stream, from which both pointers come; nobody reads it when the caller has gone. False: no memory. */
bool invocation_stream(struct invocation *inv, struct str content_type);

/* Ends it and lets it go. The body is copied; a failed copy is an exited environment, never a cut. */
void invocation_finish(struct invocation *inv, enum function_outcome outcome, struct str body, const char *why);

#endif
