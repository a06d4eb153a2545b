/* SPDX-License-Identifier: Apache-2.0 */
/* local/exchange*.c: the event of payload 2.0 that a function sees, and what becomes of its reply, in an HTTP API and behind a
   function URL.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
#include <cjson/cJSON.h>

#include "fake_gateway.h"
#include "json.h"

static cJSON *root;
static struct http_response last; /* the answer that held it */

/* The event that the function saw; it lives until the next one, or the end. */
static const cJSON *event_of(struct http_request rq, size_t api) {
    struct err e;
    last = send_to(rq, api);
    check_text(last.status == 200 ? STR("") : last.body, "");
    json_close(root);
    check_ok(json_read(last.body, &root, &e), e);
    return root;
}

/* "requestContext.http.path" and the like, as JSON; "" when it is not there. */
static const char *at(const cJSON *json, const char *path) {
    struct str rest = str_of(path), name;
    while (json && rest.p) {
        str_cut(&rest, '.', &name);
        json = cJSON_GetObjectItemCaseSensitive(json, arena_copy(&arena, name));
    }
    if (!json) return "";
    char *text = cJSON_PrintUnformatted(json);
    assert_non_null(text);
    const char *kept = arena_copy(&arena, str_of(text));
    cJSON_free(text);
    return kept;
}

struct member {
    const char *path, *json;
};

static void check_members(const cJSON *event, const struct member *m, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(at(event, m[i].path), m[i].json) != 0)
            fail_msg("%s: %s instead of %s", m[i].path, at(event, m[i].path), m[i].json);
}

#define CHECK_MEMBERS(event, ...) \
    check_members(event, (const struct member[]){__VA_ARGS__}, \
                  sizeof((const struct member[]){__VA_ARGS__}) / sizeof(struct member))

/* ---- events ---- */

static void http_event(void **state) {
    (void)state;
    struct http_request rq = request("GET", "/private/a%20b/c", HTTP_API);
    rq.query = STR("x=1&y=%20&x=2");
    add(&rq, "User-Agent", "test/1");
    add(&rq, "Cookie", "a=1; b=2");
    add(&rq, "X-Many", "1");
    add(&rq, "x-many", "2");
    sign(&rq, "bob", STR("eu-west-1"));
    const cJSON *event = event_of(rq, HTTP_API);
    check_str(json_get_text(json_get(event, "headers"), "authorization"),
              http_field_get(&rq.fields, STR("Authorization")));
    CHECK_MEMBERS(
        event, {"version", "\"2.0\""}, {"routeKey", "\"GET /private/{rest+}\""}, {"rawPath", "\"/private/a b/c\""},
        {"rawQueryString", "\"x=1&y=%20&x=2\""}, {"cookies", "[\"a=1\",\"b=2\"]"}, {"headers.x-many", "\"1,2\""},
        {"headers.x-forwarded-for", "\"127.0.0.1\""}, {"queryStringParameters", "{\"x\":\"1,2\",\"y\":\" \"}"},
        {"pathParameters", "{\"rest\":\"a b/c\"}"}, {"stageVariables", "{\"color\":\"blue\"}"}, {"body", ""},
        {"isBase64Encoded", "false"}, {"requestContext.accountId", "\"123456789012\""},
        {"requestContext.apiId", "\"h1h2h3h4h5\""}, {"requestContext.stage", "\"$default\""},
        {"requestContext.domainName", "\"h1h2h3h4h5.execute-api.eu-west-1.amazonaws.com\""},
        {"requestContext.domainPrefix", "\"h1h2h3h4h5\""}, {"requestContext.http.method", "\"GET\""},
        {"requestContext.http.path", "\"/private/a b/c\""}, {"requestContext.http.sourceIp", "\"127.0.0.1\""},
        {"requestContext.http.userAgent", "\"test/1\""}, {"requestContext.routeKey", "\"GET /private/{rest+}\""},
        {"requestContext.authorizer.iam.userArn", "\"arn:aws:iam::123456789012:user/bob\""},
        {"requestContext.authorizer.iam.userId", "\"AIDABOB\""}, {"httpMethod", ""});
    check_str(json_get_text(json_get(event, "requestContext"), "requestId"),
              http_field_get(&last.fields, STR("apigw-requestid")));
    assert_null(http_field_get(&last.fields, STR("x-amzn-RequestId")).p);
}

static void http_open_event(void **state) {
    (void)state;
    struct http_request rq = request("POST", "/anything/at/all", HTTP_API);
    add(&rq, "Authorization", "Bearer abc");
    CHECK_MEMBERS(event_of(rq, HTTP_API), {"routeKey", "\"$default\""}, {"rawPath", "\"/anything/at/all\""},
                  {"pathParameters", ""}, {"requestContext.authorizer", ""},
                  {"headers.authorization", "\"Bearer abc\""});
}

static void url_event(void **state) {
    (void)state;
    struct http_request rq = request("PUT", "/a%20b/c/", CLOSED_URL);
    sign_for(&rq, "CallerRole", STR("eu-west-1"), STR("lambda"));
    const cJSON *event = event_of(rq, CLOSED_URL);
    CHECK_MEMBERS(event, {"routeKey", "\"$default\""}, {"rawPath", "\"/a%20b/c/\""}, {"rawQueryString", "\"\""},
                  {"requestContext.stage", "\"$default\""}, {"requestContext.accountId", "\"123456789012\""},
                  {"requestContext.domainName", "\"closedclosedclosedclosedclosed00.lambda-url.eu-west-1.on.aws\""},
                  {"requestContext.authorizer.iam.userArn", "\"arn:aws:sts::123456789012:assumed-role/caller/apigw\""},
                  {"requestContext.authorizer.iam.callerId", "\"AROACALLER:apigw\""}, {"headers.authorization", ""},
                  {"pathParameters", ""}, {"stageVariables", ""});
    check_str(json_get_text(json_get(event, "requestContext"), "requestId"),
              http_field_get(&last.fields, STR("x-amzn-RequestId")));
    assert_true(http_field_get(&last.fields, STR("x-amzn-trace-id")).n > 0);
    assert_null(http_field_get(&last.fields, STR("x-amz-apigw-id")).p);
}

static void url_open_event(void **state) {
    (void)state;
    CHECK_MEMBERS(event_of(request("GET", "/", OPEN_URL), OPEN_URL), {"requestContext.accountId", "\"anonymous\""},
                  {"requestContext.authorizer", ""}, {"rawPath", "\"/\""});
}

static void rest_parameters(void **state) {
    (void)state;
    CHECK_MEMBERS(event_of(request("GET", "/dev/items/a%20b", REST_API), REST_API), {"path", "\"/items/a%20b\""},
                  {"resource", "\"/items/{id}\""}, {"pathParameters", "{\"id\":\"a%20b\"}"},
                  {"requestContext.path", "\"/dev/items/a%20b\""}, {"requestContext.resourcePath", "\"/items/{id}\""});
}

/* The fake bootstrap answers a binary body with the whole event, text with that text. */
static bool is_binary(size_t api, const char *type, const char *encoding) {
    struct http_request rq = request("POST", "/dev/public", api);
    if (type) add(&rq, "Content-Type", type);
    if (encoding) add(&rq, "Content-Encoding", encoding);
    rq.body = STR("{\"statusCode\":299}");
    struct http_response rs = send_to(rq, api);
    assert_true(rs.status == 200 || rs.status == 299);
    return rs.status == 200;
}

static void binary_bodies(void **state) {
    (void)state;
    static const struct {
        const char *type, *encoding;
        bool rest, v2;
    } cases[] = {{"text/plain", NULL, false, false},
                 {"TEXT/html; charset=utf-8", NULL, false, false},
                 {"application/json", NULL, false, false},
                 {"application/json;charset=utf-8", NULL, false, false},
                 {"application/xml", NULL, false, false},
                 {"application/javascript", NULL, false, false},
                 {"application/x-www-form-urlencoded", NULL, false, true},
                 {"application/vnd.api+json", NULL, false, true},
                 {"application/octet-stream", NULL, true, true},
                 {"image/png", NULL, true, true},
                 {"image", NULL, false, true},
                 {"text", NULL, false, true},
                 {NULL, NULL, false, true},
                 {"text/plain", "gzip", false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t api = REST_API; api < APIS; api++) {
            if (api == CLOSED_URL) continue;
            bool expected = api == REST_API ? cases[i].rest : cases[i].v2;
            if (is_binary(api, cases[i].type, cases[i].encoding) != expected)
                fail_msg("API %zu: %s", api, cases[i].type ? cases[i].type : "no type");
        }
}

static void not_carriable(void **state) {
    (void)state;
    static const struct {
        const char *method, *path, *query;
        size_t api;
    } cases[] = {{"POST", "/%ff", NULL, HTTP_API},
                 {"GET", "/items/%ff", NULL, HTTP_API},
                 {"POST", "/x", "a=%ff", HTTP_API},
                 {"POST", "/x", "a=%C3\xb6", HTTP_API}, /* text, but only once it is decoded */
                 {"POST", "/x", "a=%zz", OPEN_URL},
                 {"POST", "/x", "a=1&%00=2", OPEN_URL},
                 {"POST", "/x", "a=1%00", HTTP_API}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request rq = request(cases[i].method, cases[i].path, cases[i].api);
        rq.query = str_of(cases[i].query);
        struct http_response rs = send_to(rq, cases[i].api);
        assert_int_equal(rs.status, 400);
        check_text(rs.body, "{\"message\":\"Bad Request\"}");
    }
}

/* ---- replies ---- */

static void inferred_replies(void **state) {
    (void)state;
    struct http_response rs = answer_at(HTTP_API, "{\"a\":1}");
    assert_int_equal(rs.status, 200);
    check_text(rs.body, "{\"a\":1}");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    rs = answer_at(OPEN_URL, "{\"a\":1}");
    check_text(rs.body, "{\"a\":1}");
    rs = answer_at(HTTP_API, "{\"statusCode\":201,\"cookies\":[\"a=1; Path=/\",\"b=2\"],\"body\":\"YQ==\","
                             "\"isBase64Encoded\":true}");
    assert_int_equal(rs.status, 201);
    check_text(rs.body, "a");
    assert_int_equal(http_field_count(&rs.fields, STR("set-cookie")), 2);
}

static void check_failed(size_t api, const char *order, int status, const char *body) {
    struct http_response rs = answer_at(api, order);
    assert_int_equal(rs.status, status);
    check_str(rs.body, str_of(body));
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
}

static void failures(void **state) {
    (void)state;
    static const char *const orders[] = {
        "{\"statusCode\":\"x\"}", "{\"statusCode\":100}", "no JSON", "error", "exit", "hang"};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        check_failed(HTTP_API, orders[i], 500, "{\"message\":\"Internal Server Error\"}");
        check_failed(OPEN_URL, orders[i], 502, "Internal Server Error");
    }
    assert_int_equal(answer_at(HTTP_API, "{\"statusCode\":200}").status, 200);
}

static void kept_headers(void **state) {
    (void)state;
    static const char reply[] =
        "{\"statusCode\":200,\"headers\":{\"WWW-Authenticate\":\"Basic\",\"Server\":\"mine\",\"Connection\":\"x\","
        "\"Transfer-Encoding\":\"gzip\",\"X-Own\":\"1\",\"Date\":\"long "
        "ago\",\"Via\":\"v\",\"Content-Length\":\"999\"}}";
    static const struct {
        size_t api;
        const char *field, *value; /* NULL: it is not there */
    } cases[] = {
        {REST_API, "x-own", "1"},
        {REST_API, "www-authenticate", NULL},
        {REST_API, "x-amzn-remapped-www-authenticate", "Basic"},
        {REST_API, "x-amzn-remapped-server", "mine"},
        {REST_API, "x-amzn-remapped-date", "long ago"},
        {REST_API, "x-amzn-remapped-connection", "x"},
        {REST_API, "server", NULL},
        {REST_API, "via", NULL},
        {REST_API, "transfer-encoding", NULL},
        {HTTP_API, "x-own", "1"},
        {HTTP_API, "www-authenticate", "Basic"},
        {HTTP_API, "server", "mine"},
        {HTTP_API, "transfer-encoding", NULL},
        {OPEN_URL, "www-authenticate", NULL},
        {OPEN_URL, "x-amzn-remapped-www-authenticate", "Basic"},
        {OPEN_URL, "x-own", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response rs = answer_at(cases[i].api, reply);
        check_str(http_field_get(&rs.fields, str_of(cases[i].field)), str_of(cases[i].value));
    }
}

/* REST: bytes go to whoever asks for them, base64 as it is to the others. */
static void rest_bytes(void **state) {
    (void)state;
    static const struct {
        const char *accept;
        bool bytes;
    } cases[] = {{NULL, false},
                 {"*/*", false},
                 {"text/html, image/png", false},
                 {"image/png", true},
                 {"image/*;q=1", true},
                 {"application/octet-stream, text/html", true},
                 {"image", false},
                 {"application/json", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request rq = request("POST", "/dev/public", REST_API);
        if (cases[i].accept) add(&rq, "Accept", cases[i].accept);
        rq.body = STR("{\"statusCode\":200,\"body\":\"AAEC\",\"isBase64Encoded\":true}");
        struct http_response rs = send_to(rq, REST_API);
        check_str(rs.body, cases[i].bytes ? STR("\0\1\2") : STR("AAEC"));
        rq.body = STR("{\"statusCode\":200,\"body\":\"text\",\"isBase64Encoded\":false}");
        check_text(send_to(rq, REST_API).body, "text");
    }
}

/* ---- refusals and limits ---- */

static void refusals(void **state) {
    (void)state;
    static const struct {
        size_t api;
        const char *method, *path;
        int status;
        const char *type;
    } cases[] = {{REST_API, "GET", "/dev/private", 403, "MissingAuthenticationTokenException"},
                 {REST_API, "GET", "/dev/nowhere", 403, "MissingAuthenticationTokenException"},
                 {HTTP_API, "GET", "/private/x", 403, NULL},
                 {HTTP_API, "GET", "/nowhere", 404, NULL},
                 {CLOSED_URL, "GET", "/nowhere", 403, "AccessDeniedException"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response rs = send_to(request(cases[i].method, cases[i].path, cases[i].api), cases[i].api);
        assert_int_equal(rs.status, cases[i].status);
        check_str(http_field_get(&rs.fields, STR("x-amzn-ErrorType")), str_of(cases[i].type));
        check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
        bool http = cases[i].api == HTTP_API;
        assert_int_equal(http_field_count(&rs.fields, STR("x-amzn-RequestId")), !http);
        assert_int_equal(http_field_count(&rs.fields, STR("apigw-requestid")), http);
    }
}

static struct str letters(size_t n) {
    char *p = arena_take(&arena, n);
    memset(p, 'a', n);
    return (struct str){p, n};
}

/* Fields of 1,000 bytes, a Host and what else is sent by the test. */
static int status_with(size_t api, const char *path, size_t query_bytes, size_t header_bytes, size_t body_bytes) {
    struct err e;
    struct http_request rq = request("POST", path, api);
    if (query_bytes) rq.query = letters(query_bytes);
    for (size_t left = header_bytes; left; left -= left < 1000 ? left : 1000)
        check_ok(http_field_add(&rq.fields, STR("x-a"), letters(left < 1000 ? left : 1000), &arena, &e), e);
    if (body_bytes) rq.body = letters(body_bytes);
    return send_to(rq, api).status;
}

static void limits(void **state) {
    (void)state;
    enum { MB = 1024 * 1024 };
    static const struct {
        size_t api, query, headers, body;
        int status;
    } cases[] = {{REST_API, 9000, 0, 0, 200},      {REST_API, 10300, 0, 0, 414},     {REST_API, 0, 10000, 0, 200},
                 {REST_API, 0, 10300, 0, 431},     {REST_API, 5000, 10000, 0, 200},  {REST_API, 0, 0, 11 * MB, 413},
                 {HTTP_API, 5000, 5000, 0, 200},   {HTTP_API, 5000, 5300, 0, 431},   {HTTP_API, 0, 0, 11 * MB, 413},
                 {HTTP_API, 0, 0, 5 * MB, 413}, /* in base64 it is more than Lambda takes */
                 {OPEN_URL, 10300, 10300, 0, 200}, {OPEN_URL, 0, 0, 6 * MB + 1, 413}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = status_with(cases[i].api, "/dev/public", cases[i].query, cases[i].headers, cases[i].body);
        if (status != cases[i].status) fail_msg("case %zu: %d instead of %d", i, status, cases[i].status);
    }
}

static int status_of(size_t api, const char *bytes) {
    struct http_response rs;
    int fd = wire_open(gateway_port(gateway, api), WIRE_WAIT_S);
    assert_true(wire_send(fd, str_of(bytes)) && wire_read(fd, &rs, &arena));
    close(fd);
    return rs.status;
}

#define TAIL " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"

static void framing(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        int rest, http, url;
    } cases[] = {
        {"POST /dev/public" TAIL "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 400, 200, 200},
        {"POST /dev/public HTTP/1.0\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 200, 200, 200},
        {"POST http://h/dev/public" TAIL "Content-Length: 0\r\n\r\n", 403, 404, 403},
        {"OPTIONS /dev/public" TAIL "\r\n", 200, 404, 200},
        {"OPTIONS *" TAIL "\r\n", 403, 404, 403},
        {"TRACE /dev/public" TAIL "\r\n", 403, 404, 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rest = status_of(REST_API, cases[i].bytes), http = status_of(HTTP_API, cases[i].bytes);
        int url = status_of(OPEN_URL, cases[i].bytes);
        if (rest != cases[i].rest || http != cases[i].http || url != cases[i].url)
            fail_msg("case %zu: %d %d %d", i, rest, http, url);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FAKE("an HTTP API's event has path and parameters decoded, the query raw, the caller", http_event),
        WITH_FAKE("$default takes the rest, and an open route shows the client's own Authorization", http_open_event),
        WITH_FAKE("a function URL's event has the path as sent", url_event),
        WITH_FAKE("an open function URL's event is of an anonymous account", url_open_event),
        WITH_FAKE("a REST API's event has path and parameters as sent", rest_parameters),
        WITH_FAKE("which content types arrive in base64", binary_bodies),
        WITH_FAKE("what an event cannot carry unchanged is 400", not_carriable),
        WITH_FAKE("a reply without statusCode is a body, cookies are Set-Cookie", inferred_replies),
        WITH_FAKE("a failed function is 500 in an HTTP API, 502 behind a URL", failures),
        WITH_FAKE("header fields of a reply pass, change their name or go, by kind", kept_headers),
        WITH_FAKE("a REST API gives bytes to who accepts one of BinaryMediaTypes first", rest_bytes),
        WITH_FAKE("each kind refuses in its own words, with its own ids", refusals),
        WITH_FAKE("each kind has its limits for URL, header and body", limits),
        WITH_FAKE("chunked, HTTP/1.0, absolute-form and odd methods are served or refused, by kind", framing),
    };
    int failed = cmocka_run_group_tests_name("gateway_v2", cases, NULL, NULL);
    json_close(root);
    return failed;
}
