/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_sign.c: which fields and parameters are added, in both placements and by both algorithms; that the heap is
   left alone; and that a refused request stays as it was. What is refused is in test_sigv4_check.c, too. */
#include "heap_count.h"
#include "sigv4_stages.h"
#include "sigv4a.h"
#include "with_arena.h"

#define HASH_OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static const struct sigv4_keys KEYS = {
    STR_INIT("AKIDEXAMPLE"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
static const struct sigv4_scope SCOPE = {
    .region = STR_INIT("us-east-1"), .service = STR_INIT("service"), .unix_s = 1440938160};

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
    add(&rq, "x-amz-content-sha256", HASH_OF_ABC);
    add(&same, "x-amz-content-sha256", HASH_OF_ABC);
    check_ok(sigv4_sign(&rq, &KEYS, &scope, &arena, &e), e);
    check_ok(sigv4_sign(&same, &KEYS, &scope, &arena, &e), e);
    assert_int_equal(rq.fields.n, 4);
    check_str(rq.fields.at[3].value, same.fields.at[3].value);
    assert_true(str_find(rq.fields.at[3].value, STR("host;x-amz-content-sha256;x-amz-date")) < 999);
}

static void check_refused(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                          enum err_kind kind, const char *word) {
    const struct http_request as_it_was = *rq;
    struct err e = {0};
    assert_false(sigv4_sign(rq, keys, scope, &arena, &e));
    assert_int_equal(e.kind, kind);
    if (!strstr(e.msg, word)) fail_msg("no '%s' in: %s", word, e.msg);
    assert_memory_equal(rq, &as_it_was, sizeof *rq);
}

static void bad_fields(void **state) {
    (void)state;
    static const char *const bad[][3] = {{"Authorization", "x", "Authorization"},
                                         {"x-amz-date", "20150830T123600Z", "X-Amz-Date"},
                                         {"X-AMZ-SECURITY-TOKEN", "x", "X-Amz-Security-Token"},
                                         {"X-A", "a\r\nX-B: b", "X-A"},
                                         {"X-A", "a\tb\v", "control"},
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
        const struct http_request as_it_was = rq;
        arena_init(&small, limit);
        if (!sigv4_sign(&rq, &KEYS, &SCOPE, &small, &e)) {
            assert_int_equal(e.kind, ERR_MEMORY);
            assert_memory_equal(&rq, &as_it_was, sizeof rq);
        }
        arena_close(&small);
    }
}

/* The piece of the query behind "name=", as it is on the wire. */
static struct str param(const struct http_request *rq, const char *name) {
    struct str rest = rq->query, piece, key;
    while (rest.p) {
        str_cut(&rest, '&', &piece);
        if (str_cut(&piece, '=', &key) && str_eq(key, str_of(name))) return piece;
    }
    return (struct str){0};
}

static struct sigv4_scope presigning(void) {
    struct sigv4_scope scope = SCOPE;
    scope.placement = SIGV4_IN_QUERY;
    scope.expires_s = 300;
    return scope;
}

static void presigned(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_keys keys = KEYS;
    struct sigv4_scope scope = presigning();
    struct err e;
    keys.token = STR("tok/en==");
    rq.query = STR("b=2&a=1");
    check_ok(sigv4_sign(&rq, &keys, &scope, &arena, &e), e);
    assert_int_equal(rq.fields.n, 1);
    struct str head =
        STR("b=2&a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&X-Amz-Date=20150830T123600Z"
            "&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Security-Token=tok%2Fen%3D%3D&X-Amz-Signature=");
    assert_true(str_starts(rq.query, head));
    assert_int_equal(rq.query.n, head.n + 64);
}

static void presigned_without_query(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_scope scope = presigning();
    struct err e;
    check_ok(sigv4_sign(&rq, &KEYS, &scope, &arena, &e), e);
    assert_true(str_starts(rq.query, STR("X-Amz-Algorithm=")));
}

static void presigned_token_beside(void **state) {
    (void)state;
    struct http_request with = vanilla(), without = vanilla();
    struct sigv4_keys keys = KEYS;
    struct sigv4_scope scope = presigning();
    struct err e;
    scope.unsigned_token = true;
    check_ok(sigv4_sign(&without, &keys, &scope, &arena, &e), e);
    keys.token = STR("token");
    check_ok(sigv4_sign(&with, &keys, &scope, &arena, &e), e);
    check_text(param(&with, "X-Amz-Security-Token"), "token");
    check_str(param(&with, "X-Amz-Signature"), param(&without, "X-Amz-Signature"));
}

static void expiry(void **state) {
    (void)state;
    static const int64_t bad[] = {0, -1, 604801};
    struct sigv4_scope scope = presigning();
    struct err e;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request rq = vanilla();
        scope.expires_s = bad[i];
        check_refused(&rq, &KEYS, &scope, ERR_PARSE, "604800");
        assert_null(rq.query.p);
    }
    struct http_request rq = vanilla();
    scope.expires_s = 604800;
    check_ok(sigv4_sign(&rq, &KEYS, &scope, &arena, &e), e);
    check_text(param(&rq, "X-Amz-Expires"), "604800");
}

/* --- SigV4A ----------------------------------------------------------------------------------------------------- */

static struct sigv4_scope ecdsa(enum sigv4_placement placement) {
    struct sigv4_scope scope = presigning();
    scope.placement = placement;
    scope.algorithm = SIGV4_ECDSA;
    scope.region = STR("us-east-1,eu-*");
    return scope;
}

static void check_ecdsa(const struct sigv4_texts *texts) {
    unsigned char xy[SIGV4A_POINT_BYTES], der[SIGV4A_SIGNATURE_BYTES];
    struct err e;
    bool valid = false;
    size_t n = texts->signature.n / 2;
    assert_true(n <= sizeof der);
    for (size_t i = 0; i < n; i++) {
        char digits[3] = {texts->signature.p[2 * i], texts->signature.p[2 * i + 1], 0};
        der[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    check_ok(sigv4_cache_point(NULL, &KEYS, xy, &e), e);
    check_ok(sigv4a_verify((struct str){(char *)xy, sizeof xy}, texts->string_to_sign, (struct str){(char *)der, n},
                           &valid, &e),
             e);
    assert_true(valid);
    struct str head = STR("AWS4-ECDSA-P256-SHA256\n20150830T123600Z\n20150830/service/aws4_request\n");
    assert_true(str_starts(texts->string_to_sign, head));
}

static void ecdsa_headers(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_scope scope = ecdsa(SIGV4_IN_HEADERS);
    struct sigv4_texts texts;
    struct err e;
    check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
    check_ecdsa(&texts);
    assert_int_equal(rq.fields.n, 4);
    check_text(rq.fields.at[2].name, "X-Amz-Region-Set");
    check_text(rq.fields.at[2].value, "us-east-1,eu-*");
    assert_true(str_starts(rq.fields.at[3].value,
                           STR("AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20150830/service/aws4_request, "
                               "SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=30")));
    assert_true(str_find(texts.canonical_request, STR("\nx-amz-region-set:us-east-1,eu-*\n")) < 999);
}

static void ecdsa_query(void **state) {
    (void)state;
    struct http_request rq = vanilla();
    struct sigv4_scope scope = ecdsa(SIGV4_IN_QUERY);
    struct sigv4_texts texts;
    struct err e;
    check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
    check_ecdsa(&texts);
    check_text(param(&rq, "X-Amz-Region-Set"), "us-east-1%2Ceu-%2A");
    check_text(param(&rq, "X-Amz-Credential"), "AKIDEXAMPLE%2F20150830%2Fservice%2Faws4_request");
    check_str(param(&rq, "X-Amz-Signature"), texts.signature);
    assert_true(str_find(texts.canonical_request, STR("&X-Amz-Region-Set=us-east-1%2Ceu-%2A&")) < 999);
}

static void ecdsa_nonce(void **state) {
    (void)state;
    struct sigv4_scope scope = ecdsa(SIGV4_IN_HEADERS);
    struct str signatures[4];
    for (size_t i = 0; i < 4; i++) {
        struct http_request rq = vanilla();
        struct sigv4_texts texts;
        struct err e;
        scope.rfc6979 = i < 2;
        check_ok(sigv4_sign_texts(&rq, &KEYS, &scope, &texts, &arena, &e), e);
        signatures[i] = texts.signature;
    }
    check_str(signatures[0], signatures[1]);
    assert_false(str_eq(signatures[2], signatures[3]));
}

/* --- Texts, memory ---------------------------------------------------------------------------------------------- */

/* sigv4_sign hashes as it goes; the texts it can show must be what was hashed, whatever their length. */
static void texts_are_hashed(void **state) {
    (void)state;
    for (size_t n = 0; n < 1500; n += 7) {
        struct http_request rq = vanilla(), again = vanilla();
        struct sigv4_texts texts;
        struct err e;
        char *value = arena_zero(&arena, n + 1), hex[65];
        memset(value, 'v', n);
        add(&rq, "X-A", value);
        add(&again, "X-A", value);
        check_ok(sigv4_sign_texts(&rq, &KEYS, &SCOPE, &texts, &arena, &e), e);
        check_ok(sigv4_sign(&again, &KEYS, &SCOPE, &arena, &e), e);
        check_str(rq.fields.at[3].value, again.fields.at[3].value);
        assert_true(sigv4_hash(hex, texts.canonical_request));
        assert_true(str_ends(texts.string_to_sign, str_of(hex)));
        assert_true(str_ends(rq.fields.at[3].value, texts.signature));
    }
}

static void no_heap(void **state) {
    (void)state;
    static char memory[16 * 1024];
    struct sigv4_keys keys = KEYS;
    struct http_field fields[] = {{STR("Host"), STR("example.amazonaws.com")}, {STR("X-A"), STR("a b")}};
    keys.token = STR("tok/en==");
#ifdef SIGV4_EVP
    print_message("EVP takes heap of its own\n");
    skip();
#endif
    for (int placement = SIGV4_IN_HEADERS; placement <= SIGV4_IN_QUERY; placement++) {
        struct http_request rq = {.method = STR("POST"),
                                  .path = STR("/a%20b/c"),
                                  .query = STR("b=%20&a=1"),
                                  .fields = {fields, 2, 2},
                                  .body = STR("body")};
        struct sigv4_scope scope = presigning();
        struct arena fixed;
        struct err e;
        scope.placement = (enum sigv4_placement)placement;
        arena_init_fixed(&fixed, memory, sizeof memory);
        size_t before = heap_count;
        bool ok = sigv4_sign(&rq, &keys, &scope, &fixed, &e);
        assert_int_equal(heap_count, before);
        check_ok(ok, e);
        arena_close(&fixed);
    }
    size_t before = heap_count;
    void *volatile p = malloc(1); /* the count counts */
    free(p);
    assert_int_equal(heap_count, before + 1);
}

int main(void) {
    if (!heap_count_begin()) return 1;
    const struct CMUnitTest tests[] = {
        CASE("a date and an Authorization are added", adds_two_fields),
        CASE("the body's hash and the token are added and signed", adds_four_fields),
        CASE("a token can be sent unsigned", unsigned_token),
        CASE("an empty token is no token", empty_token),
        CASE("a given hash replaces the body's and is signed", given_hash),
        CASE("a presigned URL has its parameters in order, the signature last", presigned),
        CASE("a presigned URL needs no query of its own", presigned_without_query),
        CASE("a token can stand unsigned in a presigned URL", presigned_token_beside),
        CASE("a presigned URL expires after a second to a week", expiry),
        CASE("SigV4A signs the region set as a field", ecdsa_headers),
        CASE("SigV4A signs the region set as a parameter", ecdsa_query),
        CASE("SigV4A signs with a new nonce each time, or with RFC 6979's", ecdsa_nonce),
        CASE("the texts that are shown are those that were hashed", texts_are_hashed),
        CASE("neither placement takes heap", no_heap),
        CASE("stale, broken and repeated fields are refused by name", bad_fields),
        CASE("a request without a host is refused", no_host),
        CASE("a method, path or query that would not arrive as signed is refused", bad_target),
        CASE("incomplete keys and scopes are refused", bad_keys),
        CASE("what passes a limit is refused, not cut", too_much),
        CASE("without memory the fields stay as they were", no_memory),
    };
    return cmocka_run_group_tests_name("sigv4_sign", tests, open_arena, close_arena);
}
