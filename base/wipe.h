/* SPDX-License-Identifier: Apache-2.0 */
/* Zeroes what was secret, by stores that no compiler may leave out. */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

static inline void wipe_bytes(void *p, size_t n) {
    for (volatile unsigned char *at = (volatile unsigned char *)p; n; n--) *at++ = 0;
}

/* The bytes behind a view. They must be writable, as those in an arena or from malloc are. */
static inline void wipe_str(struct str s) {
    wipe_bytes((void *)(uintptr_t)s.p, s.n);
}

#ifdef __cplusplus
}
#endif

#endif
