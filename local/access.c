/* SPDX-License-Identifier: Apache-2.0 */
/* A Deny anywhere denies. In one account either side may allow; from another account both must. A permissions boundary and
   a session's policy take away and never give. */
#include "access.h"

enum { MAX_WHY_BYTES = 16 * 1024 };

const char *access_policy_name(enum access_policy policy) {
    static const char *const names[] = {"identity-based policy", "permissions boundary", "session policy",
                                        "resource-based policy"};
    return names[policy];
}

static bool same_account(const struct access_question *q) {
    return q->caller && str_eq(q->caller->who->account_id, q->owner_account);
}

static void evaluate(const struct access_question *q, struct policy_result results[ACCESS_POLICIES], struct arena *a) {
    struct policy_caller caller = {0};
    struct policy_request rq = {
        .action = q->action, .resource = q->resource, .facts = q->facts, .arena = a, .range = q->range};
    if (q->caller) {
        const struct model_principal *who = q->caller->who;
        caller = (struct policy_caller){.account_id = who->account_id, .arn = keyring_user_arn(q->caller)};
        if (who->kind == MODEL_ROLE) caller.role_arn = who->arn;
        results[ACCESS_IDENTITY] = policy_evaluate(&who->policies, &rq);
        results[ACCESS_BOUNDARY] = results[ACCESS_SESSION] = (struct policy_result){.decision = POLICY_ALLOW};
        if (who->has_boundary) results[ACCESS_BOUNDARY] = policy_evaluate(&who->boundary, &rq);
        if (q->caller->session_policy) results[ACCESS_SESSION] = policy_evaluate(q->caller->session_policy, &rq);
    }
    rq.caller = &caller;
    if (q->resource_policy) results[ACCESS_RESOURCE] = policy_evaluate(q->resource_policy, &rq);
}

/* In one account only a Deny takes away what a resource policy gives to a session by its own ARN, and no boundary limits
   what it gives to a user by his. What it gives to a role, a boundary and a session's policy limit; so here what it gives
   to everybody. */
static bool is_given(const struct access_question *q, const struct policy_result *resource, enum policy_closeness to) {
    return resource->decision == POLICY_ALLOW && resource->closeness >= to && same_account(q);
}

static bool decide(const struct access_question *q, const struct policy_result results[ACCESS_POLICIES],
                   struct access_answer *answer) {
    const struct policy_result *given = &results[ACCESS_RESOURCE];
    bool identity = results[ACCESS_IDENTITY].decision == POLICY_ALLOW;
    bool resource = given->decision == POLICY_ALLOW;
    answer->missing = ACCESS_RESOURCE;
    if (!q->caller) return resource;
    if (is_given(q, given, POLICY_BY_SESSION)) return true;
    bool own = identity && (resource || (same_account(q) && q->suffices < POLICY_BY_ARN));
    if (!identity) answer->missing = ACCESS_IDENTITY;
    if (!own && !is_given(q, given, q->suffices)) return false;
    bool to_user = q->caller->who->kind == MODEL_USER && is_given(q, given, POLICY_BY_ARN);
    answer->missing = ACCESS_BOUNDARY;
    if (results[ACCESS_BOUNDARY].decision != POLICY_ALLOW && !to_user) return false;
    answer->missing = ACCESS_SESSION;
    return results[ACCESS_SESSION].decision == POLICY_ALLOW;
}

static void explain(const struct access_question *q, const struct policy_result results[ACCESS_POLICIES],
                    const struct access_answer *answer, struct buf *why) {
    const struct policy_result *result = &results[answer->missing];
    struct str who = q->caller ? q->caller->who->profile : STR("anonymous");
    if (answer->explicit_deny)
        buf_addf(why, "denied by line %u, policy %.*s", result->deciding->line, STR_ARG(result->deciding->policy_name));
    else if (answer->missing == ACCESS_IDENTITY)
        buf_addf(why, "no statement of %.*s allows %.*s on %.*s", STR_ARG(who), STR_ARG(q->action),
                 STR_ARG(q->resource));
    else
        buf_addf(why, "no statement of the %s allows %.*s to do %.*s on %.*s", access_policy_name(answer->missing),
                 STR_ARG(who), STR_ARG(q->action), STR_ARG(q->resource));
    for (size_t i = 0; i < ACCESS_POLICIES; i++)
        if (results[i].unclear)
            buf_addf(
                why, "; line %u, policy %.*s, could not be evaluated: %.*s is not known, or has no one value, here",
                results[i].unclear->line, STR_ARG(results[i].unclear->policy_name), STR_ARG(results[i].unclear_key));
}

bool access_decide(const struct access_question *q, struct access_answer *answer, struct arena *a, struct err *e) {
    struct buf why;
    *answer = (struct access_answer){0};
    struct policy_result *results = answer->said;
    evaluate(q, results, a);
    for (int i = 0; i < ACCESS_POLICIES && !answer->explicit_deny; i++) {
        answer->explicit_deny = results[i].decision == POLICY_EXPLICIT_DENY;
        answer->missing = (enum access_policy)i;
    }
    answer->allowed = !answer->explicit_deny && decide(q, results, answer);
    if (answer->allowed) return true;
    buf_init(&why, MAX_WHY_BYTES, a);
    explain(q, results, answer, &why);
    answer->why = buf_str(&why);
    return buf_ok(&why, e);
}
