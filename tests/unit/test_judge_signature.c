/* SPDX-License-Identifier: Apache-2.0 */
/* local/judge.c: the exact answer to a missing, malformed, wrong, foreign or old signature.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
#include "fake_callers.h"

static void unsigned_call(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("GET", "/dev/private");
    check_missing_token(&rq);
    assert_ptr_equal(judged(&rq).route, &routes[0]);
    add(&rq, "X-Amz-Security-Token", entries[ROLE].keys.token);
    check_missing_token(&rq);
}

static void malformed(void **state) {
    (void)state;
    static const char *const values[] = {"", "Bearer abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=AKIAALICE",
                                         "AWS4-HMAC-SHA1 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct http_request rq = unsigned_request("GET", "/dev/private");
        add(&rq, "X-Amz-Date", STR("20150830T123600Z"));
        add(&rq, "Authorization", str_of(values[i]));
        struct judge_verdict v = check_refused(&rq, "IncompleteSignatureException");
        assert_true(str_starts(v.refusal.body, STR("{\"message\":\"")));
        assert_true(v.why.n > 0);
    }
}

static void mismatch(void **state) {
    (void)state;
    struct sigv4_keys keys = entries[ALICE].keys;
    keys.secret = STR("alices+Secret");
    struct http_request rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &keys, NOW);
    struct judge_verdict v = check_refused(&rq, "InvalidSignatureException");
    check_text(
        v.refusal.body,
        "{\"message\":\"The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for details.\\n\\n"
        "The Canonical String for this request should have been\\n'GET\\n/dev/private\\n\\n"
        "host:127.0.0.1:3001\\nx-amz-date:20150830T123600Z\\n\\nhost;x-amz-date\\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\\n\\nThe String-to-Sign should have been"
        "\\n'AWS4-HMAC-SHA256\\n20150830T123600Z\\n20150830/eu-west-1/execute-api/aws4_request\\n"
        "c8b5d6f65a5f2aab758c0dcf99ce908203174301c5cefdac0e19572bd9bc7d2c'\\n\"}");
    assert_true(str_starts(v.why, STR("the signature does not fit this request")));
    assert_null(v.caller);
}

static void body_changed(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("POST", "/dev/private");
    rq.body = STR("{\"amount\":1}");
    sign(&rq, &entries[WRITER].keys, NOW);
    check_admitted(&rq, WRITER);
    rq.body = STR("{\"amount\":2}");
    check_refused(&rq, "InvalidSignatureException");
}

static void method_changed(void **state) {
    (void)state;
    struct http_request rq = by(WRITER, "GET", "/dev/private");
    rq.method = STR("POST");
    check_refused(&rq, "InvalidSignatureException");
    rq = by(ALICE, "GET", "/dev/any");
    rq.path = STR("/dev/private");
    check_refused(&rq, "InvalidSignatureException");
}

static void clock_window(void **state) {
    (void)state;
    static const struct {
        int offset;
        const char *message, *why;
    } cases[] = {
        {-300, NULL, NULL},
        {300, NULL, NULL},
        {-301, "{\"message\":\"Signature expired: 20150830T123059Z is now earlier than ",
         "signed more than 5 minutes ago"},
        {301, "{\"message\":\"Signature not yet current: 20150830T124101Z is still later than ",
         "signed more than 5 minutes in the future"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_request rq = unsigned_request("GET", "/dev/private");
        sign(&rq, &entries[ALICE].keys, NOW + cases[i].offset);
        if (!cases[i].message) {
            check_admitted(&rq, ALICE);
            continue;
        }
        struct judge_verdict v = check_refused(&rq, "InvalidSignatureException");
        assert_true(str_starts(v.refusal.body, str_of(cases[i].message)));
        check_str(v.why, str_of(cases[i].why));
    }
}

static void check_unrecognized(const struct http_request *rq, const char *why) {
    struct judge_verdict v = check_refused(rq, "UnrecognizedClientException");
    check_text(v.refusal.body, "{\"message\":\"The security token included in the request is invalid.\"}");
    check_str(v.why, str_of(why));
    assert_null(v.caller);
}

static void unknown_key(void **state) {
    (void)state;
    struct sigv4_keys keys = {STR("AKIASTRANGER"), STR("alices+secret"), {0}};
    struct http_request rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &keys, NOW);
    check_unrecognized(&rq, "the access key is unknown");
}

static void tokens(void **state) {
    (void)state;
    struct http_request rq = by(ROLE, "GET", "/dev/private");
    drop(&rq, "X-Amz-Security-Token");
    check_unrecognized(&rq, "the key's session token is missing or wrong");
    struct sigv4_keys keys = entries[ROLE].keys;
    keys.token = STR("roles+tokem==");
    rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &keys, NOW);
    check_unrecognized(&rq, "the key's session token is missing or wrong");
    keys = entries[ALICE].keys; /* a user's key with the token of a role */
    keys.token = entries[ROLE].keys.token;
    rq = unsigned_request("GET", "/dev/private");
    sign(&rq, &keys, NOW);
    check_unrecognized(&rq, "the key's session token is missing or wrong");
}

static void other_scope(void **state) {
    (void)state;
    static const char *const scopes[][2] = {{"eu-west-2", "execute-api"}, {"eu-west-1", "lambda"}};
    for (size_t i = 0; i < 2; i++) {
        const struct sigv4_scope scope = {
            .region = str_of(scopes[i][0]), .service = str_of(scopes[i][1]), .unix_s = NOW};
        struct http_request rq = unsigned_request("GET", "/dev/private");
        struct err e;
        check_ok(sigv4_sign(&rq, &entries[ALICE].keys, &scope, &arena, &e), e);
        struct judge_verdict v = check_refused(&rq, "InvalidSignatureException");
        assert_true(str_starts(v.refusal.body, STR("{\"message\":\"Credential should be scoped to ")));
        check_text(v.why, "signed for another region, service or day");
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("an unsigned call is a missing token", unsigned_call),
        WITH_ARENA("a malformed Authorization field is an incomplete signature", malformed),
        WITH_ARENA("a wrong secret gets AWS's canonical string and string to sign", mismatch),
        WITH_ARENA("a body changed after signing is a mismatch", body_changed),
        WITH_ARENA("a method or path changed after signing is a mismatch", method_changed),
        WITH_ARENA("the clock may differ by 5 minutes, both ways, and not a second more", clock_window),
        WITH_ARENA("an unknown key is an invalid security token", unknown_key),
        WITH_ARENA("a missing, wrong or foreign session token is an invalid security token", tokens),
        WITH_ARENA("a signature for another region or service is refused", other_scope),
    };
    return cmocka_run_group_tests_name("judge_signature", cases, NULL, NULL);
}
