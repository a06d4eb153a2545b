/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/public.c against a scripted private API: what is forwarded, what comes back, and what is never told. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apigw.h"
#include "check.h"
#include "clock.h"
#include "handlers.h"
#include "json.h"
#include "log.h"
#include "private_api.h"
#include "sample.h"
#include "scripted_server.h"

#define PLANTED "FakeSessionToken-planted"

static struct arena arena;
static struct scripted_server server;
static struct private_api api;
static struct http_response rs;
static struct err e;
static FILE *log_file;
static struct str trace;

static int set_up(void **state) {
    (void)state;
    unsetenv("PRIVATE_API_KEY");
    unsetenv("PRIVATE_API_ROLE_ARN");
    unsetenv("PRIVATE_API_HOST");
    setenv("PRIVATE_API_SERVICE", "execute-api", 1);
    setenv("PRIVATE_API_REGION", "eu-central-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "own-secret", 1);
    setenv("AWS_SESSION_TOKEN", PLANTED, 1);
    trace = (struct str){0};
    log_file = tmpfile();
    arena_init(&arena, 96 << 20);
    if (log_file) log_open(LOG_JSON, LOG_TRACE, fileno(log_file));
    return log_file == NULL;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return fclose(log_file);
}

static struct str logged(void) {
    char *p = arena_take(&arena, 64 * 1024);
    ssize_t n = pread(fileno(log_file), p, 64 * 1024, 0);
    return (struct str){p, n > 0 ? (size_t)n : 0};
}

static void open_at(const char *host, const char *path) {
    char url[160];
    snprintf(url, sizeof url, "http://%s%s%s", host, strchr(server.host_port, ':'), path);
    setenv("PRIVATE_API_URL", url, 1);
    check_ok(public_init(&api, &e), e);
}

static void open_api(void) {
    open_at("127.0.0.1", "/dev/private");
}

static void stop(void) {
    private_api_close(&api);
    scripted_stop(&server);
}

static bool handle_until(struct str payload, int64_t deadline_ms) {
    struct lambda_invocation inv = {.payload = payload, .arena = &arena, .deadline_ms = deadline_ms, .trace_id = trace};
    struct apigw_event ev;
    struct buf b;
    buf_init(&b, LAMBDA_MAX_REPLY_BYTES, &arena);
    if (!public_handle(&api, &inv, &b, &e) || !buf_ok(&b, &e)) return false;
    check_ok(apigw_read_event(payload, &ev, &arena, &e), e);
    check_ok(apigw_read_reply(buf_str(&b), ev.format, &rs, &arena, &e), e);
    return true;
}

static bool handle(struct str payload) {
    return handle_until(payload, INT64_MAX);
}

/* One event, one answer of the private API; rs is the reply. */
static void one(const char *file, struct str answer) {
    const struct scripted_step step = {.bytes = answer, .close = true};
    scripted_start(&server, &step, 1);
    open_api();
    check_ok(handle(sample_read(file, &arena)), e);
    stop();
    assert_int_equal(server.requests, 1);
}

static struct str ok_answer(const char *body) {
    return scripted_answer("200 OK", "x-amzn-RequestId: up-1\r\n", str_of(body), &arena);
}

static void forwarded_get(void **state) {
    (void)state;
    one("rest-get-public.json", ok_answer("{\"userArn\":\"arn:x\"}"));
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "GET /dev/private?client=curl HTTP/1.1");
    assert_null(scripted_field(rq, "Content-Type").p);
    assert_null(scripted_field(rq, "X-Forwarded-For").p);
    assert_true(str_starts(scripted_field(rq, "Authorization"), STR("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/")));
    assert_int_equal(rs.status, 200);
    check_text(rs.body, "{\"userArn\":\"arn:x\"}");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    assert_int_equal(rs.fields.n, 1);
    scripted_close(&server);
}

static void forwarded_post(void **state) {
    (void)state;
    one("rest-post-public.json", ok_answer("[1]"));
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST /dev/private?client=curl&tag=a&tag=b HTTP/1.1");
    check_text(scripted_field(rq, "Content-Type"), "application/json");
    check_text(scripted_body(rq), "{\"hello\":\"w\xc3\xb6rld\"}");
    scripted_close(&server);
    one("function-url-post-base64-iam.json", ok_answer("{}"));
    check_text(scripted_body(server.request[0]), "\0\1\2\x80\xff\xfe\r\n\x7fPNG?no\0");
    check_text(scripted_field(server.request[0], "Content-Type"), "application/octet-stream");
    check_text(scripted_field(server.request[0], "X-Amz-Security-Token"), PLANTED); /* our own, not the caller's */
    scripted_close(&server);
}

/* The private API of each kind, as a gateway on this machine has it. */
static const struct target {
    const char *host, *path, *service;
} TARGETS[] = {
    {"api.execute-api.eu-central-1.localhost", "/dev/private", "execute-api"},
    {"api.execute-api.eu-central-1.localhost", "/private", "execute-api"},
    {"id.lambda-url.eu-central-1.localhost", "/", "lambda"},
    {"id.lambda-url.eu-central-1.localhost", "", "lambda"},
};

static void one_kind(const char *file, const char *query, const struct target *to) {
    const struct scripted_step step = {.bytes = ok_answer("{\"a\":1}"), .close = true};
    char line[200], scope[80];
    scripted_start(&server, &step, 1);
    open_at(to->host, to->path);
    check_ok(handle(sample_read(file, &arena)), e);
    stop();
    struct str rq = server.request[0];
    snprintf(line, sizeof line, "GET %s%s HTTP/1.1", *to->path ? to->path : "/", query);
    snprintf(scope, sizeof scope, "/eu-central-1/%s/aws4_request, ", to->service);
    check_str(scripted_line(rq), str_of(line));
    assert_true(str_find(scripted_field(rq, "Authorization"), str_of(scope)) != SIZE_MAX);
    assert_int_equal(rs.status, 200);
    check_text(rs.body, "{\"a\":1}");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    scripted_close(&server);
}

static void kinds(void **state) {
    (void)state;
    unsetenv("PRIVATE_API_SERVICE");
    unsetenv("PRIVATE_API_REGION");
    for (size_t i = 0; i < sizeof TARGETS / sizeof *TARGETS; i++) {
        one_kind("rest-get-public.json", "?client=curl", &TARGETS[i]);
        one_kind("http-api-get-public.json", "?client=curl%208&tag=gr%C3%BCn", &TARGETS[i]);
        one_kind("function-url-get-public.json", "", &TARGETS[i]);
    }
}

static void check_failure(int status, const char *type, const char *upstream, const char *request_id) {
    struct cJSON *root;
    struct buf b;
    assert_int_equal(rs.status, status);
    check_ok(json_read(rs.body, &root, &e), e);
    check_str(json_get_text(root, "errorType"), str_of(type));
    assert_true(json_get_text(root, "message").n > 0);
    check_str(json_get_text(root, "requestId"), str_of(request_id));
    json_close(root);
    buf_init(&b, 100, &arena);
    buf_addf(&b, "\"upstreamStatus\":%s,", upstream);
    assert_true(str_find(rs.body, buf_str(&b)) != SIZE_MAX);
    assert_true(str_find(logged(), str_of(type)) != SIZE_MAX);
}

static void check_nothing_told(void) {
    static const char *const secrets[] = {PLANTED, "own-secret", "AWS4-HMAC", "not authorized to perform"};
    struct str log = logged();
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        if (str_find(rs.body, str_of(secrets[i])) != SIZE_MAX) fail_msg("the reply tells %s", secrets[i]);
        if (str_find(log, str_of(secrets[i])) != SIZE_MAX) fail_msg("the log tells %s", secrets[i]);
    }
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *status, *field, *type, *number;
        int reply;
    } cases[] = {
        {"403 Forbidden", "MissingAuthenticationTokenException", "MissingAuthenticationTokenException", "403", 502},
        {"403 Forbidden", "InvalidSignatureException", "InvalidSignatureException", "403", 502},
        {"403 Forbidden", "AccessDeniedException", "AccessDeniedException", "403", 502},
        {"403 Forbidden", "ForbiddenException", "ForbiddenException", "403", 502},
        {"403 Forbidden", "UnrecognizedClientException:http://internal.amazon.com/", "UnrecognizedClientException",
         "403", 502},
        {"403 Forbidden", "ExpiredTokenException", "ExpiredTokenException", "403", 502},
        {"403 Forbidden", "ANewException", "ANewException", "403", 502},
        {"400 Bad", "ANewException", "ANewException", "400", 502},
        {"403 Forbidden", "", "UpstreamForbidden", "403", 502},
        {"403 Forbidden", PLANTED, "UpstreamForbidden", "403", 502}, /* no plain word: a dash is in it */
        {"404 Gone", "", "UpstreamRefusal", "404", 502},
        {"429 Slow", "", "UpstreamThrottled", "429", 502},
        {"429 Slow", "LimitExceededException", "LimitExceededException", "429", 502},
        {"302 Found", "", "UpstreamRedirect", "302", 502},
        {"500 Error", "", "UpstreamFailure", "500", 502},
        {"502 Bad", "InternalServerErrorException", "InternalServerErrorException", "502", 502},
        {"504 Slow", "", "UpstreamFailure", "504", 504},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "x-amzn-RequestId: up-7\r\nx-amzn-ErrorType: %s\r\n", cases[i].field);
        one("rest-post-public.json",
            scripted_answer(cases[i].status, fields,
                            STR("{\"message\":\"x-amz-security-token:" PLANTED " User is not authorized to perform\"}"),
                            &arena));
        check_failure(cases[i].reply, cases[i].type, cases[i].number, "up-7");
        check_nothing_told();
        scripted_close(&server);
    }
}

static void named_reason(void **state) {
    (void)state;
    one("rest-get-public.json",
        scripted_answer("403 Forbidden", "x-amzn-ErrorType: AccessDeniedException\r\n", STR("{}"), &arena));
    assert_true(str_find(rs.body, STR("execute-api:Invoke")) != SIZE_MAX);
    check_failure(502, "AccessDeniedException", "403", NULL);
    scripted_close(&server);
}

static void not_json(void **state) {
    (void)state;
    static const char *const bodies[] = {"", "<html>", "{\"a\":", PLANTED, "\xff"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        one("rest-get-public.json", ok_answer(bodies[i]));
        check_failure(502, "UpstreamNotJson", "200", "up-1");
        check_nothing_told();
        scripted_close(&server);
    }
}

static void no_content(void **state) {
    (void)state;
    one("rest-get-public.json", STR("HTTP/1.1 204 No Content\r\n\r\n"));
    assert_int_equal(rs.status, 204);
    assert_int_equal(rs.body.n, 0);
    scripted_close(&server);
}

static void cut_answers(void **state) {
    (void)state;
    one("rest-get-public.json", STR("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"token\":\"" PLANTED "\"}"));
    check_failure(502, "UpstreamProtocolError", "null", NULL);
    check_nothing_told();
    scripted_close(&server);
    one("rest-get-public.json", STR("SSH-2.0-x\r\n"));
    check_failure(502, "UpstreamProtocolError", "null", NULL);
    scripted_close(&server);
}

static void too_slow(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = ok_answer("{}"), .delay_ms = 20000};
    scripted_start(&server, &step, 1);
    open_api();
    int64_t began = clock_unix_ms();
    check_ok(handle_until(sample_read("rest-get-public.json", &arena), began + 500), e);
    assert_true(clock_unix_ms() < began + 5000);
    check_failure(504, "UpstreamTimeout", "null", NULL);
    check_ok(handle_until(sample_read("rest-get-public.json", &arena), clock_unix_ms() + 100),
             e); /* less than the own reply needs */
    check_failure(504, "UpstreamTimeout", "null", NULL);
    stop();
    assert_int_equal(server.requests, 1);
    scripted_close(&server);
}

static void nobody_there(void **state) {
    (void)state;
    scripted_start_deaf(&server, NULL, 0);
    open_api();
    check_ok(handle(sample_read("rest-get-public.json", &arena)), e);
    check_failure(502, "UpstreamUnreachable", "null", NULL);
    stop();
    scripted_close(&server);
}

static void bad_keys(void **state) {
    (void)state;
    static const char *const tokens[] = {"", "undefined"};
    for (size_t i = 0; i < 2; i++) {
        scripted_start(&server, NULL, 0);
        open_api();
        setenv("AWS_SESSION_TOKEN", tokens[i], 1);
        check_ok(handle(sample_read("rest-get-public.json", &arena)), e);
        check_failure(502, "CredentialsError", "null", NULL);
        assert_true(str_find(logged(), STR("AWS_SESSION_TOKEN")) != SIZE_MAX); /* the operator learns which */
        assert_true(str_find(rs.body, STR("AWS_SESSION_TOKEN")) == SIZE_MAX);
        stop();
        assert_int_equal(server.requests, 0);
        scripted_close(&server);
    }
}

static void sent_once(void **state) {
    (void)state;
    const struct scripted_step steps[] = {
        {.bytes = ok_answer("{}")}, {.bytes = STR(""), .close = true}, {.bytes = ok_answer("{}")}};
    scripted_start(&server, steps, 3);
    open_api();
    check_ok(handle(sample_read("rest-get-public.json", &arena)), e);
    check_ok(handle(sample_read("rest-post-public.json", &arena)), e);
    check_failure(502, "UpstreamConnectionDied", "null", NULL);
    assert_true(str_find(rs.body, STR("it was not sent twice")) != SIZE_MAX);
    stop();
    assert_int_equal(server.requests, 2);
    scripted_close(&server);
}

static void log_of_a_call(void **state) {
    (void)state;
    one("rest-get-public.json",
        scripted_answer("200 OK", "x-amzn-RequestId: up-1\r\nx-amz-apigw-id: JKL2fE=\r\n", STR("{}"), &arena));
    assert_true(str_find(logged(), STR("answered 200: 1 attempt, ")) != SIZE_MAX);
    assert_true(str_find(logged(), STR(" ms, upstream status 200, upstream request up-1, apigw JKL2fE=, 2 bytes")) !=
                SIZE_MAX);
    scripted_close(&server);
    one("rest-get-public.json", scripted_answer("200 OK", "x-amzn-RequestId: a b " PLANTED "\r\n", STR("{}"), &arena));
    assert_true(str_find(logged(), STR("upstream request -, apigw -,")) != SIZE_MAX);
    check_nothing_told();
    scripted_close(&server);
}

static void trace_passed_on(void **state) {
    (void)state;
    one("rest-get-public.json", ok_answer("{}"));
    check_text(scripted_field(server.request[0], "X-Amzn-Trace-Id"), "Root=1-67d3f730-000386771e30cfc4854252de");
    scripted_close(&server);
    trace = STR("Root=1-own;Parent=2;Sampled=1");
    one("rest-get-public.json", ok_answer("{}"));
    check_text(scripted_field(server.request[0], "X-Amzn-Trace-Id"), "Root=1-own;Parent=2;Sampled=1");
    assert_true(str_find(scripted_field(server.request[0], "Authorization"), STR("trace")) == SIZE_MAX);
    scripted_close(&server);
}

/* What AWS would have computed had it seen another host; the token is in there. */
static void mismatch_explained(void **state) {
    (void)state;
    const char *body =
        "{\"message\":\"The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.\\n\\nThe Canonical "
        "String "
        "for this request should have been\\n'GET\\n/dev/private\\nclient=curl\\naccept:application/json\\n"
        "host:other.example\\nx-amz-date:20250314T093024Z\\nx-amz-security-token:" PLANTED "\\n\\n"
        "accept;host;x-amz-date;x-amz-security-token\\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\\n\\nThe String-to-Sign should have been\\n"
        "'AWS4-HMAC-SHA256\\n20250314T093024Z\\n20250314/eu-central-1/execute-api/aws4_request\\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\\n\"}";
    one("rest-get-public.json",
        scripted_answer("403 Forbidden", "x-amzn-ErrorType: InvalidSignatureException\r\n", str_of(body), &arena));
    check_failure(502, "InvalidSignatureException", "403", NULL);
    assert_true(str_find(logged(), STR("refused because of host: ")) != SIZE_MAX);
    assert_true(str_find(logged(), STR("host:other.example")) != SIZE_MAX);
    check_nothing_told();
    scripted_close(&server);
}

static void unsendable(void **state) {
    (void)state;
    static const char *const events[] = {
        "{\"httpMethod\":\"POST\",\"path\":\"/public\",\"headers\":{\"Content-Type\":\"a\\r\\nb: c\"},\"body\":\"x\","
        "\"requestContext\":{}}",
        "{\"version\":\"2.0\",\"rawPath\":\"/"
        "public\",\"rawQueryString\":\"X-Amz-Signature=1\",\"requestContext\":{\"http\":{"
        "\"method\":\"GET\",\"path\":\"/public\"}}}"};
    scripted_start(&server, NULL, 0);
    open_api();
    for (size_t i = 0; i < 2; i++) {
        check_ok(handle(str_of(events[i])), e);
        check_failure(400, "BadRequest", "null", NULL);
    }
    stop();
    assert_int_equal(server.requests, 0);
    scripted_close(&server);
}

static void restored(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = ok_answer("{}")}, {.bytes = ok_answer("{}")}};
    scripted_start(&server, steps, 2);
    open_api();
    check_ok(handle(sample_read("rest-get-public.json", &arena)), e);
    check_ok(public_after_restore(&api, &e), e);
    check_ok(handle(sample_read("rest-get-public.json", &arena)), e);
    stop();
    assert_int_equal(server.connections, 2);
    scripted_close(&server);
}

static void bad_events(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "x", "[]", "{}", "{\"httpMethod\":\"GET\",\"body\":{}}", "{\"httpMethod\":\"GET\",\"body\":\"\\u0000\"}"};
    scripted_start(&server, NULL, 0);
    open_api();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (handle(str_of(bad[i]))) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_PARSE);
    }
    stop();
    assert_int_equal(server.requests, 0);
    scripted_close(&server);
}

static void bad_url(void **state) {
    (void)state;
    setenv("PRIVATE_API_URL", "http://example.com/dev/private", 1);
    assert_false(public_init(&api, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_non_null(strstr(e.msg, "PRIVATE_API_URL"));
    unsetenv("PRIVATE_API_URL");
    assert_false(public_init(&api, &e));
    assert_non_null(strstr(e.msg, "PRIVATE_API_URL is not set"));
}

#define PUBLIC_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        PUBLIC_CASE("a GET is forwarded signed, with its query and nothing of its header", forwarded_get),
        PUBLIC_CASE("a POST is forwarded with repeated query keys, type and bytes", forwarded_post),
        PUBLIC_CASE("behind each kind of API it calls each kind, signed for the service that the host tells", kinds),
        PUBLIC_CASE("a refusal becomes a class and an id; its body is never told", refusals),
        PUBLIC_CASE("a denied role is told what its policy needs", named_reason),
        PUBLIC_CASE("an answer that is not JSON is 502 and never told", not_json),
        PUBLIC_CASE("bug: a 204 has no body and is passed on (it was taken for bad JSON)", no_content),
        PUBLIC_CASE("an answer that is cut or not HTTP is 502", cut_answers),
        PUBLIC_CASE("a slow answer is 504 before Lambda's own time is up", too_slow),
        PUBLIC_CASE("a refused connection is 502", nobody_there),
        PUBLIC_CASE("unusable keys are 502, told to the log only, and nothing is sent", bad_keys),
        PUBLIC_CASE("a POST whose connection dies is not sent again", sent_once),
        PUBLIC_CASE("a call's line tells time, attempts and the ids of both sides", log_of_a_call),
        PUBLIC_CASE("the trace goes on: the invocation's, else the event's", trace_passed_on),
        PUBLIC_CASE("a mismatch is explained in the log at DEBUG, secrets masked", mismatch_explained),
        PUBLIC_CASE("a request that cannot be passed on is 400 and nothing is sent", unsendable),
        PUBLIC_CASE("restored from a snapshot, it connects anew", restored),
        PUBLIC_CASE("a bad event is a function error and nothing is sent", bad_events),
        PUBLIC_CASE("a missing or open URL is an init error that names it", bad_url),
    };
    return cmocka_run_group_tests_name("public", tests, NULL, NULL);
}
