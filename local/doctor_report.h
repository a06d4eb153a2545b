/* SPDX-License-Identifier: Apache-2.0 */
/* What was looked at, what was found, what to do: collected first, then written as a table or as JSON. */
#ifndef LOCAL_DOCTOR_REPORT_H
#define LOCAL_DOCTOR_REPORT_H

#include "buf.h"

enum doctor_verdict {
    DOCTOR_OK,
    DOCTOR_INFO, /* found, not judged */
    DOCTOR_WARN, /* starts, but */
    DOCTOR_FAIL, /* does not start */
};

enum { DOCTOR_MAX_CHECKS = 32 };

struct doctor_check {
    const char *check;
    enum doctor_verdict verdict;
    struct str found;
    const char *advice; /* NULL: nothing to do */
};

struct doctor_report {
    struct doctor_check at[DOCTOR_MAX_CHECKS];
    size_t n;
    struct arena *arena;
    bool failed; /* a check had no room: the report is not to be used */
};

/* advice: NULL or a literal. The rest is printf's. */
void doctor_report_add(struct doctor_report *r, const char *check, enum doctor_verdict verdict, const char *advice,
                       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

size_t doctor_report_faults(const struct doctor_report *r); /* the number of DOCTOR_FAIL */

/* Bytes that would steer a terminal become '?'. */
void doctor_report_write_table(const struct doctor_report *r, struct str file, struct buf *out);

/* {"file","ok","checks":[{"check","verdict","found","advice"}]}; "advice" is null when there is nothing to do. */
void doctor_report_write_json(const struct doctor_report *r, struct str file, struct buf *out);

#endif
