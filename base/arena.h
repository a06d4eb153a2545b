/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of one piece of work (an invocation, a request): taken in pieces, given back at once. Not for several threads. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

struct arena_block;
struct arena {
    struct arena_block *head; /* the block being filled; older ones hang behind it */
    size_t used;              /* bytes in all blocks */
    size_t limit;             /* `used` never passes this */
    size_t keep;              /* size of the first block, which arena_reset keeps; 0: an ordinary one's */
    int small_rounds;         /* resets in a row after which a quarter of it would have done */
};

void arena_init(struct arena *a, size_t limit); /* takes no memory yet */
/* Over the caller's memory (some of it goes to alignment and bookkeeping), and never more than that: no allocation.
   arena_close ends the use of the memory; it is the caller's to free. */
void arena_init_fixed(struct arena *a, void *memory, size_t bytes);
void *arena_take(struct arena *a, size_t n); /* aligned for any type, not zeroed; NULL past the limit */
void *arena_zero(struct arena *a, size_t n); /* the same, zeroed */
/* In place if p was the last piece taken. NULL: past the limit, and p stays valid. */
void *arena_grow(struct arena *a, void *p, size_t old_n, size_t new_n);
char *arena_copy(struct arena *a, struct str s); /* NUL-terminated copy; NULL past the limit */

/* Everything taken is gone. One block stays for the next round, large enough for all that this one took (at most 32 MB and
   a third of the limit), so that rounds alike need neither malloc nor fresh pages. After 32 rounds in a row that took less
   than a quarter of it, it is given back and an ordinary block of 32 KB takes its place. A fixed block always stays. */
void arena_reset(struct arena *a);
void arena_close(struct arena *a); /* gives all memory back; a fixed arena is then empty for good */

#ifdef __cplusplus
}
#endif

#endif
