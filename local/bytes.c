/* SPDX-License-Identifier: Apache-2.0 */
/* Offset and length are compared with what is left, never added: a sum of two hostile numbers may wrap around. */
#include "bytes.h"

struct str bytes_part(struct bytes *b, uint64_t at, uint64_t n) {
    if (at <= b->view.n && n <= b->view.n - at) return (struct str){b->view.p + at, (size_t)n};
    b->outside = true;
    return (struct str){0};
}

uint64_t bytes_number(struct bytes *b, uint64_t at, size_t size) {
    struct str s = bytes_part(b, at, size);
    uint64_t v = 0;
    for (size_t i = s.n; i-- > 0;) v = v << 8 | (unsigned char)s.p[i];
    return v;
}
