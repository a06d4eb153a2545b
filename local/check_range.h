/* SPDX-License-Identifier: Apache-2.0 */
/* What the policies say of a route with parameters: of the values that a sample is not. */
#ifndef LOCAL_CHECK_RANGE_H
#define LOCAL_CHECK_RANGE_H

#include "check_matrix.h"
#include "judge_access.h"

enum check_range_verdict { CHECK_RANGE_ALL, CHECK_RANGE_SOME, CHECK_RANGE_NONE };

struct check_range {
    enum check_range_verdict verdict;      /* that the request is allowed for all values, for some perhaps, for none */
    const struct policy_statement *allows; /* of CHECK_RANGE_SOME */
    const struct policy_statement *denies; /* of CHECK_RANGE_ALL: but for some values it is denied; NULL: it is not */
    struct str resource;                   /* of that statement, the first that names such values */
};

/* `sample`: is the route's sample allowed? The route has a range. Each policy is asked by itself, so that "some" may be none
   where two must allow the same value. */
bool check_range_ask(const struct check_matrix *m, const struct check_route *r, const struct judge_question *q,
                     bool sample, struct check_range *out, struct arena *a, struct err *e);

#endif
