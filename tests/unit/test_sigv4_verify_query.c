/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_verify.c and sigv4_claim.c: presigned links, SigV4A, payloads nobody hashed, tokens that end. */
#include <stdio.h>

#include "signed_request.h"
#include "sigv4a.h"

static const struct sigv4_scope LINK = {.region = STR_INIT("eu-west-1"),
                                        .service = STR_INIT("execute-api"),
                                        .unix_s = NOW,
                                        .placement = SIGV4_IN_QUERY,
                                        .expires_s = 3600};
static const struct sigv4_scope ASYMMETRIC = {
    .region = STR_INIT("us-east-1,eu-*"), .service = STR_INIT("execute-api"), .unix_s = NOW, .algorithm = SIGV4_ECDSA};

/* The query with the first `from` replaced. */
static void edit_query(struct http_request *rq, const char *from, const char *to) {
    struct buf b;
    size_t at = str_find(rq->query, str_of(from)), behind = at + strlen(from);
    assert_true(at != SIZE_MAX);
    buf_init(&b, 100000, &arena);
    buf_add(&b, (struct str){rq->query.p, at});
    buf_add(&b, str_of(to));
    buf_add(&b, (struct str){rq->query.p + behind, rq->query.n - behind});
    rq->query = buf_str(&b);
}

static void link_is_accepted(void **state) {
    (void)state;
    struct sigv4_scope scope = LINK;
    struct http_request rq = signed_by(&USER, &LINK);
    assert_int_equal(http_field_count(&rq.fields, STR("Authorization")), 0);
    struct sigv4_verdict verdict = judge(&rq, &VERIFIER);
    check_text(verdict.reason, "");
    assert_int_equal(verdict.fault, SIGV4_OK);
    check_text(verdict.key_id, "AKIDEXAMPLE");
    rq = signed_by(&ROLE, &LINK);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
    scope.unsigned_token = true;
    rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
}

static void link_altered(void **state) {
    (void)state;
    static const char *const edits[][2] = {
        {"a=1", "a=2"}, {"Expires=3600", "Expires=3601"}, {"b=x%20y", "b=x%20y&c="}, {"a=1&", ""}};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct http_request rq = signed_by(&USER, &LINK);
        edit_query(&rq, edits[i][0], edits[i][1]);
        check_mismatch(&rq);
    }
    struct http_request rq = signed_by(&USER, &LINK);
    rq.body = STR("{}");
    check_mismatch(&rq);
    rq = signed_by(&USER, &LINK);
    rq.method = STR("GET");
    check_mismatch(&rq);
}

static void link_lives_five_minutes(void **state) {
    (void)state;
    struct sigv4_scope scope = LINK;
    scope.unix_s = NOW - 300;
    struct http_request rq = signed_by(&USER, &scope);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
    scope.unix_s = NOW - 301;
    rq = signed_by(&USER, &scope);
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)");
}

static void link_lacks_parts(void **state) {
    (void)state;
    struct http_request rq = fresh();
    rq.query = STR("X-Amz-Algorithm=AWS4-HMAC-SHA256");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include "
                "'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string "
                "parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.");
    rq = signed_by(&USER, &LINK);
    edit_query(&rq, "X-Amz-Date=", "X-Amz-Dat=");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.");
    rq = signed_by(&USER, &LINK);
    edit_query(&rq, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
}

static void link_repeats(void **state) {
    (void)state;
    static const char *const names[] = {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature",
                                        "X-Amz-Date",      "X-Amz-Expires",    "X-Amz-Security-Token"};
    for (size_t i = 0; i < 2 * (sizeof names / sizeof *names); i++) {
        const char *name = names[i / 2];
        char from[64], to[128], message[128];
        struct http_request rq = signed_by(&ROLE, &LINK);
        snprintf(from, sizeof from, "%s=", name);
        snprintf(to, sizeof to, i % 2 ? "%s=&%s=" : "%s=000&%s=", name, name);
        edit_query(&rq, from, to);
        snprintf(message, sizeof message, "There is more than one '%s' in the query string.", name);
        check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, message);
    }
    struct http_request rq = signed_by(&USER, &LINK);
    edit_query(&rq, "a=1", "a=1&%58-Amz-%44ate=20150830T123600Z");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "There is more than one 'X-Amz-Date' in the query string.");
}

static void link_expires(void **state) {
    (void)state;
    static const char *const values[] = {"", "0", "-1", "abc", "604801", "%203600", "3600s", "99999999999999999999"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct http_request rq = signed_by(&USER, &LINK);
        char to[64];
        snprintf(to, sizeof to, "Expires=%s", values[i]);
        edit_query(&rq, "Expires=3600", to);
        check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                    "X-Amz-Expires must be a whole number of seconds from 1 to 604800.");
    }
}

static void link_with_authorization(void **state) {
    (void)state;
    const char *both = "The request has an Authorization header and a signature in its query string.";
    struct http_request rq = signed_by(&USER, &LINK);
    add(&rq, "Authorization", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE, both);
    rq = signed_by(&USER, &SCOPE);
    rq.query = STR("a=1&b=x%20y&%58-Amz-Signature=evil");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE, both);
}

static void link_tokens(void **state) {
    (void)state;
    const char *invalid = "The security token included in the request is invalid.";
    struct http_request rq = signed_by(&ROLE, &LINK);
    edit_query(&rq, "X-Amz-Security-Token=tok", "X-Amz-Security-Token=tik");
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    rq = signed_by(&ROLE, &LINK);
    add(&rq, "X-Amz-Security-Token", "tok+en==");
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
}

static bool find_ending(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user, (void)id;
    *key = (struct sigv4_known_key){.keys = ROLE, .token_expires_unix_s = NOW};
    return true;
}

static void token_ends(void **state) {
    (void)state;
    struct sigv4_verifier v = VERIFIER;
    struct http_request rq = signed_by(&ROLE, &SCOPE);
    v.find_key = find_ending;
    struct sigv4_verdict verdict = judge(&rq, &v);
    assert_int_equal(verdict.fault, SIGV4_EXPIRED_TOKEN);
    check_text(verdict.message, "The security token included in the request is expired");
    v.unix_s = NOW - 1;
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
}

static const struct sigv4_verifier BOTH = {.region = STR_INIT("eu-west-1"),
                                           .service = STR_INIT("execute-api"),
                                           .unix_s = NOW,
                                           .max_skew_s = 300,
                                           .allow_ecdsa = true,
                                           .find_key = find_key};

static void ecdsa_is_accepted(void **state) {
    (void)state;
    struct sigv4_scope scope = ASYMMETRIC;
    struct http_request rq = signed_by(&USER, &ASYMMETRIC);
    assert_int_equal(judge(&rq, &BOTH).fault, SIGV4_OK);
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.");
    scope.placement = SIGV4_IN_QUERY;
    scope.expires_s = 60;
    rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &BOTH).fault, SIGV4_OK);
    edit_query(&rq, "a=1", "a=2");
    assert_int_equal(judge(&rq, &BOTH).fault, SIGV4_INVALID_SIGNATURE);
}

static void ecdsa_regions(void **state) {
    (void)state;
    struct sigv4_scope scope = ASYMMETRIC;
    scope.region = STR("us-*,ap-south-1");
    struct http_request rq = signed_by(&USER, &scope);
    check_text(judge(&rq, &BOTH).message, "Credential should be scoped to a valid region, not 'us-*,ap-south-1'.");
    field(&rq, "X-Amz-Region-Set")->value = STR("*");
    assert_true(str_starts(judge(&rq, &BOTH).message, STR(MISMATCH)));
    rq = signed_by(&USER, &ASYMMETRIC);
    edit(&rq, "x-amz-region-set", "x-other");
    assert_true(str_starts(judge(&rq, &BOTH).message, STR("Credential should be scoped to a valid region")));
    rq = signed_by(&USER, &ASYMMETRIC);
    edit(&rq, "/aws4_request", "/eu-west-1/aws4_request");
    assert_true(str_starts(judge(&rq, &BOTH).message, STR("Credential must have exactly 4 slash-delimited elements")));
}

static unsigned char point[SIGV4A_POINT_BYTES];

static bool find_public(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user;
    *key = (struct sigv4_known_key){.keys = {.id = id}, .public_key = {(const char *)point, sizeof point}};
    return true;
}

static void ecdsa_public_key(void **state) {
    (void)state;
    unsigned char d[SIGV4A_SCALAR_BYTES];
    struct sigv4_verifier v = BOTH;
    struct err e;
    struct http_request rq = signed_by(&USER, &ASYMMETRIC);
    check_ok(sigv4a_derive_scalar(d, USER.id, USER.secret, &e), e);
    check_ok(sigv4a_public_point(point, d, &e), e);
    v.find_key = find_public;
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
    rq.body = STR("");
    assert_int_equal(judge(&rq, &v).fault, SIGV4_INVALID_SIGNATURE);
    rq = signed_by(&USER, &SCOPE); /* a public key says nothing about an HMAC */
    check_text(judge(&rq, &v).reason, "the access key is unknown");
    point[63] ^= 1;
    rq = signed_by(&USER, &ASYMMETRIC);
    assert_int_equal(judge(&rq, &v).fault, SIGV4_INVALID_SIGNATURE);
}

static void ecdsa_signature_shape(void **state) {
    (void)state;
    static const char *const edits[][2] = {
        {"Signature=30", "Signature=3"}, {"Signature=30", "Signature=3Z"}, {"Signature=30", "Signature=3030"}};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct http_request rq = signed_by(&USER, &ASYMMETRIC);
        edit(&rq, edits[i][0], edits[i][1]);
        assert_true(str_starts(judge(&rq, &BOTH).message, STR(MISMATCH)));
    }
}

static void unsigned_payload(void **state) {
    (void)state;
    struct sigv4_scope scope = SCOPE;
    struct sigv4_verifier v = VERIFIER;
    scope.service = STR("vpc-lattice-svcs");
    struct http_request rq = signed_by(&USER, &scope);
    check_text(field(&rq, "X-Amz-Content-Sha256")->value, "UNSIGNED-PAYLOAD");
    v.service = scope.service;
    assert_true(str_starts(judge(&rq, &v).message, STR(MISMATCH)));
    v.allow_unsigned_payload = true;
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
    rq.body = STR("anything");
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
    scope.placement = SIGV4_IN_QUERY;
    scope.expires_s = 60;
    rq = signed_by(&USER, &scope);
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
}

static void hashed_link(void **state) {
    (void)state;
    struct sigv4_scope scope = LINK;
    struct sigv4_verifier v = VERIFIER;
    char hex[65];
    assert_true(sigv4_hash(hex, STR("{\"k\":1}"))); /* the body of fresh() */
    scope.service = v.service = STR("s3");
    scope.payload = SIGV4_PAYLOAD_HASH;
    scope.payload_hash = str_of(hex);
    v.allow_unsigned_payload = true;
    struct http_request rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
    rq.body = STR("{}");
    assert_true(str_starts(judge(&rq, &v).message, STR(MISMATCH)));
    scope.unsigned_token = true;
    rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &v).fault, SIGV4_OK);
}

static void reasons(void **state) {
    (void)state;
    struct sigv4_keys stranger = USER;
    struct http_request rq = signed_by(&USER, &SCOPE);
    rq.body = STR("secret-body");
    struct sigv4_verdict v = judge(&rq, &VERIFIER);
    assert_true(str_starts(v.reason, STR("the signature does not fit this request")));
    assert_true(str_find(v.canonical_request, STR("\n/dev/private\n")) != SIZE_MAX);
    assert_true(str_starts(v.string_to_sign, STR("AWS4-HMAC-SHA256\n20150830T123600Z\n")));
    stranger.id = STR("AKIANOBODY");
    rq = signed_by(&stranger, &SCOPE);
    check_text(judge(&rq, &VERIFIER).reason, "the access key is unknown");
    assert_null(judge(&rq, &VERIFIER).canonical_request.p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a presigned link is accepted, its token signed or appended", link_is_accepted),
        CASE("an altered link, body or method is not", link_altered),
        CASE("a link lives five minutes, whatever X-Amz-Expires says", link_lives_five_minutes),
        CASE("all missing parameters of a link are listed", link_lacks_parts),
        CASE("bug: a parameter of the signature that is repeated is refused", link_repeats),
        CASE("bug: X-Amz-Expires is a whole number from 1 to 604800, or absent", link_expires),
        CASE("a signature in the query and an Authorization exclude each other", link_with_authorization),
        CASE("a link's token is the key's, sent once", link_tokens),
        CASE("a token ends at its second", token_ends),
        CASE("SigV4A is accepted where it is allowed, in headers and in a query", ecdsa_is_accepted),
        CASE("SigV4A's region set covers the region and is signed", ecdsa_regions),
        CASE("a public key is enough to verify SigV4A", ecdsa_public_key),
        CASE("SigV4A's signature is lower-case hex of exact DER", ecdsa_signature_shape),
        CASE("an unsigned payload passes only where it is allowed", unsigned_payload),
        CASE("bug: where payloads may be unsigned, a link's body may still be hashed", hashed_link),
        CASE("a reason holds nothing of the request", reasons),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
