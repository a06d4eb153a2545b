/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of IAM, evaluated for one request: an explicit Deny wins, then an Allow, else no.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
   What this evaluator does not know (NotAction, NotResource, NotPrincipal, an operator) never gets here: the reader of
   the template refuses it by name. A condition key or variable that it does not know makes a statement unclear: such an
   Allow does not allow, such a Deny denies. */
#ifndef LOCAL_POLICY_H
#define LOCAL_POLICY_H

#include "http_msg.h"

enum policy_operator {
    POLICY_STRING_EQUALS,
    POLICY_STRING_EQUALS_IGNORE_CASE,
    POLICY_STRING_LIKE,
    POLICY_ARN_LIKE, /* ArnEquals is the same */
    POLICY_IP_ADDRESS,
    POLICY_BOOL,
    POLICY_NUMERIC,
    POLICY_DATE,
    POLICY_NULL,
};
enum policy_relation { POLICY_EQUAL, POLICY_LESS, POLICY_AT_MOST, POLICY_GREATER, POLICY_AT_LEAST };
enum policy_set { POLICY_ONE_VALUE, POLICY_ANY_VALUE, POLICY_ALL_VALUES }; /* ForAnyValue:, ForAllValues: */

/* One key under one operator of a Condition. */
struct policy_condition {
    enum policy_operator type;
    enum policy_relation relation; /* of POLICY_NUMERIC and POLICY_DATE */
    enum policy_set set;
    bool negated, if_exists; /* ...Not..., ...IfExists */
    struct str key;
    struct str *values;
    size_t n_values;
};

/* Whom a statement of a trust or resource policy names. */
enum policy_principal_kind { POLICY_ANYONE, POLICY_ACCOUNT, POLICY_ARN, POLICY_SERVICE };
struct policy_principal {
    enum policy_principal_kind kind;
    struct str name; /* account id, ARN or service */
};

struct policy_statement {
    bool allow;         /* Effect */
    bool has_variables; /* ${...} in Resource and Condition stands for a value of the request */
    struct str *actions, *resources;
    size_t n_actions, n_resources;
    struct policy_principal *principals; /* of a trust or resource policy */
    size_t n_principals;
    struct policy_condition *conditions;
    size_t n_conditions;
    struct str policy_name;
    const char *file; /* the path that was read, and there */
    unsigned line;    /* the line of the statement */
};

struct policy_statements {
    struct policy_statement *at;
    size_t n, cap;
};

/* Who asks, for trust and resource policies. */
struct policy_caller {
    struct str account_id; /* absent: nobody that is known, "anonymous" */
    struct str arn;        /* of the user or of the role's session */
    struct str role_arn;   /* of a session; absent for a user */
};

struct policy_request {
    struct str action, resource;
    const struct http_fields *facts;    /* condition keys and their values; NULL: none */
    const struct policy_caller *caller; /* NULL: principals are not looked at, as in an identity policy */
    struct arena *arena;                /* for values of variables */
    const struct policy_range *range;   /* NULL: `resource` is all that is asked about; else see policy_range.h */
};

enum policy_decision { POLICY_IMPLICIT_DENY, POLICY_EXPLICIT_DENY, POLICY_ALLOW };
/* How closely a statement names the caller, the closest last. */
enum policy_closeness { POLICY_BY_NOBODY, POLICY_BY_ACCOUNT, POLICY_BY_ANYONE, POLICY_BY_ARN, POLICY_BY_SESSION };

struct policy_result {
    enum policy_decision decision;
    const struct policy_statement *deciding; /* that denied or allowed; NULL for an implicit deny */
    enum policy_closeness closeness;         /* of what allowed; POLICY_BY_NOBODY without a caller */
    const struct policy_statement *unclear;  /* that could not be evaluated, or NULL; and why: */
    struct str unclear_key;
};

struct policy_result policy_evaluate(const struct policy_statements *s, const struct policy_request *rq);

/* IAM's wildcards: '*' is any run of characters, '?' is one. Actions are compared without case. In the ARN of a resource
   case counts, '?' is no colon, and a '*' goes beyond a colon only as the last character of its segment. In a condition's
   text there are no segments. */
enum policy_text { POLICY_ACTION, POLICY_RESOURCE, POLICY_TEXT };
bool policy_matches(struct str pattern, struct str text, enum policy_text kind);

/* A condition key that is known here, so that its absence from a request means what it means at AWS. */
bool policy_knows_key(struct str key);

/* Is every ${ in it a variable of IAM's form? *unknown is the first key in it that is not known, or absent. */
bool policy_check_variables(struct str text, struct str *unknown);

/* Can it stand under the operator? Texts can always. */
bool policy_check_value(enum policy_operator type, struct str value);

#endif
