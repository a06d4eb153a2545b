/* SPDX-License-Identifier: Apache-2.0 */
/* What the harnesses share. The engine hands each input over in memory of exactly its size, so AddressSanitizer sees a
   byte read too many; a property that does not hold stops the run as a crash does, and the input is kept. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "http_msg.h"

enum { FUZZ_LIMIT = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define FUZZ_HOLDS(property) fuzz_holds(property, #property, __FILE__, __LINE__)

static inline void fuzz_holds(bool holds, const char *property, const char *file, int line) {
    if (holds) return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    abort();
}

/* The one arena, emptied. */
static inline struct arena *fuzz_arena(void) {
    static struct arena a;
    if (!a.limit) arena_init(&a, FUZZ_LIMIT);
    arena_reset(&a);
    return &a;
}

static inline struct str fuzz_text(const uint8_t *data, size_t n) {
    return (struct str){(const char *)data, n};
}

static inline struct buf fuzz_buf(struct arena *a) {
    struct buf b;
    buf_init(&b, FUZZ_LIMIT, a);
    return b;
}

/* Is the view a piece of the text? */
static inline bool fuzz_inside(struct str view, struct str text) {
    return view.p >= text.p && view.n <= text.n && (size_t)(view.p - text.p) <= text.n - view.n;
}

static inline bool fuzz_same_fields(const struct http_fields *a, const struct http_fields *b) {
    for (size_t i = 0; a->n == b->n && i < a->n; i++)
        if (!str_eq(a->at[i].name, b->at[i].name) || !str_eq(a->at[i].value, b->at[i].value)) return false;
    return a->n == b->n;
}

/* "METHOD PATH?QUERY", a line for each field, an empty line, the body. */
static inline bool fuzz_request(struct str text, struct http_request *rq, struct arena *a) {
    struct str line, name;
    struct err e;
    *rq = (struct http_request){0};
    str_cut(&text, '\n', &rq->query);
    str_cut(&rq->query, ' ', &rq->method);
    str_cut(&rq->query, '?', &rq->path);
    while (text.p) {
        str_cut(&text, '\n', &line);
        if (!line.n) break;
        str_cut(&line, ':', &name);
        if (!http_field_add(&rq->fields, name, line, a, &e)) return false;
    }
    rq->body = text;
    return true;
}

#endif
