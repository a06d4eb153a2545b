/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/private.c: an event in, an echo out; nothing of the caller's header in it. */
#include <dirent.h>

#include "apigw.h"
#include "check.h"
#include "handlers.h"
#include "sample.h"

static struct arena arena;
static struct err e;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 96 << 20);
    e = (struct err){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static bool handle(struct str payload, struct str *reply) {
    struct lambda_invocation inv = {.payload = payload, .arena = &arena, .deadline_ms = INT64_MAX};
    struct buf b;
    buf_init(&b, LAMBDA_MAX_REPLY_BYTES, &arena);
    bool ok = private_handle(NULL, &inv, &b, &e) && buf_ok(&b, &e);
    *reply = buf_str(&b);
    return ok;
}

#define HI "{\"message\":\"Hi from AWS_IAM auth enabled API\",\"userArn\":"
#define ROLE \
    "\"arn:aws:sts::123456789012:assumed-role/lambda-iam-c-PublicFunctionRole-X4MPL3R0L3/" \
    "lambda-iam-c-PublicFunction-X4mpl3FuNc\""
#define USER(name) "\"arn:aws:iam::123456789012:user/" name "\""
#define BINARY ",\"body\":\"AAECgP/+DQp/UE5HP25vAA==\",\"isBase64Encoded\":true}"

static size_t count_samples(void) {
    size_t n = 0;
    DIR *folder = opendir("events");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) n += str_ends(str_of(entry->d_name), STR(".json"));
    closedir(folder);
    return n;
}

static void samples(void **state) {
    (void)state;
    static const struct {
        const char *file, *echo;
    } cases[] = {
        {"rest-get-role.json",
         HI ROLE ",\"method\":\"GET\",\"params\":{\"client\":\"sample\",\"page\":\"2\"},\"body\":null}"},
        {"rest-get-user.json", HI USER("alice") ",\"method\":\"GET\",\"params\":null,\"body\":null}"},
        {"rest-post-user.json",
         HI USER("bob") ",\"method\":\"POST\",\"params\":null,\"body\":"
                        "\"{\\\"name\\\":\\\"bob\\\",\\\"tags\\\":[\\\"a\\\",\\\"b\\\"],\\\"active\\\":true}\"}"},
        {"rest-post-role.json", HI ROLE
         ",\"method\":\"POST\",\"params\":{\"client\":\"sample\",\"dry-run\":\"true\"},\"body\":\"{\\\"order\\\":1042,"
         "\\\"items\\\":[{\\\"sku\\\":\\\"T-7\\\",\\\"count\\\":3}],\\\"note\\\":\\\"gr\xc3\xbcn & gut\\\"}\"}"},
        {"rest-post-public.json", HI "null,\"method\":\"POST\",\"params\":{\"client\":\"curl\",\"tag\":[\"a\",\"b\"]},"
                                     "\"body\":\"{\\\"hello\\\":\\\"w\xc3\xb6rld\\\"}\"}"},
        {"rest-get-repeated-query.json",
         HI ROLE ",\"method\":\"GET\",\"params\":{\"tag\":[\"a\",\"b\"],\"x\":\"\"},\"body\":null}"},
        {"rest-post-base64.json", HI ROLE ",\"method\":\"POST\",\"params\":{\"name\":\"blob.bin\"}" BINARY},
        {"rest-get-public.json", HI "null,\"method\":\"GET\",\"params\":{\"client\":\"curl\"},\"body\":null}"},
        {"http-api-get-iam.json",
         HI ROLE ",\"method\":\"GET\",\"params\":{\"client\":\"sample\",\"tag\":[\"a\",\"b\"]},\"body\":null}"},
        {"http-api-post-iam.json", HI USER("bob") ",\"method\":\"POST\",\"params\":{\"dry-run\":\"true\"},\"body\":"
                                                  "\"{\\\"name\\\":\\\"bob\\\",\\\"tags\\\":[\\\"a\\\",\\\"b\\\"]}\"}"},
        {"http-api-get-public.json",
         HI "null,\"method\":\"GET\",\"params\":{\"client\":\"curl 8\",\"tag\":\"gr\xc3\xbcn\"},\"body\":null}"},
        {"function-url-get-public.json", HI "null,\"method\":\"GET\",\"params\":null,\"body\":null}"},
        {"function-url-get-iam.json",
         HI ROLE ",\"method\":\"GET\",\"params\":{\"client\":\"sample\",\"x\":\"\"},\"body\":null}"},
        {"function-url-post-base64-iam.json", HI ROLE ",\"method\":\"POST\",\"params\":null" BINARY},
    };
    assert_int_equal(count_samples(), sizeof cases / sizeof *cases);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str event = sample_read(cases[i].file, &arena), reply;
        struct apigw_event ev;
        struct http_response rs;
        check_ok(handle(event, &reply), e);
        check_ok(apigw_read_event(event, &ev, &arena, &e), e);
        assert_int_equal(str_find(reply, STR("multiValueHeaders")) == SIZE_MAX, ev.format != APIGW_REST);
        check_ok(apigw_read_reply(reply, ev.format, &rs, &arena, &e), e);
        assert_int_equal(rs.status, 200);
        check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
        check_str(rs.body, str_of(cases[i].echo));
    }
}

static void no_header_echo(void **state) {
    (void)state;
    static const char *const files[] = {"rest-get-role.json", "rest-post-user.json", "function-url-get-iam.json",
                                        "http-api-get-iam.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct str event = sample_read(files[i], &arena), reply;
        assert_true(str_find(event, i == 1 ? STR("fake-api-key") : STR("FakeSessionToken")) != SIZE_MAX);
        check_ok(handle(event, &reply), e);
        assert_true(str_find(reply, STR("FakeSessionToken")) == SIZE_MAX);
        assert_true(str_find(reply, STR("fake-api-key")) == SIZE_MAX);
        assert_true(str_find(reply, STR("ASIA")) == SIZE_MAX);
    }
}

static void bad_events(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "no JSON",
                                      "[]",
                                      "{}",
                                      "{\"httpMethod\":7}",
                                      "{\"httpMethod\":\"GET\",\"body\":7}",
                                      "{\"httpMethod\":\"GET\",\"body\":\"\\u0000\"}",
                                      "{\"Records\":[]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str reply;
        if (handle(str_of(bad[i]), &reply)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_PARSE);
        assert_int_equal(reply.n, 0);
    }
}

static bool handle_body(size_t n, char c) {
    struct str reply;
    char *body = arena_take(&arena, n);
    memset(body, c, n);
    struct apigw_event ev = {.http = {.method = STR("POST"), .path = STR("/"), .body = {body, n}}};
    struct buf b;
    buf_init(&b, 64 << 20, &arena);
    apigw_write_event(&b, &ev, &arena);
    check_ok(buf_ok(&b, &e), e);
    return handle(buf_str(&b), &reply);
}

static void sizes(void **state) {
    (void)state;
    check_ok(handle_body(6 * 1024 * 1024 - 1000, 'x'), e);
    assert_false(handle_body(3 * 1024 * 1024, '"')); /* each quote is escaped twice */
    assert_int_equal(e.kind, ERR_LIMIT);
}

#define PRIVATE_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PRIVATE_CASE("every sample is echoed with caller, method, params and body, in its own format", samples),
        PRIVATE_CASE("no token, key or other header field is echoed", no_header_echo),
        PRIVATE_CASE("a bad event is a function error without a reply", bad_events),
        PRIVATE_CASE("six megabytes are echoed; an echo over Lambda's limit is an error", sizes),
    };
    return cmocka_run_group_tests_name("private", tests, NULL, NULL);
}
