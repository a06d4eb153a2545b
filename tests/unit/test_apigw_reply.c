/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/apigw_reply.c: replies as API Gateway takes them, both ways. */
#include "apigw.h"
#include "check.h"

static struct arena arena;
static struct http_response rs;
static struct err e;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 96 << 20);
    rs = (struct http_response){.status = 200};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void add(const char *name, const char *value) {
    check_ok(http_field_add(&rs.fields, str_of(name), str_of(value), &arena, &e), e);
}

static struct str written(enum apigw_format format) {
    struct buf b;
    buf_init(&b, 32 << 20, &arena);
    apigw_write_reply(&b, format, &rs);
    check_ok(buf_ok(&b, &e), e);
    return buf_str(&b);
}

static void read_as(enum apigw_format format, struct str json) {
    check_ok(apigw_read_reply(json, format, &rs, &arena, &e), e);
}

static void read_good(struct str json) {
    read_as(APIGW_REST, json);
}

static void rest_reply(void **state) {
    (void)state;
    rs.status = 201;
    rs.body = STR("{\"a\":\"gr\xc3\xbcn\"}");
    add("Content-Type", "application/json");
    add("X-A", "1");
    add("x-a", "2");
    check_text(written(APIGW_REST), "{\"statusCode\":201,\"headers\":{\"Content-Type\":\"application/json\"},"
                                    "\"multiValueHeaders\":{\"X-A\":[\"1\",\"2\"]},"
                                    "\"body\":\"{\\\"a\\\":\\\"gr\xc3\xbcn\\\"}\",\"isBase64Encoded\":false}");
}

static void v2_reply(void **state) {
    (void)state;
    add("Set-Cookie", "a=1, x");
    add("X-A", "1");
    add("x-a", "2");
    add("set-cookie", "b=2");
    check_text(written(APIGW_HTTP_V2),
               "{\"statusCode\":200,\"headers\":{\"X-A\":\"1,2\"},\"cookies\":[\"a=1, x\",\"b=2\"],"
               "\"body\":\"\",\"isBase64Encoded\":false}");
    rs.fields.n = 0;
    check_text(written(APIGW_HTTP_V2), "{\"statusCode\":200,\"headers\":{},\"body\":\"\",\"isBase64Encoded\":false}");
}

static void binary_body(void **state) {
    (void)state;
    rs.body = STR("\0\xff");
    struct str text = written(APIGW_REST);
    assert_true(str_ends(text, STR("\"body\":\"AP8=\",\"isBase64Encoded\":true}")));
    read_good(text);
    check_text(rs.body, "\0\xff");
}

static void nul_in_body(void **state) {
    (void)state;
    rs.body = STR("a\0b");
    struct str text = written(APIGW_REST);
    read_good(text);
    check_text(rs.body, "a\0b");
}

static void there_and_back(void **state) {
    (void)state;
    enum { SIZE = 4 * 1024 * 1024 };
    char *body = arena_take(&arena, SIZE);
    for (size_t i = 0; i < SIZE; i++) body[i] = (char)(i % 127 + 1);
    rs.status = 404;
    rs.body = (struct str){body, SIZE};
    add("X-B", "3");
    add("Content-Type", "text/plain");
    add("X-B", "4");
    struct http_response first = rs;
    read_good(written(APIGW_REST));
    assert_int_equal(rs.status, 404);
    assert_true(str_eq(rs.body, first.body));
    assert_int_equal(rs.fields.n, 3);
    assert_int_equal(http_field_count(&rs.fields, STR("x-b")), 2);
    check_text(http_field_get(&rs.fields, STR("content-type")), "text/plain");
}

static void smallest(void **state) {
    (void)state;
    static const char *const replies[] = {
        "{\"statusCode\":204}",
        "{\"statusCode\":204,\"headers\":null,\"multiValueHeaders\":null,\"body\":null,\"isBase64Encoded\":null}",
        "{\"statusCode\":204,\"headers\":{},\"multiValueHeaders\":{},\"body\":\"\",\"isBase64Encoded\":false}",
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        read_good(str_of(replies[i]));
        assert_int_equal(rs.status, 204);
        assert_int_equal(rs.body.n, 0);
        assert_int_equal(rs.fields.n, 1);
        check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    }
}

static void merged(void **state) {
    (void)state;
    read_good(STR("{\"statusCode\":200,\"headers\":{\"x-a\":\"lost\",\"X-B\":\"b\",\"content-TYPE\":\"a/b\"},"
                  "\"multiValueHeaders\":{\"X-A\":[\"1\",\"2\"]}}"));
    assert_int_equal(rs.fields.n, 4);
    assert_int_equal(http_field_count(&rs.fields, STR("x-a")), 2);
    check_text(http_field_get(&rs.fields, STR("x-a")), "1");
    check_text(http_field_get(&rs.fields, STR("x-b")), "b");
    check_text(http_field_get(&rs.fields, STR("content-type")), "a/b");
}

static void header_values(void **state) {
    (void)state;
    read_good(STR("{\"statusCode\":200,\"headers\":{\"n\":12,\"t\":true,\"f\":false,\"e\":\"\"}}"));
    check_text(http_field_get(&rs.fields, STR("n")), "12");
    check_text(http_field_get(&rs.fields, STR("t")), "true");
    check_text(http_field_get(&rs.fields, STR("f")), "false");
    assert_non_null(http_field_get(&rs.fields, STR("e")).p);
}

static void status_text(void **state) {
    (void)state;
    for (enum apigw_format f = APIGW_REST; f <= APIGW_FUNCTION_URL; f++) {
        read_as(f, STR("{\"statusCode\":\"404\"}"));
        assert_int_equal(rs.status, 404);
    }
}

static void inferred(void **state) {
    (void)state;
    static const struct {
        const char *json, *api, *url;
    } replies[] = {
        {"{\"name\": \"x\", \"headers\":{\"content-type\":\"a/b\"}}", NULL, NULL},
        {"{\"statuscode\":404}", NULL, NULL},
        {"[1, 2]", NULL, NULL},
        {"42", NULL, NULL},
        {"null", NULL, NULL},
        {"\"gr\\u00fcn \\\"x\\\"\"", "gr\xc3\xbcn \"x\"", "\"gr\\u00fcn \\\"x\\\"\""},
        {"\"\"", "", "\"\""},
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++)
        for (enum apigw_format f = APIGW_HTTP_V2; f <= APIGW_FUNCTION_URL; f++) {
            const char *body = f == APIGW_HTTP_V2 ? replies[i].api : replies[i].url;
            read_as(f, str_of(replies[i].json));
            assert_int_equal(rs.status, 200);
            check_str(rs.body, str_of(body ? body : replies[i].json));
            assert_int_equal(rs.fields.n, 1);
            check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
        }
}

static void default_types(void **state) {
    (void)state;
    read_as(APIGW_HTTP_V2, STR("{\"statusCode\":200,\"body\":\"{}\"}"));
    check_text(http_field_get(&rs.fields, STR("content-type")), "text/plain; charset=utf-8");
    read_as(APIGW_FUNCTION_URL, STR("{\"statusCode\":200,\"body\":\"{}\"}"));
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    read_as(APIGW_HTTP_V2, STR("{\"statusCode\":200,\"headers\":{\"CONTENT-type\":\"a/b\"}}"));
    assert_int_equal(rs.fields.n, 1);
}

static void v2_members(void **state) {
    (void)state;
    read_as(APIGW_HTTP_V2,
            STR("{\"statusCode\":201,\"headers\":{\"X-A\":\"1,2\",\"n\":7,\"t\":true},\"cookies\":[\"a=1, x\","
                "\"b=2\"],\"multiValueHeaders\":7,\"extra\":{},\"body\":\"AP8=\",\"isBase64Encoded\":true}"));
    assert_int_equal(rs.status, 201);
    check_text(rs.body, "\0\xff");
    assert_int_equal(rs.fields.n, 6);
    check_text(http_field_get(&rs.fields, STR("x-a")), "1,2");
    check_text(http_field_get(&rs.fields, STR("n")), "7");
    assert_int_equal(http_field_count(&rs.fields, STR("Set-Cookie")), 2);
    check_text(http_field_get(&rs.fields, STR("Set-Cookie")), "a=1, x");
    struct str text = written(APIGW_HTTP_V2);
    read_as(APIGW_HTTP_V2, text);
    check_str(written(APIGW_HTTP_V2), text);
}

struct bad {
    const char *json, *reason;
};

static void refuse(enum apigw_format format, const struct bad *bad, size_t n) {
    for (size_t i = 0; i < n; i++) {
        e = (struct err){0};
        if (apigw_read_reply(str_of(bad[i].json), format, &rs, &arena, &e)) fail_msg("taken: %s", bad[i].json);
        assert_int_equal(e.kind, ERR_PARSE);
        if (!strstr(e.msg, bad[i].reason)) fail_msg("%s: %s", bad[i].json, e.msg);
    }
}

static void malformed(void **state) {
    (void)state;
    static const struct bad bad[] = {
        {"", "not JSON"},
        {"ok", "not JSON"},
        {"{\"statusCode\":200", "not JSON"},
        {"[]", "not an object"},
        {"\"text\"", "not an object"},
        {"null", "not an object"},
        {"{}", "statusCode"},
        {"{\"statusCode\":\"OK\"}", "statusCode"},
        {"{\"statusCode\":\"99\"}", "statusCode"},
        {"{\"statusCode\":true}", "statusCode"},
        {"{\"statusCode\":200.5}", "statusCode"},
        {"{\"statusCode\":99}", "statusCode"},
        {"{\"statusCode\":600}", "statusCode"},
        {"{\"statusCode\":1e99}", "statusCode"},
        {"{\"statusCode\":null}", "statusCode"},
        {"{\"statuscode\":200}", "does not know"},
        {"{\"statusCode\":200,\"cookies\":[]}", "does not know"},
        {"{\"statusCode\":200,\"extra\":1}", "does not know"},
        {"{\"errorMessage\":\"x\",\"errorType\":\"y\"}", "does not know"},
        {"{\"statusCode\":200,\"body\":{}}", "body"},
        {"{\"statusCode\":200,\"body\":7}", "body"},
        {"{\"statusCode\":200,\"isBase64Encoded\":\"true\"}", "isBase64Encoded"},
        {"{\"statusCode\":200,\"headers\":[]}", "headers"},
        {"{\"statusCode\":200,\"multiValueHeaders\":7}", "multiValueHeaders"},
        {"{\"statusCode\":200,\"multiValueHeaders\":{\"a\":\"b\"}}", "multiValueHeaders"},
        {"{\"statusCode\":200,\"headers\":{\"a\":null}}", "header"},
        {"{\"statusCode\":200,\"headers\":{\"a\":[]}}", "header"},
        {"{\"statusCode\":200,\"headers\":{\"a b\":\"c\"}}", "header"},
        {"{\"statusCode\":200,\"headers\":{\"\":\"c\"}}", "header"},
        {"{\"statusCode\":200,\"headers\":{\"a\":\"b\\r\\nX: y\"}}", "header"},
        {"{\"statusCode\":200,\"body\":\"a?==\",\"isBase64Encoded\":true}", "base64"},
        {"{\"statusCode\":200,\"body\":\"a\\u0000b\"}", "\\u0000"},
    };
    refuse(APIGW_REST, bad, sizeof bad / sizeof *bad);
}

static void v2_malformed(void **state) {
    (void)state;
    static const struct bad bad[] = {
        {"", "not JSON"},
        {"ok", "not JSON"},
        {"{\"name\":", "not JSON"},
        {"{\"statusCode\":200.5,\"body\":\"Hello\"}", "statusCode"},
        {"{\"statusCode\":0}", "statusCode"},
        {"{\"statusCode\":null}", "statusCode"},
        {"{\"statusCode\":200,\"body\":{}}", "body"},
        {"{\"statusCode\":200,\"headers\":[]}", "headers"},
        {"{\"statusCode\":200,\"headers\":{\"a\":[\"b\"]}}", "header"},
        {"{\"statusCode\":200,\"headers\":{\"a\":\"b\\r\\nX: y\"}}", "header"},
        {"{\"statusCode\":200,\"cookies\":\"a=1\"}", "cookies"},
        {"{\"statusCode\":200,\"cookies\":[1]}", "cookie"},
        {"{\"statusCode\":200,\"cookies\":[\"a=1\\nb: c\"]}", "header"},
        {"{\"statusCode\":200,\"isBase64Encoded\":1}", "isBase64Encoded"},
        {"{\"statusCode\":200,\"body\":\"a?==\",\"isBase64Encoded\":true}", "base64"},
    };
    refuse(APIGW_HTTP_V2, bad, sizeof bad / sizeof *bad);
    refuse(APIGW_FUNCTION_URL, bad, sizeof bad / sizeof *bad);
}

static void limit(void **state) {
    (void)state;
    struct buf b;
    rs.body = STR("0123456789");
    buf_init(&b, 40, &arena);
    apigw_write_reply(&b, APIGW_REST, &rs);
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void read_prelude(const char *json) {
    check_ok(apigw_read_prelude(str_of(json), &rs, &arena, &e), e);
}

static void prelude(void **state) {
    (void)state;
    read_prelude(
        "{\"statusCode\":201,\"headers\":{\"content-type\":\"text/x\",\"X-A\":1},\"cookies\":[\"a=1\",\"b=2\"],"
        "\"multiValueHeaders\":{\"X-M\":[\"1\",\"2\"]},\"unknown\":1}");
    assert_int_equal(rs.status, 201);
    check_text(http_field_get(&rs.fields, STR("Content-Type")), "text/x");
    check_text(http_field_get(&rs.fields, STR("x-a")), "1");
    check_text(http_field_get(&rs.fields, STR("set-cookie")), "a=1");
    assert_int_equal(http_field_count(&rs.fields, STR("set-cookie")), 2);
    assert_int_equal(http_field_count(&rs.fields, STR("x-m")), 2);
    assert_int_equal(rs.body.n, 0);
}

static void prelude_defaults(void **state) {
    (void)state;
    read_prelude("{}");
    assert_int_equal(rs.status, 200);
    assert_int_equal(rs.fields.n, 1);
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/octet-stream");
}

static void bad_prelude(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "x",
        "[]",
        "\"200\"",
        "{\"statusCode\":99}",
        "{\"statusCode\":null}",
        "{\"statusCode\":200,\"headers\":[]}",
        "{\"headers\":{\"a b\":\"c\"}}",
        "{\"headers\":{\"a\":\"b\\r\\nc: d\"}}",
        "{\"cookies\":[\"a\\nb\"]}",
        "{\"cookies\":\"a\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(apigw_read_prelude(str_of(bad[i]), &rs, &arena, &e));
        assert_int_equal(e.kind, ERR_PARSE);
        assert_true(str_starts(str_of(e.msg), STR("the prelude of a stream: ")));
    }
}

#define REPLY_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        REPLY_CASE("a REST reply has single and repeated fields apart", rest_reply),
        REPLY_CASE("a 2.0 reply joins repeated fields and lists cookies", v2_reply),
        REPLY_CASE("a body that is not text goes out in base64 and comes back", binary_body),
        REPLY_CASE("bug: a NUL in a text body comes back (it was written as an escape that no reader took)",
                   nul_in_body),
        REPLY_CASE("a written reply is read as the same response", there_and_back),
        REPLY_CASE("a status alone is a reply, its type is JSON", smallest),
        REPLY_CASE("header maps are merged, the list wins", merged),
        REPLY_CASE("numbers and truth values are header texts", header_values),
        REPLY_CASE("a status may be a text of digits, as in Lambda's blueprints", status_text),
        REPLY_CASE("2.0 without statusCode is a body; of a string an HTTP API sends the text, a function URL the JSON",
                   inferred),
        REPLY_CASE("without a type and with a status an HTTP API answers text, a function URL JSON", default_types),
        REPLY_CASE("2.0 turns cookies into Set-Cookie and passes over what it does not know", v2_members),
        REPLY_CASE("what API Gateway answers with 502 is refused with its reason", malformed),
        REPLY_CASE("what an HTTP API or a function URL answers with its own error is refused", v2_malformed),
        REPLY_CASE("the prelude of a stream is a head: status, headers, cookies", prelude),
        REPLY_CASE("a prelude without status and type is 200 and bytes", prelude_defaults),
        REPLY_CASE("a prelude that no HTTP head can be made of is refused", bad_prelude),
        REPLY_CASE("a reply over its limit is an error, never a cut", limit),
    };
    return cmocka_run_group_tests_name("apigw_reply", tests, NULL, NULL);
}
