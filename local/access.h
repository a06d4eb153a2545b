/* SPDX-License-Identifier: Apache-2.0 */
/* The decision over all policies that speak about one request: the caller's own, its permissions boundary, its session's,
   and the one of what is asked for (an API's or function's resource policy or a role's trust policy).
   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html */
#ifndef LOCAL_ACCESS_H
#define LOCAL_ACCESS_H

#include "keyring.h"

struct access_question {
    const struct keyring_entry *caller; /* NULL: anonymous */
    struct str action, resource, owner_account;
    const struct http_fields *facts;
    const struct policy_range *range;                /* NULL: none; see policy_range.h */
    const struct policy_statements *resource_policy; /* NULL: there is none */
    enum policy_closeness suffices; /* how closely it must name a caller of the own account to need no policy of his */
};

enum access_policy { ACCESS_IDENTITY, ACCESS_BOUNDARY, ACCESS_SESSION, ACCESS_RESOURCE, ACCESS_POLICIES };
struct access_answer {
    bool allowed;
    bool explicit_deny;
    enum access_policy missing; /* which policy denied, or did not allow */
    struct str why;             /* for the log; empty when allowed */
    /* What each said. A boundary or session policy that is not there allows without a deciding statement. */
    struct policy_result said[ACCESS_POLICIES];
};

bool access_decide(const struct access_question *q, struct access_answer *answer, struct arena *a, struct err *e);

const char *access_policy_name(enum access_policy policy); /* "identity-based policy" */

#endif
