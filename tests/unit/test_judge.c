/* SPDX-License-Identifier: Apache-2.0 */
/* local/judge.c: who gets in, and the exact answer to a caller whose route or policy does not let them. Signatures are in
   test_judge_signature.c.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html */
#include "fake_callers.h"
#include "session.h"

/* ---- who gets in ---- */

static void permitted(void **state) {
    (void)state;
    struct http_request rq = by(ALICE, "GET", "/dev/private");
    check_admitted(&rq, ALICE);
    assert_ptr_equal(judged(&rq).route, &routes[0]);
    rq = by(ROLE, "GET", "/dev/private");
    check_admitted(&rq, ROLE);
    rq = by(WRITER, "POST", "/dev/private");
    check_admitted(&rq, WRITER);
    assert_ptr_equal(judged(&rq).route, &routes[1]);
}

static void with_query(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("GET", "/dev/private");
    rq.query = STR("a=1&a=2&empty");
    sign(&rq, &entries[ALICE].keys, NOW);
    check_admitted(&rq, ALICE);
    rq.query = STR("a=1&a=3&empty");
    check_refused(&rq, "InvalidSignatureException");
}

static void open_route(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("GET", "/dev/public");
    struct judge_verdict v = judged(&rq);
    assert_int_equal(v.refusal.status, 0);
    assert_ptr_equal(v.route, &routes[2]);
    assert_null(v.caller);
    add(&rq, "Authorization", STR("Bearer something-else"));
    v = judged(&rq);
    assert_int_equal(v.refusal.status, 0);
    assert_null(v.caller);
}

/* ---- routes ---- */

static void unknown_routes(void **state) {
    (void)state;
    static const char *const paths[] = {
        "/",
        "/dev",
        "/dev/",
        "/private",
        "/prod/private",
        "/dev/private/",
        "//dev/private",
        "/dev//private",
        "/dev/private//",
        "/dev/./private",
        "/x/../dev/private",
        "/dev/public/../private",
        "/dev/%70rivate",
        "/dev%2Fprivate",
        "/dev/%2e%2e/dev/private",
        "/DEV/private",
        "/dev/Private",
        "/devprivate",
        "/dev/privat",
        "/dev/private2",
        "dev/private",
        "*",
        "",
        "http://127.0.0.1:3001/dev/private",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct http_request rq = unsigned_request("GET", paths[i]);
        check_missing_token(&rq);
        assert_null(judged(&rq).route);
        if (paths[i][0] != '/') continue;
        rq = by(ALICE, "GET", paths[i]); /* a good signature of somebody permitted changes nothing */
        check_missing_token(&rq);
    }
}

static void unknown_methods(void **state) {
    (void)state;
    static const char *const methods[] = {"PUT", "HEAD", "OPTIONS", "get", "ANY", "GET "};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct http_request rq = unsigned_request(methods[i], "/dev/private");
        check_missing_token(&rq);
    }
    struct http_request rq = by(WRITER, "PUT", "/dev/private");
    check_missing_token(&rq);
    rq = unsigned_request("POST", "/dev/public");
    check_missing_token(&rq);
}

static void why_names_the_routes(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("PUT", "/dev/private");
    check_text(judged(&rq).why,
               "no route PUT /dev/private; routes are GET /dev/private, POST /dev/private, GET /dev/public, "
               "ANY /dev/any, PUT /dev/any, GET /dev/keyed, DELETE /dev/private");
    rq = unsigned_request("GET", "/dev/private");
    check_text(judged(&rq).why, "the request is not signed");
}

static void any_method(void **state) {
    (void)state;
    static const char *const methods[] = {"GET", "POST", "PATCH", "HEAD", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct http_request rq = by(KEEPER, methods[i], "/dev/any");
        check_admitted(&rq, KEEPER);
        assert_ptr_equal(judged(&rq).route, &routes[3]);
        rq = unsigned_request(methods[i], "/dev/any");
        check_missing_token(&rq);
    }
    struct http_request rq = by(KEEPER, "PUT", "/dev/any");
    assert_ptr_equal(judged(&rq).route, &routes[4]); /* the named method goes first */
}

static void any_is_seven_methods(void **state) {
    (void)state;
    struct http_request rq = by(KEEPER, "DELETE", "/dev/any");
    check_refused(&rq, "AccessDeniedException");
    static const char *const methods[] = {"delete", "Delete", "ANY", "*", "TRACE", "CONNECT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        rq = by(KEEPER, methods[i], "/dev/any");
        check_missing_token(&rq);
    }
}

/* ---- policy ---- */

static void implicit_deny(void **state) {
    (void)state;
    struct http_request rq = by(MALLORY, "GET", "/dev/private");
    struct judge_verdict v = check_refused(&rq, "AccessDeniedException");
    check_text(
        v.refusal.body,
        "{\"Message\":\"User: arn:aws:iam::123456789012:user/mallory is not authorized to perform: execute-api:Invoke "
        "on resource: " MASKED("GET") " because no identity-based policy allows the execute-api:Invoke action\"}");
    check_text(v.why, "no statement of mallory allows execute-api:Invoke on " ARN("GET"));
    assert_ptr_equal(v.caller, &entries[MALLORY]);
    rq = by(ROLE, "POST", "/dev/private");
    v = check_refused(&rq, "AccessDeniedException");
    assert_true(
        str_starts(v.refusal.body, STR("{\"Message\":\"User: arn:aws:sts::123456789012:assumed-role/caller/apigw ")));
    assert_true(str_find(v.refusal.body, STR(MASKED("POST"))) != SIZE_MAX);
}

static void explicit_deny(void **state) {
    (void)state;
    struct http_request rq = by(WRITER, "GET", "/dev/private");
    struct judge_verdict v = check_refused(&rq, "AccessDeniedException");
    check_text(
        v.refusal.body,
        "{\"Message\":\"User: arn:aws:iam::123456789012:user/writer is not authorized to perform: execute-api:Invoke "
        "on resource: " MASKED("GET") " with an explicit deny in an identity-based policy\"}");
    check_text(v.why, "denied by line 42, policy no-reading");
}

static void query_is_no_path(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("POST", "/dev/private");
    rq.query = STR("x=/dev/GET/private");
    sign(&rq, &entries[ALICE].keys, NOW);
    struct judge_verdict v = check_refused(&rq, "AccessDeniedException");
    assert_true(str_find(v.refusal.body, STR("x=")) == SIZE_MAX);
}

static void order(void **state) {
    (void)state;
    struct sigv4_keys keys = entries[MALLORY].keys;
    keys.secret = STR("guessed");
    struct http_request rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &keys, NOW);
    check_refused(&rq, "InvalidSignatureException");
}

/* ---- API keys ---- */

static void check_forbidden(const struct http_request *rq, const char *why) {
    struct judge_verdict v = check_refused(rq, "ForbiddenException");
    check_text(v.refusal.body, "{\"message\":\"Forbidden\"}");
    check_str(v.why, str_of(why));
}

static void api_key_alone(void **state) {
    (void)state;
    static const char wrong[] = "x-api-key is not the value of an enabled key in a usage plan of this stage";
    static const char *const values[] = {"disabled-key-012345",  "elsewhere-key-01234", "good-key-012345678",
                                         "good-key-01234567890", "Good-key-0123456789", ""};
    struct http_request rq = unsigned_request("GET", "/dev/keyed");
    check_forbidden(&rq, "there is no x-api-key");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        rq = unsigned_request("GET", "/dev/keyed");
        add(&rq, "X-Api-Key", str_of(values[i]));
        check_forbidden(&rq, wrong);
    }
    rq = unsigned_request("GET", "/dev/keyed");
    add(&rq, "X-API-KEY", STR("good-key-0123456789"));
    assert_int_equal(judged(&rq).refusal.status, 0);
    assert_null(judged(&rq).caller);
    add(&rq, "x-api-key", STR("good-key-0123456789"));
    check_forbidden(&rq, "there is more than one x-api-key");
}

static void api_key_and_iam(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("DELETE", "/dev/private");
    add(&rq, "x-api-key", STR("good-key-0123456789"));
    check_missing_token(&rq); /* a key is no signature */
    rq = by(MALLORY, "DELETE", "/dev/private");
    check_refused(&rq, "AccessDeniedException"); /* the policy goes before the key */
    rq = by(WRITER, "DELETE", "/dev/private");
    check_forbidden(&rq, "there is no x-api-key");
    add(&rq, "x-api-key", STR("good-key-0123456789")); /* signed or not */
    check_admitted(&rq, WRITER);
    *value_of(&rq, "x-api-key") = STR("wrong-key-123456789");
    check_refused(&rq, "ForbiddenException");
}

/* ---- resource policies ---- */

static struct str deny_delete[] = {STR_INIT(ARN("DELETE"))}, everything[] = {STR_INIT("*")};
static struct policy_principal anyone[] = {{POLICY_ANYONE, STR_INIT("*")}};
static struct str local_only[] = {STR_INIT("127.0.0.0/8")};
static struct policy_condition from_here[] = {
    {.type = POLICY_IP_ADDRESS, .key = STR_INIT("aws:SourceIp"), .values = local_only, .n_values = 1}};
static struct policy_statement open_but_delete[] = {{.allow = true,
                                                     .actions = invoke,
                                                     .n_actions = 1,
                                                     .resources = everything,
                                                     .n_resources = 1,
                                                     .principals = anyone,
                                                     .n_principals = 1,
                                                     .conditions = from_here,
                                                     .n_conditions = 1},
                                                    {.actions = invoke,
                                                     .n_actions = 1,
                                                     .resources = deny_delete,
                                                     .n_resources = 1,
                                                     .principals = anyone,
                                                     .n_principals = 1,
                                                     .line = 9,
                                                     .policy_name = STR_INIT("resource policy")}};

static struct judge_verdict judged_with(const struct policy_statements *policy, const struct http_request *rq,
                                        struct str peer_ip) {
    struct model_api api = API;
    const struct judge j = {&MODEL, &api, &RING};
    struct judge_verdict v;
    struct err e;
    api.has_policy = true;
    api.policy = *policy;
    check_ok(judge_request(&j, rq, peer_ip, NOW, &v, &arena, &e), e);
    return v;
}

static void resource_policy(void **state) {
    (void)state;
    const struct policy_statements policy = {open_but_delete, 2, 2}, empty = {0};
    struct http_request rq = by(MALLORY, "GET", "/dev/private");
    assert_int_equal(judged_with(&policy, &rq, STR("127.0.0.1")).refusal.status, 0);
    struct judge_verdict v = judged_with(&policy, &rq, STR("192.0.2.1"));
    assert_true(str_find(v.refusal.body, STR("because no identity-based policy allows")) != SIZE_MAX);
    rq = by(WRITER, "DELETE", "/dev/private");
    v = judged_with(&policy, &rq, STR("127.0.0.1"));
    assert_true(str_ends(v.refusal.body, STR("/DELETE/private with an explicit deny in a resource-based policy\"}")));
    check_text(v.why, "denied by line 9, policy resource policy");
    rq = unsigned_request("GET", "/dev/private"); /* the authorizer comes first */
    check_str(judged_with(&policy, &rq, STR("127.0.0.1")).error_type, STR("MissingAuthenticationTokenException"));
    rq = unsigned_request("GET", "/dev/public");
    assert_int_equal(judged_with(&policy, &rq, STR("127.0.0.1")).refusal.status, 0);
    v = judged_with(&empty, &rq, STR("127.0.0.1"));
    check_str(v.error_type, STR("AccessDeniedException"));
    check_text(v.refusal.body,
               "{\"Message\":\"User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
               "arn:aws:execute-api:eu-west-1:********9012:a1b2c3d4e5/dev/GET/public\"}");
}

static void expired_session(void **state) {
    (void)state;
    struct keyring ring = RING;
    const struct keyring_entry *session;
    struct judge_verdict v;
    struct err e;
    check_ok(session_open(&ring.sessions, &e), e);
    const struct session_wish wish = {.model = &MODEL, .who = &who[ALICE], .now_s = NOW, .expires_unix_s = NOW + 10};
    check_ok(session_add(ring.sessions, &wish, &session, &e), e);
    const struct judge j = {&MODEL, &API, &ring};
    struct http_request rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &session->keys, NOW);
    check_ok(judge_request(&j, &rq, STR("::1"), NOW + 9, &v, &arena, &e), e);
    assert_int_equal(v.refusal.status, 0);
    assert_ptr_equal(v.caller, session);
    keyring_give_back(&ring, v.caller);
    check_ok(judge_request(&j, &rq, STR("::1"), NOW + 10, &v, &arena, &e), e);
    check_str(v.error_type, STR("ExpiredTokenException"));
    assert_null(v.caller);
    keyring_give_back(&ring, session);
    session_close(ring.sessions);
}

static void no_memory(void **state) {
    (void)state;
    struct http_request good = by(ALICE, "GET", "/dev/private"), bad = by(MALLORY, "GET", "/dev/private");
    struct arena small;
    struct judge_verdict v;
    struct err e;
    for (size_t limit = 0; limit < 200000; limit = limit * 2 + 64) {
        arena_init(&small, limit);
        if (judge_request(&JUDGE, &good, STR("127.0.0.1"), NOW, &v, &small, &e))
            assert_ptr_equal(v.caller, &entries[ALICE]);
        arena_reset(&small);
        if (judge_request(&JUDGE, &bad, STR("127.0.0.1"), NOW, &v, &small, &e)) assert_int_equal(v.refusal.status, 403);
        arena_close(&small);
    }
    arena_init(&small, 0);
    assert_false(judge_request(&JUDGE, &good, STR("127.0.0.1"), NOW, &v, &small, &e));
    assert_false(judge_request(&JUDGE, &bad, STR("127.0.0.1"), NOW, &v, &small, &e));
    arena_close(&small);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("a valid signature of a permitted caller admits and names the caller", permitted),
        WITH_ARENA("a signed query is admitted, a changed one is not", with_query),
        WITH_ARENA("an open route needs no signature and looks at none", open_route),
        WITH_ARENA("an unknown route answers like a missing signature", unknown_routes),
        WITH_ARENA("an unknown method answers like a missing signature", unknown_methods),
        WITH_ARENA("the log tells an unknown route from a missing signature", why_names_the_routes),
        WITH_ARENA("ANY takes every method, and a named method goes first", any_method),
        WITH_ARENA("bug: ANY takes API Gateway's seven methods only, so that no spelling slips past a policy",
                   any_is_seven_methods),
        WITH_ARENA("without an Allow access is denied, with the account masked", implicit_deny),
        WITH_ARENA("an explicit Deny wins over an Allow, and the log names its line", explicit_deny),
        WITH_ARENA("the query is no part of the resource", query_is_no_path),
        WITH_ARENA("the signature is judged before the policy", order),
        WITH_ARENA("a resource policy allows or denies besides the caller's own, and anonymous callers too",
                   resource_policy),
        WITH_ARENA("a session that has expired is told so", expired_session),
        WITH_ARENA("where a key is required one enabled key of the stage's plans opens, sent once", api_key_alone),
        WITH_ARENA("a key is wanted besides the signature, and is looked at last", api_key_and_iam),
        WITH_ARENA("without memory nobody is admitted by mistake", no_memory),
    };
    return cmocka_run_group_tests_name("judge", cases, NULL, NULL);
}
