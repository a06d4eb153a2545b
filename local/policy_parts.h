/* SPDX-License-Identifier: Apache-2.0 */
/* What the files policy*.c share among themselves. */
#ifndef LOCAL_POLICY_PARTS_H
#define LOCAL_POLICY_PARTS_H

#include "policy.h"

/* Without knowing there is no yes and no no. */
enum policy_truth { POLICY_NO, POLICY_UNCLEAR, POLICY_YES };

static inline enum policy_truth policy_and(enum policy_truth a, enum policy_truth b) {
    return a < b ? a : b;
}
static inline enum policy_truth policy_or(enum policy_truth a, enum policy_truth b) {
    return a > b ? a : b;
}

/* A pattern whose variables have their values; a character marked as literal is no wildcard. */
struct policy_pattern {
    struct str text;
    const char *literal; /* one byte a character, not 0: literal; NULL: none is */
};
bool policy_pattern_matches(const struct policy_pattern *pattern, struct str text, enum policy_text kind);

/* POLICY_NO: a variable has no value in this request. POLICY_UNCLEAR: what it stands for is not known here, then *unclear
   is its name. */
enum policy_truth policy_expand(const struct policy_statement *s, struct str text, const struct policy_request *rq,
                                struct policy_pattern *out, struct str *unclear);

enum policy_truth policy_condition_holds(const struct policy_statement *s, const struct policy_condition *c,
                                         const struct policy_request *rq, struct str *unclear);

/* policy_range.c: does it match as much of the request's range as counts for this statement? */
bool policy_range_fits(const struct policy_statement *s, const struct policy_pattern *pattern,
                       const struct policy_request *rq);

/* policy_value.c */
bool policy_number_read(struct str text, double *number);
bool policy_date_read(struct str text, double *unix_s); /* ISO 8601 or seconds since 1970 */
struct policy_network {
    unsigned char address[16];
    unsigned bytes, bits; /* 4 or 16, and the length of the prefix */
};
bool policy_network_read(struct str text, struct policy_network *network);
bool policy_network_holds(const struct policy_network *network, const struct policy_network *address);

#endif
