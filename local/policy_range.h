/* SPDX-License-Identifier: Apache-2.0 */
/* A resource of which only a pattern is known, as the route of an API with path parameters: what a statement says of some of
   its values, and what of all. */
#ifndef LOCAL_POLICY_RANGE_H
#define LOCAL_POLICY_RANGE_H

#include "policy.h"

/* In the pattern: one or more characters that are no slash, one or more of any, any number of any. */
#define POLICY_RANGE_PART "\1\2"
#define POLICY_RANGE_PARTS "\3\4"
#define POLICY_RANGE_REST "\4"

/* A value of it that no statement names by accident is made of this. */
#define POLICY_RANGE_FILLER '~'

struct policy_range {
    struct str pattern;
    struct str samples[2]; /* a long value and a short one: what matches both matches all */
    bool best;             /* what may be allowed for some value; else what may be denied for some */
    bool (*belongs)(const void *of, struct str resource); /* is it one of this range? NULL: all that fit are */
    const void *of;
};

/* Is there a value that the statement's pattern matches? */
bool policy_range_meets(const struct policy_range *range, struct str pattern);

/* The first Resource of the statement that matches some value, its variables not replaced; absent: none does. */
struct str policy_range_resource(const struct policy_statement *s, const struct policy_request *rq);

#endif
