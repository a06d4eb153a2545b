/* SPDX-License-Identifier: Apache-2.0 */
/* Reads numbers and pieces out of a view whose own offsets are not to be trusted. A place outside of the view reads as
   0 or absent and is remembered, so one question after a record is enough. */
#ifndef LOCAL_BYTES_H
#define LOCAL_BYTES_H

#include "str.h"

struct bytes {
    struct str view;
    bool outside; /* something was asked for that is not in the view */
};

/* `size` (1 to 8) bytes at `at`, the least significant first. */
uint64_t bytes_number(struct bytes *b, uint64_t at, size_t size);
struct str bytes_part(struct bytes *b, uint64_t at, uint64_t n);

#endif
