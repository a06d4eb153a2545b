/* SPDX-License-Identifier: Apache-2.0 */
#include "invocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(struct str s) {
    char *p = malloc(s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

struct invocation *invocation_make(struct str event, struct str request_id, struct str trace_id) {
    struct invocation *inv = calloc(1, sizeof *inv);
    if (!inv) return NULL;
    *inv = (struct invocation){.owners = 2, .event_n = event.n};
    inv->event = copy(event);
    inv->request_id = copy(request_id);
    inv->trace_id = copy(trace_id);
    if (inv->event && inv->request_id && inv->trace_id) return inv;
    inv->owners = 1;
    invocation_let_go(inv);
    return NULL;
}

void invocation_let_go(struct invocation *inv) {
    if (--inv->owners > 0) return;
    free(inv->event);
    free(inv->body);
    free(inv->request_id);
    free(inv->trace_id);
    free(inv->content_type);
    if (inv->reader) stream_pipe_leave(inv->reader);
    free(inv);
}

bool invocation_stream(struct invocation *inv, struct str content_type) {
    struct err ignored;
    inv->content_type = copy(content_type);
    if (!inv->content_type || !stream_pipe_open(&inv->writer, &ignored)) return false;
    if (inv->owners > 1) inv->reader = inv->writer;
    else stream_pipe_leave(inv->writer);
    return true;
}

/* A stream that does not end with a reply has broken off. */
void invocation_finish(struct invocation *inv, enum function_outcome outcome, struct str body, const char *why) {
    if (inv->writer && outcome != FUNCTION_REPLY) stream_pipe_break(inv->writer);
    inv->writer = NULL;
    inv->state = INVOCATION_DONE;
    inv->outcome = outcome;
    snprintf(inv->why, sizeof inv->why, "%s", why);
    inv->body = copy(body);
    inv->body_n = inv->body ? body.n : 0;
    if (!inv->body) inv->outcome = FUNCTION_EXITED;
    invocation_let_go(inv);
}
