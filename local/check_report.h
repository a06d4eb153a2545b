/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix, the findings and the expectations that failed, as a table for people or as JSON for programs. */
#ifndef LOCAL_CHECK_REPORT_H
#define LOCAL_CHECK_REPORT_H

#include "check_expect.h"
#include "lint.h"

struct check_report {
    const char *template_path;
    const struct check_matrix *matrix; /* NULL: not made */
    const struct lint *lint;
    const struct check_expect *expect; /* NULL: none given */
    struct str refusal;                /* why there is no matrix; absent: nothing was refused */
};

/* Bytes that would steer a terminal become '?'. */
void check_report_write_table(const struct check_report *r, struct buf *out);

/* {"template","ok","refusal","callers":[{"name","kind","arn"}],
    "routes":[{"api","method","path","authorization","function","arn"}],
    "cells":[{"caller","api","method","path","allowed","status","errorType","because","why","fix",
              "statement":{"file","line","policy"}}],
    "assumes":[{"caller","role"}],
    "lints":[{"name","level","file","line","reason","fix"}],
    "expectations":{"file","lines","failed":[{"line","expected","caller","api","method","path"}]}}
   because: open, statement, unsigned, explicit-deny, no-statement, no-key, some. What there is not is null.
   allowed: true, false, or "some": of the values that the route's path parameters may have, for some and not for all, and
   then statement is the one that allows those. status and errorType are those of a value that no statement names. */
void check_report_write_json(const struct check_report *r, struct buf *out);

/* All about one cell. */
void check_report_write_why(const struct check_matrix *m, size_t caller, size_t route, struct buf *out);

size_t check_report_faults(const struct check_report *r); /* lints of level error and failed expectations */

#endif
