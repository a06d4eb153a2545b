/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a test file: opened and closed around a case or a group. */
#ifndef TESTS_WITH_ARENA_H
#define TESTS_WITH_ARENA_H

#include "arena.h"
#include "check.h"

static struct arena arena;

static inline int open_arena(void **state) {
    (void)state;
    arena_init(&arena, (size_t)512 * 1024 * 1024);
    return 0;
}

static inline int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

#endif
