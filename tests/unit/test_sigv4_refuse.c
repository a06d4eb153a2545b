/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_refuse.c: what each kind of endpoint answers. */
#include "sigv4_verify.h"
#include "with_arena.h"

static struct sigv4_refusal refuse(enum sigv4_profile profile, enum sigv4_fault fault, const char *message) {
    struct sigv4_verdict verdict = {.fault = fault, .message = str_of(message)};
    struct sigv4_refusal refusal;
    struct err e;
    check_ok(sigv4_refuse(profile, &verdict, &refusal, &arena, &e), e);
    return refusal;
}

static void check_refusal(struct sigv4_refusal r, int status, const char *type, const char *body) {
    assert_int_equal(r.status, status);
    if (type) check_str(r.error_type, str_of(type));
    else assert_null(r.error_type.p);
    check_str(r.body, str_of(body));
}

static void rest(void **state) {
    (void)state;
    check_refusal(refuse(SIGV4_REST_API, SIGV4_MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token"), 403,
                  "MissingAuthenticationTokenException", "{\"message\":\"Missing Authentication Token\"}");
    check_refusal(refuse(SIGV4_REST_API, SIGV4_INVALID_SIGNATURE, "a 'b'\n"), 403, "InvalidSignatureException",
                  "{\"message\":\"a 'b'\\n\"}");
    check_refusal(refuse(SIGV4_REST_API, SIGV4_EXPIRED_TOKEN, "x"), 403, "ExpiredTokenException",
                  "{\"message\":\"x\"}");
}

static void http_api(void **state) {
    (void)state;
    check_refusal(refuse(SIGV4_HTTP_API, SIGV4_INVALID_SIGNATURE, "any"), 403, NULL, "{\"message\":\"Forbidden\"}");
    check_refusal(refuse(SIGV4_HTTP_API, SIGV4_UNRECOGNIZED_CLIENT, "any"), 403, NULL, "{\"message\":\"Forbidden\"}");
}

static void function_url(void **state) {
    (void)state;
    check_refusal(refuse(SIGV4_FUNCTION_URL, SIGV4_MISSING_AUTHENTICATION_TOKEN, "any"), 403, "AccessDeniedException",
                  "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: "
                  "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html\"}");
    check_refusal(refuse(SIGV4_FUNCTION_URL, SIGV4_UNRECOGNIZED_CLIENT, "x"), 403, "InvalidSignatureException",
                  "{\"message\":\"x\"}");
    check_refusal(refuse(SIGV4_FUNCTION_URL, SIGV4_INVALID_SIGNATURE, "x y.\n\nThe Canonical String\n\n'token'"), 403,
                  "InvalidSignatureException", "{\"message\":\"x y.\"}");
    check_refusal(refuse(SIGV4_FUNCTION_URL, SIGV4_EXPIRED_TOKEN, "x\ny"), 403, "ExpiredTokenException",
                  "{\"message\":\"x\\ny\"}");
}

static void malformed(void **state) {
    (void)state;
    for (int profile = SIGV4_REST_API; profile <= SIGV4_FUNCTION_URL; profile++)
        check_refusal(refuse((enum sigv4_profile)profile, SIGV4_MALFORMED_REQUEST, ""), 400, NULL, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a REST API says the type and the sentence", rest),
        CASE("an HTTP API says Forbidden, whatever it is", http_api),
        CASE("a Function URL tells unsigned from wrong, and does not quote what should have been signed", function_url),
        CASE("a malformed path is 400 without a body", malformed),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
