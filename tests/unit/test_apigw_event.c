/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/apigw_event.c: every sample of events/ is read, and what may be missing may be missing. */
#include "event_fixture.h"
#include "sample.h"

#define ROLE \
    "arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole-X4MPL3R0L3/" \
    "lambda-iam-c-PublicFunction-X4mpl3FuNc"
#define USER "arn:aws:iam::123456789012:user/"
#define BINARY STR_INIT("\0\1\2\x80\xff\xfe\r\n\x7fPNG?no\0")
#define POST_BODY "{\"order\":1042,\"items\":[{\"sku\":\"T-7\",\"count\":3}],\"note\":\"gr\xc3\xbcn & gut\"}"

static const struct fact {
    const char *file;
    enum apigw_format format;
    const char *method, *path, *query, *user_arn, *access_key, *source_ip, *stage, *resource, *content_type;
    int64_t time_ms;
    struct str body;
    bool base64;
} FACTS[] = {
    {"rest-get-role.json",
     APIGW_REST,
     "GET",
     "/private",
     "client=sample&page=2",
     ROLE,
     "ASIAFAKEROLE0EXAMPLE",
     "198.51.100.24",
     "dev",
     "/private",
     NULL,
     1741944402113,
     {0},
     false},
    {"rest-post-role.json", APIGW_REST, "POST", "/private", "client=sample&dry-run=true", ROLE, "ASIAFAKEROLE0EXAMPLE",
     "198.51.100.24", "dev", "/private", "application/json", 1741944439226, STR_INIT(POST_BODY), false},
    {"rest-get-user.json",
     APIGW_REST,
     "GET",
     "/private",
     NULL,
     USER "alice",
     "AKIAFAKEALICEEXAMPLE",
     "203.0.113.9",
     "dev",
     "/private",
     NULL,
     1741944476339,
     {0},
     false},
    {"rest-post-user.json", APIGW_REST, "POST", "/private", NULL, USER "bob", "AKIAFAKEBOB00EXAMPLE", "203.0.113.10",
     "dev", "/private", "application/json; charset=utf-8", 1741944513452,
     STR_INIT("{\"name\":\"bob\",\"tags\":[\"a\",\"b\"],\"active\":true}"), false},
    {"rest-get-repeated-query.json",
     APIGW_REST,
     "GET",
     "/private",
     "tag=a&tag=b&x=",
     ROLE,
     "ASIAFAKEROLE0EXAMPLE",
     "198.51.100.24",
     "dev",
     "/private",
     NULL,
     1741944550565,
     {0},
     false},
    {"rest-post-base64.json", APIGW_REST, "POST", "/private", "name=blob.bin", ROLE, "ASIAFAKEROLE0EXAMPLE",
     "198.51.100.24", "dev", "/private", "application/octet-stream", 1741944587678, BINARY, true},
    {"rest-get-public.json",
     APIGW_REST,
     "GET",
     "/public",
     "client=curl",
     NULL,
     NULL,
     "192.0.2.77",
     "dev",
     "/public",
     NULL,
     1741944624791,
     {0},
     false},
    {"rest-post-public.json", APIGW_REST, "POST", "/public", "client=curl&tag=a&tag=b", NULL, NULL, "192.0.2.77", "dev",
     "/public", "application/json", 1741944661904, STR_INIT("{\"hello\":\"w\xc3\xb6rld\"}"), false},
    {"http-api-get-iam.json",
     APIGW_HTTP_V2,
     "GET",
     "/private",
     "client=sample&tag=a&tag=b",
     ROLE,
     "ASIAFAKEROLE0EXAMPLE",
     "203.0.113.57",
     "$default",
     "GET /private",
     NULL,
     1741944698017,
     {0},
     false},
    {"http-api-post-iam.json", APIGW_HTTP_V2, "POST", "/dev/private", "dry-run=true", USER "bob",
     "AKIAFAKEBOB00EXAMPLE", "203.0.113.57", "dev", "POST /private", "application/json", 1741944735130,
     STR_INIT("{\"name\":\"bob\",\"tags\":[\"a\",\"b\"]}"), false},
    {"function-url-get-iam.json",
     APIGW_FUNCTION_URL,
     "GET",
     "/private",
     "client=sample&x=",
     ROLE,
     "ASIAFAKEROLE0EXAMPLE",
     "203.0.113.57",
     "$default",
     "$default",
     NULL,
     1741944772243,
     {0},
     false},
    {"function-url-post-base64-iam.json", APIGW_FUNCTION_URL, "POST", "/private", NULL, ROLE, "ASIAFAKEROLE0EXAMPLE",
     "203.0.113.57", "$default", "$default", "application/octet-stream", 1741944809356, BINARY, true},
};

static void samples(void **state) {
    (void)state;
    for (const struct fact *f = FACTS; f < FACTS + sizeof FACTS / sizeof *FACTS; f++) {
        read_good(sample_read(f->file, &arena));
        assert_int_equal(ev.format, f->format);
        check_str(ev.http.method, str_of(f->method));
        check_str(ev.http.path, str_of(f->path));
        check_str(ev.http.query, str_of(f->query));
        assert_int_equal(ev.http.query.p == NULL, f->query == NULL);
        check_str(ev.identity.user_arn, str_of(f->user_arn));
        assert_int_equal(ev.identity.user_arn.p == NULL, f->user_arn == NULL);
        check_str(ev.identity.access_key, str_of(f->access_key));
        check_str(ev.identity.source_ip, str_of(f->source_ip));
        check_str(ev.stage, str_of(f->stage));
        check_str(ev.resource, str_of(f->resource));
        check_str(http_field_get(&ev.http.fields, STR("content-type")), str_of(f->content_type));
        assert_true(ev.time_epoch_ms == f->time_ms);
        check_str(ev.http.body, f->body);
        assert_int_equal(ev.body_is_base64, f->base64);
        check_text(ev.account_id, "123456789012");
        check_text(ev.protocol, "HTTP/1.1");
        assert_true(ev.request_id.n && str_starts(ev.domain_name, ev.api_id) && str_eq(ev.domain_prefix, ev.api_id));
    }
}

static void details(void **state) {
    (void)state;
    read_good(sample_read("rest-get-repeated-query.json", &arena));
    assert_int_equal(http_field_count(&ev.http.fields, STR("x-sample")), 2);
    check_text(ev.params.at[1].value, "b");
    read_good(sample_read("rest-get-role.json", &arena));
    check_text(ev.identity.caller, "AROAFAKEROLE00EXAMPLE:lambda-iam-c-PublicFunction-X4mpl3FuNc");
    check_text(ev.identity.principal_org_id, "o-f4k3orgid0");
    check_text(ev.identity.account_id, "123456789012");
    check_text(ev.resource_id, "r3sprv");
    check_text(ev.extended_request_id, "KlmIt+YVRHOi0QA=");
    read_good(sample_read("http-api-post-iam.json", &arena));
    check_text(http_field_get(&ev.stage_variables, STR("colour")), "blue");
    check_text(ev.identity.user, "AIDAFAKEBOB000EXAMPLE");
    check_text(ev.identity.user_agent, "axios/1.8.2");
}

static void small_events(void **state) {
    (void)state;
    static const char *const good[] = {
        "{\"httpMethod\":\"GET\"}",
        "{\"httpMethod\":\"GET\",\"headers\":null,\"multiValueHeaders\":null,\"requestContext\":null,\"body\":null}",
        "{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":null}}",
        "{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":{\"userArn\":null,\"sourceIp\":7}}}",
        "{\"httpMethod\":\"GET\",\"requestContext\":{\"requestTimeEpoch\":\"x\"}}",
        "{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":\"none\"},\"isBase64Encoded\":\"false\"}",
        "{\"requestContext\":{\"http\":{\"method\":\"GET\"}}}",
        "{\"requestContext\":{\"http\":{\"method\":\"GET\"},\"authorizer\":{\"iam\":null}},\"rawQueryString\":null}",
        "{\"requestContext\":{\"http\":{\"method\":\"GET\"},\"authorizer\":\"x\"},\"isBase64Encoded\":null}",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        read_good(str_of(good[i]));
        check_text(ev.http.method, "GET");
        assert_null(ev.identity.user_arn.p);
        assert_null(ev.http.query.p);
        assert_null(ev.http.body.p);
        assert_int_equal(ev.http.fields.n, 0);
        assert_true(ev.time_epoch_ms == 0);
    }
}

static void placeholders(void **state) {
    (void)state;
    read_good(STR("{\"httpMethod\":\"GET\",\"requestContext\":{\"identity\":{\"sourceIp\":\"test-invoke-source-ip\","
                  "\"userArn\":\"\"}}}"));
    check_text(ev.identity.source_ip, "test-invoke-source-ip");
    assert_int_equal(ev.identity.user_arn.n, 0);
}

static void single_maps(void **state) {
    (void)state;
    read_good(
        STR("{\"httpMethod\":\"GET\",\"headers\":{\"A\":\"1\"},\"queryStringParameters\":{\"a b\":\"\xc3\xbc&=+\"},"
            "\"pathParameters\":{\"id\":\"7\"}}"));
    check_text(http_field_get(&ev.http.fields, STR("a")), "1");
    check_text(ev.http.query, "a%20b=%C3%BC%26%3D%2B");
    check_text(http_field_get(&ev.path_params, STR("id")), "7");
}

#define EVENT_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        EVENT_CASE("the main facts of every sample are read", samples),
        EVENT_CASE("repeats, callers and stage variables of the samples are read", details),
        EVENT_CASE("members may be absent, null or odd where nothing depends on them", small_events),
        EVENT_CASE("the console's placeholders are texts like others", placeholders),
        EVENT_CASE("single-value maps serve where the others are missing", single_maps),
    };
    return cmocka_run_group_tests_name("apigw_event", tests, NULL, NULL);
}
