/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers that AWS would draw at random, here derived from a text: the same at every start. */
#ifndef LOCAL_STABLE_ID_H
#define LOCAL_STABLE_ID_H

#include "arena.h"

/* `prefix`, then n characters 0-9 and A-Z (or a-z), from FNV-1a of the seed. Not for secrets. NULL: out of memory. */
const char *stable_id(struct str seed, const char *prefix, size_t n, bool upper, struct arena *a);

#endif
