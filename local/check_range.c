/* SPDX-License-Identifier: Apache-2.0 */
#include "check_range.h"

#include "execute_arn.h"
#include "policy_range.h"
#include "route.h"

enum { MAX_PATH_BYTES = 64 * 1024 };

struct asking {
    const struct check_matrix *m;
    const struct check_route *r;
    struct judge_question q;
    struct policy_range range;
    struct access_answer answer;
    struct http_fields known;
    struct arena *arena;
};

/* A value that another route takes is none of this one's. In doubt it is. */
static bool belongs(const void *of, struct str resource) {
    const struct asking *x = of;
    const struct model_route *found = NULL;
    struct http_fields values = {0};
    struct execute_arn arn;
    struct buf inside, sent;
    struct err e;
    buf_init(&inside, MAX_PATH_BYTES, x->arena);
    buf_init(&sent, MAX_PATH_BYTES, x->arena);
    if (!execute_arn_split(resource, &arn) || !arn.at[EXECUTE_ARN_PATH].p) return true;
    buf_addf(&inside, "/%.*s", STR_ARG(arn.at[EXECUTE_ARN_PATH]));
    route_write_path(&sent, x->r->api, buf_str(&inside));
    const struct http_request rq = {.method = x->r->method, .path = buf_str(&sent)};
    if (!buf_ok(&inside, &e) || !buf_ok(&sent, &e) || !route_find(x->r->api, &rq, &found, &values, x->arena, &e))
        return true;
    return found == x->r->route;
}

static bool ask(struct asking *x, struct str resource, const struct policy_range *range, struct err *e) {
    const struct judge judge = {x->m->model, x->r->api, x->m->ring};
    x->q.range = range;
    return judge_access_ask(&judge, &x->q, resource, &x->known, &x->answer, x->arena, e);
}

/* The statement that decides one policy over the range as `wanted`, where it does not over the sample; else one that does
   over both. */
static void name(const struct asking *x, const struct policy_statements *s, const struct policy_caller *who,
                 enum policy_decision wanted, struct check_range *out) {
    struct policy_request rq = {
        .action = x->q.action, .resource = x->r->asked, .facts = &x->known, .caller = who, .arena = x->arena};
    const struct policy_statement **to = wanted == POLICY_ALLOW ? &out->allows : &out->denies;
    bool same = policy_evaluate(s, &rq).decision == wanted;
    rq.range = &x->range;
    struct policy_result result = policy_evaluate(s, &rq);
    if (result.decision != wanted || (*to && same)) return;
    *to = result.deciding;
    out->resource = policy_range_resource(result.deciding, &rq);
}

static void find(const struct asking *x, enum policy_decision wanted, struct check_range *out) {
    const struct keyring_entry *caller = x->q.facts.caller;
    struct policy_caller who = {0};
    if (caller) {
        who = (struct policy_caller){.account_id = caller->who->account_id, .arn = keyring_user_arn(caller)};
        if (caller->who->kind == MODEL_ROLE) who.role_arn = caller->who->arn;
        name(x, &caller->who->policies, NULL, wanted, out);
    }
    if (x->r->api->has_policy) name(x, &x->r->api->policy, &who, wanted, out);
    if (caller && caller->who->has_boundary) name(x, &caller->who->boundary, NULL, wanted, out);
}

bool check_range_ask(const struct check_matrix *m, const struct check_route *r, const struct judge_question *q,
                     bool sample, struct check_range *out, struct arena *a, struct err *e) {
    struct asking x = {.m = m, .r = r, .q = *q, .arena = a};
    x.range = (struct policy_range){
        .pattern = r->range, .samples = {r->asked, r->brief}, .best = true, .belongs = belongs, .of = &x};
    *out = (struct check_range){.verdict = CHECK_RANGE_NONE};
    if (!ask(&x, r->brief, NULL, e)) return false;
    bool all = sample && x.answer.allowed;
    x.range.best = !all;
    if (!ask(&x, r->asked, &x.range, e)) return false;
    if (all) {
        out->verdict = CHECK_RANGE_ALL;
        if (x.answer.explicit_deny) find(&x, POLICY_EXPLICIT_DENY, out);
    } else if (sample || x.answer.allowed) {
        out->verdict = CHECK_RANGE_SOME;
        find(&x, POLICY_ALLOW, out);
    }
    return true;
}
