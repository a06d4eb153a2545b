/* SPDX-License-Identifier: Apache-2.0 */
/* A running gateway for tests: a model as the template's reader would make it (one function played by the fake bootstrap,
   an API of each kind with closed and open paths, a user and a role who may call), and requests to it. */
#ifndef TESTS_FAKE_GATEWAY_H
#define TESTS_FAKE_GATEWAY_H

#include <stdio.h>
#include <time.h>

#include "check.h"
#include "gateway.h"
#include "log.h"
#include "wire.h"

#ifndef FAKE_BOOTSTRAP
#define FAKE_BOOTSTRAP "fake_bootstrap" /* the build gives its whole path */
#endif
#define CALLERS_ARN "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/dev/*/private"

#define FAKE_ARN "arn:aws:lambda:eu-west-1:123456789012:function:fake"
#define HTTP_API_ARN "arn:aws:execute-api:eu-west-1:123456789012:h1h2h3h4h5/$default/*"

enum { REST_API, HTTP_API, CLOSED_URL, OPEN_URL, APIS };
static struct str actions[] = {STR_INIT("execute-api:Invoke")};
static struct str resources[] = {STR_INIT(CALLERS_ARN), STR_INIT(HTTP_API_ARN)};
static struct str url_actions[] = {STR_INIT("lambda:InvokeFunctionUrl"), STR_INIT("lambda:InvokeFunction")};
static struct str url_resources[] = {STR_INIT(FAKE_ARN)};
static struct policy_principal everybody[] = {{POLICY_ANYONE, STR_INIT("*")}};
static struct policy_statement allow[] = {
    {.allow = true, .actions = actions, .n_actions = 1, .resources = resources, .n_resources = 2},
    {.allow = true, .actions = url_actions, .n_actions = 2, .resources = url_resources, .n_resources = 1}};
static struct policy_statement allow_everybody[] = {{.allow = true,
                                                     .actions = url_actions,
                                                     .n_actions = 2,
                                                     .resources = url_resources,
                                                     .n_resources = 1,
                                                     .principals = everybody,
                                                     .n_principals = 1}};
enum { FUNCTION_ROLE, BOB, CALLER_ROLE, CALLERS };
static struct model_principal who[CALLERS] = {
    {.kind = MODEL_ROLE,
     .profile = STR_INIT("FakeRole"),
     .account_id = STR_INIT("123456789012"),
     .unique_id = STR_INIT("AROAFAKE")},
    {.kind = MODEL_USER,
     .profile = STR_INIT("bob"),
     .account_id = STR_INIT("123456789012"),
     .user_arn = STR_INIT("arn:aws:iam::123456789012:user/bob"),
     .unique_id = STR_INIT("AIDABOB"),
     .policies = {allow, 2, 2}},
    {.kind = MODEL_ROLE,
     .profile = STR_INIT("CallerRole"),
     .account_id = STR_INIT("123456789012"),
     .user_arn = STR_INIT("arn:aws:sts::123456789012:assumed-role/caller/apigw"),
     .unique_id = STR_INIT("AROACALLER"),
     .session = STR_INIT("apigw"),
     .policies = {allow, 2, 2}},
};
static struct model_function functions[] = {{.logical_id = STR_INIT("Fake"),
                                             .name = STR_INIT("fake"),
                                             .arn = STR_INIT("arn:aws:lambda:eu-west-1:123456789012:function:fake"),
                                             .handler = STR_INIT("proxy"),
                                             .role = &who[FUNCTION_ROLE],
                                             .timeout_s = 2,
                                             .memory_mb = 128}};
static struct model_route routes[] = {
    {.method = STR_INIT("ANY"), .path = STR_INIT("/private"), .aws_iam = true, .function = functions, .line = 1},
    {.method = STR_INIT("ANY"), .path = STR_INIT("/public"), .function = functions, .line = 2},
    {.method = STR_INIT("ANY"), .path = STR_INIT("/items/{id}"), .function = functions, .line = 3},
};
static struct model_route http_routes[] = {
    {.method = STR_INIT("GET"),
     .path = STR_INIT("/private/{rest+}"),
     .aws_iam = true,
     .function = functions,
     .line = 4},
    {.method = STR_INIT("ANY"), .path = STR_INIT("/items/{id}"), .function = functions, .line = 5},
    {.method = STR_INIT("POST"), .path = STR_INIT("$default"), .function = functions, .line = 6},
};
static struct model_route closed_route[] = {
    {.method = STR_INIT("ANY"), .path = STR_INIT("$default"), .aws_iam = true, .function = functions, .line = 7}};
static struct model_route open_route[] = {
    {.method = STR_INIT("ANY"), .path = STR_INIT("$default"), .function = functions, .line = 8}};
static struct http_field stage_variables[] = {{STR_INIT("color"), STR_INIT("blue")}};
static struct str binary_types[] = {STR_INIT("application/octet-stream"), STR_INIT("image/*")};
static struct model_api apis[] = {{.logical_id = STR_INIT("Api"),
                                   .stage = STR_INIT("dev"),
                                   .api_id = STR_INIT("a1b2c3d4e5"),
                                   .binary_media_types = binary_types,
                                   .n_binary_media_types = 2,
                                   .routes = routes,
                                   .n_routes = 3},
                                  {.kind = MODEL_HTTP_API,
                                   .logical_id = STR_INIT("HttpApi"),
                                   .stage = STR_INIT("$default"),
                                   .api_id = STR_INIT("h1h2h3h4h5"),
                                   .stage_variables = {stage_variables, 1, 1},
                                   .routes = http_routes,
                                   .n_routes = 3},
                                  {.kind = MODEL_FUNCTION_URL,
                                   .logical_id = STR_INIT("ClosedUrl"),
                                   .stage = STR_INIT("$default"),
                                   .api_id = STR_INIT("closedclosedclosedclosedclosed00"),
                                   .routes = closed_route,
                                   .n_routes = 1},
                                  {.kind = MODEL_FUNCTION_URL,
                                   .logical_id = STR_INIT("OpenUrl"),
                                   .stage = STR_INIT("$default"),
                                   .api_id = STR_INIT("openopenopenopenopenopenopenop00"),
                                   .routes = open_route,
                                   .n_routes = 1,
                                   .has_policy = true,
                                   .policy = {allow_everybody, 1, 1}}};
static struct model by_hand = {.region = STR_INIT("eu-west-1"),
                               .account_id = STR_INIT("123456789012"),
                               .partition = STR_INIT("aws"),
                               .url_suffix = STR_INIT("amazonaws.com"),
                               .apis = apis,
                               .n_apis = APIS,
                               .functions = functions,
                               .n_functions = 1,
                               .principals = who,
                               .n_principals = CALLERS};

static struct arena arena;
static struct keyring ring;
static struct gateway *gateway;

static inline void start_with(const struct model *model, const char *bootstrap) {
    struct err e;
    log_open(LOG_TEXT, LOG_FATAL, 1);
    check_ok(keyring_make(&ring, model, &arena, &e), e);
    const struct program program = {.bootstrap = bootstrap, .task_root = "/"};
    const struct program programs[] = {program, program};
    assert_true(model->n_functions <= 2);
    const struct gateway_options options = {.model = model, .keyring = &ring, .programs = programs, .concurrency = 1};
    check_ok(gateway_start(&options, &gateway, &arena, &e), e);
}

static inline int start_fake(void **state) {
    (void)state;
    arena_init(&arena, 512 * 1024 * 1024);
    start_with(&by_hand, FAKE_BOOTSTRAP);
    return 0;
}

static inline int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 512 * 1024 * 1024);
    return 0;
}

static inline int stop(void **state) {
    (void)state;
    gateway_stop(gateway);
    keyring_close(&ring);
    gateway = NULL;
    arena_close(&arena);
    return 0;
}

/* ---- requests ---- */

static inline void add(struct http_request *rq, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), str_of(value), &arena, &e), e);
}

static inline struct http_request request(const char *method, const char *path, size_t api) {
    struct http_request rq = {.method = str_of(method), .path = str_of(path)};
    char *host = arena_take(&arena, 32);
    snprintf(host, 32, "127.0.0.1:%u", (unsigned)gateway_port(gateway, api));
    add(&rq, "Host", host);
    return rq;
}

static inline void sign_for(struct http_request *rq, const char *profile, struct str region, struct str service) {
    const struct sigv4_scope scope = {.region = region, .service = service, .unix_s = time(NULL)};
    struct err e;
    for (size_t i = 0; i < ring.n; i++)
        if (str_eq(ring.at[i].who->profile, str_of(profile)))
            check_ok(sigv4_sign(rq, &ring.at[i].keys, &scope, &arena, &e), e);
    assert_non_null(http_field_get(&rq->fields, STR("authorization")).p);
}

static inline void sign(struct http_request *rq, const char *profile, struct str region) {
    sign_for(rq, profile, region, STR("execute-api"));
}

static inline struct http_response send_to(struct http_request rq, size_t api) {
    struct http_response rs;
    assert_true(wire_exchange(gateway_port(gateway, api), WIRE_WAIT_S, &rq, &rs, &arena));
    return rs;
}

/* Posts what the function is to answer, or an order of the fake bootstrap. */
static inline struct http_response answer_at(size_t api, const char *order) {
    struct http_request rq = request("POST", "/dev/public", api);
    add(&rq, "Content-Type", "text/plain");
    rq.body = str_of(order);
    return send_to(rq, api);
}

static inline struct http_response answer_to(const char *order) {
    return answer_at(REST_API, order);
}

#define WITH_FAKE(sentence, function) \
    { sentence, function, start_fake, stop, NULL }

#endif
