/* SPDX-License-Identifier: Apache-2.0 */
/* Whether something matches is asked of the evaluator itself, with a statement of which parts were taken away. */
#include "check_miss.h"

static bool allows(const struct policy_statement *s, const struct policy_request *rq) {
    struct policy_statement copy = *s;
    const struct policy_statements one = {.at = &copy, .n = 1};
    return policy_evaluate(&one, rq).decision == POLICY_ALLOW;
}

static bool concerns(const struct policy_statement *s, const struct policy_request *rq) {
    struct str any = STR_INIT("*");
    struct policy_statement bare = *s;
    bare.resources = &any;
    bare.n_resources = 1;
    bare.n_conditions = 0;
    return s->allow && allows(&bare, rq);
}

/* The first condition that does not hold; NULL: even without any it would not be allowed. */
static const struct policy_condition *failing(const struct policy_statement *s, const struct policy_request *rq) {
    struct policy_statement one = *s;
    one.n_conditions = 0;
    if (!allows(&one, rq)) return NULL;
    one.n_conditions = 1;
    for (size_t i = 0; i < s->n_conditions; i++) {
        one.conditions = &s->conditions[i];
        if (!allows(&one, rq)) return one.conditions;
    }
    return NULL;
}

/* The number of parts that match; *miss gets the first that does not. */
static unsigned compare(const struct policy_statement *s, struct str resource, const struct execute_arn *asked,
                        struct check_miss *miss) {
    struct execute_arn has;
    unsigned matching = 0;
    *miss = (struct check_miss){.kind = CHECK_MISS_WHOLE, .statement = s, .resource = resource};
    if (!execute_arn_split(resource, &has)) return 0;
    for (int i = 0; i < EXECUTE_ARN_PARTS; i++) {
        bool matches = has.at[i].p && policy_matches(has.at[i], asked->at[i], POLICY_RESOURCE);
        matching += matches;
        if (matches || miss->kind == CHECK_MISS_RESOURCE) continue;
        miss->kind = CHECK_MISS_RESOURCE;
        miss->part = (enum execute_arn_part)i;
        miss->has = has.at[i];
        miss->wants = asked->at[i];
    }
    return matching;
}

struct check_miss check_miss_nearest(const struct policy_statements *s, const struct policy_request *rq) {
    struct check_miss nearest = {.kind = CHECK_MISS_NONE}, miss;
    struct execute_arn asked;
    unsigned most = 0;
    if (!execute_arn_split(rq->resource, &asked)) return nearest;
    for (size_t i = 0; i < s->n; i++) {
        const struct policy_statement *st = &s->at[i];
        if (!concerns(st, rq)) continue;
        const struct policy_condition *condition = failing(st, rq);
        if (condition) return (struct check_miss){.kind = CHECK_MISS_CONDITION, .statement = st, .has = condition->key};
        for (size_t k = 0; k < st->n_resources; k++) {
            unsigned matching = compare(st, st->resources[k], &asked, &miss);
            if (nearest.kind != CHECK_MISS_NONE && matching <= most) continue;
            nearest = miss;
            most = matching;
        }
    }
    return nearest;
}

/* ---- in words ---- */

static void write_resource(struct buf *out, const struct model *m, const struct check_miss *miss) {
    bool function = miss->part == EXECUTE_ARN_API && str_starts(miss->wants, STR("function:"));
    const char *part = function ? "function" : execute_arn_name(miss->part);
    if (!miss->has.p) {
        buf_addf(out, ": its Resource ends before the %s, which is %.*s", part, STR_ARG(miss->wants));
        return;
    }
    buf_addf(out, ": the %s in its Resource is %.*s, not %.*s", part, STR_ARG(miss->has), STR_ARG(miss->wants));
    for (size_t i = 0; miss->part == EXECUTE_ARN_API && i < m->n_apis; i++)
        if (str_eq(m->apis[i].api_id, miss->has)) buf_addf(out, " (it is %.*s's)", STR_ARG(m->apis[i].logical_id));
}

void check_miss_write(struct buf *out, const struct model *m, const struct check_miss *miss, struct str caller,
                      struct str action) {
    if (miss->kind == CHECK_MISS_NONE) {
        buf_addf(out, "no statement of %.*s allows %.*s", STR_ARG(caller), STR_ARG(action));
        return;
    }
    buf_addf(out, "nearest is %s:%u, policy %.*s", miss->statement->file, miss->statement->line,
             STR_ARG(miss->statement->policy_name));
    if (miss->kind == CHECK_MISS_CONDITION) buf_addf(out, ": its Condition on %.*s does not hold", STR_ARG(miss->has));
    if (miss->kind == CHECK_MISS_WHOLE) buf_addf(out, ": its Resource %.*s does not match", STR_ARG(miss->resource));
    if (miss->kind == CHECK_MISS_RESOURCE) write_resource(out, m, miss);
}

void check_miss_write_fix(struct buf *out, const struct check_miss_wish *wish) {
    if (wish->api->kind != MODEL_FUNCTION_URL) {
        buf_addf(out,
                 "{Effect: Allow, Action: %.*s, Resource: !Sub 'arn:${AWS::Partition}:execute-api:"
                 "${AWS::Region}:${AWS::AccountId}:${%.*s}/%.*s/%.*s%.*s'}",
                 STR_ARG(wish->action), STR_ARG(wish->api->logical_id), STR_ARG(wish->api->stage),
                 STR_ARG(wish->method), STR_ARG(wish->path));
        return;
    }
    bool invoke = str_eq(wish->action, STR("lambda:InvokeFunction"));
    buf_addf(out, "{Effect: Allow, Action: %.*s, Resource: !GetAtt %.*s.Arn, Condition: {%s}}", STR_ARG(wish->action),
             STR_ARG(wish->route->function->logical_id),
             invoke ? "Bool: {'lambda:InvokedViaFunctionUrl': 'true'}"
                    : "StringEquals: {'lambda:FunctionUrlAuthType': AWS_IAM}");
}
