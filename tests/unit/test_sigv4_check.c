/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_check.c and sigv4_target.c: what signers disagree on is refused with its position until its rule is
   relaxed, and then signed in one stated way; which payload hash is signed for which service. */

#include <stdio.h>

#include "sigv4_stages.h"
#include "with_arena.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct sigv4_keys KEYS = {STR_INIT("AKIDEXAMPLE"), STR_INIT("secret"), {0}};
static const struct sigv4_scope SCOPE = {
    .region = STR_INIT("us-east-1"), .service = STR_INIT("execute-api"), .unix_s = 1440938160};

static struct http_request request(const char *path, const char *query) {
    struct http_request rq = {.method = STR("GET"), .path = str_of(path), .query = str_of(query)};
    struct err e;
    check_ok(http_field_add(&rq.fields, STR("Host"), STR("h"), &arena, &e), e);
    return rq;
}

/* The n-th line, from 0. */
static struct str line(struct str text, int n) {
    struct str head = {0};
    for (int i = 0; i <= n; i++) str_cut(&text, '\n', &head);
    return head;
}

static const struct rule_case {
    const char *rule, *path, *query, *position;
    const char *canonical; /* the path's line, or the query's if there is one */
} rule_cases[] = {
    {"plus", "/", "a=x+y", "byte 3", "a=x%20y"},
    {"plus", "/", "a=1&b+c=2", "byte 5", "a=1&b%20c=2"},
    {"empty-segment", "/a//b", NULL, "byte 3", "/a/b"},
    {"empty-segment", "//", NULL, "byte 1", "/"},
    {"dot-segment", "/a/./b", NULL, "byte 3", "/a/b"},
    {"dot-segment", "/a/..", NULL, "byte 3", "/"},
    {"dot-segment", "/.", NULL, "byte 1", "/"},
    {"encoded-dot", "/a/%2e%2E/b", NULL, "byte 3", "/a/%252e%252E/b"},
    {"encoded-dot", "/a/.%2e", NULL, "byte 3", "/a/.%252e"},
    {"encoded-dot", "/%2E", NULL, "byte 1", "/%252E"},
    {"empty-pair", "/", "a=1&&b=2", "byte 4", "a=1&b=2"},
    {"empty-pair", "/", "&a=1", "byte 0", "a=1"},
    {"empty-pair", "/", "a=1&", "byte 4", "a=1"},
    {"empty-name", "/", "a=1&=b", "byte 4", "=b&a=1"},
    {"bad-escape", "/", "a=%4", "byte 2", "a=%254"},
    {"bad-escape", "/", "b=1&a%zz=2", "byte 5", "a%25zz=2&b=1"},
    {"bad-escape", "/a%", NULL, "byte 2", "/a%25"},
    {"raw-bytes", "/a b", NULL, "byte 2", "/a%20b"},
    {"raw-bytes", "/\xc3\xa9", NULL, "byte 1", "/%C3%A9"},
    {"raw-bytes", "/", "a=\xc3\xa9", "byte 2", "a=%C3%A9"},
    {"raw-bytes", "/", "a=b&c d=e", "byte 5", "a=b&c%20d=e"},
};

static void check_rule(const struct rule_case *c) {
    struct http_request rq = request(c->path, c->query);
    struct sigv4_scope scope = SCOPE;
    struct sigv4_texts texts;
    struct err e = {0};
    unsigned rule = 0;
    assert_true(sigv4_allow_read(str_of(c->rule), &rule));
    scope.allow = SIGV4_ALLOW_ALL & ~rule;
    if (sigv4_sign(&rq, &KEYS, &scope, &arena, &e)) fail_msg("signed: %s ? %s", c->path, c->query ? c->query : "");
    assert_int_equal(e.kind, ERR_PARSE);
    if (!strstr(e.msg, c->rule) || !strstr(e.msg, c->position)) fail_msg("%s, %s: %s", c->rule, c->position, e.msg);
    scope.allow = rule;
    check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
    check_str(line(texts.canonical_request, c->query ? 2 : 1), str_of(c->canonical));
    check_str(rq.path, str_of(c->path)); /* what is sent is what was given */
    check_str(rq.query, str_of(c->query));
}

static void rules(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rule_cases / sizeof *rule_cases; i++) check_rule(&rule_cases[i]);
}

static void folded(void **state) {
    (void)state;
    static const char *const values[] = {"a\r\n b", "a\n\tb", "a\n  b"};
    for (size_t i = 0; i < 3; i++) {
        struct http_request rq = request("/", NULL);
        struct sigv4_scope scope = SCOPE;
        struct sigv4_texts texts;
        struct err e = {0};
        check_ok(http_field_add(&rq.fields, STR("X-A"), str_of(values[i]), &arena, &e), e);
        assert_false(sigv4_sign(&rq, &KEYS, &scope, &arena, &e));
        if (!strstr(e.msg, "byte 1") || !strstr(e.msg, "folded-value")) fail_msg("%s", e.msg);
        scope.allow = SIGV4_ALLOW_FOLDED_VALUE;
        check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
        assert_true(str_find(texts.canonical_request, STR("\nx-a:a b\n")) < 999);
    }
}

static void tabs(void **state) {
    (void)state;
    struct http_request rq = request("/", NULL);
    struct sigv4_scope scope = SCOPE;
    struct sigv4_texts texts;
    struct err e = {0};
    check_ok(http_field_add(&rq.fields, STR("X-A"), STR("\ta \t b\tc"), &arena, &e), e);
    check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
    assert_true(str_find(texts.canonical_request, STR("\nx-a:a b c\n")) < 999);
}

static void never_allowed(void **state) {
    (void)state;
    static const char *const values[] = {"a\rb", "a\nb", "a\n", "a\t\x0b", "a\x01", "a\r\n", "a\n b\x7f"};
    struct sigv4_scope scope = SCOPE;
    struct err e;
    scope.allow = SIGV4_ALLOW_ALL;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct http_request rq = request("/", NULL);
        check_ok(http_field_add(&rq.fields, STR("X-A"), str_of(values[i]), &arena, &e), e);
        if (sigv4_sign(&rq, &KEYS, &scope, &arena, &e)) fail_msg("signed: %s", values[i]);
        assert_non_null(strstr(e.msg, "control byte"));
    }
    static const char *const targets[][2] = {{"/a\n", NULL}, {"/", "a=\x01"}, {"/a\x7f", NULL}, {"/a?b", NULL},
                                             {"/a#b", NULL}, {"a", NULL},     {"", NULL},       {"/", "\x7f=1"}};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct http_request rq = request(targets[i][0], targets[i][1]);
        if (sigv4_sign(&rq, &KEYS, &scope, &arena, &e)) fail_msg("signed: %s", targets[i][0]);
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

static void rule_names(void **state) {
    (void)state;
    unsigned rule = 77;
    assert_true(sigv4_allow_read(STR("plus"), &rule));
    assert_int_equal(rule, SIGV4_ALLOW_PLUS);
    assert_true(sigv4_allow_read(STR("folded-value"), &rule));
    assert_int_equal(rule, SIGV4_ALLOW_FOLDED_VALUE);
    assert_false(sigv4_allow_read(STR("Plus"), &rule));
    assert_false(sigv4_allow_read(STR(""), &rule));
    assert_int_equal(rule, SIGV4_ALLOW_FOLDED_VALUE);
}

static void stale_query(void **state) {
    (void)state;
    static const char *const bad[] = {"X-Amz-Algorithm=a",     "a=1&X-Amz-Credential=b", "X-Amz-Date=1",
                                      "X-Amz-Expires=1",       "X-Amz-SignedHeaders=h",  "X%2DAmz-Signature=00",
                                      "x-amz-security-token=", "X-Amz-Region-Set=*"};
    for (size_t i = 0; i < 2 * sizeof bad / sizeof *bad; i++) {
        struct http_request rq = request("/", bad[i / 2]);
        struct sigv4_scope scope = SCOPE;
        struct err e = {0};
        scope.placement = i % 2 ? SIGV4_IN_QUERY : SIGV4_IN_HEADERS;
        scope.expires_s = 60;
        if (sigv4_sign(&rq, &KEYS, &scope, &arena, &e)) fail_msg("signed: %s", bad[i / 2]);
        assert_non_null(strstr(e.msg, "X-Amz-"));
    }
    struct http_request fine = request("/", "X-Amz-Meta=1&X-Amz-=2");
    struct err e;
    check_ok(sigv4_sign(&fine, &KEYS, &SCOPE, &arena, &e), e);
}

static void s3_path(void **state) {
    (void)state;
    static const char *const services[] = {"s3", "s3express", "s3-outposts", "s3-object-lambda"};
    struct sigv4_scope scope = SCOPE;
    struct sigv4_texts texts;
    struct err e;
    for (size_t i = 0; i < 4; i++) {
        struct http_request rq = request("/a//b%20c", NULL);
        scope.service = str_of(services[i]);
        check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
        check_text(line(texts.canonical_request, 1), "/a//b%20c");
    }
    struct http_request rq = request("/b%20c", NULL);
    check_ok(sigv4_sign_texts(&rq, &KEYS, &SCOPE, &texts, &arena, &e), e);
    check_text(line(texts.canonical_request, 1), "/b%2520c");
}

/* --- The payload ------------------------------------------------------------------------------------------------ */

static struct str last_line(struct str text) {
    size_t from = text.n;
    while (from && text.p[from - 1] != '\n') from--;
    return (struct str){text.p + from, text.n - from};
}

static const struct payload_case {
    const char *service, *field; /* a given X-Amz-Content-Sha256 */
    enum sigv4_payload payload;
    enum sigv4_placement placement;
    const char *hash; /* what is signed; NULL: refused */
    bool sent;        /* as X-Amz-Content-Sha256 */
} payload_cases[] = {
    {"execute-api", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, HASH_OF_ABC, false},
    {"execute-api", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_QUERY, HASH_OF_ABC, false},
    {"execute-api", NULL, SIGV4_PAYLOAD_HASH, SIGV4_IN_HEADERS, EMPTY_HASH, false},
    {"execute-api", EMPTY_HASH, SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, EMPTY_HASH, true},
    {"execute-api", NULL, SIGV4_PAYLOAD_UNSIGNED, SIGV4_IN_HEADERS, NULL, false},
    {"execute-api", "UNSIGNED-PAYLOAD", SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, NULL, false},
    {"execute-api", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, NULL, false},
    {"execute-api", "abc", SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, NULL, false},
    {"lambda", NULL, SIGV4_PAYLOAD_UNSIGNED, SIGV4_IN_HEADERS, NULL, false},
    {"lambda", NULL, SIGV4_PAYLOAD_UNSIGNED, SIGV4_IN_QUERY, NULL, false},
    {"s3", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, HASH_OF_ABC, true},
    {"s3", NULL, SIGV4_PAYLOAD_UNSIGNED, SIGV4_IN_HEADERS, "UNSIGNED-PAYLOAD", true},
    {"s3", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_QUERY, "UNSIGNED-PAYLOAD", false},
    {"s3", NULL, SIGV4_PAYLOAD_HASH, SIGV4_IN_QUERY, EMPTY_HASH, false},
    {"s3", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS,
     "STREAMING-UNSIGNED-PAYLOAD-TRAILER", true},
    {"vpc-lattice-svcs", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, "UNSIGNED-PAYLOAD", true},
    {"vpc-lattice-svcs", NULL, SIGV4_PAYLOAD_BODY, SIGV4_IN_QUERY, "UNSIGNED-PAYLOAD", false},
    {"vpc-lattice-svcs", NULL, SIGV4_PAYLOAD_HASH, SIGV4_IN_HEADERS, NULL, false},
    {"vpc-lattice-svcs", EMPTY_HASH, SIGV4_PAYLOAD_BODY, SIGV4_IN_HEADERS, NULL, false},
};

static void check_payload(const struct payload_case *c) {
    struct http_request rq = request("/", NULL);
    struct sigv4_scope scope = SCOPE;
    struct sigv4_texts texts;
    struct err e = {0};
    struct str name = STR("X-Amz-Content-Sha256");
    scope.service = str_of(c->service);
    scope.payload = c->payload;
    scope.payload_hash = STR(EMPTY_HASH);
    scope.placement = c->placement;
    scope.expires_s = 60;
    rq.body = STR("abc");
    if (c->field) check_ok(http_field_add(&rq.fields, name, str_of(c->field), &arena, &e), e);
    bool ok = sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e);
    if (ok != (c->hash != NULL)) fail_msg("%s: %s", c->service, ok ? "signed" : e.msg);
    if (!ok) assert_int_equal(e.kind, ERR_PARSE);
    if (!ok) return;
    check_str(last_line(texts.canonical_request), str_of(c->hash));
    check_str(http_field_get(&rq.fields, name), c->sent ? str_of(c->hash) : (struct str){0});
}

static void payloads(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof payload_cases / sizeof *payload_cases; i++) check_payload(&payload_cases[i]);
}

static void given_hashes(void **state) {
    (void)state;
    static const char *const bad[] = {"", "ABC", HASH_OF_ABC "0",
                                      "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request rq = request("/", NULL);
        struct sigv4_scope scope = SCOPE;
        struct err e = {0};
        scope.payload = SIGV4_PAYLOAD_HASH;
        scope.payload_hash = str_of(bad[i]);
        assert_false(sigv4_sign(&rq, &KEYS, &scope, &arena, &e));
        assert_non_null(strstr(e.msg, "64 lower-case hex digits"));
    }
}

static void in_pieces(void **state) {
    (void)state;
    char body[1000], whole[65], pieces[65];
    for (size_t i = 0; i < sizeof body; i++) body[i] = (char)(i * 7);
    assert_true(sigv4_hash(whole, (struct str){body, sizeof body}));
    for (size_t step = 1; step < 300; step += 37) {
        struct sigv4_payload_hash h;
        sigv4_payload_begin(&h);
        for (size_t at = 0; at < sizeof body; at += step)
            sigv4_payload_add(&h, (struct str){body + at, sizeof body - at < step ? sizeof body - at : step});
        assert_true(sigv4_payload_end(&h, pieces));
        assert_string_equal(pieces, whole);
    }
    struct sigv4_payload_hash empty;
    sigv4_payload_begin(&empty);
    sigv4_payload_add(&empty, (struct str){0});
    assert_true(sigv4_payload_end(&empty, pieces));
    assert_string_equal(pieces, EMPTY_HASH);
}

/* A byte among as many good ones, at each place of each length. */
static void any_place(void **state) {
    (void)state;
    enum { MOST = 150 };
    char text[MOST];
    struct http_request rq = request("/", NULL);
    struct err e;
    struct sigv4_keys keys = KEYS;
    check_ok(http_field_add(&rq.fields, STR("X-A"), STR(""), &arena, &e), e);
    for (size_t n = 1; n <= MOST; n++)
        for (size_t at = 0; at <= n; at++) { /* at n: nowhere */
            static const char bad[] = {0x1f, 0x7f};
            memset(text, '~', sizeof text);
            if (at < n) text[at] = bad[(n + at) % sizeof bad];
            struct http_request one = rq;
            one.fields.at[1].value = (struct str){text, n};
            assert_int_equal(sigv4_sign(&one, &KEYS, &SCOPE, &arena, &e), at == n);
            one = request("/", NULL);
            keys.token = (struct str){text, n};
            assert_int_equal(sigv4_sign(&one, &keys, &SCOPE, &arena, &e), at == n);
            arena_reset(&arena);
            rq = request("/", NULL);
            check_ok(http_field_add(&rq.fields, STR("X-A"), STR(""), &arena, &e), e);
        }
}

static void any_place_of_a_word(void **state) {
    (void)state;
    enum { MOST = 70 };
    char text[MOST];
    struct sigv4_keys keys = KEYS;
    struct err e;
    for (size_t n = 1; n <= MOST; n++)
        for (size_t at = 0; at <= n; at++) {
            static const char bad[] = {' ', '/', ',', 0x7f, '\x80', '\xff', 0};
            struct http_request rq = request("/", NULL);
            memset(text, n % 2 ? '!' : '~', sizeof text);
            if (at < n) text[at] = bad[(n + at) % sizeof bad];
            keys.id = (struct str){text, n};
            assert_int_equal(sigv4_sign(&rq, &keys, &SCOPE, &arena, &e), at == n);
            arena_reset(&arena);
        }
}

/* More than the sort's gaps, in between others. */
static void repeats_in_order(void **state) {
    (void)state;
    enum { REPEATS = 100 };
    static char values[REPEATS][4];
    struct http_request rq = request("/", NULL);
    struct sigv4_texts texts;
    struct err e;
    struct buf want;
    buf_init(&want, 1000, &arena);
    for (size_t i = 0; i < REPEATS; i++) {
        int n = snprintf(values[i], sizeof values[i], "%zu", i * 37 % REPEATS);
        struct str value = {values[i], (size_t)n};
        check_ok(http_field_add(&rq.fields, i % 2 ? STR("X-B") : STR("x-b"), value, &arena, &e), e);
        check_ok(http_field_add(&rq.fields, i % 3 ? STR("X-C") : STR("X-A"), value, &arena, &e), e);
        buf_add(&want, i ? STR(",") : STR("x-b:"));
        buf_add(&want, value);
    }
    check_ok(sigv4_sign_texts(&rq, &KEYS, &SCOPE, &texts, &arena, &e), e);
    assert_true(str_eq(line(texts.canonical_request, 6), buf_str(&want)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("each rule is refused with its name and position, and signed one way when it is relaxed", rules),
        CASE("a folded value is refused, or signed with a space", folded),
        CASE("bug: a tab within a value is signed as a space (it was refused)", tabs),
        CASE("no rule lets control bytes or the end of a path through", never_allowed),
        CASE("rules are known by name", rule_names),
        CASE("a query that was signed before is refused in both placements", stale_query),
        CASE("S3's path is signed as it is, by the name of the service", s3_path),
        CASE("a control byte is found at each place of values and tokens of each length", any_place),
        CASE("a byte that ends a word is found at each place of words of each length", any_place_of_a_word),
        CASE("repeated fields are signed in their order of arrival, however many there are", repeats_in_order),
        CASE("each service gets the payload hash it takes", payloads),
        CASE("a precomputed hash is 64 lower-case hex digits", given_hashes),
        CASE("a body hashed in pieces has the hash of the whole", in_pieces),
    };
    return cmocka_run_group_tests_name("sigv4_check", tests, open_arena, close_arena);
}
