/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged input for parsers. Each piece is copied to memory of exactly its size, so that a sanitizer sees a byte too
   many. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <stdlib.h>

#include "check.h"

typedef void hostile_try(struct str piece, bool whole, void *user);

static inline void hostile_give(struct str s, size_t n, size_t at, char change, hostile_try *try_it, void *user) {
    char *p = malloc(n ? n : 1);
    assert_non_null(p);
    if (n) memcpy(p, s.p, n);
    if (at < n) p[at] = (char)(p[at] ^ change);
    try_it((struct str){p, n}, n == s.n, user);
    free(p);
}

static inline void hostile_prefixes(struct str s, hostile_try *try_it, void *user) {
    for (size_t n = 0; n <= s.n; n++) hostile_give(s, n, SIZE_MAX, 0, try_it, user);
}

/* 2,000 copies with one byte changed; the same ones in every run. */
static inline void hostile_changes(struct str s, hostile_try *try_it, void *user) {
    uint64_t state = 88172645463325252U;
    for (int i = 0; i < 2000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17; /* Marsaglia's xorshift */
        char change = (char)(1 + (state >> 32) % 255);
        hostile_give(s, s.n, (size_t)(state % s.n), change, try_it, user);
    }
}

#endif
