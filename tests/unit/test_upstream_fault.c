/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/upstream_fault.c: AWS's refusals and libcurl's errors are told apart, and all of them have words. */
#include "upstream_fault.h"

#include "check.h"

static struct arena arena;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct http_response answer(int status, const char *class, const char *body) {
    struct http_response rs = {.status = status, .body = str_of(body)};
    struct err e;
    if (class) check_ok(http_field_add(&rs.fields, STR("x-amzn-ErrorType"), str_of(class), &arena, &e), e);
    return rs;
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *class, *body;
        enum upstream_fault fault;
    } cases[] = {
        {"MissingAuthenticationTokenException", "{\"message\":\"Missing Authentication Token\"}", UPSTREAM_NOT_SIGNED},
        {NULL, "{\"message\":\"Missing Authentication Token\"}", UPSTREAM_NOT_SIGNED},
        {"IncompleteSignatureException", "{\"message\":\"x\"}", UPSTREAM_BAD_AUTHORIZATION},
        {"InvalidSignatureException",
         "{\"message\":\"The request signature we calculated does not match the signature you provided. ...\"}",
         UPSTREAM_MISMATCH},
        {"InvalidSignatureException", "{}", UPSTREAM_MISMATCH},
        {"InvalidSignatureException",
         "{\"message\":\"Signature expired: 20210330T175821Z is now earlier than 20210330T180403Z (20210330T180903Z - "
         "5 "
         "min.)\"}",
         UPSTREAM_EXPIRED},
        {"InvalidSignatureException",
         "{\"message\":\"Signature not yet current: 20210330T185821Z is still later than 20210330T180403Z "
         "(20210330T175903Z + 5 min.)\"}",
         UPSTREAM_NOT_YET_VALID},
        {"InvalidSignatureException",
         "{\"message\":\"Credential should be scoped to a valid region, not 'eu-west-1'. \"}", UPSTREAM_SCOPE},
        {"InvalidSignatureException",
         "{\"message\":\"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'a' "
         "!= 'b', from 'c'.\"}",
         UPSTREAM_SCOPE},
        {"UnrecognizedClientException", "{\"message\":\"The security token included in the request is invalid.\"}",
         UPSTREAM_BAD_TOKEN},
        {"AccessDeniedException", "{\"message\":\"The security token included in the request is invalid.\"}",
         UPSTREAM_BAD_TOKEN},
        {"ExpiredTokenException", "{\"message\":\"The security token included in the request is expired\"}",
         UPSTREAM_EXPIRED_TOKEN},
        {NULL, "{\"message\":\"The security token included in the request is expired\"}", UPSTREAM_EXPIRED_TOKEN},
        {"AccessDeniedException",
         "{\"Message\":\"User: arn is not authorized to perform: execute-api:Invoke on resource: x\"}",
         UPSTREAM_POLICY},
        {NULL, "{\"Message\":\"User: arn is not authorized to perform: execute-api:Invoke on resource: x\"}",
         UPSTREAM_POLICY},
        {"ForbiddenException", "{\"message\":\"Forbidden\"}", UPSTREAM_API_KEY},
        {"ForbiddenException:http://internal.amazon.com/", "{\"message\":\"Forbidden\"}", UPSTREAM_API_KEY},
        {NULL, "{\"message\":\"Forbidden\"}", UPSTREAM_FORBIDDEN}, /* an HTTP API: no reason given */
        {"NewException", "{\"message\":\"Forbidden\"}", UPSTREAM_FORBIDDEN},
        {"", "", UPSTREAM_FORBIDDEN},
        {NULL, "<html>", UPSTREAM_FORBIDDEN},
        {NULL, "{\"message\":1}", UPSTREAM_FORBIDDEN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_response rs = answer(403, cases[i].class, cases[i].body);
        enum upstream_fault fault = upstream_fault_of_answer(&rs, upstream_fault_message(rs.body, &arena));
        if (fault != cases[i].fault) fail_msg("case %zu, %s: fault %d", i, cases[i].body, (int)fault);
    }
}

static void statuses(void **state) {
    (void)state;
    static const struct {
        int status;
        enum upstream_fault fault;
    } cases[] = {{200, UPSTREAM_OK},      {204, UPSTREAM_OK},      {301, UPSTREAM_REDIRECT},  {308, UPSTREAM_REDIRECT},
                 {400, UPSTREAM_REFUSAL}, {404, UPSTREAM_REFUSAL}, {429, UPSTREAM_THROTTLED}, {500, UPSTREAM_FAILURE},
                 {502, UPSTREAM_FAILURE}, {503, UPSTREAM_FAILURE}, {504, UPSTREAM_LATE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* a sentence of another service's 403 says nothing here */
        struct http_response rs = answer(cases[i].status, "AccessDeniedException", "");
        assert_int_equal(upstream_fault_of_answer(&rs, STR("Signature expired: x")), cases[i].fault);
    }
}

static void errors(void **state) {
    (void)state;
    static const struct {
        enum err_kind kind;
        enum http_fault http;
        enum upstream_fault fault;
    } cases[] = {
        {ERR_NETWORK, HTTP_FAULT_NAME, UPSTREAM_NAME},
        {ERR_NETWORK, HTTP_FAULT_CONNECT, UPSTREAM_CONNECT},
        {ERR_NETWORK, HTTP_FAULT_TLS, UPSTREAM_TLS},
        {ERR_NETWORK, HTTP_FAULT_DIED, UPSTREAM_DIED},
        {ERR_NETWORK, HTTP_FAULT_KEPT_DIED, UPSTREAM_KEPT_DIED},
        {ERR_NETWORK, HTTP_FAULT_NONE, UPSTREAM_DIED},
        {ERR_TIMEOUT, HTTP_FAULT_DIED, UPSTREAM_TIMEOUT},
        {ERR_PROTOCOL, HTTP_FAULT_DIED, UPSTREAM_PROTOCOL},
        {ERR_CONFIG, HTTP_FAULT_NONE, UPSTREAM_TLS},
        {ERR_LIMIT, HTTP_FAULT_NONE, UPSTREAM_TOO_LONG},
        {ERR_PARSE, HTTP_FAULT_NONE, UPSTREAM_BAD_REQUEST},
        {ERR_MEMORY, HTTP_FAULT_NONE, UPSTREAM_MEMORY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e;
        err_set(&e, cases[i].kind, "x");
        enum upstream_fault fault = upstream_fault_of_error(&e, cases[i].http);
        if (fault != cases[i].fault) fail_msg("case %zu: fault %d", i, (int)fault);
    }
}

static void words(void **state) {
    (void)state;
    for (int i = UPSTREAM_OK + 1; i < UPSTREAM_FAULTS; i++) {
        const struct upstream_words *w = upstream_fault_words((enum upstream_fault)i);
        if (!w->error_type || !*w->error_type || !*w->message || !*w->advice) fail_msg("fault %d has no words", i);
        assert_true(w->status == 502 || w->status == 504 || (i == UPSTREAM_BAD_REQUEST && w->status == 400));
        assert_false(str_has_control(str_of(w->message)));
        assert_null(strpbrk(w->message, "\"\\")); /* it is written into JSON as it is */
    }
}

static void ids(void **state) {
    (void)state;
    static const char *const good[] = {"43658120-6b98-41de-90ab-8f20c4e7294a", "JKL2fEpPDoEFYFw=", "up-1"};
    static const char *const bad[] = {"", "a b", "a\tb", "Credential=AKIA/x",
                                      "12345678901234567890123456789012345678901234567890123456789012345"};
    for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
        bool ok = i < sizeof good / sizeof *good;
        struct str value = str_of(ok ? good[i] : bad[i - sizeof good / sizeof *good]);
        struct http_response rs = {0};
        struct err e;
        check_ok(http_field_add(&rs.fields, STR("x-amzn-RequestId"), value, &arena, &e), e);
        check_str(upstream_fault_id(&rs, STR("x-amzn-requestid")), ok ? value : (struct str){0});
    }
}

#define FAULT_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        FAULT_CASE("the refusals of a REST API are told apart by class and sentence", refusals),
        FAULT_CASE("other statuses have a fault each, whatever they say", statuses),
        FAULT_CASE("errors without an answer are told apart", errors),
        FAULT_CASE("every fault has a type, a status, a sentence and an advice", words),
        FAULT_CASE("what does not look like a request id is not shown as one", ids),
    };
    return cmocka_run_group_tests_name("upstream_fault", tests, NULL, NULL);
}
