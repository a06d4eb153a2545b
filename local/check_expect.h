/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations about the matrix, one a line: `allow CALLER METHOD PATH`, `deny CALLER METHOD PATH`, where * stands for every
   caller, method or path and PATH has the stage (with `API:` before it where two APIs have the same), and
   `deny everything else`: what no other line speaks of. '#' begins a comment. */
#ifndef LOCAL_CHECK_EXPECT_H
#define LOCAL_CHECK_EXPECT_H

#include "check_matrix.h"

struct check_failure {
    unsigned line;
    size_t caller, route;
    bool allow; /* what was expected */
};

struct check_expect {
    const char *path;
    size_t n_lines, n_failures; /* lines that expect something */
    struct check_failure *failures;
};

/* ERR_CONFIG, "FILE:LINE: ": a line that is none of these, a caller or a route that does not exist. */
bool check_expect_read(struct check_expect *x, const char *path, const struct check_matrix *m, struct err *e);

/* A caller by its name, a route by METHOD and PATH as above, but without *. False: no such one; for a route also two. */
bool check_expect_caller(const struct check_matrix *m, struct str name, size_t *caller, struct err *e);
bool check_expect_route(const struct check_matrix *m, struct str method, struct str path, size_t *route, struct err *e);

#endif
