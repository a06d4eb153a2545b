/* SPDX-License-Identifier: Apache-2.0 */
/* local/gateway.c: what becomes of a function's reply. The body of a request is what the function answers.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
#include "fake_gateway.h"

static void replies(void **state) {
    (void)state;
    static const struct {
        const char *reply;
        int status;
        const char *type;
        struct str body;
    } cases[] = {
        {"{\"statusCode\":200}", 200, "application/json", STR_INIT("")},
        {"{\"statusCode\":201,\"body\":\"x\"}", 201, "application/json", STR_INIT("x")},
        {"{\"statusCode\":404,\"headers\":{\"content-type\":\"text/plain\"},\"body\":\"no\"}", 404, "text/plain",
         STR_INIT("no")},
        {"{\"statusCode\":200,\"headers\":null,\"body\":null}", 200, "application/json", STR_INIT("")},
        {"{\"statusCode\":200,\"body\":\"YQBi\",\"isBase64Encoded\":true}", 200, "application/json", STR_INIT("YQBi")},
        {"{\"statusCode\":204}", 204, "application/json", STR_INIT("")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response rs = answer_to(cases[i].reply);
        assert_int_equal(rs.status, cases[i].status);
        check_str(http_field_get(&rs.fields, STR("content-type")), str_of(cases[i].type));
        check_str(rs.body, cases[i].body);
    }
}

static void check_502(const char *reply) {
    struct http_response rs = answer_to(reply);
    assert_int_equal(rs.status, 502);
    check_text(rs.body, "{\"message\": \"Internal server error\"}");
    check_text(http_field_get(&rs.fields, STR("x-amzn-ErrorType")), "InternalServerErrorException");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    assert_int_equal(http_field_get(&rs.fields, STR("x-amzn-RequestId")).n, 36);
}

static void malformed_replies(void **state) {
    (void)state;
    static const char *const cases[] = {
        "no JSON",
        "\"text\"",
        "[]",
        "{}",
        "{\"statusCode\":\"OK\"}",
        "{\"statusCode\":200.5}",
        "{\"statusCode\":99}",
        "{\"statusCode\":600}",
        "{\"statusCode\":200,\"body\":{\"a\":1}}",
        "{\"statusCode\":200,\"unknown\":1}",
        "{\"statusCode\":200,\"cookies\":[]}",
        "{\"statusCode\":200,\"headers\":[]}",
        "{\"statusCode\":200,\"headers\":{\"a b\":\"c\"}}",
        "{\"statusCode\":200,\"headers\":{\"a\":\"b\\r\\nc: d\"}}",
        "{\"statusCode\":200,\"multiValueHeaders\":{\"a\":\"b\"}}",
        "{\"statusCode\":200,\"body\":\"?\",\"isBase64Encoded\":true}",
        "{\"statusCode\":200} trailing",
        "{\"errorType\":\"T\",\"errorMessage\":\"m\"}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_502(cases[i]);
}

/* They end a response at once for a client, which would wait for another. */
static void interim_status(void **state) {
    (void)state;
    check_502("{\"statusCode\":100}");
    check_502("{\"statusCode\":101}");
    check_502("{\"statusCode\":199}");
}

static void merged_headers(void **state) {
    (void)state;
    struct http_response rs =
        answer_to("{\"statusCode\":200,\"headers\":{\"X-A\":\"single\",\"x-b\":\"hidden\",\"X-N\":5},"
                  "\"multiValueHeaders\":{\"X-B\":[\"1\",\"2\"],\"Connection\":[\"x\"]}}");
    check_text(http_field_get(&rs.fields, STR("x-a")), "single");
    check_text(http_field_get(&rs.fields, STR("x-n")), "5");
    assert_int_equal(http_field_count(&rs.fields, STR("x-b")), 2);
    check_text(http_field_get(&rs.fields, STR("x-b")), "1");
    assert_false(str_eq(http_field_get(&rs.fields, STR("connection")), STR("x")));
}

static void failures(void **state) {
    (void)state;
    check_502("error");
    check_502("exit");
    check_502("hang"); /* the function's Timeout */
    assert_int_equal(answer_to("{\"statusCode\":200}").status, 200);
}

static void refusal(void **state) {
    (void)state;
    struct http_response rs = send_to(request("GET", "/dev/private", 0), 0);
    assert_int_equal(rs.status, 403);
    check_text(rs.body, "{\"message\":\"Missing Authentication Token\"}");
    check_text(http_field_get(&rs.fields, STR("x-amzn-ErrorType")), "MissingAuthenticationTokenException");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    assert_int_equal(http_field_get(&rs.fields, STR("x-amzn-RequestId")).n, 36);
    assert_int_equal(http_field_get(&rs.fields, STR("x-amz-apigw-id")).n, 16);
}

/* What lay on the stack of a thread that had gone on was seen only by valgrind and the address sanitizer. */
static void ids_of_every_answer(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct http_response rs = answer_to("{\"statusCode\":200}");
        struct str id = http_field_get(&rs.fields, STR("x-amzn-RequestId"));
        assert_int_equal(id.n, 36);
        for (size_t k = 0; k < id.n; k++) assert_non_null(memchr("0123456789abcdef-", id.p[k], 17));
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FAKE("a reply's status, headers and body are the answer", replies),
        WITH_FAKE("a malformed reply is 502", malformed_replies),
        WITH_FAKE("bug: an interim status is no answer, so it is 502", interim_status),
        WITH_FAKE("both header maps are merged, the multi-value one wins", merged_headers),
        WITH_FAKE("a function error, an exit and a Timeout are 502, and the next request is served", failures),
        WITH_FAKE("bug: the ids of an answer outlive the exchange", ids_of_every_answer),
        WITH_FAKE("a refusal carries type, ids and content type", refusal),
    };
    return cmocka_run_group_tests_name("gateway_reply", cases, NULL, NULL);
}
