/* SPDX-License-Identifier: Apache-2.0 */
/* One API, five callers with keys and policies of their own, and the judge over them. */
#ifndef TESTS_FAKE_CALLERS_H
#define TESTS_FAKE_CALLERS_H

#include "check.h"
#include "judge.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

#define ACCOUNT .account_id = STR_INIT("123456789012")
#define ARN(method) "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/" method "/private"
#define MASKED(method) "arn:aws:execute-api:eu-west-1:********9012:a1b2c3d4e5/dev/" method "/private"

static struct arena arena;
static struct str invoke[] = {STR_INIT("execute-api:Invoke")};
static struct str get_private[] = {STR_INIT(ARN("GET"))}, all_methods[] = {STR_INIT(ARN("*"))};
static struct str delete_any[] = {STR_INIT("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/DELETE/*")};
static struct str whole_stage[] = {STR_INIT("arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/*")};
static struct policy_statement may_get[] = {
    {.allow = true, .actions = invoke, .n_actions = 1, .resources = get_private, .n_resources = 1}};
static struct policy_statement may_all_but_get[] = {
    {.allow = true, .actions = invoke, .n_actions = 1, .resources = all_methods, .n_resources = 1},
    {.actions = invoke,
     .n_actions = 1,
     .resources = get_private,
     .n_resources = 1,
     .policy_name = STR_INIT("no-reading"),
     .line = 42}};
static struct policy_statement may_all_but_delete[] = {
    {.allow = true, .actions = invoke, .n_actions = 1, .resources = whole_stage, .n_resources = 1},
    {.actions = invoke, .n_actions = 1, .resources = delete_any, .n_resources = 1}};

static struct model_principal who[] = {
    {.kind = MODEL_USER,
     ACCOUNT,
     .profile = STR_INIT("alice"),
     .user_arn = STR_INIT("arn:aws:iam::123456789012:user/alice"),
     .policies = {may_get, 1, 1}},
    {.kind = MODEL_ROLE,
     ACCOUNT,
     .profile = STR_INIT("CallerRole"),
     .user_arn = STR_INIT("arn:aws:sts::123456789012:assumed-role/caller/apigw"),
     .policies = {may_get, 1, 1}},
    {.kind = MODEL_USER,
     ACCOUNT,
     .profile = STR_INIT("mallory"),
     .user_arn = STR_INIT("arn:aws:iam::123456789012:user/mallory")},
    {.kind = MODEL_USER,
     ACCOUNT,
     .profile = STR_INIT("writer"),
     .user_arn = STR_INIT("arn:aws:iam::123456789012:user/writer"),
     .policies = {may_all_but_get, 2, 2}},
    {.kind = MODEL_USER,
     ACCOUNT,
     .profile = STR_INIT("keeper"),
     .user_arn = STR_INIT("arn:aws:iam::123456789012:user/keeper"),
     .policies = {may_all_but_delete, 2, 2}},
};
enum { ALICE, ROLE, MALLORY, WRITER, KEEPER, CALLERS };
static struct keyring_entry entries[CALLERS] = {
    {.who = &who[ALICE], .keys = {STR_INIT("AKIAALICE"), STR_INIT("alices+secret"), {0}}},
    {.who = &who[ROLE], .keys = {STR_INIT("ASIAROLE"), STR_INIT("roles+secret"), STR_INIT("roles+token==")}},
    {.who = &who[MALLORY], .keys = {STR_INIT("AKIAMALLORY"), STR_INIT("mallorys+secret"), {0}}},
    {.who = &who[WRITER], .keys = {STR_INIT("AKIAWRITER"), STR_INIT("writers+secret"), {0}}},
    {.who = &who[KEEPER], .keys = {STR_INIT("AKIAKEEPER"), STR_INIT("keepers+secret"), {0}}},
};
static struct model_route routes[] = {
    {.method = STR_INIT("GET"), .path = STR_INIT("/private"), .aws_iam = true},
    {.method = STR_INIT("POST"), .path = STR_INIT("/private"), .aws_iam = true},
    {.method = STR_INIT("GET"), .path = STR_INIT("/public")},
    {.method = STR_INIT("ANY"), .path = STR_INIT("/any"), .aws_iam = true},
    {.method = STR_INIT("PUT"), .path = STR_INIT("/any"), .aws_iam = true},
    {.method = STR_INIT("GET"), .path = STR_INIT("/keyed"), .api_key = true},
    {.method = STR_INIT("DELETE"), .path = STR_INIT("/private"), .aws_iam = true, .api_key = true},
};
static const struct model_api API = {
    .stage = STR_INIT("dev"), .api_id = STR_INIT("a1b2c3d4e5"), .routes = routes, .n_routes = 7};
static const struct model_api *opened[] = {&API};
static struct model_api_key api_keys[] = {
    {.logical_id = STR_INIT("Good"), .enabled = true, .opens = opened, .n_opens = 1},
    {.logical_id = STR_INIT("Disabled"), .opens = opened, .n_opens = 1},
    {.logical_id = STR_INIT("Elsewhere"), .enabled = true},
};
static struct str api_key_values[] = {STR_INIT("good-key-0123456789"), STR_INIT("disabled-key-012345"),
                                      STR_INIT("elsewhere-key-01234")};
static const struct model MODEL = {.region = STR_INIT("eu-west-1"),
                                   .account_id = STR_INIT("123456789012"),
                                   .partition = STR_INIT("aws"),
                                   .url_suffix = STR_INIT("amazonaws.com"),
                                   .api_keys = api_keys,
                                   .n_api_keys = 3};
static const struct keyring RING = {
    .at = entries, .n = CALLERS, .model = &MODEL, .api_keys = api_key_values, .n_api_keys = 3};
static const struct judge JUDGE = {&MODEL, &API, &RING};

static inline int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 256 * 1024 * 1024);
    return 0;
}

static inline int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static inline void add(struct http_request *rq, const char *name, struct str value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), value, &arena, &e), e);
}

static inline struct http_request unsigned_request(const char *method, const char *path) {
    struct http_request rq = {.method = str_of(method), .path = str_of(path)};
    add(&rq, "Host", STR("127.0.0.1:3001"));
    return rq;
}

static inline void sign(struct http_request *rq, const struct sigv4_keys *keys, int64_t unix_s) {
    const struct sigv4_scope scope = {
        .region = STR("eu-west-1"), .service = STR("execute-api"), .unix_s = unix_s, .allow = SIGV4_ALLOW_ALL};
    struct err e;
    check_ok(sigv4_sign(rq, keys, &scope, &arena, &e), e);
}

static inline struct http_request by(int caller, const char *method, const char *path) {
    struct http_request rq = unsigned_request(method, path);
    sign(&rq, &entries[caller].keys, NOW);
    return rq;
}

static inline struct str *value_of(struct http_request *rq, const char *name) {
    for (size_t i = 0; i < rq->fields.n; i++)
        if (str_eq_nocase(rq->fields.at[i].name, str_of(name))) return &rq->fields.at[i].value;
    fail_msg("no field %s", name);
    return NULL;
}

static inline void drop(struct http_request *rq, const char *name) {
    struct str *value = value_of(rq, name);
    for (size_t i = 0; i < rq->fields.n; i++)
        if (&rq->fields.at[i].value == value) rq->fields.at[i] = rq->fields.at[rq->fields.n - 1];
    rq->fields.n--;
}

static inline struct judge_verdict judged(const struct http_request *rq) {
    struct judge_verdict v;
    struct err e;
    check_ok(judge_request(&JUDGE, rq, STR("127.0.0.1"), NOW, &v, &arena, &e), e);
    return v;
}

static inline void check_not_in(struct str text, struct str secret) {
    if (secret.n && str_find(text, secret) != SIZE_MAX) fail_msg("<%.*s> in <%.*s>", STR_ARG(secret), STR_ARG(text));
}

/* The log's sentences may name a key id, never what proves who somebody is, nor the value of a field but the Host. */
static inline void check_nothing_secret(const struct judge_verdict *v, const struct http_request *rq) {
    const struct str texts[] = {v->why, v->cause, v->fix};
    struct str authorization = http_field_get(&rq->fields, STR("authorization"));
    size_t at = str_find(authorization, STR("Signature="));
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        for (size_t i = 0; i < CALLERS; i++) {
            check_not_in(texts[t], entries[i].keys.secret);
            check_not_in(texts[t], entries[i].keys.token);
        }
        if (at != SIZE_MAX) check_not_in(texts[t], (struct str){authorization.p + at + 10, authorization.n - at - 10});
        for (size_t i = 0; i < rq->fields.n; i++)
            if (rq->fields.at[i].value.n > 8 && !str_eq(rq->fields.at[i].name, STR("Host")))
                check_not_in(texts[t], rq->fields.at[i].value);
    }
}

static inline struct judge_verdict check_refused(const struct http_request *rq, const char *type) {
    struct judge_verdict v = judged(rq);
    assert_int_equal(v.refusal.status, 403);
    check_str(v.error_type, str_of(type));
    check_str(http_field_get(&v.refusal.fields, STR("x-amzn-ErrorType")), str_of(type));
    assert_int_equal(v.refusal.fields.n, 1);
    assert_true(v.why.n > 0);
    check_nothing_secret(&v, rq);
    return v;
}

static inline void check_missing_token(const struct http_request *rq) {
    struct judge_verdict v = check_refused(rq, "MissingAuthenticationTokenException");
    check_text(v.refusal.body, "{\"message\":\"Missing Authentication Token\"}");
    assert_null(v.caller);
}

static inline void check_admitted(const struct http_request *rq, int caller) {
    struct judge_verdict v = judged(rq);
    check_text(v.refusal.body, "");
    assert_int_equal(v.refusal.status, 0);
    assert_non_null(v.route);
    assert_ptr_equal(v.caller, &entries[caller]);
}

#define WITH_ARENA(sentence, function) \
    { sentence, function, open_arena, close_arena, NULL }

#endif
