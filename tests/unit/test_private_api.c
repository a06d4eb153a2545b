/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/private_api.c: bad settings are refused by name; each attempt is signed afresh, and there are few of them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "log.h"
#include "private_api.h"
#include "scripted_server.h"

static struct arena arena;
static struct scripted_server server;
static struct private_api api;
static struct private_api_answer answer;
static struct err e;

static void set(const char *name, const char *value) {
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

static int set_up(void **state) {
    (void)state;
    static const char *const unset[] = {"PRIVATE_API_URL", "PRIVATE_API_KEY", "PRIVATE_API_ROLE_ARN",
                                        "PRIVATE_API_HOST", "AWS_ENDPOINT_URL_STS"};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    set("PRIVATE_API_SERVICE", "execute-api");
    set("PRIVATE_API_REGION", "eu-central-1");
    set("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE");
    set("AWS_SECRET_ACCESS_KEY", "secret");
    set("AWS_SESSION_TOKEN", "the/token==");
    log_open(LOG_TEXT, LOG_FATAL, 2);
    arena_init(&arena, 32 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void start(const struct scripted_step *steps, size_t n) {
    char url[80];
    scripted_start(&server, steps, n);
    snprintf(url, sizeof url, "http://%s/dev/private", server.host_port);
    set("PRIVATE_API_URL", url);
    check_ok(private_api_open(&api, &e), e);
}

static void stop(int requests) {
    private_api_close(&api);
    scripted_stop(&server);
    assert_int_equal(server.requests, requests);
}

static bool call(const char *method, const char *query, const char *type, const char *body) {
    struct private_api_call c = {.method = str_of(method),
                                 .query = str_of(query),
                                 .content_type = str_of(type),
                                 .body = str_of(body),
                                 .timeout_ms = 5000};
    return private_api_exchange(&api, &c, &answer, &arena, &e);
}

static struct str dated(const char *status, int off_s, const char *body) {
    char field[64];
    struct tm tm;
    time_t t = time(NULL) + off_s;
    strftime(field, sizeof field, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&t, &tm));
    return scripted_answer(status, field, str_of(body), &arena);
}

static void refused(const char *url, const char *named) {
    set("PRIVATE_API_URL", url);
    if (private_api_open(&api, &e)) fail_msg("taken: %s", url ? url : "nothing");
    assert_int_equal(e.kind, ERR_CONFIG);
    if (!strstr(e.msg, named)) fail_msg("%s: %s", url ? url : "nothing", e.msg);
}

static void bad_urls(void **state) {
    (void)state;
    static const char *const bad[] = {NULL,
                                      "",
                                      "example.com",
                                      "ftp://h/",
                                      "https://",
                                      "https://h/#f",
                                      "https://u@h/",
                                      "https://h/ x",
                                      "http://example.com/dev",
                                      "http://10.0.0.1/",
                                      "https://h/p?q=1",
                                      "http://169.254.169.254/",
                                      "http://127.0.0.1.example/",
                                      "https://h:0/"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused(bad[i], "PRIVATE_API_URL");
}

static void bad_settings(void **state) {
    (void)state;
    set("PRIVATE_API_SERVICE", NULL);
    refused("https://custom.example/x", "PRIVATE_API_SERVICE");
    set("PRIVATE_API_SERVICE", "execute-api");
    set("PRIVATE_API_REGION", "");
    refused("https://custom.example/x", "PRIVATE_API_REGION");
    set("PRIVATE_API_REGION", "eu-west-1");
    set("PRIVATE_API_KEY", "key\n");
    refused("https://custom.example/x", "PRIVATE_API_KEY");
    set("PRIVATE_API_KEY", NULL);
    set("PRIVATE_API_ROLE_ARN", "arn:aws:iam::1:user/x");
    refused("https://custom.example/x", "PRIVATE_API_ROLE_ARN");
    set("PRIVATE_API_ROLE_ARN", NULL);
    set("PRIVATE_API_HOST", "https://abc.example");
    refused("https://custom.example/x", "PRIVATE_API_HOST");
    set("PRIVATE_API_HOST", "abc.example\r\nX: y");
    refused("https://custom.example/x", "PRIVATE_API_HOST");
}

static void inferred(void **state) {
    (void)state;
    set("PRIVATE_API_SERVICE", NULL);
    set("PRIVATE_API_REGION", NULL);
    set("PRIVATE_API_URL", "https://abc.execute-api.ap-south-1.amazonaws.com/dev/private");
    check_ok(private_api_open(&api, &e), e);
    check_text(api.service, "execute-api");
    check_text(api.region, "ap-south-1");
    check_text(api.host, "abc.execute-api.ap-south-1.amazonaws.com");
    private_api_close(&api);
    set("PRIVATE_API_URL", "https://vpce-1.example/dev");
    set("PRIVATE_API_HOST", "abc.lambda-url.us-east-1.on.aws");
    set("PRIVATE_API_REGION", "us-west-2");
    check_ok(private_api_open(&api, &e), e);
    check_text(api.service, "lambda");
    check_text(api.region, "us-west-2");
    check_text(api.host, "abc.lambda-url.us-east-1.on.aws");
    private_api_close(&api);
}

static void what_is_sent(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = dated("200 OK", 0, "{}")};
    set("PRIVATE_API_KEY", "the-key");
    start(&step, 1);
    check_ok(call("POST", "a=1&b=%20", "text/plain", "body\x01"), e);
    stop(1);
    struct str rq = server.request[0], authorization = scripted_field(rq, "Authorization");
    check_text(scripted_line(rq), "POST /dev/private?a=1&b=%20 HTTP/1.1");
    check_str(scripted_field(rq, "Host"), str_of(server.host_port));
    check_text(scripted_field(rq, "Content-Type"), "text/plain");
    check_text(scripted_field(rq, "x-api-key"), "the-key");
    check_text(scripted_field(rq, "X-Amz-Security-Token"), "the/token==");
    check_text(scripted_body(rq), "body\x01");
    assert_true(str_starts(authorization, STR("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/")));
    assert_true(str_find(authorization, STR("/eu-central-1/execute-api/aws4_request, ")) != SIZE_MAX);
    assert_true(str_find(authorization, STR("SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token;"
                                            "x-api-key, Signature=")) != SIZE_MAX);
    scripted_close(&server);
}

static void other_host(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = dated("200 OK", 0, "{}")};
    set("PRIVATE_API_HOST", "abc.execute-api.eu-central-1.amazonaws.com");
    start(&step, 1);
    check_ok(call("GET", NULL, NULL, NULL), e);
    stop(1);
    check_text(scripted_field(server.request[0], "Host"), "abc.execute-api.eu-central-1.amazonaws.com");
    check_text(scripted_line(server.request[0]), "GET /dev/private HTTP/1.1");
    assert_null(scripted_field(server.request[0], "Content-Type").p);
    scripted_close(&server);
}

static void corrected_clock(void **state) {
    (void)state;
    static const int offs[] = {3600, -86400};
    for (size_t i = 0; i < 2; i++) {
        const struct scripted_step steps[] = {{.bytes = dated("403 Forbidden", offs[i], "{}")},
                                              {.bytes = dated("200 OK", offs[i], "{}")},
                                              {.bytes = dated("200 OK", offs[i], "{}")}};
        start(steps, 3);
        check_ok(call("POST", NULL, NULL, "x"), e);
        assert_int_equal(answer.response.status, 200);
        assert_true(api.skew_s - offs[i] < 5 && offs[i] - api.skew_s < 5);
        check_ok(call("POST", NULL, NULL, "x"), e); /* what was learnt is kept */
        stop(3);
        assert_false(
            str_eq(scripted_field(server.request[0], "X-Amz-Date"), scripted_field(server.request[1], "X-Amz-Date")));
        assert_false(str_eq(scripted_field(server.request[0], "Authorization"),
                            scripted_field(server.request[1], "Authorization")));
        check_text(scripted_body(server.request[1]), "x");
        assert_int_equal(server.connections, 1);
        scripted_close(&server);
    }
}

static void one_correction(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = dated("403 Forbidden", 3600, "{}")},
                                          {.bytes = dated("403 Forbidden", 9000, "{}")}};
    start(steps, 2);
    check_ok(call("GET", NULL, NULL, NULL), e);
    assert_int_equal(answer.response.status, 403);
    stop(2);
    scripted_close(&server);
}

static void no_correction(void **state) {
    (void)state;
    const struct scripted_step steps[] = {
        {.bytes = dated("403 Forbidden", 60, "{}")},
        {.bytes = dated("500 Error", 3600, "{}")},
        {.bytes = scripted_answer("403 Forbidden", "Date: never\r\n", STR("{}"), &arena)},
        {.bytes = scripted_answer("403 Forbidden", "", STR("{}"), &arena)},
    };
    start(steps, 4);
    for (int i = 0; i < 4; i++) check_ok(call("GET", NULL, NULL, NULL), e);
    assert_int_equal(api.skew_s, 0);
    stop(4);
    scripted_close(&server);
}

static void keys_read_anew(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = dated("200 OK", 0, "{}")}, {.bytes = dated("200 OK", 0, "{}")}};
    start(steps, 2);
    check_ok(call("GET", NULL, NULL, NULL), e);
    set("AWS_SESSION_TOKEN", NULL);
    assert_false(call("GET", NULL, NULL, NULL)); /* ASIA without its token: nothing is sent */
    assert_int_equal(e.kind, ERR_CONFIG);
    set("AWS_ACCESS_KEY_ID", "AKIAOTHER");
    check_ok(call("GET", NULL, NULL, NULL), e);
    stop(2);
    assert_null(scripted_field(server.request[1], "X-Amz-Security-Token").p);
    assert_true(str_find(scripted_field(server.request[1], "Authorization"), STR("=AKIAOTHER/")) != SIZE_MAX);
    scripted_close(&server);
}

static void joined_path(void **state) {
    (void)state;
    static const struct {
        const char *base, *more, *target;
    } cases[] = {{"/dev/private", "/items/1", "/dev/private/items/1"},
                 {"/dev/", "/items", "/dev/items"},
                 {"", "/items", "/items"},
                 {"/dev/private", NULL, "/dev/private"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct scripted_step step = {.bytes = dated("200 OK", 0, "{}")};
        char url[80], line[80];
        scripted_start(&server, &step, 1);
        snprintf(url, sizeof url, "http://%s%s", server.host_port, cases[i].base);
        set("PRIVATE_API_URL", url);
        check_ok(private_api_open(&api, &e), e);
        struct private_api_call c = {.method = STR("GET"), .path = str_of(cases[i].more), .timeout_ms = 5000};
        check_ok(private_api_exchange(&api, &c, &answer, &arena, &e), e);
        stop(1);
        snprintf(line, sizeof line, "GET %s HTTP/1.1", cases[i].target);
        check_str(scripted_line(server.request[0]), str_of(line));
        scripted_close(&server);
    }
}

static void not_sendable(void **state) {
    (void)state;
    static char endless[70000];
    memset(endless, 'a', sizeof endless);
    const struct private_api_call cases[] = {
        {.method = STR("GET"), .query = STR("a=1\r\nX: y")},
        {.method = STR("GET"), .query = STR("a=1 b")},
        {.method = STR("GET"), .query = STR("a=\0")},
        {.method = STR("GET"), .query = STR("a#b")},
        {.method = STR("GET"), .query = STR("a=%zz")},
        {.method = STR("GET"), .query = STR("X-Amz-Signature=1&X-Amz-Algorithm=AWS4-HMAC-SHA256")},
        {.method = STR("GET"), .query = {endless, sizeof endless}},
        {.method = STR("GET"), .path = STR("items")},
        {.method = STR("GET"), .path = STR("/a?b")},
        {.method = STR("GET"), .path = STR("/a/../b")},
        {.method = STR("GET"), .path = STR("/a\nb")},
        {.method = STR("GE T")},
        {.method = STR("")},
        {.method = STR("POST"), .content_type = STR("text/plain\r\nX: y")},
        {.method = STR("POST"), .content_type = STR("text/plain\0")},
        {.method = STR("GET"), .trace_id = STR("Root=1\nX: y")},
    };
    start(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct private_api_call c = cases[i];
        c.timeout_ms = 5000;
        if (private_api_exchange(&api, &c, &answer, &arena, &e)) fail_msg("case %zu was sent", i);
        if (answer.fault != UPSTREAM_BAD_REQUEST) fail_msg("case %zu: fault %d: %s", i, (int)answer.fault, e.msg);
        assert_int_equal(answer.attempts, 0);
    }
    stop(0);
    scripted_close(&server);
}

static void trace_unsigned(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = dated("200 OK", 0, "{}")};
    struct private_api_call c = {.method = STR("GET"), .trace_id = STR("Root=1-2-3;Sampled=1"), .timeout_ms = 5000};
    start(&step, 1);
    check_ok(private_api_exchange(&api, &c, &answer, &arena, &e), e);
    stop(1);
    check_text(scripted_field(server.request[0], "X-Amzn-Trace-Id"), "Root=1-2-3;Sampled=1");
    assert_true(str_find(scripted_field(server.request[0], "Authorization"), STR("trace")) == SIZE_MAX);
    scripted_close(&server);
}

/* A clock an hour off, told by the sentence alone: there is no Date. */
static struct str expired_at(int off_s) {
    char body[200], date[32];
    struct tm tm;
    time_t t = time(NULL) + off_s;
    strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", gmtime_r(&t, &tm));
    snprintf(body, sizeof body, "{\"message\":\"Signature expired: 2 is now earlier than 3 (%s - 5 min.)\"}", date);
    return scripted_answer("403 Forbidden", "x-amzn-ErrorType: InvalidSignatureException\r\n", str_of(body), &arena);
}

static void clock_in_sentence(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = expired_at(3600)}, {.bytes = dated("200 OK", 0, "{}")}};
    start(steps, 2);
    check_ok(call("POST", NULL, NULL, "x"), e);
    assert_int_equal(answer.response.status, 200);
    assert_int_equal(answer.attempts, 2);
    assert_in_range(api.skew_s, 3595, 3605);
    stop(2);
    scripted_close(&server);
}

/* A request that was held up is too old though both clocks agree: a new date is all it needs. */
static void held_up(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = expired_at(0)}, {.bytes = dated("200 OK", 0, "{}")}};
    start(steps, 2);
    check_ok(call("GET", NULL, NULL, NULL), e);
    assert_int_equal(answer.response.status, 200);
    stop(2);
    scripted_close(&server);
}

/* A source of keys beside the private API, asked by the name of its variable. */
static struct scripted_server source;

static void start_source(const struct scripted_step *steps, const char *variable) {
    char url[80];
    scripted_start(&source, steps, 2);
    snprintf(url, sizeof url, "http://%s/keys", source.host_port);
    set(variable, url);
}

static struct scripted_step session(const char *pattern, const char *id) {
    char body[400];
    snprintf(body, sizeof body, pattern, id);
    return (struct scripted_step){.bytes = scripted_answer("200 OK", "", str_of(body), &arena)};
}

static struct str expired_token(void) {
    return scripted_answer("403 Forbidden", "x-amzn-ErrorType: ExpiredTokenException\r\n",
                           STR("{\"message\":\"The security token included in the request is expired\"}"), &arena);
}

/* POST: refused before anything was done. Twice: fresh keys that do not help are no reason to ask for more. */
static void check_other_keys(int refused) {
    const struct scripted_step steps[] = {{.bytes = expired_token()},
                                          {.bytes = refused == 2 ? expired_token() : dated("200 OK", 0, "{}")},
                                          {.bytes = expired_token()}};
    start(steps, 3);
    check_ok(call("POST", NULL, NULL, "x"), e);
    assert_int_equal(answer.response.status, refused == 2 ? 403 : 200);
    assert_int_equal(answer.attempts, 2);
    check_ok(call("POST", NULL, NULL, "x"), e);
    assert_int_equal(answer.response.status, 403);
    assert_int_equal(answer.attempts, 1);
    stop(3);
    scripted_stop(&source);
    assert_int_equal(source.requests, 2);
    for (int i = 0; i < 3; i++) {
        struct str by = scripted_field(server.request[i], "Authorization");
        assert_true(str_find(by, i ? STR("Credential=ASIATWO/") : STR("Credential=ASIAONE/")) != SIZE_MAX);
    }
    scripted_close(&server);
    scripted_close(&source);
}

static void role_keys_expired(void **state) {
    (void)state;
    static const char pattern[] =
        "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{\"AccessKeyId\":\"%s\","
        "\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":4070908800}}}}";
    for (int refused = 1; refused <= 2; refused++) {
        const struct scripted_step steps[] = {session(pattern, "ASIAONE"), session(pattern, "ASIATWO")};
        set("PRIVATE_API_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
        start_source(steps, "AWS_ENDPOINT_URL_STS");
        check_other_keys(refused);
    }
}

static void container_keys_expired(void **state) {
    (void)state;
    static const char pattern[] = "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"
                                  "\"2099-01-01T00:00:00Z\"}";
    const struct scripted_step steps[] = {session(pattern, "ASIAONE"), session(pattern, "ASIATWO")};
    set("AWS_ACCESS_KEY_ID", NULL);
    start_source(steps, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    check_other_keys(1);
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL);
}

static void not_the_clock(void **state) {
    (void)state;
    static const char *const classes[] = {"AccessDeniedException", "ForbiddenException", "ExpiredTokenException",
                                          "MissingAuthenticationTokenException", "UnrecognizedClientException"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nx-amzn-ErrorType: %s\r\n", classes[i]);
        const struct scripted_step step = {.bytes = scripted_answer("403 No", fields, STR("{}"), &arena)};
        start(&step, 1);
        check_ok(call("GET", NULL, NULL, NULL), e);
        assert_int_equal(api.skew_s, 0);
        stop(1);
        scripted_close(&server);
    }
}

static void busy_api(void **state) {
    (void)state;
    static const char *const busy[] = {"429 Slow", "502 Bad", "503 Busy", "504 Late"};
    for (size_t i = 0; i < sizeof busy / sizeof *busy; i++) {
        const struct scripted_step steps[] = {{.bytes = dated(busy[i], 0, "{}")},
                                              {.bytes = dated(busy[i], 0, "{}")},
                                              {.bytes = dated("200 OK", 0, "{}")}};
        start(steps, 3);
        check_ok(call("GET", NULL, NULL, NULL), e);
        assert_int_equal(answer.response.status, 200);
        assert_int_equal(answer.fault, UPSTREAM_OK);
        assert_int_equal(answer.attempts, 3);
        stop(3);
        scripted_close(&server);
        start(steps, 3);
        check_ok(call("POST", NULL, NULL, "x"), e);
        assert_int_equal(answer.response.status, busy[i][2] - '0' + 10 * (busy[i][1] - '0') + 100 * (busy[i][0] - '0'));
        assert_int_equal(answer.attempts, 1);
        stop(1);
        scripted_close(&server);
    }
}

static void three_at_most(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = dated("503 Busy", 0, "{}")},
                                          {.bytes = dated("503 Busy", 0, "{}")},
                                          {.bytes = dated("503 Busy", 0, "{}")},
                                          {.bytes = dated("200 OK", 0, "{}")}};
    start(steps, 4);
    check_ok(call("GET", NULL, NULL, NULL), e);
    assert_int_equal(answer.response.status, 503);
    assert_int_equal(answer.fault, UPSTREAM_FAILURE);
    stop(3);
    scripted_close(&server);
}

static void asked_to_wait(void **state) {
    (void)state;
    const struct scripted_step steps[] = {
        {.bytes = scripted_answer("503 Busy", "Retry-After: 60\r\n", STR("{}"), &arena)}};
    start(steps, 1);
    check_ok(call("GET", NULL, NULL, NULL), e); /* it has 5 s */
    assert_int_equal(answer.response.status, 503);
    stop(1);
    scripted_close(&server);
}

static void disconnected(void **state) {
    (void)state;
    const struct scripted_step steps[] = {{.bytes = dated("200 OK", 0, "{}")}, {.bytes = dated("200 OK", 0, "{}")}};
    start(steps, 2);
    check_ok(call("GET", NULL, NULL, NULL), e);
    private_api_disconnect(&api);
    check_ok(call("GET", NULL, NULL, NULL), e);
    stop(2);
    assert_int_equal(server.connections, 2);
    scripted_close(&server);
}

enum { THREADS = 6, CALLS = 4 };

/* An arena of its own, as each invocation has one. */
static void *caller(void *user) {
    int *bad = user;
    struct arena own;
    struct err why;
    struct private_api_answer got;
    const struct private_api_call c = {.method = STR("GET"), .timeout_ms = 20000};
    arena_init(&own, 32 << 20);
    for (int i = 0; i < CALLS; i++)
        *bad += !private_api_exchange(&api, &c, &got, &own, &why) || got.response.status != 200;
    arena_close(&own);
    return NULL;
}

static void threads(void **state) {
    (void)state;
    struct scripted_step steps[THREADS * CALLS + 1];
    pthread_t thread[THREADS];
    int bad[THREADS] = {0};
    steps[0] = (struct scripted_step){.bytes = expired_at(7200)}; /* one of them learns it for all */
    for (size_t i = 1; i < THREADS * CALLS + 1; i++)
        steps[i] = (struct scripted_step){.bytes = dated("200 OK", 7200, "{}")};
    start(steps, THREADS * CALLS + 1);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, caller, &bad[i]), 0);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (size_t i = 0; i < THREADS; i++) assert_int_equal(bad[i], 0);
    assert_in_range(api.skew_s, 7195, 7205);
    stop(THREADS * CALLS + 1);
    assert_in_range(server.connections, 1, THREADS);
    scripted_close(&server);
}

static void too_long(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n700000\r\n"),
                                       .delay_ms = 0};
    size_t n = 7 << 20;
    struct buf b;
    struct arena big;
    arena_init(&big, 64 << 20);
    buf_init(&b, 16 << 20, &big);
    buf_add(&b, step.bytes);
    memset(buf_room(&b, n), 'x', n);
    const struct scripted_step all = {.bytes = buf_str(&b), .close = true};
    start(&all, 1);
    assert_false(call("GET", NULL, NULL, NULL));
    assert_int_equal(answer.fault, UPSTREAM_TOO_LONG);
    stop(1);
    scripted_close(&server);
    arena_close(&big);
}

static void no_time(void **state) {
    (void)state;
    start(NULL, 0);
    struct private_api_call c = {.method = STR("GET"), .timeout_ms = 0};
    assert_false(private_api_exchange(&api, &c, &answer, &arena, &e));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_int_equal(answer.fault, UPSTREAM_TIMEOUT);
    assert_int_equal(answer.attempts, 0);
    stop(0);
    scripted_close(&server);
}

#define API_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        API_CASE("a missing, malformed or open URL is refused by the variable's name", bad_urls),
        API_CASE("an expired role session is dropped once, and the call signed with the next", role_keys_expired),
        API_CASE("so are expired keys of the container endpoint", container_keys_expired),
        API_CASE("service, region, key and role are refused by their names", bad_settings),
        API_CASE("service and region are inferred from AWS's hosts, and can be set", inferred),
        API_CASE("method, query, type and body are sent signed, with key and token", what_is_sent),
        API_CASE("a host of its own is sent and signed", other_host),
        API_CASE("a refusal with a skewed date is tried once with the clock corrected", corrected_clock),
        API_CASE("there is no second correction", one_correction),
        API_CASE("a small skew, no date or another status is no reason to try again", no_correction),
        API_CASE("keys are read anew for every call", keys_read_anew),
        API_CASE("without time left nothing is sent", no_time),
        API_CASE("a call's path follows the URL's with one slash between", joined_path),
        API_CASE("what cannot be sent as it is is refused before anything is sent", not_sendable),
        API_CASE("the trace id is sent and not signed", trace_unsigned),
        API_CASE("their clock is read from the refusal's sentence, without a Date", clock_in_sentence),
        API_CASE("a request that was held up is signed and sent once more", held_up),
        API_CASE("a refusal of policy, key, token or route is none of the clock's, whatever the Date", not_the_clock),
        API_CASE("a busy API is tried again for GET, never for POST", busy_api),
        API_CASE("a busy API is tried three times at most", three_at_most),
        API_CASE("a pause that the time left does not allow ends the call with the answer there is", asked_to_wait),
        API_CASE("after private_api_disconnect the next call connects anew", disconnected),
        API_CASE("threads call at once, each on a connection of its own, and share what one learnt", threads),
        API_CASE("an answer over 6 MiB is refused, not cut", too_long),
    };
    return cmocka_run_group_tests_name("private_api", tests, NULL, NULL);
}
