/* SPDX-License-Identifier: Apache-2.0 */
/* Identity policies of IAM, evaluated for one action on one resource: an explicit Deny wins, then an Allow, else no.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
   What this evaluator does not know (NotAction, NotResource, Condition, Principal, policy variables) never gets here:
   the reader of the template refuses it by name. */
#ifndef LOCAL_POLICY_H
#define LOCAL_POLICY_H

#include "str.h"

struct policy_statement {
    bool allow; /* Effect */
    struct str *actions, *resources;
    size_t n_actions, n_resources;
    struct str policy_name;
    const char *file; /* the path that was read, and there */
    unsigned line;    /* the line of the statement */
};

struct policy_statements {
    struct policy_statement *at;
    size_t n, cap;
};

enum policy_decision { POLICY_IMPLICIT_DENY, POLICY_EXPLICIT_DENY, POLICY_ALLOW };

/* *deciding is the statement that denied or allowed, NULL for an implicit deny; it may be a NULL pointer itself. */
enum policy_decision policy_evaluate(const struct policy_statements *s, struct str action, struct str resource,
                                     const struct policy_statement **deciding);

/* IAM's wildcards: '*' is any run of characters, '?' is one that is no colon. Actions are compared without case. In the
   ARN of a resource case counts, and a '*' goes beyond a colon only as the last character of its segment. */
enum policy_text { POLICY_ACTION, POLICY_RESOURCE };
bool policy_matches(struct str pattern, struct str text, enum policy_text kind);

#endif
