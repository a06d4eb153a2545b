/* SPDX-License-Identifier: Apache-2.0 */
/* What `apigw call` shows on standard error of a call that is on its way: with -v the wire, and how far a long one is. */
#ifndef LOCAL_CALL_WATCH_H
#define LOCAL_CALL_WATCH_H

#include "http_transfer.h"

struct call_progress {
    bool on;
    const char *verb; /* "sent" */
    int64_t total;    /* 0: unknown */
    int64_t done, began_ms, shown_ms;
    bool shown;
};
/* After the first second, and then a few times a second, one line that the next one replaces. */
void call_progress_step(struct call_progress *p, size_t bytes);
void call_progress_end(struct call_progress *p); /* takes the line away */

/* A header line without its end, as -v shows it: values of signatures, tokens, keys and cookies are hidden, in fields and
   in the query of a request line. */
void call_watch_line(struct buf *out, struct str line);

/* A piece of the wire, to standard error; *request gathers a request's header until it is whole. */
void call_watch(struct buf *request, enum http_transfer_event event, struct str text);

#endif
