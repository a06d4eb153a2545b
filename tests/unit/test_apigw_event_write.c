/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/apigw_event_write.c: events as AWS sends them, which read again are the same. */
#include <cjson/cJSON.h>

#include "event_fixture.h"
#include "json.h"
#include "sample.h"

static void same_fields(const struct http_fields *a, const struct http_fields *b) {
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        check_str(a->at[i].name, b->at[i].name);
        check_str(a->at[i].value, b->at[i].value);
    }
}

static void same_event(const struct apigw_event *a, const struct apigw_event *b) {
    const struct str *x = &a->resource, *y = &b->resource, *v = &a->identity.user_arn, *w = &b->identity.user_arn;
    check_str(a->http.method, b->http.method);
    check_str(a->http.path, b->http.path);
    check_str(a->http.query, b->http.query);
    check_str(a->http.body, b->http.body);
    assert_int_equal(a->body_is_base64, b->body_is_base64);
    same_fields(&a->http.fields, &b->http.fields);
    same_fields(&a->params, &b->params);
    same_fields(&a->path_params, &b->path_params);
    same_fields(&a->stage_variables, &b->stage_variables);
    for (size_t i = 0; i < sizeof(struct apigw_identity) / sizeof *v; i++) check_str(v[i], w[i]);
    for (size_t i = 0; i < 11; i++) check_str(x[i], y[i]); /* resource ... deployment_id */
    assert_true(a->time_epoch_ms == b->time_epoch_ms);
}

static struct str written(const struct apigw_event *event) {
    struct buf b;
    buf_init(&b, 32 << 20, &arena);
    apigw_write_event(&b, event, &arena);
    check_ok(buf_ok(&b, &e), e);
    return buf_str(&b);
}

static const char *const SAMPLES[] = {
    "rest-get-role.json",           "rest-post-role.json",          "rest-get-user.json",
    "rest-post-user.json",          "rest-get-repeated-query.json", "rest-post-base64.json",
    "rest-get-public.json",         "rest-post-public.json",        "http-api-get-iam.json",
    "http-api-post-iam.json",       "function-url-get-iam.json",    "function-url-post-base64-iam.json",
    "function-url-get-public.json",
};
enum { N_SAMPLES = sizeof SAMPLES / sizeof *SAMPLES };

static void there_and_back(void **state) {
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        read_good(sample_read(SAMPLES[i], &arena));
        struct apigw_event first = ev;
        struct str text = written(&first);
        read_good(text);
        same_event(&first, &ev);
        check_str(written(&ev), text);
    }
}

/* Every member and value, in any order. */
static void same_json(struct str a, struct str b) {
    struct cJSON *x, *y;
    check_ok(json_read(a, &x, &e), e);
    check_ok(json_read(b, &y, &e), e);
    bool same = cJSON_Compare(x, y, true);
    json_close(x);
    json_close(y);
    if (!same) fail_msg("%.*s\nis not\n%.*s", STR_ARG(a), STR_ARG(b));
}

static void samples_again(void **state) {
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        struct str sample = sample_read(SAMPLES[i], &arena);
        read_good(sample);
        same_json(written(&ev), sample);
    }
}

static struct http_fields fields_of(const char *const *pairs) {
    struct http_fields f = {0};
    for (; *pairs; pairs += 2) check_ok(http_field_add(&f, str_of(pairs[0]), str_of(pairs[1]), &arena, &e), e);
    return f;
}

static struct apigw_event smallest(enum apigw_format format) {
    return (struct apigw_event){.format = format,
                                .http = {.method = STR("GET"), .path = STR("/dev/a b")},
                                .resource = STR("GET /a b"),
                                .account_id = STR("123456789012"),
                                .stage = STR("dev"),
                                .protocol = STR("HTTP/1.1"),
                                .identity = {.source_ip = STR("127.0.0.1")}};
}

#define HEAD(agent) \
    "\"http\":{\"method\":\"GET\",\"path\":\"/dev/a " \
    "b\",\"protocol\":\"HTTP/1.1\",\"sourceIp\":\"127.0.0.1\",\"userAgent\":" agent \
    "},\"routeKey\":\"GET /a b\",\"stage\":\"dev\",\"time\":\"01/Jan/1970:00:00:00 +0000\",\"timeEpoch\":0}"

static void left_out(void **state) {
    (void)state;
    struct apigw_event api = smallest(APIGW_HTTP_V2), url = smallest(APIGW_FUNCTION_URL);
    check_text(written(&api), "{\"version\":\"2.0\",\"routeKey\":\"GET /a b\",\"rawPath\":\"/dev/a b\","
                              "\"rawQueryString\":\"\",\"headers\":{},\"requestContext\":{\"accountId\":"
                              "\"123456789012\"," HEAD("\"\"") ",\"isBase64Encoded\":false}");
    check_text(written(&url), "{\"version\":\"2.0\",\"routeKey\":\"GET /a b\",\"rawPath\":\"/dev/a b\","
                              "\"rawQueryString\":\"\",\"headers\":{},\"requestContext\":{\"accountId\":"
                              "\"123456789012\"," HEAD("null") ",\"isBase64Encoded\":false}");
}

static void holds(struct str text, const char *part) {
    if (str_find(text, str_of(part)) == SIZE_MAX) fail_msg("%s is not in %.*s", part, STR_ARG(text));
}

static void joined(void **state) {
    (void)state;
    struct apigw_event v2 = smallest(APIGW_HTTP_V2);
    v2.http.fields = fields_of((const char *const[]){"X-A", "1", "Host", "h", "x-a", "2, 3", NULL});
    v2.params = fields_of((const char *const[]){"a", "1", "A", "2", "a", "", NULL});
    v2.path_params = fields_of((const char *const[]){"proxy", "x/y", NULL});
    v2.stage_variables = fields_of((const char *const[]){"colour", "blue", NULL});
    struct str text = written(&v2);
    holds(text, "\"headers\":{\"x-a\":\"1,2, 3\",\"host\":\"h\"},");
    holds(text, "\"queryStringParameters\":{\"a\":\"1,\",\"A\":\"2\"},");
    holds(text, "\"pathParameters\":{\"proxy\":\"x/y\"},\"stageVariables\":{\"colour\":\"blue\"},\"isBase64");
}

static void cookies(void **state) {
    (void)state;
    static const char *const sent[] = {"Cookie", "a=1;b=\"2\" ; ;", "cookie", "c", NULL};
    struct apigw_event api = smallest(APIGW_HTTP_V2), url = smallest(APIGW_FUNCTION_URL);
    api.http.fields = url.http.fields = fields_of(sent);
    url.domain_name = STR("id.lambda-url.eu-central-1.on.aws");
    holds(written(&api), "\"cookies\":[\"a=1\",\"b=\\\"2\\\"\",\"c\"],\"headers\":{},");
    holds(written(&url), "\"cookies\":[\"a=1\",\"b=\\\"2\\\"\",\"c\"],\"headers\":{\"cookie\":\"a=1;b=");
    read_good(written(&api));
    check_text(http_field_get(&ev.http.fields, STR("Cookie")), "a=1; b=\"2\"; c");
    read_good(written(&url));
    assert_int_equal(http_field_count(&ev.http.fields, STR("cookie")), 1);
}

static void raw_query(void **state) {
    (void)state;
    struct apigw_event v2 = smallest(APIGW_HTTP_V2);
    v2.raw_query = STR("b=%2f+&a&&=%C3%BC");
    holds(written(&v2), "\"rawQueryString\":\"b=%2f+&a&&=%C3%BC\"");
    read_good(written(&v2));
    check_text(ev.raw_query, "b=%2f+&a&&=%C3%BC");
    check_text(ev.http.query, "b=%2F%20&a=&=%C3%BC");
    struct apigw_event encoded = smallest(APIGW_HTTP_V2);
    encoded.http.query = STR("a=1");
    holds(written(&encoded), "\"rawQueryString\":\"a=1\"");
}

static void callers(void **state) {
    (void)state;
    struct apigw_event api = smallest(APIGW_HTTP_V2), url = smallest(APIGW_FUNCTION_URL);
    api.identity.user_arn = url.identity.user_arn = STR("arn");
    holds(written(&api), "\"authorizer\":{\"iam\":{\"accessKey\":null,\"accountId\":null,\"callerId\":null,"
                         "\"cognitoIdentity\":null,\"principalOrgId\":\"aws:PrincipalOrgID\",\"userArn\":\"arn\","
                         "\"userId\":null}},");
    holds(written(&url), "\"cognitoIdentity\":null,\"principalOrgId\":null,\"userArn\":\"arn\"");
}

static void keys(void **state) {
    (void)state;
    struct apigw_event rest = smallest(APIGW_REST);
    if (str_find(written(&rest), STR("apiKey")) != SIZE_MAX) fail_msg("an API key that is none was written");
    rest.identity.api_key = STR("value");
    rest.identity.api_key_id = STR("id");
    holds(written(&rest), ",\"apiKey\":\"value\",\"apiKeyId\":\"id\"}}");
    read_good(written(&rest));
    check_text(ev.identity.api_key, "value");
    check_text(ev.identity.api_key_id, "id");
}

static void written_nulls(void **state) {
    (void)state;
    struct apigw_event none = {.http = {.method = STR("GET"), .path = STR("/")}, .stage = STR("dev")};
    struct str text = written(&none);
    static const char *const parts[] = {
        "\"headers\":null",
        "\"multiValueHeaders\":null",
        "\"queryStringParameters\":null",
        "\"multiValueQueryStringParameters\":null",
        "\"pathParameters\":null",
        "\"stageVariables\":null",
        "\"body\":null",
        "\"isBase64Encoded\":false",
        "\"userArn\":null",
        "\"path\":\"/dev/\"",
        "\"requestTime\":\"01/Jan/1970:00:00:00 +0000\"",
        "\"cognitoIdentityPoolId\":null",
        "\"path\":\"/\"",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (str_find(text, str_of(parts[i])) == SIZE_MAX) fail_msg("%s is not in %.*s", parts[i], STR_ARG(text));
}

static void long_path(void **state) {
    (void)state;
    static char path[70000];
    memset(path, 'a', sizeof path);
    memcpy(path, "/dev/", 5);
    struct str staged = {path, sizeof path};
    struct apigw_event long_one = {.http = {.method = STR("GET"), .path = {path + 4, sizeof path - 4}}};
    long_one.stage = STR("dev");
    assert_true(str_find(written(&long_one), staged) != SIZE_MAX);
}

static void six_megabytes(void **state) {
    (void)state;
    enum { SIZE = 6 * 1024 * 1024 };
    char *body = arena_take(&arena, SIZE);
    memset(body, 'b', SIZE);
    body[SIZE - 1] = '"';
    struct apigw_event large = {.http = {.method = STR("POST"), .path = STR("/"), .body = {body, SIZE}}};
    read_good(written(&large));
    assert_true(str_eq(ev.http.body, large.http.body));
    large.body_is_base64 = true;
    large.http.body.n = SIZE / 2;
    read_good(written(&large));
    assert_true(str_eq(ev.http.body, large.http.body));
}

#define WRITE_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        WRITE_CASE("a written event is read as the same event", there_and_back),
        WRITE_CASE("a sample that was read is written with all its members and no other", samples_again),
        WRITE_CASE("a REST event has null for what is absent", written_nulls),
        WRITE_CASE("payload 2.0 leaves out what is absent", left_out),
        WRITE_CASE("payload 2.0 joins what is repeated and writes header names in lower case", joined),
        WRITE_CASE("cookies have a list; an HTTP API takes them out of the headers, a function URL does not", cookies),
        WRITE_CASE("rawQueryString is what the client sent, byte for byte", raw_query),
        WRITE_CASE("a caller is told in authorizer.iam, without an organization as each service does", callers),
        WRITE_CASE("an API key is in identity where one is required, and nowhere else", keys),
        WRITE_CASE("bug: a path of more than 64 KiB is written whole with its stage", long_path),
        WRITE_CASE("a body of six megabytes is read and written", six_megabytes),
    };
    return cmocka_run_group_tests_name("apigw_event_write", tests, NULL, NULL);
}
