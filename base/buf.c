/* SPDX-License-Identifier: Apache-2.0 */
/* Grows by doubling inside its arena and stops for good at its limit: nothing is ever cut silently. */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *b, size_t limit, struct arena *a) {
    *b = (struct buf){.arena = a, .limit = limit < SIZE_MAX ? limit : SIZE_MAX - 1}; /* keeps every sum below safe */
}

static bool fail(struct buf *b, bool out_of_memory) {
    if (!b->failed) b->out_of_memory = out_of_memory;
    b->failed = true;
    return false;
}

/* One byte more than the text: buf_addf's vsnprintf ends it with a NUL, which is not ours to count. */
static bool reserve(struct buf *b, size_t more) {
    if (b->failed) return false;
    if (more > b->limit - b->n) return fail(b, false);
    size_t need = b->n + more + 1;
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : FIRST_BYTES;
    while (cap < need) cap = cap > b->limit / 2 ? b->limit + 1 : cap * 2;
    char *p = arena_grow(b->arena, b->p, b->cap, cap);
    if (!p) return fail(b, true);
    b->p = p;
    b->cap = cap;
    return true;
}

char *buf_room(struct buf *b, size_t n) {
    if (!reserve(b, n)) return NULL;
    char *p = b->p + b->n;
    b->n += n;
    return p;
}

void buf_add(struct buf *b, struct str s) {
    if (!s.n) return;
    char *p = buf_room(b, s.n);
    if (p) memcpy(p, s.p, s.n);
}

void buf_add_char(struct buf *b, char c) {
    buf_add(b, (struct str){&c, 1});
}

void buf_addf(struct buf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : buf_room(b, (size_t)n);
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    else fail(b, false);
    va_end(again);
}

bool buf_ok(const struct buf *b, struct err *e) {
    if (!b->failed) return true;
    if (b->out_of_memory) return err_set(e, ERR_MEMORY, "out of memory after %zu bytes", b->n);
    return err_set(e, ERR_LIMIT, "text is longer than its limit of %zu bytes", b->limit);
}

struct str buf_str(const struct buf *b) {
    return (struct str){b->p ? b->p : "", b->n};
}
