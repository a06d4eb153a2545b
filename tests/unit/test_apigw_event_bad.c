/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/apigw_event.c, the events that must be refused: by the member's name, before a handler sees them. */
#include "event_fixture.h"
#include "sample.h"

static void refuse(struct str json, const char *reason) {
    e = (struct err){0};
    if (apigw_read_event(json, &ev, &arena, &e)) fail_msg("taken: %.*s", STR_ARG(json));
    assert_int_equal(e.kind, ERR_PARSE);
    if (!strstr(e.msg, reason)) fail_msg("%.*s: %s", STR_ARG(json), e.msg);
}

#define V2(member) "{\"requestContext\":{\"http\":{\"method\":\"GET\"}}," member "}"
#define V1(member) "{\"httpMethod\":\"POST\"," member "}"

static void raw_queries(void **state) {
    (void)state;
    read_good(STR(V2("\"rawQueryString\":\"a=1+2&b=%2B&a=&c\"")));
    assert_int_equal(ev.params.n, 4);
    check_text(ev.params.at[0].value, "1 2");
    check_text(ev.http.query, "a=1%202&b=%2B&a=&c=");
    refuse(STR(V2("\"rawQueryString\":\"a=%zz\"")), "%-escape");
    read_good(STR(V2("\"rawQueryString\":\"\"")));
    assert_null(ev.http.query.p);
}

static void wrong_types(void **state) {
    (void)state;
    static const struct {
        const char *json, *member;
    } bad[] = {
        {"{\"httpMethod\":7}", "httpMethod"},
        {"{\"httpMethod\":\"\"}", "httpMethod"},
        {"{\"httpMethod\":\"G T\"}", "httpMethod"},
        {V1("\"path\":[]"), "path"},
        {V1("\"headers\":[]"), "headers"},
        {V1("\"headers\":{\"a\":1}"), "headers"},
        {V1("\"multiValueHeaders\":{\"a\":\"b\"}"), "multiValueHeaders"},
        {V1("\"multiValueHeaders\":{\"a\":[1]}"), "multiValueHeaders"},
        {V1("\"multiValueQueryStringParameters\":7"), "multiValueQueryStringParameters"},
        {V1("\"multiValueQueryStringParameters\":{\"a\":[null]}"), "multiValueQueryStringParameters"},
        {V1("\"queryStringParameters\":{\"a\":{}}"), "queryStringParameters"},
        {V1("\"pathParameters\":\"x\""), "pathParameters"},
        {V1("\"stageVariables\":{\"a\":[]}"), "stageVariables"},
        {V1("\"requestContext\":7"), "requestContext"},
        {V1("\"body\":{}"), "body"},
        {V1("\"isBase64Encoded\":1"), "isBase64Encoded"},
        {V1("\"isBase64Encoded\":\"yes\""), "isBase64Encoded"},
        {V2("\"rawPath\":7"), "rawPath"},
        {V2("\"rawQueryString\":{}"), "rawQueryString"},
        {V2("\"headers\":\"x\""), "headers"},
        {V2("\"body\":false"), "body"},
        {V2("\"cookies\":\"a=1\""), "cookies"},
        {V2("\"cookies\":[1]"), "cookies"},
        {"{\"requestContext\":{\"http\":[]}}", "http"},
        {"{\"requestContext\":{\"http\":{\"method\":7}}}", "method"},
        {"{\"requestContext\":{\"http\":{}}}", "requestContext.http.method"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i].json), bad[i].member);
}

static void no_known_shape(void **state) {
    (void)state;
    static const char *const bad[] = {"{}", "{\"Records\":[]}", "{\"requestContext\":{}}", "{\"httpMethod\":null}",
                                      "{\"requestContext\":\"http\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i]), "API Gateway");
    refuse(STR("[]"), "not an object");
    refuse(STR("\"text\""), "not an object");
    refuse(STR("null"), "not an object");
}

static void load_balancer(void **state) {
    (void)state;
    refuse(STR(V1("\"path\":\"/\",\"requestContext\":{\"elb\":{\"targetGroupArn\":\"arn\"}}")), "load balancer");
}

static void hostile_json(void **state) {
    (void)state;
    refuse(STR(""), "the event: not JSON");
    refuse(STR("{\"httpMethod\":"), "the event: not JSON");
    refuse(STR("httpMethod=GET"), "the event: not JSON");
    refuse(STR(V1("\"body\":\"a\\u0000b\"")), "\\u0000");
    refuse(STR(V1("\"headers\":{\"a\\u0000\":\"b\"}")), "\\u0000");
    refuse(STR(V1("\"body\":\"\xff\"")), "UTF-8");
    char deep[10000];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"a\":", 5);
    refuse((struct str){deep, sizeof deep}, "deeper than");
}

/* No prefix of a sample is an event, nor a crash. */
static void prefixes(void **state) {
    (void)state;
    struct str text = sample_read("rest-post-role.json", &arena);
    while (text.n && text.p[text.n - 1] != '}') text.n--;
    for (size_t n = 0; n < text.n; n += 3) refuse((struct str){text.p, n}, "not JSON");
}

static void base64_bodies(void **state) {
    (void)state;
    refuse(STR(V1("\"body\":\"AAA\",\"isBase64Encoded\":true")), "the event's body: base64");
    refuse(STR(V1("\"body\":\"A?A=\",\"isBase64Encoded\":\"true\"")), "position 1");
    read_good(STR(V1("\"body\":\"AAEC\",\"isBase64Encoded\":\"true\"")));
    check_text(ev.http.body, "\0\1\2");
    read_good(STR(V1("\"body\":null,\"isBase64Encoded\":true"))); /* what a generator of samples writes */
    assert_null(ev.http.body.p);
    assert_false(ev.body_is_base64);
}

static void too_many(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20, &arena);
    buf_add(&b, STR("{\"httpMethod\":\"GET\",\"multiValueQueryStringParameters\":{\"a\":[\"\""));
    for (int i = 0; i < HTTP_MAX_FIELDS; i++) buf_add(&b, STR(",\"\""));
    buf_add(&b, STR("]}}"));
    assert_false(apigw_read_event(buf_str(&b), &ev, &arena, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

#define EVENT_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        EVENT_CASE("a plus in a raw query is a space and leaves as %20", raw_queries),
        EVENT_CASE("a member of the wrong type is refused by its name", wrong_types),
        EVENT_CASE("an event of no known shape is refused", no_known_shape),
        EVENT_CASE("a load balancer's event is refused by name", load_balancer),
        EVENT_CASE("what is not JSON, holds a NUL or is too deep is refused", hostile_json),
        EVENT_CASE("no prefix of a sample is an event", prefixes),
        EVENT_CASE("a base64 body is decoded, and refused with its place", base64_bodies),
        EVENT_CASE("too many parameters are an error, never a cut", too_many),
    };
    return cmocka_run_group_tests_name("apigw_event_bad", tests, NULL, NULL);
}
