/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison of secrets: how long it takes depends on their lengths alone. */
#ifndef SIGV4_SIGV4_SECRET_H
#define SIGV4_SIGV4_SECRET_H

#include <string.h>

#include "str.h"

/* CRYPTO_memcmp goes byte by byte, which for a session token costs as much as hashing it; this one takes 16 at once. */
static inline bool sigv4_secret_eq(struct str a, struct str b) {
    typedef uint64_t lanes __attribute__((vector_size(16)));
    lanes x, y, wide = {0};
    uint64_t differ = 0;
    size_t i = 0;
    if (a.n != b.n) return false;
    for (; a.n - i >= sizeof x; i += sizeof x) {
        memcpy(&x, a.p + i, sizeof x);
        memcpy(&y, b.p + i, sizeof y);
        wide |= x ^ y;
    }
    for (; i < a.n; i++) differ |= (unsigned char)(a.p[i] ^ b.p[i]);
    differ |= wide[0] | wide[1];
    __asm__("" : "+r"(differ)); /* so that no compiler leaves the loops as soon as a difference is seen */
    return differ == 0;
}

#endif
