/* SPDX-License-Identifier: Apache-2.0 */
/* The mistakes that are made in the Resource of execute-api:Invoke, and half of what a function URL wants.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html */
#include <string.h>

#include "api.h"
#include "buf.h"
#include "execute_arn.h"
#include "lint.h"
#include "policy_range.h"

enum { MAX_ARN_BYTES = 8192 };

/* One Resource of one statement. */
struct place {
    struct lint *lint;
    const struct model *model;
    const struct policy_statement *statement;
    struct str resource;
    struct execute_arn arn;
    bool found; /* a mistake that explains why it opens nothing */
};

#define REPORT(p, rule, ...) lint_add((p)->lint, rule, str_of((p)->statement->file), (p)->statement->line, __VA_ARGS__)

static bool is_method(struct str s) {
    for (size_t i = 0; i < API_N_METHODS; i++)
        if (str_eq_nocase(s, api_methods[i])) return true;
    return false;
}

static bool is_capital(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 'a' && s.p[i] <= 'z') return false;
    return true;
}

static void check_stage(struct place *p) {
    const struct execute_arn *a = &p->arn;
    struct str stage = a->at[EXECUTE_ARN_STAGE];
    if (!is_method(stage) || is_method(a->at[EXECUTE_ARN_METHOD])) return;
    p->found = true;
    REPORT(p, LINT_STAGE_MISSING, "policy %.*s: %.*s stands where the stage belongs in %.*s, so it opens nothing",
           STR_ARG(p->statement->policy_name), STR_ARG(stage), STR_ARG(p->resource));
}

static void check_method(struct place *p) {
    struct str method = p->arn.at[EXECUTE_ARN_METHOD];
    if (p->found || !is_method(method) || is_capital(method)) return;
    p->found = true;
    REPORT(p, LINT_VERB_CASE, "policy %.*s: the method %.*s in %.*s is compared with case, so it opens nothing",
           STR_ARG(p->statement->policy_name), STR_ARG(method), STR_ARG(p->resource));
}

static void check_slashes(struct place *p) {
    struct str path = p->arn.at[EXECUTE_ARN_PATH], stage = p->arn.at[EXECUTE_ARN_STAGE];
    const char *which = path.n && path.p[0] == '/' ? "a slash at the beginning of the path"
                        : str_ends(path, STR("/")) ? "a slash at the end of the path"
                        : stage.p && !stage.n      ? "an empty stage"
                                                   : NULL;
    if (p->found || !which) return;
    p->found = true;
    REPORT(p, LINT_SLASH, "policy %.*s: %s in %.*s, so it opens nothing", STR_ARG(p->statement->policy_name), which,
           STR_ARG(p->resource));
}

/* A policy variable, ${...}, is none. */
static void check_parameter(struct place *p) {
    struct str path = p->arn.at[EXECUTE_ARN_PATH];
    const char *brace = path.n ? memchr(path.p, '{', path.n) : NULL;
    if (p->found || !brace || (brace > path.p && brace[-1] == '$')) return;
    p->found = true;
    REPORT(p, LINT_PATH_PARAMETER, "policy %.*s: the braces in %.*s are compared letter by letter, so it opens nothing",
           STR_ARG(p->statement->policy_name), STR_ARG(p->resource));
}

static bool is_all(struct str s) {
    return str_eq(s, STR("*"));
}

static void check_width(struct place *p) {
    const struct execute_arn *a = &p->arn;
    const char *which = NULL;
    if (is_all(p->resource)) which = "* is every API of every account";
    else if (is_all(a->at[EXECUTE_ARN_API])) which = "every API of the account";
    else if (is_all(a->at[EXECUTE_ARN_STAGE])) which = "every stage";
    else if (is_all(a->at[EXECUTE_ARN_METHOD]) && is_all(a->at[EXECUTE_ARN_PATH])) which = "every method and path";
    else if (is_all(a->at[EXECUTE_ARN_ACCOUNT]) || is_all(a->at[EXECUTE_ARN_REGION])) which = "any region or account";
    if (which)
        REPORT(p, LINT_WIDE, "policy %.*s: %.*s allows %s", STR_ARG(p->statement->policy_name), STR_ARG(p->resource),
               which);
}

/* Can the Resource name a call of a route with parameters? */
static bool meets(const struct place *p, struct str arn) {
    char pattern[MAX_ARN_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < arn.n && n + 2 < sizeof pattern; i++) {
        const char *end = arn.p[i] == '{' ? memchr(arn.p + i, '}', arn.n - i) : NULL;
        bool greedy = end && (end[-1] == '+' || end[-1] == '{');
        if (end) memcpy(pattern + n, greedy ? POLICY_RANGE_PARTS : POLICY_RANGE_PART, 2);
        else pattern[n] = arn.p[i];
        n += end ? 2 : 1;
        if (end) i = (size_t)(end - arn.p);
    }
    return policy_range_meets(&(struct policy_range){.pattern = {pattern, n}}, p->resource);
}

static bool opens(const struct place *p, const struct model_api *api, struct str method, struct str path) {
    bool any = str_eq(path, STR("$default"));
    char arn[MAX_ARN_BYTES];
    struct buf b;
    struct arena a;
    arena_init_fixed(&a, arn, sizeof arn);
    buf_init(&b, sizeof arn, &a);
    api_write_arn(&b, p->model, api, method, false);
    buf_add(&b, any ? STR("/{}") : path);
    struct str asked = buf_str(&b);
    bool parameters = !b.failed && memchr(asked.p, '{', asked.n);
    bool matches = b.failed || (parameters ? meets(p, asked) : policy_matches(p->resource, asked, POLICY_RESOURCE));
    arena_close(&a);
    return matches;
}

/* Of a statement that names one of the template's own APIs: others' routes are not known here. */
static void check_routes(struct place *p) {
    const struct model_api *named = NULL;
    bool opened = p->found || str_find(p->resource, STR("${")) != SIZE_MAX;
    for (size_t i = 0; i < p->model->n_apis; i++)
        if (str_eq(p->model->apis[i].api_id, p->arn.at[EXECUTE_ARN_API])) named = &p->model->apis[i];
    for (size_t i = 0; named && !opened && i < named->n_routes; i++) {
        const struct model_route *r = &named->routes[i];
        bool any = str_eq(r->method, STR("ANY"));
        if (!any) opened = opens(p, named, r->method, r->path);
        for (size_t k = 0; any && !opened && k < API_N_METHODS; k++) opened = opens(p, named, api_methods[k], r->path);
    }
    if (named && !opened)
        REPORT(p, LINT_OPENS_NOTHING, "policy %.*s: %.*s is no route of %.*s", STR_ARG(p->statement->policy_name),
               STR_ARG(p->resource), STR_ARG(named->logical_id));
}

static void check_resource(struct place *p) {
    if (!execute_arn_split(p->resource, &p->arn)) return;
    struct str service = p->arn.at[EXECUTE_ARN_SERVICE];
    if (!is_all(service) && !str_eq(service, STR("execute-api"))) return;
    check_stage(p);
    check_method(p);
    check_slashes(p);
    check_parameter(p);
    check_routes(p);
    if (p->statement->allow) check_width(p);
}

static void check_statements(struct lint *l, const struct model *m, const struct policy_statements *s) {
    for (size_t i = 0; i < s->n; i++) {
        const struct policy_statement *st = &s->at[i];
        bool invokes = false;
        for (size_t k = 0; k < st->n_actions; k++)
            invokes |= policy_matches(st->actions[k], STR("execute-api:Invoke"), POLICY_ACTION);
        for (size_t k = 0; invokes && k < st->n_resources; k++) {
            struct place p = {.lint = l, .model = m, .statement = st, .resource = st->resources[k]};
            check_resource(&p);
        }
    }
}

/* ---- function URLs ---- */

/* Does either side let the principal do it? `by`: the statement. */
static bool may(const struct model_principal *p, const struct model_api *url, const char *action,
                const struct policy_statement **by, struct arena *a) {
    static struct http_field keys[] = {{STR_INIT("lambda:FunctionUrlAuthType"), STR_INIT("AWS_IAM")},
                                       {STR_INIT("lambda:InvokedViaFunctionUrl"), STR_INIT("true")}};
    const struct http_fields facts = {keys, 2, 2};
    const struct policy_caller caller = {p->account_id, p->user_arn, p->kind == MODEL_ROLE ? p->arn : (struct str){0}};
    struct policy_request rq = {
        .action = str_of(action), .resource = url->routes[0].function->arn, .facts = &facts, .arena = a};
    struct policy_result own = policy_evaluate(&p->policies, &rq);
    rq.caller = &caller;
    bool granted = policy_evaluate(&url->policy, &rq).decision == POLICY_ALLOW;
    *by = own.deciding;
    return own.decision == POLICY_ALLOW || (granted && own.decision != POLICY_EXPLICIT_DENY);
}

/* Since October 2025 a new URL wants both, and a policy written before allows one. lambda:InvokeFunction alone is for calls that
   go past the URL. */
static void check_url(struct lint *l, const struct model_principal *p, const struct model_api *url) {
    const struct policy_statement *call, *invoke;
    bool calls = may(p, url, "lambda:InvokeFunctionUrl", &call, l->arena);
    bool invokes = may(p, url, "lambda:InvokeFunction", &invoke, l->arena);
    if (calls && !invokes && call)
        lint_add(l, LINT_HALF_OF_URL, str_of(call->file), call->line,
                 "policy %.*s: lambda:InvokeFunctionUrl of %.*s alone opens nothing: lambda:InvokeFunction is missing",
                 STR_ARG(call->policy_name), STR_ARG(url->logical_id));
}

static void check_urls(struct lint *l, const struct model *m, const struct model_principal *p) {
    for (size_t i = 0; i < m->n_apis; i++)
        if (m->apis[i].kind == MODEL_FUNCTION_URL && m->apis[i].routes[0].aws_iam) check_url(l, p, &m->apis[i]);
}

void lint_policy_check(struct lint *l, const struct model *m) {
    for (size_t i = 0; i < m->n_principals; i++) {
        check_statements(l, m, &m->principals[i].policies);
        check_urls(l, m, &m->principals[i]);
    }
    for (size_t i = 0; i < m->n_apis; i++) check_statements(l, m, &m->apis[i].policy);
}
