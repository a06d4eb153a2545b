/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/runtime_api.c against a scripted Runtime API: each URL, each field, each status. */
#include <stdio.h>

#include "check.h"
#include "json.h"
#include "log.h"
#include "runtime_api.h"
#include "scripted_server.h"

#define BASE "/2018-06-01/runtime"

static struct arena arena;
static struct scripted_server server;
static struct runtime_api *api;
static struct lambda_invocation inv;
static struct err e;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 64 << 20);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    e = (struct err){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void start(const struct scripted_step *steps, size_t n) {
    scripted_start(&server, steps, n);
    check_ok(runtime_api_open(str_of(server.host_port), &api, &e), e);
}

static void stop(void) {
    runtime_api_close(api);
    scripted_stop(&server);
}

static bool next_of(const char *fields) {
    const struct scripted_step step = {.bytes = scripted_answer("200 OK", fields, STR("{\"a\":1}"), &arena)};
    start(&step, 1);
    bool ok = runtime_api_next(api, &inv, &arena, &e);
    stop();
    check_text(scripted_line(server.request[0]), "GET " BASE "/invocation/next HTTP/1.1");
    check_str(scripted_field(server.request[0], "host"), str_of(server.host_port));
    assert_true(str_starts(scripted_field(server.request[0], "user-agent"), STR("lambda-iam-c/")));
    scripted_close(&server);
    return ok;
}

static void every_field(void **state) {
    (void)state;
    check_ok(next_of("lambda-runtime-aws-request-id: 8476a536-e9f4\r\nLambda-Runtime-Invocation-Id: in:v/1\r\n"
                     "Lambda-Runtime-Deadline-Ms: 1542409706888\r\nLambda-Runtime-Invoked-Function-Arn: arn:x:1\r\n"
                     "Lambda-Runtime-Trace-Id: Root=1-5;Sampled=1\r\nLambda-Runtime-Client-Context: {\"c\":1}\r\n"
                     "Lambda-Runtime-Cognito-Identity: {\"i\":2}\r\nLambda-Runtime-Aws-Tenant-Id: blue\r\n"
                     "Content-Type: application/json\r\n"),
             e);
    check_text(inv.request_id, "8476a536-e9f4");
    check_text(inv.invocation_id, "in:v/1");
    assert_true(inv.deadline_ms == 1542409706888);
    check_text(inv.invoked_function_arn, "arn:x:1");
    check_text(inv.trace_id, "Root=1-5;Sampled=1");
    check_text(inv.client_context, "{\"c\":1}");
    check_text(inv.cognito_identity, "{\"i\":2}");
    check_text(inv.tenant_id, "blue");
    check_text(inv.content_type, "application/json");
    check_text(inv.payload, "{\"a\":1}");
    assert_ptr_equal(inv.arena, &arena);
}

static void empty_is_absent(void **state) {
    (void)state;
    static const char *const heads[] = {
        "Lambda-Runtime-Aws-Request-Id: r\r\n",
        "Lambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Trace-Id:\r\nLambda-Runtime-Client-Context: \r\n"
        "Lambda-Runtime-Cognito-Identity:\r\nLambda-Runtime-Invocation-Id:\r\nLambda-Runtime-Deadline-Ms:\r\n"
        "Lambda-Runtime-Aws-Tenant-Id:\r\nLambda-Runtime-Invoked-Function-Arn:\r\nContent-Type:\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        check_ok(next_of(heads[i]), e);
        assert_null(inv.invocation_id.p);
        assert_null(inv.invoked_function_arn.p);
        assert_null(inv.trace_id.p);
        assert_null(inv.client_context.p);
        assert_null(inv.cognito_identity.p);
        assert_null(inv.tenant_id.p);
        assert_null(inv.content_type.p);
        assert_true(inv.deadline_ms == INT64_MAX);
    }
}

static void unusable_ids(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "Lambda-Runtime-Aws-Request-Id:\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: a/b\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: ../next\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: a b\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: a?b\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: a%2fb\r\n",
                                      "Lambda-Runtime-Aws-Request-Id: gr\xc3\xbcn\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (next_of(bad[i])) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_REFUSED);
    }
    char longest[400];
    snprintf(longest, sizeof longest, "Lambda-Runtime-Aws-Request-Id: %0256d\r\n", 0);
    assert_true(next_of(longest));
    snprintf(longest, sizeof longest, "Lambda-Runtime-Aws-Request-Id: %0257d\r\n", 0);
    assert_false(next_of(longest));
}

static void deadlines(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"0", 0},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", INT64_MAX},
        {"99999999999999999999999", INT64_MAX},
        {"-1", INT64_MAX},
        {"soon", INT64_MAX},
        {"1e3", INT64_MAX},
        {"17000.5", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char fields[200];
        snprintf(fields, sizeof fields, "Lambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Deadline-Ms: %s\r\n",
                 cases[i].text);
        check_ok(next_of(fields), e);
        assert_true(inv.deadline_ms == cases[i].ms);
    }
}

static void lost_on_next(void **state) {
    (void)state;
    static const char *const statuses[] = {"403 Forbidden", "500 Internal", "404 Not Found", "202 Accepted",
                                           "302 Found"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        const struct scripted_step step = {
            .bytes = scripted_answer(statuses[i], "Lambda-Runtime-Aws-Request-Id: r\r\n", STR("{}"), &arena)};
        start(&step, 1);
        assert_false(runtime_api_next(api, &inv, &arena, &e));
        assert_int_equal(e.kind, ERR_PROTOCOL);
        stop();
        assert_int_equal(server.requests, 1);
        scripted_close(&server);
    }
}

static void next_again(void **state) {
    (void)state;
    const struct scripted_step step = {
        .bytes = scripted_answer("200 OK", "Lambda-Runtime-Aws-Request-Id: r\r\n", STR("{}"), &arena)};
    scripted_start_late(&server, &step, 1, 120);
    check_ok(runtime_api_open(str_of(server.host_port), &api, &e), e);
    check_ok(runtime_api_next(api, &inv, &arena, &e), e);
    stop();
    scripted_close(&server);
}

static void next_gives_up(void **state) {
    (void)state;
    scripted_start_late(&server, NULL, 0, 60000);
    check_ok(runtime_api_open(str_of(server.host_port), &api, &e), e);
    assert_false(runtime_api_next(api, &inv, &arena, &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    stop();
}

static struct lambda_invocation invocation(const char *invocation_id) {
    return (struct lambda_invocation){
        .request_id = STR("req-1"), .invocation_id = str_of(invocation_id), .arena = &arena, .deadline_ms = INT64_MAX};
}

static const struct scripted_step ACCEPTED = {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")};

static void response(void **state) {
    (void)state;
    static const char *const ids[] = {"in:v/1 =", NULL};
    for (size_t i = 0; i < 2; i++) {
        inv = invocation(ids[i]);
        start(&ACCEPTED, 1);
        check_ok(runtime_api_response(api, &inv, STR("{\"r\":1}"), &e), e);
        stop();
        struct str rq = server.request[0];
        check_text(scripted_line(rq), "POST " BASE "/invocation/req-1/response HTTP/1.1");
        check_text(scripted_field(rq, "content-type"), "application/json");
        check_str(scripted_field(rq, "lambda-runtime-invocation-id"), str_of(ids[i]));
        assert_int_equal(scripted_field(rq, "lambda-runtime-invocation-id").p == NULL, ids[i] == NULL);
        assert_null(scripted_field(rq, "lambda-runtime-function-error-type").p);
        check_text(scripted_body(rq), "{\"r\":1}");
        scripted_close(&server);
    }
}

static void empty_response(void **state) {
    (void)state;
    inv = invocation(NULL);
    start(&ACCEPTED, 1);
    check_ok(runtime_api_response(api, &inv, STR(""), &e), e);
    stop();
    check_text(scripted_field(server.request[0], "content-length"), "0");
    scripted_close(&server);
}

static void check_error_body(struct str body, const char *message, const char *type) {
    struct cJSON *root;
    check_ok(json_read(body, &root, &e), e);
    check_str(json_get_text(root, "errorMessage"), str_of(message));
    check_str(json_get_text(root, "errorType"), str_of(type));
    assert_non_null(json_get(root, "stackTrace"));
    json_close(root);
}

static void error(void **state) {
    (void)state;
    struct err cause;
    err_set(&cause, ERR_PARSE, "the \"event\"\n is gr\xc3\xbcn");
    inv = invocation("inv-9");
    start(&ACCEPTED, 1);
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    stop();
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST " BASE "/invocation/req-1/error HTTP/1.1");
    check_text(scripted_field(rq, "content-type"), "application/json");
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Function.BadEvent");
    check_text(scripted_field(rq, "lambda-runtime-invocation-id"), "inv-9");
    check_error_body(scripted_body(rq), cause.msg, "Function.BadEvent");
    scripted_close(&server);
}

static void init_error(void **state) {
    (void)state;
    struct err cause;
    err_set(&cause, ERR_CONFIG, "PRIVATE_API_URL is not set");
    start(&ACCEPTED, 1);
    check_ok(runtime_api_init_error(api, &cause, &e), e);
    stop();
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST " BASE "/init/error HTTP/1.1");
    check_text(scripted_field(rq, "content-type"), "application/json");
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Function.BadConfiguration");
    assert_null(scripted_field(rq, "lambda-runtime-invocation-id").p);
    check_error_body(scripted_body(rq), cause.msg, "Function.BadConfiguration");
    scripted_close(&server);
}

static void post_statuses(void **state) {
    (void)state;
    static const struct {
        const char *status;
        enum err_kind kind; /* ERR_NONE: accepted */
    } cases[] = {
        {"202 Accepted", ERR_NONE},     {"200 OK", ERR_NONE},       {"400 Bad", ERR_REFUSED},
        {"403 Forbidden", ERR_REFUSED}, {"410 Gone", ERR_REFUSED},  {"413 Large", ERR_REFUSED},
        {"500 Error", ERR_PROTOCOL},    {"503 Busy", ERR_PROTOCOL}, {"302 Found", ERR_PROTOCOL},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct err cause;
        struct str body = STR("{\"errorMessage\":\"x\",\"errorType\":\"InvokeTimeout\"}");
        const struct scripted_step step = {.bytes = scripted_answer(cases[i / 2].status, "", body, &arena)};
        inv = invocation(NULL);
        err_set(&cause, ERR_HANDLER, "x");
        start(&step, 1);
        bool ok = i % 2 ? runtime_api_error(api, &inv, &cause, &e) : runtime_api_response(api, &inv, STR("{}"), &e);
        assert_int_equal(ok, cases[i / 2].kind == ERR_NONE);
        if (!ok) assert_int_equal(e.kind, cases[i / 2].kind);
        if (!ok) assert_non_null(strstr(e.msg, "InvokeTimeout"));
        stop();
        assert_int_equal(server.requests, 1);
        scripted_close(&server);
    }
}

/* Categories that Lambda passes on as they are: (Runtime|Function).Word */
static void error_types(void **state) {
    (void)state;
    for (int kind = ERR_NONE; kind <= ERR_HANDLER; kind++) {
        struct str type = str_of(runtime_api_error_type((enum err_kind)kind)), category;
        assert_true(str_cut(&type, '.', &category));
        assert_true(str_eq(category, STR("Function")) || str_eq(category, STR("Runtime")));
        assert_in_range(type.p[0], 'A', 'Z');
        for (size_t i = 1; i < type.n; i++) assert_in_range(type.p[i] | 0x20, 'a', 'z');
    }
}

static void spent_memory(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")}};
    struct err cause;
    err_set(&cause, ERR_MEMORY, "out of memory");
    inv = invocation("inv-9");
    start(steps, 2);
    while (arena_take(&arena, 1)) continue;
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    check_ok(runtime_api_response(api, &inv, STR("{}"), &e), e);
    stop();
    scripted_close(&server);
}

static void bad_addresses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "host:0", "host:99999", "host:9001/path", "http://host:9001", "user@host:1", "a b", "host:9001?x", ":9001"};
    char longest[400];
    memset(longest, 'a', sizeof longest);
    assert_false(runtime_api_open((struct str){longest, sizeof longest}, &api, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (runtime_api_open(str_of(bad[i]), &api, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_non_null(strstr(e.msg, "AWS_LAMBDA_RUNTIME_API"));
    }
}

#define API_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        API_CASE("every field of a delivery is read", every_field),
        API_CASE("an empty field is an absent one", empty_is_absent),
        API_CASE("a delivery without an id that can stand in a URL is refused", unusable_ids),
        API_CASE("a deadline that is no number of milliseconds is none", deadlines),
        API_CASE("any answer to next but 200 means the environment is lost", lost_on_next),
        API_CASE("next is tried again while the connection is refused", next_again),
        API_CASE("next gives up after a few refused connections", next_gives_up),
        API_CASE("a response is posted with its type and the echoed invocation id", response),
        API_CASE("an empty response is sent with its length", empty_response),
        API_CASE("an error is posted with type, message and the echoed invocation id", error),
        API_CASE("an init error is posted without an invocation id", init_error),
        API_CASE("a 4xx concerns one invocation, other failures the environment", post_statuses),
        API_CASE("every error type has the form that Lambda passes on", error_types),
        API_CASE("bug: an invocation that used all its memory can still be answered", spent_memory),
        API_CASE("what is not host:port is refused by the variable's name", bad_addresses),
    };
    return cmocka_run_group_tests_name("runtime_api", tests, NULL, NULL);
}
