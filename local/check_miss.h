/* SPDX-License-Identifier: Apache-2.0 */
/* Why did no statement allow it? The one that came nearest, and where it parts from what was asked. */
#ifndef LOCAL_CHECK_MISS_H
#define LOCAL_CHECK_MISS_H

#include "buf.h"
#include "execute_arn.h"
#include "model.h"

enum check_miss_kind {
    CHECK_MISS_NONE,      /* no statement allows the action on anything */
    CHECK_MISS_RESOURCE,  /* `part` of its Resource differs: it has `has`, asked for was `wants` */
    CHECK_MISS_WHOLE,     /* no single part differs, the Resource as a whole does */
    CHECK_MISS_CONDITION, /* its Condition on the key `has` does not hold */
};

struct check_miss {
    enum check_miss_kind kind;
    const struct policy_statement *statement;
    struct str resource; /* of the statement */
    enum execute_arn_part part;
    struct str has, wants; /* has may be absent: the text ends before */
};

/* Of an identity policy that did not allow the request. */
struct check_miss check_miss_nearest(const struct policy_statements *s, const struct policy_request *rq);

/* "nearest is FILE:LINE, policy NAME: the method in its Resource is GET, not POST" */
void check_miss_write(struct buf *out, const struct model *m, const struct check_miss *miss, struct str caller,
                      struct str action);

/* What the caller would have to be allowed. */
struct check_miss_wish {
    const struct model_api *api;
    const struct model_route *route;
    struct str method, path; /* path: inside the stage */
    struct str action;
};
/* The smallest statement that allows it, as YAML in one line. */
void check_miss_write_fix(struct buf *out, const struct check_miss_wish *wish);

#endif
