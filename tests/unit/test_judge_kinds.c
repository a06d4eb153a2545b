/* SPDX-License-Identifier: Apache-2.0 */
/* local/judge.c and judge_access.c: who gets into an HTTP API and a function URL, what the others are told, and what the
   policies are asked about. Signatures in detail are in test_judge_signature.c.
   https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
#include "answer.h"
#include "fake_callers.h"

#define FUNCTION_ARN "arn:aws:lambda:eu-west-1:123456789012:function:fake"
#define URLS_AUTH \
    "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: " \
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}"

static const struct model_function function = {.logical_id = STR_INIT("Fake"), .arn = STR_INIT(FUNCTION_ARN)};
static struct policy_statements policies;
static struct model_principal caller = {.kind = MODEL_USER,
                                        ACCOUNT,
                                        .profile = STR_INIT("carol"),
                                        .user_arn = STR_INIT("arn:aws:iam::123456789012:user/carol")};
static struct keyring_entry entry = {.who = &caller, .keys = {STR_INIT("AKIACAROL"), STR_INIT("carols+secret"), {0}}};
static const struct keyring ring = {.at = &entry, .n = 1, .model = &MODEL};

/* One statement about one action on one resource, with at most one condition. */
static struct policy_statement statement(bool allow, struct str *action, struct str *resource,
                                         struct policy_condition *condition) {
    return (struct policy_statement){.allow = allow,
                                     .actions = action,
                                     .n_actions = 1,
                                     .resources = resource,
                                     .n_resources = 1,
                                     .conditions = condition,
                                     .n_conditions = condition ? 1 : 0,
                                     .policy_name = STR("some"),
                                     .file = "callers.yaml",
                                     .line = 7};
}

static struct judge_verdict verdict_of(const struct model_api *api, const struct http_request *rq) {
    const struct judge j = {&MODEL, api, &ring};
    struct judge_verdict v;
    struct err e;
    caller.policies = policies;
    check_ok(judge_request(&j, rq, STR("127.0.0.1"), NOW, &v, &arena, &e), e);
    return v;
}

static struct http_request signed_for(const char *service, const char *method, const char *path) {
    const struct sigv4_scope scope = {
        .region = STR("eu-west-1"), .service = str_of(service), .unix_s = NOW, .allow = SIGV4_ALLOW_ALL};
    struct http_request rq = unsigned_request(method, path);
    struct err e;
    check_ok(sigv4_sign(&rq, &entry.keys, &scope, &arena, &e), e);
    return rq;
}

static void check_told(const struct judge_verdict *v, int status, const char *type, const char *body) {
    assert_int_equal(v->refusal.status, status);
    check_str(v->error_type, str_of(type));
    check_str(http_field_get(&v->refusal.fields, STR("x-amzn-ErrorType")), str_of(type));
    check_str(v->refusal.body, str_of(body));
    assert_true(v->why.n > 0);
}

static void check_in(const struct judge_verdict *v, const struct keyring_entry *who_is) {
    check_text(v->why, "");
    assert_int_equal(v->refusal.status, 0);
    assert_ptr_equal(v->caller, who_is);
}

/* ---- HTTP APIs ---- */

static struct model_route http_routes[] = {
    {.method = STR_INIT("GET"), .path = STR_INIT("/private"), .aws_iam = true, .function = &function},
    {.method = STR_INIT("GET"), .path = STR_INIT("/items/{id}"), .aws_iam = true, .function = &function},
    {.method = STR_INIT("ANY"), .path = STR_INIT("/open"), .function = &function},
};
static struct model_api http_api = {.kind = MODEL_HTTP_API,
                                    .logical_id = STR_INIT("HttpApi"),
                                    .stage = STR_INIT("$default"),
                                    .api_id = STR_INIT("a1b2c3d4e5"),
                                    .routes = http_routes,
                                    .n_routes = 3};
#define HTTP_ARN(tail) "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/" tail
static struct str api_invoke[] = {STR_INIT("execute-api:Invoke")};

static void may(const char *resource, struct str *place, struct policy_statement *s) {
    *place = str_of(resource);
    *s = statement(true, api_invoke, place, NULL);
    policies = (struct policy_statements){s, 1, 1};
}

static void http_admitted(void **state) {
    (void)state;
    static const struct {
        const char *resource, *path;
        bool in;
    } cases[] = {
        {HTTP_ARN("$default/GET/private"), "/private", true},
        {HTTP_ARN("*/GET/private"), "/private", true},
        {HTTP_ARN("*"), "/private", true},
        {HTTP_ARN("$default/GET/items/7"), "/items/7", true},
        {HTTP_ARN("$default/GET/items/*"), "/items/7", true},
        {HTTP_ARN("$default/GET/items/{id}"), "/items/7", false}, /* the path, not the template */
        {HTTP_ARN("$default/GET/items/8"), "/items/7", false},
        {HTTP_ARN("$default/POST/private"), "/private", false},
        {HTTP_ARN("GET/private"), "/private", false},
        {HTTP_ARN("dev/GET/private"), "/private", false},
        {HTTP_ARN("$default/GET//private"), "/private", false},
        /* a path with escapes is asked about as sent and decoded; both must be allowed */
        {HTTP_ARN("$default/GET/items/*"), "/items/a%20b", true},
        {HTTP_ARN("$default/GET/items/a%20b"), "/items/a%20b", false},
        {HTTP_ARN("$default/GET/items/a b"), "/items/a%20b", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str place;
        struct policy_statement s;
        may(cases[i].resource, &place, &s);
        struct http_request rq = signed_for("execute-api", "GET", cases[i].path);
        struct judge_verdict v = verdict_of(&http_api, &rq);
        if (cases[i].in != (v.refusal.status == 0)) fail_msg("%s %s", cases[i].resource, cases[i].path);
        if (cases[i].in) check_in(&v, &entry);
        else check_told(&v, 403, NULL, "{\"message\":\"Forbidden\"}");
    }
}

static void http_stage(void **state) {
    (void)state;
    struct model_api staged = http_api;
    struct str place;
    struct policy_statement s;
    staged.stage = STR("dev");
    may(HTTP_ARN("dev/GET/private"), &place, &s);
    struct http_request rq = signed_for("execute-api", "GET", "/dev/private");
    struct judge_verdict v = verdict_of(&staged, &rq);
    check_in(&v, &entry);
}

static void http_refused(void **state) {
    (void)state;
    static const char forbidden[] = "{\"message\":\"Forbidden\"}";
    struct str place;
    struct policy_statement s;
    may(HTTP_ARN("*"), &place, &s);
    struct http_request rq = unsigned_request("GET", "/private");
    struct judge_verdict v = verdict_of(&http_api, &rq);
    check_told(&v, 403, NULL, forbidden);
    check_text(v.why, "the request is not signed");
    rq = signed_for("execute-api", "GET", "/private");
    rq.path = STR("/items/1"); /* tampered */
    v = verdict_of(&http_api, &rq);
    check_told(&v, 403, NULL, forbidden);
    rq = signed_for("lambda", "GET", "/private");
    v = verdict_of(&http_api, &rq);
    check_told(&v, 403, NULL, forbidden);
    rq = signed_for("execute-api", "GET", "/private");
    *value_of(&rq, "authorization") = STR("Bearer x");
    v = verdict_of(&http_api, &rq);
    check_told(&v, 403, NULL, forbidden);
    assert_null(v.caller);
}

static void http_unrouted(void **state) {
    (void)state;
    struct http_request rq = signed_for("execute-api", "POST", "/private");
    struct judge_verdict v = verdict_of(&http_api, &rq);
    check_told(&v, 404, NULL, "{\"message\":\"Not Found\"}");
    check_text(v.why, "no route POST /private; routes are GET /private, GET /items/{id}, ANY /open");
}

static void http_open(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("PUT", "/open");
    struct judge_verdict v = verdict_of(&http_api, &rq);
    check_in(&v, NULL);
}

static void http_sigv4a(void **state) {
    (void)state;
    const struct sigv4_scope scope = {.region = STR("eu-west-1"),
                                      .service = STR("execute-api"),
                                      .unix_s = NOW,
                                      .algorithm = SIGV4_ECDSA,
                                      .allow = SIGV4_ALLOW_ALL};
    struct http_request rq = unsigned_request("GET", "/private");
    struct model_api rest = http_api;
    struct str place;
    struct policy_statement s;
    struct err e;
    may(HTTP_ARN("*"), &place, &s);
    check_ok(sigv4_sign(&rq, &entry.keys, &scope, &arena, &e), e);
    struct judge_verdict v = verdict_of(&http_api, &rq);
    check_told(&v, 403, NULL, "{\"message\":\"Forbidden\"}");
    rest.kind = MODEL_REST_API;
    v = verdict_of(&rest, &rq);
    check_in(&v, &entry);
}

/* ---- the nearest miss ---- */

static void nearest(void **state) {
    (void)state;
    struct str place;
    struct policy_statement s;
    may(HTTP_ARN("$default/GET/items/8"), &place, &s);
    struct http_request rq = signed_for("execute-api", "GET", "/items/7");
    struct judge_verdict v = verdict_of(&http_api, &rq);
    check_text(v.why, "no statement of carol allows execute-api:Invoke on " HTTP_ARN("$default/GET/items/7"));
    check_text(v.cause, "nearest is callers.yaml:7, policy some: the path in its Resource is items/8, not items/7");
    check_text(
        v.fix,
        "would allow it: {Effect: Allow, Action: execute-api:Invoke, Resource: !Sub 'arn:${AWS::Partition}:execute-api:"
        "${AWS::Region}:${AWS::AccountId}:${HttpApi}/$default/GET/items/7'}");
    s.allow = false;
    may(HTTP_ARN("*"), &place, &s);
    s.allow = false;
    rq = signed_for("execute-api", "GET", "/items/7");
    v = verdict_of(&http_api, &rq);
    check_text(v.why, "denied by line 7, policy some");
    assert_int_equal(v.cause.n + v.fix.n, 0);
}

/* ---- function URLs ---- */

static struct model_route url_routes[] = {
    {.method = STR_INIT("ANY"), .path = STR_INIT("$default"), .aws_iam = true, .function = &function}};
static struct model_api url = {.kind = MODEL_FUNCTION_URL,
                               .logical_id = STR_INIT("FakeUrl"),
                               .stage = STR_INIT("$default"),
                               .api_id = STR_INIT("abcdefghijklmnopqrstuvwxyz012345"),
                               .routes = url_routes,
                               .n_routes = 1};
static struct str function_arn[] = {STR_INIT(FUNCTION_ARN)}, other_arn[] = {STR_INIT(FUNCTION_ARN "-other")};
static struct str invoke_url[] = {STR_INIT("lambda:InvokeFunctionUrl")};
static struct str invoke_function[] = {STR_INIT("lambda:InvokeFunction")};
static struct str iam_type[] = {STR_INIT("AWS_IAM")}, none_type[] = {STR_INIT("NONE")}, yes[] = {STR_INIT("true")};
static struct policy_condition is_iam[] = {
    {.key = STR_INIT("lambda:FunctionUrlAuthType"), .values = iam_type, .n_values = 1}};
static struct policy_condition is_none[] = {
    {.key = STR_INIT("lambda:FunctionUrlAuthType"), .values = none_type, .n_values = 1}};
static struct policy_condition via_url[] = {
    {.type = POLICY_BOOL, .key = STR_INIT("lambda:InvokedViaFunctionUrl"), .values = yes, .n_values = 1}};

static void check_url(const struct policy_statement *s, size_t n, const char *why) {
    struct policy_statement kept[4];
    memcpy(kept, s, n * sizeof *s);
    policies = (struct policy_statements){kept, n, n};
    struct http_request rq = signed_for("lambda", "POST", "/any/path//x");
    struct judge_verdict v = verdict_of(&url, &rq);
    if (!why) check_in(&v, &entry);
    else check_told(&v, 403, "AccessDeniedException", URLS_AUTH);
    check_str(v.why, str_of(why ? why : ""));
}

/* Both actions, each with its own condition key. */
static void url_admitted(void **state) {
    (void)state;
    const struct policy_statement may_url = statement(true, invoke_url, function_arn, is_iam);
    const struct policy_statement may_invoke = statement(true, invoke_function, function_arn, via_url);
    const struct policy_statement both[] = {may_url, may_invoke};
    const struct policy_statement any_url = statement(true, invoke_url, function_arn, NULL);
    const struct policy_statement for_none[] = {statement(true, invoke_url, function_arn, is_none), may_invoke};
    const struct policy_statement elsewhere[] = {statement(true, invoke_url, other_arn, is_iam), may_invoke};
    const struct policy_statement crossed[] = {statement(true, invoke_url, function_arn, via_url), may_invoke};
    const struct policy_statement denied[] = {may_url, may_invoke,
                                              statement(false, invoke_function, function_arn, via_url)};
    static const char no_url[] = "no statement of carol allows lambda:InvokeFunctionUrl on " FUNCTION_ARN;
    static const char no_invoke[] = "no statement of carol allows lambda:InvokeFunction on " FUNCTION_ARN;
    check_url(both, 2, NULL);
    check_url(&may_url, 1, no_invoke);
    check_url(&any_url, 1, no_invoke);
    check_url(&may_invoke, 1, no_url);
    check_url(for_none, 2, no_url);
    check_url(elsewhere, 2, no_url);
    check_url(crossed, 2, no_url);
    check_url(denied, 3, "denied by line 7, policy some");
}

static void url_nearest(void **state) {
    (void)state;
    struct policy_statement s[] = {statement(true, invoke_url, function_arn, is_iam),
                                   statement(true, invoke_function, other_arn, NULL)};
    policies = (struct policy_statements){s, 2, 2};
    struct http_request rq = signed_for("lambda", "GET", "/");
    struct judge_verdict v = verdict_of(&url, &rq);
    check_text(v.cause, "nearest is callers.yaml:7, policy some: the function in its Resource is function:fake-other, "
                        "not function:fake");
    check_text(
        v.fix,
        "would allow it: {Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Fake.Arn, Condition: {Bool: "
        "{'lambda:InvokedViaFunctionUrl': 'true'}}}");
}

static void url_refused(void **state) {
    (void)state;
    struct policy_statement s[] = {statement(true, invoke_url, function_arn, NULL),
                                   statement(true, invoke_function, function_arn, NULL)};
    policies = (struct policy_statements){s, 2, 2};
    struct http_request rq = unsigned_request("GET", "/");
    struct judge_verdict v = verdict_of(&url, &rq);
    check_told(&v, 403, "AccessDeniedException", URLS_AUTH);
    rq = signed_for("execute-api", "GET", "/");
    v = verdict_of(&url, &rq);
    check_str(v.error_type, STR("InvalidSignatureException"));
    rq = signed_for("lambda", "GET", "/");
    rq.body = STR("added");
    v = verdict_of(&url, &rq);
    check_str(v.error_type, STR("InvalidSignatureException"));
    assert_int_equal(v.refusal.status, 403);
    assert_null(v.caller);
}

/* AuthType NONE opens nothing by itself: the function's policy must let everybody in, by both actions. */
static void url_open(void **state) {
    (void)state;
    static struct policy_principal anyone[] = {{POLICY_ANYONE, STR_INIT("*")}};
    struct policy_statement s[] = {statement(true, invoke_url, function_arn, is_none),
                                   statement(true, invoke_function, function_arn, via_url)};
    struct model_api api = url;
    struct model_route route = url_routes[0];
    route.aws_iam = false;
    api.routes = &route;
    for (size_t i = 0; i < 2; i++) s[i].principals = anyone, s[i].n_principals = 1;
    struct http_request rq = unsigned_request("GET", "/");
    struct judge_verdict v = verdict_of(&api, &rq);
    check_told(&v, 403, "AccessDeniedException", URLS_AUTH);
    api.has_policy = true;
    for (size_t n = 0; n <= 2; n++) {
        api.policy = (struct policy_statements){s, n, n};
        v = verdict_of(&api, &rq);
        if (n == 2) check_in(&v, NULL);
        else check_told(&v, 403, "AccessDeniedException", URLS_AUTH);
    }
    s[0].conditions = is_iam; /* written for the other type */
    v = verdict_of(&api, &rq);
    check_told(&v, 403, "AccessDeniedException", URLS_AUTH);
}

/* ---- all kinds ---- */

static void long_resource(void **state) {
    (void)state;
    struct str place;
    struct policy_statement s;
    char path[2000] = "/items/";
    memset(path + 7, 'a', sizeof path - 8);
    path[sizeof path - 1] = 0;
    may(HTTP_ARN("*"), &place, &s);
    struct http_request rq = signed_for("execute-api", "GET", path);
    struct judge_verdict v = verdict_of(&http_api, &rq);
    assert_int_equal(v.refusal.status, 414);
    path[1500] = 0;
    rq = signed_for("execute-api", "GET", path);
    v = verdict_of(&http_api, &rq);
    check_in(&v, &entry);
}

static void no_memory(void **state) {
    (void)state;
    struct http_request rq = signed_for("lambda", "GET", "/"),
                        api_rq = signed_for("execute-api", "GET", "/items/a%20b");
    const struct judge judges[] = {{&MODEL, &url, &ring}, {&MODEL, &http_api, &ring}};
    struct judge_verdict v;
    struct arena small;
    struct err e;
    caller.policies = policies = (struct policy_statements){0};
    for (size_t limit = 0; limit < 300000; limit = limit * 3 / 2 + 64)
        for (size_t i = 0; i < 2; i++) {
            arena_init(&small, limit);
            if (judge_request(&judges[i], i ? &api_rq : &rq, STR("127.0.0.1"), NOW, &v, &small, &e))
                assert_int_equal(v.refusal.status, 403);
            arena_close(&small);
        }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("an HTTP API asks about the path as requested, on $default, by AWS's name", http_admitted),
        WITH_ARENA("a named stage of an HTTP API is in path and resource", http_stage),
        WITH_ARENA("an HTTP API tells nobody why", http_refused),
        WITH_ARENA("an HTTP API has 404 where there is no route", http_unrouted),
        WITH_ARENA("an open route of an HTTP API needs no signature", http_open),
        WITH_ARENA("a SigV4A signature is for REST APIs only", http_sigv4a),
        WITH_ARENA("a policy's miss is told with the nearest statement and the smallest that would do", nearest),
        WITH_ARENA("a function URL wants both actions, each under its own key", url_admitted),
        WITH_ARENA("a function URL's miss names the function", url_nearest),
        WITH_ARENA("a function URL tells an unsigned request from a wrong signature", url_refused),
        WITH_ARENA("AuthType NONE wants a policy that lets everybody in", url_open),
        WITH_ARENA("a resource over 1,600 bytes is 414", long_resource),
        WITH_ARENA("without memory nobody is admitted by mistake", no_memory),
    };
    return cmocka_run_group_tests_name("judge_kinds", cases, NULL, NULL);
}
