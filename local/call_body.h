/* SPDX-License-Identifier: Apache-2.0 */
/* The body that `apigw call` sends. A signature needs its hash before the first byte goes out: a short body is kept in
   memory, a long file is read twice, and what can be read only once (a pipe) is kept in a file without a name. */
#ifndef LOCAL_CALL_BODY_H
#define LOCAL_CALL_BODY_H

#include <sys/stat.h>

#include "buf.h"
#include "sigv4.h"

enum { CALL_BODY_MEMORY_BYTES = 1024 * 1024 };

/* All zero is no body. */
struct call_body {
    struct str memory;
    /* A long one: */
    bool apart;
    const char *name; /* for error sentences */
    int fd;
    int64_t from, bytes;
    struct stat seen; /* of the file when it was hashed */
    bool is_copy;     /* the file is ours: nobody changes it */
    char hash[65];
    int64_t sent;
    bool failed; /* call_body_read */
};

/* path "-": standard input. memory_bytes: what is longer is apart. ERR_CONFIG. */
bool call_body_open(struct call_body *b, const char *path, size_t memory_bytes, struct arena *a, struct err *e);
void call_body_close(struct call_body *b);

/* For struct http_transfer's read; user is the body. A file that is no longer the one that was hashed is ERR_CONFIG. */
bool call_body_read(void *user, char *p, size_t n, size_t *got, struct err *e);
void call_body_rewind(struct call_body *b);

#endif
