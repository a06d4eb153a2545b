/* SPDX-License-Identifier: Apache-2.0 */
/* local/gateway.c: the event that a function sees, and the real bootstrap behind the project's own template.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
#include "gateway.h"

#include <cjson/cJSON.h>

#include "fake_gateway.h"
#include "json.h"
#include "lambda_env.h"

static cJSON *root;
static struct http_response last; /* the answer that held it */

/* The event that the function saw; it lives until the next one, or the end. */
static const cJSON *event_of(struct http_request rq) {
    struct err e;
    last = send_to(rq, 0);
    assert_int_equal(last.status, 200);
    json_close(root);
    check_ok(json_read(last.body, &root, &e), e);
    return root;
}

static const cJSON *at(const cJSON *json, const char *a, const char *b) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, a);
    if (b) member = cJSON_GetObjectItemCaseSensitive(member, b);
    if (!member) fail_msg("no member %s %s", a, b ? b : "");
    return member;
}

static void check_json(const cJSON *member, const char *expected) {
    char *text = cJSON_PrintUnformatted(member);
    assert_non_null(text);
    char *kept = arena_copy(&arena, str_of(text));
    cJSON_free(text);
    assert_string_equal(kept, expected);
}

/* ---- the event ---- */

static void members(void **state) {
    (void)state;
    static const char *const names[] = {"resource",
                                        "path",
                                        "httpMethod",
                                        "headers",
                                        "multiValueHeaders",
                                        "queryStringParameters",
                                        "multiValueQueryStringParameters",
                                        "pathParameters",
                                        "stageVariables",
                                        "requestContext",
                                        "body",
                                        "isBase64Encoded"};
    const cJSON *event = event_of(request("GET", "/dev/public", 0));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) at(event, names[i], NULL);
    assert_int_equal(cJSON_GetArraySize(event), sizeof names / sizeof *names);
    check_json(at(event, "resource", NULL), "\"/public\"");
    check_json(at(event, "path", NULL), "\"/public\"");
    check_json(at(event, "httpMethod", NULL), "\"GET\"");
    check_json(at(event, "body", NULL), "null");
    check_json(at(event, "isBase64Encoded", NULL), "false");
    check_json(at(event, "queryStringParameters", NULL), "null");
    check_json(at(event, "multiValueQueryStringParameters", NULL), "null");
    check_json(at(event, "pathParameters", NULL), "null");
    check_json(at(event, "stageVariables", NULL), "null");
}

static void context(void **state) {
    (void)state;
    static const struct {
        const char *name, *json;
    } expected[] = {{"accountId", "\"123456789012\""},
                    {"apiId", "\"a1b2c3d4e5\""},
                    {"resourcePath", "\"/private\""},
                    {"path", "\"/dev/private\""},
                    {"httpMethod", "\"GET\""},
                    {"stage", "\"dev\""},
                    {"domainName", "\"a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com\""},
                    {"domainPrefix", "\"a1b2c3d4e5\""},
                    {"protocol", "\"HTTP/1.1\""}};
    struct http_request rq = request("GET", "/dev/private", 0);
    int64_t before_ms = (int64_t)time(NULL) * 1000;
    sign(&rq, "bob", STR("eu-west-1"));
    const cJSON *ctx = at(event_of(rq), "requestContext", NULL);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        check_json(at(ctx, expected[i].name, NULL), expected[i].json);
    assert_true(json_get_text(ctx, "resourceId").n > 0);
    assert_true(json_get_text(ctx, "deploymentId").n > 0);
    check_str(json_get_text(ctx, "requestId"), http_field_get(&last.fields, STR("x-amzn-RequestId")));
    check_str(json_get_text(ctx, "extendedRequestId"), http_field_get(&last.fields, STR("x-amz-apigw-id")));
    double epoch_ms = at(ctx, "requestTimeEpoch", NULL)->valuedouble;
    assert_true(epoch_ms >= (double)before_ms && epoch_ms < (double)before_ms + 60000);
    char text[40];
    time_t seconds = (time_t)(epoch_ms / 1000);
    struct tm tm;
    strftime(text, sizeof text, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&seconds, &tm));
    check_str(json_get_text(ctx, "requestTime"), str_of(text));
}

static void check_identity(const char *profile, const char *arn, const char *caller) {
    static const char *const nulls[] = {"cognitoIdentityId", "cognitoIdentityPoolId", "cognitoAuthenticationType",
                                        "cognitoAuthenticationProvider", "principalOrgId"};
    struct http_request rq = request("GET", profile ? "/dev/private" : "/dev/public", 0);
    add(&rq, "User-Agent", "test/1");
    if (profile) sign(&rq, profile, STR("eu-west-1"));
    const cJSON *id = at(event_of(rq), "requestContext", "identity");
    check_str(json_get_text(id, "userArn"), str_of(arn));
    check_str(json_get_text(id, "user"), str_of(caller));
    check_str(json_get_text(id, "caller"), str_of(caller));
    check_str(json_get_text(id, "accountId"), str_of(profile ? "123456789012" : NULL));
    check_str(json_get_text(id, "sourceIp"), STR("127.0.0.1"));
    check_str(json_get_text(id, "userAgent"), STR("test/1"));
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++) check_json(at(id, nulls[i], NULL), "null");
    if (!profile) check_json(at(id, "userArn", NULL), "null");
    if (!profile) check_json(at(id, "accessKey", NULL), "null");
    for (size_t i = 0; profile && i < ring.n; i++)
        if (str_eq(ring.at[i].who->profile, str_of(profile)))
            check_str(json_get_text(id, "accessKey"), ring.at[i].keys.id);
}

static void identity(void **state) {
    (void)state;
    check_identity("bob", "arn:aws:iam::123456789012:user/bob", "AIDABOB");
    check_identity("CallerRole", "arn:aws:sts::123456789012:assumed-role/caller/apigw", "AROACALLER:apigw");
    check_identity(NULL, NULL, NULL);
}

static void authorization(void **state) {
    (void)state;
    struct http_request rq = request("GET", "/dev/private", 0);
    sign(&rq, "CallerRole", STR("eu-west-1"));
    const cJSON *event = event_of(rq), *headers = at(event, "headers", NULL);
    assert_null(cJSON_GetObjectItem(headers, "authorization"));
    assert_null(cJSON_GetObjectItem(at(event, "multiValueHeaders", NULL), "authorization"));
    assert_true(str_find(last.body, STR("Signature=")) == SIZE_MAX);
    check_str(json_get_text(headers, "X-Amz-Security-Token"), ring.at[CALLER_ROLE].keys.token);
    rq = request("GET", "/dev/public", 0); /* what is no signature of ours is the function's own business */
    add(&rq, "Authorization", "Bearer abc");
    check_str(json_get_text(at(event_of(rq), "headers", NULL), "Authorization"), STR("Bearer abc"));
}

static void maps(void **state) {
    (void)state;
    struct http_request rq = request("GET", "/dev/public", 0);
    rq.query = STR("a=1&b=x%20y+z&a=2&A=3&empty=&key&%C3%A9=%26");
    add(&rq, "X-Many", "1");
    add(&rq, "x-Other", "o");
    add(&rq, "x-many", "2");
    const cJSON *event = event_of(rq);
    check_json(at(event, "queryStringParameters", NULL),
               "{\"a\":\"2\",\"b\":\"x y z\",\"A\":\"3\",\"empty\":\"\",\"key\":\"\",\"é\":\"&\"}");
    check_json(at(event, "multiValueQueryStringParameters", NULL),
               "{\"a\":[\"1\",\"2\"],\"b\":[\"x y z\"],\"A\":[\"3\"],\"empty\":[\"\"],\"key\":[\"\"],\"é\":[\"&\"]}");
    check_json(at(event, "headers", "X-Many"), "\"2\"");
    check_json(at(event, "multiValueHeaders", "X-Many"), "[\"1\",\"2\"]");
    check_json(at(event, "headers", "x-Other"), "\"o\"");
    check_json(at(event, "headers", "X-Forwarded-For"), "\"127.0.0.1\"");
    check_json(at(event, "headers", "X-Forwarded-Proto"), "\"http\"");
    assert_true(str_starts(json_get_text(at(event, "headers", NULL), "X-Amzn-Trace-Id"), STR("Root=1-")));
}

static void binary(void **state) {
    (void)state;
    struct http_request rq = request("POST", "/dev/public", 0);
    add(&rq, "Content-Type", "application/octet-stream; x=y");
    rq.body = STR("\0\xff\x01 abc");
    const cJSON *event = event_of(rq);
    check_json(at(event, "body", NULL), "\"AP8BIGFiYw==\"");
    check_json(at(event, "isBase64Encoded", NULL), "true");
    rq.fields.at[1].value = STR("text/plain");
    struct http_response rs = send_to(rq, 0); /* JSON cannot carry it unchanged */
    assert_int_equal(rs.status, 400);
    check_text(rs.body, "{\"message\":\"Bad Request\"}");
}

static void bad_query(void **state) {
    (void)state;
    struct http_request rq = request("GET", "/dev/public", 0);
    rq.query = STR("a=%zz");
    assert_int_equal(send_to(rq, 0).status, 400);
    rq.query = STR("a=%ff");
    assert_int_equal(send_to(rq, 0).status, 400);
    rq.query = STR("a=%00"); /* the end of a text for whoever reads the event */
    assert_int_equal(send_to(rq, 0).status, 400);
}

static void too_large(void **state) {
    (void)state;
    struct http_request rq = request("POST", "/dev/public", 0);
    char *p = arena_take(&arena, 11 * 1024 * 1024);
    memset(p, 'a', 11 * 1024 * 1024);
    rq.body = (struct str){p, 11 * 1024 * 1024}; /* over API Gateway's limit */
    assert_int_equal(send_to(rq, 0).status, 413);
    rq.body.n = 6 * 1024 * 1024; /* over Lambda's, once it is an event */
    struct http_response rs = send_to(rq, 0);
    assert_int_equal(rs.status, 413);
    check_text(rs.body, "{\"message\":\"Request Too Long\"}");
}

/* ---- start ---- */

static int early_status;

bool __real_lambda_env_make(const struct lambda_env *env, char *const **variables, struct arena *a, struct err *e);
bool __wrap_lambda_env_make(const struct lambda_env *env, char *const **variables, struct arena *a, struct err *e);

/* Linked in its place: it is called when the ports listen and the functions are not yet there. */
bool __wrap_lambda_env_make(const struct lambda_env *env, char *const **variables, struct arena *a, struct err *e) {
    const struct http_request rq = {.method = STR("GET"), .path = STR("/dev/public")};
    struct http_response rs;
    early_status = wire_exchange(env->api_ports[0], WIRE_WAIT_S, &rq, &rs, a) ? rs.status : 0;
    return __real_lambda_env_make(env, variables, a, e);
}

static void early_request(void **state) {
    (void)state;
    assert_int_equal(early_status, 503);
    assert_int_equal(send_to(request("GET", "/dev/public", 0), 0).status, 200);
}

static void check_no_start(uint16_t port, const char *bootstrap, const char *why) {
    const struct program program = {.bootstrap = bootstrap, .task_root = "/"};
    const struct gateway_options options = {
        .model = &by_hand, .keyring = &ring, .port = port, .programs = &program, .concurrency = 1};
    struct gateway *none = NULL;
    struct err e;
    assert_false(gateway_start(&options, &none, &arena, &e));
    if (str_find(str_of(e.msg), str_of(why)) == SIZE_MAX) fail_msg("<%s> is not in <%s>", why, e.msg);
}

static void no_start(void **state) {
    (void)state;
    check_no_start(gateway_port(gateway, 0), FAKE_BOOTSTRAP, "Api: cannot listen on 127.0.0.1:");
    check_no_start(0, "/nonexistent/bootstrap",
                   "Fake did not start: cannot execute /nonexistent/bootstrap: No such file or directory");
    functions[0].handler = STR("init-error");
    check_no_start(0, FAKE_BOOTSTRAP, "Fake did not start: init failed: Ordered: as ordered; it is " FAKE_BOOTSTRAP);
    functions[0].handler = STR("proxy");
}

/* ---- the project's own template and binary ---- */

static size_t api_of(const struct model *model, const char *logical_id) {
    for (size_t i = 0; i < model->n_apis; i++)
        if (str_eq(model->apis[i].logical_id, str_of(logical_id))) return i;
    fail_msg("no API %s", logical_id);
    return 0;
}

static void real_bootstrap(void **state) {
    (void)state;
    static const struct http_fields none;
    const struct model_options options = {.template_path = "template.yaml",
                                          .callers_path = "local/callers.yaml",
                                          .region = STR("eu-west-1"),
                                          .account_id = STR("123456789012"),
                                          .stack_name = STR("test"),
                                          .parameters = &none};
    static struct model model;
    struct err e;
    check_ok(model_read(&options, &model, &arena, &e), e);
    start_with(&model, BOOTSTRAP);
    size_t public_api = api_of(&model, "PublicApi"), private_api = api_of(&model, "PrivateApi");
    struct http_response rs = send_to(request("GET", "/dev/public", public_api), public_api);
    assert_int_equal(rs.status, 200);
    assert_true(str_find(rs.body, STR("\"userArn\":\"arn:aws:sts::123456789012:assumed-role/")) != SIZE_MAX);
    assert_int_equal(send_to(request("GET", "/dev/private", private_api), private_api).status, 403);
    static const struct {
        const char *method, *caller;
        int status;
    } calls[] = {{"GET", "alice", 200},
                 {"POST", "alice", 403},
                 {"GET", "bob", 200},
                 {"POST", "bob", 200},
                 {"GET", "mallory", 403},
                 {"GET", "PublicFunctionRole", 200},
                 {"GET", "PrivateFunctionRole", 403}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct http_request rq = request(calls[i].method, "/dev/private", private_api);
        sign(&rq, calls[i].caller, STR("eu-west-1"));
        assert_int_equal(send_to(rq, private_api).status, calls[i].status);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FAKE("every member of a REST event is there, null when there is nothing", members),
        WITH_FAKE("the request context names API, stage, path, time and ids", context),
        WITH_FAKE("the identity is the user's, the role's, or null", identity),
        WITH_FAKE("the signature does not reach the function, the token does", authorization),
        WITH_FAKE("multi-value maps hold every value, single maps the last", maps),
        WITH_FAKE("a binary media type arrives in base64, other bytes are refused", binary),
        WITH_FAKE("a query that cannot be decoded is a bad request", bad_query),
        WITH_FAKE("a request that is too large is 413", too_large),
        WITH_FAKE("bug: a request before the functions are there is 503", early_request),
        WITH_FAKE("a port in use or a function that does not start is named", no_start),
        {"the project's template serves its callers as their policies say", real_bootstrap, open_arena, stop, NULL},
    };
    int failed = cmocka_run_group_tests_name("gateway", cases, NULL, NULL);
    json_close(root);
    return failed;
}
