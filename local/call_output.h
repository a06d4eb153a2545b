/* SPDX-License-Identifier: Apache-2.0 */
/* Where `apigw call` puts an answer: piece by piece to standard output or a file, but for a refusal, which is held until
   it is known to be the last word: it may be sent again, and it may be explained. */
#ifndef LOCAL_CALL_OUTPUT_H
#define LOCAL_CALL_OUTPUT_H

#include "buf.h"
#include "http_msg.h"

struct call_output {
    const char *path; /* NULL or "-": standard output */
    bool include;     /* the header, too */
    bool fail;        /* nothing of an answer of 400 or more */
    struct arena *arena;
    int fd; /* -1: not open yet */
    struct buf head, held;
    bool holding, drop, head_written, failed;
    bool closed; /* nobody reads standard output any more */
    int64_t written;
};

void call_output_init(struct call_output *o, struct arena *a);
void call_output_begin(struct call_output *o);                 /* before each attempt */
void call_output_line(struct call_output *o, struct str line); /* of an answer's header, as it came */

/* The answer's status and fields are whole; its body. What cannot be written is ERR_CONFIG, and `failed` is set. */
bool call_output_header(struct call_output *o, const struct http_response *rs, struct err *e);
bool call_output_write(struct call_output *o, struct str bytes, struct err *e);

/* The body of a refusal that is held; absent when there is none, or when it was too long to hold. */
struct str call_output_held(const struct call_output *o);

/* The answer was the last: what is held is written, and a file exists, be it empty. */
bool call_output_end(struct call_output *o, struct err *e);
bool call_output_close(struct call_output *o, struct err *e);

#endif
