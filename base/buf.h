/* SPDX-License-Identifier: Apache-2.0 */
/* A growing text or byte string in an arena. It remembers its first failure, so one question at the end is enough. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "arena.h"
#include "err.h"
#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

struct buf {
    struct arena *arena;
    char *p;
    size_t n, cap, limit; /* n never passes limit */
    bool failed;
    bool out_of_memory; /* why it failed: the arena, or else the limit */
};

void buf_init(struct buf *b, size_t limit, struct arena *a);
void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *buf_room(struct buf *b, size_t n);         /* n more bytes to be filled by the caller, or NULL (and failed) */
bool buf_ok(const struct buf *b, struct err *e); /* false: ERR_LIMIT or ERR_MEMORY */
struct str buf_str(const struct buf *b);         /* valid until the next add; never absent */

#ifdef __cplusplus
}
#endif

#endif
