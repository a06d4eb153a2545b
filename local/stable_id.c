/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits, in base 36. One hash is good for 10 digits. */
#include "stable_id.h"

#include <string.h>

enum { DIGITS_PER_HASH = 10 };

static uint64_t fnv1a(struct str s, uint64_t hash) {
    for (size_t i = 0; i < s.n; i++) hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
    return hash;
}

const char *stable_id(struct str seed, const char *prefix, size_t n, bool upper, struct arena *a) {
    const char *digits = upper ? "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" : "0123456789abcdefghijklmnopqrstuvwxyz";
    size_t before = strlen(prefix);
    char *id = arena_take(a, before + n + 1);
    if (!id) return NULL;
    memcpy(id, prefix, before);
    uint64_t hash = UINT64_C(14695981039346656037), value = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % DIGITS_PER_HASH == 0) value = hash = fnv1a(seed, hash);
        id[before + i] = digits[value % 36];
        value /= 36;
    }
    id[before + n] = 0;
    return id;
}
