/* SPDX-License-Identifier: Apache-2.0 */
/* An event, and the memory it is read into. */
#ifndef TESTS_EVENT_FIXTURE_H
#define TESTS_EVENT_FIXTURE_H

#include "apigw.h"
#include "check.h"

static struct arena arena;
static struct apigw_event ev;
static struct err e;

static inline int set_up(void **state) {
    (void)state;
    arena_init(&arena, 96 << 20);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static inline void read_good(struct str json) {
    check_ok(apigw_read_event(json, &ev, &arena, &e), e);
}

#endif
