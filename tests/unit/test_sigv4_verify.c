/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_verify.c: at least one negative case for each check, in the order of the checks. */
#include "signed_request.h"
#include "sigv4_secret.h"

static void drop(struct http_request *rq, const char *name) {
    *field(rq, name) = rq->fields.at[rq->fields.n - 1];
    rq->fields.n--;
}

static void accepts(void **state) {
    (void)state;
    struct sigv4_scope scope = SCOPE;
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct sigv4_verdict verdict = judge(&rq, &VERIFIER);
    assert_int_equal(verdict.fault, SIGV4_OK);
    check_text(verdict.key_id, "AKIDEXAMPLE");
    check_text(verdict.message, "");
    scope.send_body_hash = true;
    rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
    scope.unsigned_token = true;
    rq = signed_by(&ROLE, &scope);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
}

static void accepts_what_hops_do(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    add(&rq, "X-Forwarded-For", "10.0.0.1");
    add(&rq, "User-Agent", "any");
    add(&rq, "Date", "Sun, 30 Aug 2015 12:36:00 GMT");
    field(&rq, "content-type")->name = STR("CONTENT-TYPE");
    field(&rq, "content-type")->value = STR("  application/json ");
    rq.query = STR("b=x+y&a=1&");
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
}

static void date_field_only(void **state) {
    (void)state;
    struct http_request rq = fresh();
    struct buf canonical, to_sign, value;
    struct err e;
    char hash[65], hex[65];
    add(&rq, "Date", "20150830T123600Z");
    buf_init(&canonical, 10000, &arena);
    buf_init(&to_sign, 10000, &arena);
    buf_init(&value, 10000, &arena);
    assert_true(sigv4_hash(hash, rq.body));
    check_ok(sigv4_canonical_request(&canonical, &rq, STR("host;date"), str_of(hash), SIGV4_PATH_NORMALIZE, &e), e);
    assert_true(
        sigv4_string_to_sign(&to_sign, buf_str(&canonical), STR("20150830T123600Z"), SCOPE.region, SCOPE.service));
    assert_true(sigv4_signature(hex, buf_str(&to_sign), USER.secret, STR("20150830"), SCOPE.region, SCOPE.service));
    buf_addf(&value,
             "AWS4-HMAC-SHA256 Signature=%s,SignedHeaders=host;date,Credential=AKIDEXAMPLE/20150830/eu-west-1/"
             "execute-api/aws4_request",
             hex);
    check_ok(http_field_add(&rq.fields, STR("authorization"), buf_str(&value), &arena, &e), e);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
}

static void no_authorization(void **state) {
    (void)state;
    struct http_request rq = fresh();
    check_fault(&rq, SIGV4_MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token");
    rq.query = STR("X-Amz-Signature=00");
    check_fault(&rq, SIGV4_MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token");
}

static void two_authorizations(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct err e;
    check_ok(http_field_add(&rq.fields, STR("AUTHORIZATION"), field(&rq, "authorization")->value, &arena, &e), e);
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "There is more than one Authorization header.");
}

static void long_authorization(void **state) {
    (void)state;
    struct http_request rq = fresh();
    char *value = arena_zero(&arena, 17000);
    memset(value, 'a', 16999);
    add(&rq, "Authorization", value);
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "The Authorization header is longer than 16384 bytes.");
}

static void other_scheme(void **state) {
    (void)state;
    static const char *const values[] = {"Bearer x", "Bearer", "", "AWS4-HMAC-SHA256",
                                         "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct http_request rq = fresh();
        add(&rq, "Authorization", values[i]);
        struct sigv4_verdict v = judge(&rq, &VERIFIER);
        assert_int_equal(v.fault, SIGV4_INCOMPLETE_SIGNATURE);
        assert_true(str_starts(v.message, STR("Invalid key=value pair (missing equal-sign) in Authorization header "
                                              "(hashed with SHA-256 and encoded with Base64): '")));
        assert_null(v.key_id.p);
    }
    struct http_request rq = fresh();
    add(&rq, "Authorization", "Bearer x"); /* printf 'Bearer x' | openssl dgst -sha256 -binary | base64 */
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded "
                "with Base64): 'uTem/WB082UJMN2ajD6lH6UChGpTAddMJSx2iu923No='.");
}

static void parts_missing(void **state) {
    (void)state;
    struct http_request rq = fresh();
    add(&rq, "Authorization", "Basic cGFzc3dvcmQ=");
    struct sigv4_verdict v = judge(&rq, &VERIFIER);
    assert_int_equal(v.fault, SIGV4_INCOMPLETE_SIGNATURE);
    assert_true(str_starts(
        v.message,
        STR("Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
            "parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header "
            "requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and "
            "encoded with Base64) Authorization=")));
    assert_true(str_find(v.message, STR("cGFzc3dvcmQ")) == SIZE_MAX);
    rq = signed_by(&USER, &SCOPE);
    drop(&rq, "X-Amz-Date");
    v = judge(&rq, &VERIFIER);
    assert_true(str_starts(v.message, STR("Authorization header requires existence of either")));
    rq = signed_by(&USER, &SCOPE);
    edit(&rq, "Signature=", "Signatur=");
    assert_true(str_starts(judge(&rq, &VERIFIER).message, STR("Authorization header requires 'Signature' parameter.")));
}

static void other_algorithm(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    edit(&rq, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
    rq = signed_by(&USER, &SCOPE);
    edit(&rq, "AWS4-HMAC-SHA256", "aws4-hmac-sha256");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "Unsupported AWS 'algorithm': 'aws4-hmac-sha256'.");
}

static void two_dates(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    add(&rq, "x-amz-date", "20150830T123600Z");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE, "There is more than one date header.");
}

static void host_unsigned(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    edit(&rq, "host;", "");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

static void names_malformed(void **state) {
    (void)state;
    static const char *const edits[][2] = {
        {"=content-type;", "=Content-Type;"},  {"=content-type;", "=content-type;content-type;"},
        {"=content-type;", "=content-type;;"}, {"=content-type;", "=;content-type;"},
        {"x-amz-date,", "x-amz-date;,"},       {"=content-type;", "=content-type\n:;"},
        {"=content-type;", "=content type;"}};
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct http_request rq = signed_by(&USER, &SCOPE);
        edit(&rq, edits[i][0], edits[i][1]);
        check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                    "SignedHeaders must list field names in lower case, each once, separated by ';'.");
    }
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct buf many;
    buf_init(&many, 10000, &arena);
    for (int i = 0; i < HTTP_MAX_FIELDS + 1; i++) buf_addf(&many, "a%d;", i);
    buf_add(&many, (struct str){"", 1});
    edit(&rq, "host;", many.p);
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "SignedHeaders must list field names in lower case, each once, separated by ';'.");
}

static void date_malformed(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    field(&rq, "x-amz-date")->value = STR("2015-08-30T12:36:00Z");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'. See "
                "http://en.wikipedia.org/wiki/ISO_8601");
}

static void clock_window(void **state) {
    (void)state;
    struct sigv4_scope scope = SCOPE;
    struct http_request rq;
    for (int d = -300; d <= 300; d += 300) {
        scope.unix_s = NOW + d;
        rq = signed_by(&USER, &scope);
        assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
    }
    scope.unix_s = NOW - 301;
    rq = signed_by(&USER, &scope);
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)");
    scope.unix_s = NOW + 301;
    rq = signed_by(&USER, &scope);
    check_fault(
        &rq, SIGV4_INVALID_SIGNATURE,
        "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z (20150830T123600Z + 5 "
        "min.)");
}

static void clock_broken(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct sigv4_verdict verdict;
    struct sigv4_verifier v = VERIFIER;
    struct err e = {0};
    v.unix_s = INT64_MIN;
    assert_false(sigv4_verify(&rq, &v, &verdict, &arena, &e));
    assert_int_not_equal(verdict.fault, SIGV4_OK);
    v = VERIFIER;
    v.max_skew_s = INT64_MAX;
    assert_false(sigv4_verify(&rq, &v, &verdict, &arena, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
}

static void credential_shape(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    edit(&rq, "/aws4_request", "");
    check_fault(&rq, SIGV4_INCOMPLETE_SIGNATURE,
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
                "'AKIDEXAMPLE/20150830/eu-west-1/execute-api'");
    rq = signed_by(&USER, &SCOPE);
    edit(&rq, "/aws4_request", "/aws4_request/");
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_INCOMPLETE_SIGNATURE);
    assert_null(judge(&rq, &VERIFIER).key_id.p);
}

static void wrong_scope(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    edit(&rq, "eu-west-1", "us-east-1");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE, "Credential should be scoped to a valid region, not 'us-east-1'.");
    rq = signed_by(&USER, &SCOPE);
    edit(&rq, "20150830/eu-west-1/execute-api/aws4_request", "20150831/x/s3/aws5");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "Credential should be scoped to a valid region, not 'x'. Credential should be scoped to correct "
                "service: 'execute-api'. Credential should be scoped with a valid terminator: 'aws4_request', not "
                "'aws5'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                "'20150831' != '20150830', from '20150830T123600Z'.");
    check_text(judge(&rq, &VERIFIER).key_id, "AKIDEXAMPLE");
}

static void unknown_key(void **state) {
    (void)state;
    const char *invalid = "The security token included in the request is invalid.";
    struct sigv4_keys stranger = USER, zero = {STR("AKIANOBODY"), STR("0000000000000000000000000000000000000000"), {0}};
    stranger.id = STR("AKIANOBODY");
    struct http_request rq = signed_by(&stranger, &SCOPE);
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    rq = signed_by(&zero, &SCOPE);
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    rq.body = STR("{}"); /* the unknown key is the earlier fault */
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
}

static void wrong_token(void **state) {
    (void)state;
    const char *invalid = "The security token included in the request is invalid.";
    static const char *const tokens[] = {"", "tok+en=", "tok+en=x", "tok+en==x", "undefined"};
    struct sigv4_keys keys = ROLE;
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        keys.token = str_of(tokens[i]);
        struct http_request rq = signed_by(&keys, &SCOPE);
        check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    }
    struct sigv4_keys user = USER;
    user.token = STR("x");
    struct http_request rq = signed_by(&user, &SCOPE);
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    rq = signed_by(&USER, &SCOPE);
    add(&rq, "X-Amz-Security-Token", "");
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
    rq = signed_by(&ROLE, &SCOPE);
    add(&rq, "x-amz-security-token", "tok+en==");
    check_fault(&rq, SIGV4_UNRECOGNIZED_CLIENT, invalid);
}

static void payload_hash(void **state) {
    (void)state;
    struct sigv4_scope scope = SCOPE;
    scope.send_body_hash = true;
    struct http_request rq = signed_by(&USER, &scope);
    rq.body = STR("{\"k\":2}");
    check_mismatch(&rq);
    rq = signed_by(&USER, &SCOPE); /* the signature is right, the unsigned claim is not */
    add(&rq, "X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_mismatch(&rq);
}

static void signed_name_without_field(void **state) {
    (void)state;
    struct http_request rq = fresh();
    struct err e;
    add(&rq, "X-Empty", "");
    check_ok(sigv4_sign(&rq, &USER, &SCOPE, &arena, &e), e);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_OK);
    drop(&rq, "X-Empty");
    check_mismatch(&rq);
}

static void hosts(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    add(&rq, "Host", "");
    check_mismatch(&rq);
    rq = signed_by(&USER, &SCOPE);
    drop(&rq, "Host");
    check_mismatch(&rq);
    rq = signed_by(&USER, &SCOPE);
    field(&rq, "Host")->value = STR("api.execute-api.eu-west-1.amazonaws.com:443");
    check_mismatch(&rq);
}

static void target_faults(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct buf many;
    rq.query = STR("a=%4");
    check_fault(&rq, SIGV4_MALFORMED_QUERY, "Incomplete trailing escape % sequence");
    rq.query = STR("a=%4g&b");
    check_fault(&rq, SIGV4_MALFORMED_QUERY, "Illegal hex character in escape % pattern: %4g");
    rq = signed_by(&USER, &SCOPE);
    rq.query = STR("a=1&b=x%20y&X-Amz-Signature=evil");
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                "The request has an Authorization header and a signature in its query string.");
    rq.query = (struct str){0};
    static const char *const paths[] = {"", "dev/private", "/a%4", "/a%zz/", "/..", "/a/../..", "/a/./../b/../../c"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        rq.path = str_of(paths[i]);
        check_fault(&rq, SIGV4_MALFORMED_REQUEST, "");
    }
    rq.path = STR("/a/b/../../dev/../dev/private");
    check_mismatch(&rq);
    rq.path = STR("/dev/private");
    buf_init(&many, 10000, &arena);
    for (int i = 0; i < HTTP_MAX_FIELDS + 1; i++) buf_addf(&many, "a%d&", i);
    rq.query = buf_str(&many);
    assert_int_equal(judge(&rq, &VERIFIER).fault, SIGV4_INVALID_SIGNATURE);
}

static void signature_shape(void **state) {
    (void)state;
    struct http_request rq = signed_by(&USER, &SCOPE);
    struct str good = field(&rq, "authorization")->value;
    field(&rq, "authorization")->value.n--;
    check_mismatch(&rq);
    char *upper = arena_copy(&arena, good);
    for (size_t i = good.n - 64; i < good.n; i++)
        if (upper[i] >= 'a') upper[i] = (char)(upper[i] - 32);
    field(&rq, "authorization")->value = str_of(upper);
    check_mismatch(&rq);
    char *longer = arena_take(&arena, good.n + 1);
    memcpy(longer, good.p, good.n);
    longer[good.n] = '0';
    field(&rq, "authorization")->value = (struct str){longer, good.n + 1};
    check_mismatch(&rq);
}

static void mismatch_text(void **state) {
    (void)state;
    struct sigv4_keys wrong = USER;
    wrong.secret = STR("wrong");
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct err e;
    add(&rq, "Host", "h");
    check_ok(sigv4_sign(&rq, &wrong, &SCOPE, &arena, &e), e);
    check_fault(&rq, SIGV4_INVALID_SIGNATURE,
                MISMATCH " Check your AWS Secret Access Key and signing method. Consult the service documentation for "
                         "details.\n\nThe Canonical String for this request should have been\n'GET\n/\n\nhost:h\n"
                         "x-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
                         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n"
                         "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n"
                         "20150830/eu-west-1/execute-api/aws4_request\n"
                         "0b8c4c857a3fc8e8d42ccb2a36016f2d63b3efa5fb393e33de0e64fefa349ce6'\n");
}

static void fault_names(void **state) {
    (void)state;
    assert_string_equal(sigv4_fault_name(SIGV4_OK), "");
    assert_string_equal(sigv4_fault_name(SIGV4_MISSING_AUTHENTICATION_TOKEN), "MissingAuthenticationTokenException");
    assert_string_equal(sigv4_fault_name(SIGV4_INCOMPLETE_SIGNATURE), "IncompleteSignatureException");
    assert_string_equal(sigv4_fault_name(SIGV4_INVALID_SIGNATURE), "InvalidSignatureException");
    assert_string_equal(sigv4_fault_name(SIGV4_UNRECOGNIZED_CLIENT), "UnrecognizedClientException");
}

static void no_memory(void **state) {
    (void)state;
    struct http_request rq = signed_by(&ROLE, &SCOPE);
    bool enough = false;
    for (size_t limit = 0; limit < 64 * 1024; limit += 64) {
        struct arena small;
        struct sigv4_verdict verdict;
        struct err e = {0};
        arena_init(&small, limit);
        bool ok = sigv4_verify(&rq, &VERIFIER, &verdict, &small, &e);
        assert_true(ok == (verdict.fault == SIGV4_OK));
        assert_true(ok || e.kind == ERR_MEMORY);
        enough = enough || ok;
        arena_close(&small);
    }
    assert_true(enough);
}

static void secrets_compared(void **state) {
    (void)state;
    enum { MOST = 100 };
    char one[MOST], other[MOST];
    memset(one, 's', sizeof one);
    memset(other, 's', sizeof other);
    for (size_t n = 0; n <= MOST; n++) {
        assert_true(sigv4_secret_eq((struct str){one, n}, (struct str){other, n}));
        if (n) assert_false(sigv4_secret_eq((struct str){one, n}, (struct str){other, n - 1}));
        for (size_t i = 0; i < n; i++) {
            other[i] ^= (char)(1 << i % 8);
            assert_false(sigv4_secret_eq((struct str){one, n}, (struct str){other, n}));
            other[i] = 's';
        }
    }
    assert_true(sigv4_secret_eq((struct str){0}, STR("")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("secrets are equal when every byte is", secrets_compared),
        CASE("what sigv4_sign signed is accepted", accepts),
        CASE("added hop fields, spaces, case and another spelling of the query do no harm", accepts_what_hops_do),
        CASE("a Date field in basic format will do, and parts may come in any order", date_field_only),
        CASE("no Authorization: Missing Authentication Token", no_authorization),
        CASE("two Authorization fields are refused", two_authorizations),
        CASE("an endless Authorization is refused", long_authorization),
        CASE("a part without '=' is told by its hash", other_scheme),
        CASE("all missing parts are listed, the value is told by its hash", parts_missing),
        CASE("another algorithm is refused", other_algorithm),
        CASE("two dates are refused", two_dates),
        CASE("the host must be signed", host_unsigned),
        CASE("malformed SignedHeaders are refused", names_malformed),
        CASE("a date in another format is refused", date_malformed),
        CASE("five minutes early or late is in time, a second more is not", clock_window),
        CASE("a verifier with a broken clock fails, and fails closed", clock_broken),
        CASE("a credential has five elements", credential_shape),
        CASE("all faults of the scope are listed", wrong_scope),
        CASE("an unknown key is refused before its signature is", unknown_key),
        CASE("a missing, wrong, needless or repeated token is refused", wrong_token),
        CASE("a stated hash must be the body's", payload_hash),
        CASE("a signed name needs its field", signed_name_without_field),
        CASE("the Host field stands once, as signed", hosts),
        CASE("a target that cannot be canonicalised, or has a signature, is refused", target_faults),
        CASE("a signature is 64 lower-case digits", signature_shape),
        CASE("a mismatch shows both texts", mismatch_text),
        CASE("faults have AWS's names", fault_names),
        CASE("without memory nothing is accepted", no_memory),
    };
    return cmocka_run_group_tests_name("sigv4_verify", tests, open_arena, close_arena);
}
