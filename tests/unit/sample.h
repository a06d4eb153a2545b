/* SPDX-License-Identifier: Apache-2.0 */
/* The files of events/, read from the top folder. */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <stdio.h>

#include "check.h"

static inline struct str sample_read(const char *name, struct arena *a) {
    enum { MOST = 64 * 1024 };
    char path[200];
    snprintf(path, sizeof path, "events/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s cannot be read: run the tests from the top folder", path);
    char *p = arena_take(a, MOST);
    size_t n = fread(p, 1, MOST, f);
    fclose(f);
    assert_in_range(n, 1, MOST - 1);
    return (struct str){p, n};
}

#endif
