/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_sign.c: which fields are added, and everything that is refused before a field is added. */
#include "check.h"
#include "sigv4.h"

static struct arena arena;
static const struct sigv4_keys KEYS = {
    STR_INIT("AKIDEXAMPLE"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
static const struct sigv4_scope SCOPE = {
    .region = STR_INIT("us-east-1"), .service = STR_INIT("service"), .unix_s = 1440938160};

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 64 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void add(struct http_request *rq, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), str_of(value), &arena, &e), e);
}

static struct http_request vanilla(void) {
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    add(&rq, "Host", "example.amazonaws.com");
    return rq;
}

static void adds_two_fields(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct err e;
    check_ok(sigv4_sign(&rq, &KEYS, &SCOPE, &arena, &e), e);
    assert_int_equal(rq.fields.n, 3);
    check_text(rq.fields.at[1].name, "X-Amz-Date");
    check_text(rq.fields.at[1].value, "20150830T123600Z");
    check_text(rq.fields.at[2].name, "Authorization");
    check_text(
        rq.fields.at[2].value,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

static void adds_four_fields(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_keys keys = KEYS;
    struct sigv4_scope scope = SCOPE;
    struct err e;
    keys.token = STR("tok/en==");
    scope.send_body_hash = true;
    rq.body = STR("abc");
    check_ok(sigv4_sign(&rq, &keys, &scope, &arena, &e), e);
    assert_int_equal(rq.fields.n, 5);
    check_text(rq.fields.at[2].name, "X-Amz-Content-Sha256");
    check_text(rq.fields.at[2].value, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_text(rq.fields.at[3].name, "X-Amz-Security-Token");
    check_text(rq.fields.at[3].value, "tok/en==");
    assert_true(str_find(rq.fields.at[4].value, STR("host;x-amz-content-sha256;x-amz-date;x-amz-security-token,")) <
                999);
}

static void unsigned_token(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_keys keys = KEYS;
    struct sigv4_scope scope = SCOPE;
    struct err e;
    keys.token = STR("token");
    scope.unsigned_token = true;
    check_ok(sigv4_sign(&rq, &keys, &scope, &arena, &e), e);
    check_text(http_field_get(&rq.fields, STR("x-amz-security-token")), "token");
    assert_true(str_find(rq.fields.at[3].value, STR("SignedHeaders=host;x-amz-date, Signature=5fa00fa3")) < 999);
}

static void empty_token(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_keys keys = KEYS;
    struct err e;
    keys.token = STR("");
    check_ok(sigv4_sign(&rq, &keys, &SCOPE, &arena, &e), e);
    assert_int_equal(rq.fields.n, 3);
}

static void given_hash(void **state) {
    (void)state;
    struct sigv4_scope scope = SCOPE;
    struct err e;
    scope.send_body_hash = true;
    struct http_request rq = vanilla(), same = vanilla();
    rq.body = STR("one body");
    same.body = STR("another body");
    add(&rq, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    add(&same, "x-amz-content-sha256", "UNSIGNED-PAYLOAD");
    check_ok(sigv4_sign(&rq, &KEYS, &scope, &arena, &e), e);
    check_ok(sigv4_sign(&same, &KEYS, &scope, &arena, &e), e);
    assert_int_equal(rq.fields.n, 4);
    check_str(rq.fields.at[3].value, same.fields.at[3].value);
    assert_true(str_find(rq.fields.at[3].value, STR("host;x-amz-content-sha256;x-amz-date")) < 999);
}

static void check_refused(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                          enum err_kind kind, const char *word) {
    size_t n = rq->fields.n;
    struct err e = {0};
    assert_false(sigv4_sign(rq, keys, scope, &arena, &e));
    assert_int_equal(e.kind, kind);
    if (!strstr(e.msg, word)) fail_msg("no '%s' in: %s", word, e.msg);
    assert_int_equal(rq->fields.n, n);
}

static void bad_fields(void **state) {
    (void)state;
    static const char *const bad[][3] = {{"Authorization", "x", "Authorization"},
                                         {"x-amz-date", "20150830T123600Z", "X-Amz-Date"},
                                         {"X-AMZ-SECURITY-TOKEN", "x", "X-Amz-Security-Token"},
                                         {"X-A", "a\r\nX-B: b", "X-A"},
                                         {"X-A", "a\tb", "control"},
                                         {"X-A", "a\x7f", "control"},
                                         {"X-A", "a\n b", "control"},
                                         {"", "a", "name"},
                                         {"X A", "a", "name"},
                                         {"X:A", "a", "name"},
                                         {"X-A\n", "a", "name"},
                                         {"host", "other", "Host"},
                                         {"X-Amz-Content-Sha256", "  ", "X-Amz-Content-Sha256"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request rq = vanilla();
        add(&rq, bad[i][0], bad[i][1]);
        check_refused(&rq, &KEYS, &SCOPE, ERR_PARSE, bad[i][2]);
    }
    struct http_request twice = vanilla();
    add(&twice, "X-Amz-Content-Sha256", "a");
    add(&twice, "x-amz-content-sha256", "a");
    check_refused(&twice, &KEYS, &SCOPE, ERR_PARSE, "more than one");
}

static void no_host(void **state) {
    (void)state;
    struct http_request none = {.method = STR("GET"), .path = STR("/")}, empty = none;
    add(&empty, "Host", " ");
    check_refused(&none, &KEYS, &SCOPE, ERR_PARSE, "Host");
    check_refused(&empty, &KEYS, &SCOPE, ERR_PARSE, "Host");
}

static void bad_target(void **state) {
    (void)state;
    static const char *const bad[][3] = {{"", "/", ""},
                                         {"G T", "/", ""},
                                         {"GET\n", "/", ""},
                                         {"GET", "a", ""},
                                         {"GET", "/?a", ""},
                                         {"GET", "/#a", ""},
                                         {"GET", "/\n", ""},
                                         {"GET", "/", "\r"},
                                         {"GET", "/", "a=%"},
                                         {"GET", "/", "a=%x1"},
                                         {"GET", "/", "X-Amz-Signature=00"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request rq = vanilla();
        rq.method = str_of(bad[i][0]);
        rq.path = str_of(bad[i][1]);
        rq.query = str_of(bad[i][2]);
        check_refused(&rq, &KEYS, &SCOPE, ERR_PARSE, "");
    }
}

static void bad_keys(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_keys k = KEYS;
    struct sigv4_scope s = SCOPE;
    k.id = STR("");
    check_refused(&rq, &k, &SCOPE, ERR_PARSE, "access key id is empty");
    k.id = STR("AK/ID");
    check_refused(&rq, &k, &SCOPE, ERR_PARSE, "access key id");
    k = KEYS;
    k.secret = STR("");
    check_refused(&rq, &k, &SCOPE, ERR_PARSE, "secret");
    k = KEYS;
    k.token = STR("a\nb");
    check_refused(&rq, &k, &SCOPE, ERR_PARSE, "token");
    s.region = STR("");
    check_refused(&rq, &KEYS, &s, ERR_PARSE, "region");
    s = SCOPE;
    s.service = STR("a b");
    check_refused(&rq, &KEYS, &s, ERR_PARSE, "service");
    s = SCOPE;
    s.unix_s = -1;
    check_refused(&rq, &KEYS, &s, ERR_PARSE, "1970");
}

static void too_much(void **state) {
    (void)state;
    struct http_request rq = vanilla(), large = vanilla();
    while (rq.fields.n < HTTP_MAX_FIELDS - 1) add(&rq, "X-A", "a");
    check_refused(&rq, &KEYS, &SCOPE, ERR_LIMIT, "512");
    char *value = arena_zero(&arena, 300 * 1024);
    memset(value, 'a', 300 * 1024 - 1);
    add(&large, "X-A", value);
    check_refused(&large, &KEYS, &SCOPE, ERR_LIMIT, "canonical request");
}

static void no_memory(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 4096; limit += 16) {
        struct http_request rq = vanilla();
        struct arena small;
        struct err e = {0};
        size_t n = rq.fields.n;
        arena_init(&small, limit);
        if (!sigv4_sign(&rq, &KEYS, &SCOPE, &small, &e)) {
            assert_int_equal(e.kind, ERR_MEMORY);
            assert_int_equal(rq.fields.n, n);
        }
        arena_close(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a date and an Authorization are added", adds_two_fields),
        CASE("the body's hash and the token are added and signed", adds_four_fields),
        CASE("a token can be sent unsigned", unsigned_token),
        CASE("an empty token is no token", empty_token),
        CASE("a given hash replaces the body's and is signed", given_hash),
        CASE("stale, broken and repeated fields are refused by name", bad_fields),
        CASE("a request without a host is refused", no_host),
        CASE("a method, path or query that would not arrive as signed is refused", bad_target),
        CASE("incomplete keys and scopes are refused", bad_keys),
        CASE("what passes a limit is refused, not cut", too_much),
        CASE("without memory the fields stay as they were", no_memory),
    };
    return cmocka_run_group_tests_name("sigv4_sign", tests, open_arena, close_arena);
}
