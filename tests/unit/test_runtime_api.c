/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/runtime_api.c against a scripted Runtime API: what is opened, and what is asked for. */
#include "runtime_api_fixture.h"

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
    start_deaf(&step, 2);
    check_ok(runtime_api_next(api, &inv, &arena, &e), e);
    stop();
    assert_int_equal(pauses_refused, 0);
    scripted_close(&server);
}

static void next_gives_up(void **state) {
    (void)state;
    scripted_start_deaf(&server, NULL, 0);
    check_ok(runtime_api_open(str_of(server.host_port), STR(""), &api, &e), e);
    assert_false(runtime_api_next(api, &inv, &arena, &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    stop();
}

static void cut_delivery(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r\r\nContent-Length: 9\r\n\r\ncut"),
         .close = true},
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Re"), .close = true},
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r\r\nContent-Length: 3\r\n\r\nall")}};
    start(steps, 3);
    check_ok(runtime_api_next(api, &inv, &arena, &e), e);
    check_text(inv.payload, "all");
    stop();
    scripted_close(&server);
}

static void disconnect(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")}};
    inv = invocation(NULL);
    start(steps, 2);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e), e);
    runtime_api_disconnect(api);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e), e);
    stop();
    assert_int_equal(server.connections, 2);
    scripted_close(&server);
}

static void restore(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")}};
    const struct lambda_failure cause = {.error_type = STR("Runtime.AfterRestoreError"), .error_message = STR("x")};
    start(steps, 3);
    check_ok(runtime_api_restore_next(api, &e), e);
    check_ok(runtime_api_restore_error(api, &cause, &e), e);
    assert_false(runtime_api_restore_next(api, &e));
    assert_int_equal(e.kind, ERR_PROTOCOL);
    stop();
    check_text(scripted_line(server.request[0]), "GET " BASE "/restore/next HTTP/1.1");
    check_text(scripted_line(server.request[1]), "POST " BASE "/restore/error HTTP/1.1");
    check_text(scripted_field(server.request[1], "lambda-runtime-function-error-type"), "Runtime.AfterRestoreError");
    scripted_close(&server);
}

static void extension(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-1\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")}};
    struct str id, none;
    start(steps, 4);
    check_ok(runtime_api_extension_register(api, STR("quiet"), &id, &arena, &e), e);
    check_text(id, "id-1");
    assert_int_equal(id.p[id.n], 0);
    check_ok(runtime_api_extension_next(api, id, &e), e);
    assert_false(runtime_api_extension_register(api, STR("quiet"), &none, &arena, &e));
    assert_int_equal(e.kind, ERR_PROTOCOL);
    assert_false(runtime_api_extension_register(api, STR("quiet"), &none, &arena, &e));
    assert_int_equal(e.kind, ERR_REFUSED);
    stop();
    check_text(scripted_line(server.request[0]), "POST /2020-01-01/extension/register HTTP/1.1");
    check_text(scripted_field(server.request[0], "lambda-extension-name"), "quiet");
    check_text(scripted_body(server.request[0]), "{\"events\":[]}");
    check_text(scripted_line(server.request[1]), "GET /2020-01-01/extension/event/next HTTP/1.1");
    check_text(scripted_field(server.request[1], "lambda-extension-identifier"), "id-1");
    scripted_close(&server);
}

static void user_agent(void **state) {
    (void)state;
    inv = invocation(NULL);
    scripted_start(&server, &ACCEPTED, 1);
    check_ok(runtime_api_open(str_of(server.host_port), STR("mine/1.2"), &api, &e), e);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e), e);
    stop();
    check_text(scripted_field(server.request[0], "user-agent"), "mine/1.2");
    scripted_close(&server);
    assert_false(runtime_api_open(STR("127.0.0.1:1"), STR("a\r\nX: y"), &api, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
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

static void bad_addresses(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "host:0", "host:99999", "host:9001/path", "http://host:9001", "user@host:1", "a b", "host:9001?x", ":9001"};
    char longest[400];
    memset(longest, 'a', sizeof longest);
    assert_false(runtime_api_open((struct str){longest, sizeof longest}, STR(""), &api, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (runtime_api_open(str_of(bad[i]), STR(""), &api, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_CONFIG);
        assert_non_null(strstr(e.msg, "AWS_LAMBDA_RUNTIME_API"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_CASE("every field of a delivery is read", every_field),
        API_CASE("an empty field is an absent one", empty_is_absent),
        API_CASE("a delivery without an id that can stand in a URL is refused", unusable_ids),
        API_CASE("a deadline that is no number of milliseconds is none", deadlines),
        API_CASE("any answer to next but 200 means the environment is lost", lost_on_next),
        API_CASE("next is tried again while the connection is refused", next_again),
        API_CASE("next gives up after a few refused connections", next_gives_up),
        API_CASE("every error type has the form that Lambda passes on", error_types),
        API_CASE("next is tried again when its answer was cut", cut_delivery),
        API_CASE("after a disconnect there is another connection", disconnect),
        API_CASE("restore waits for its 200 and reports its failure", restore),
        API_CASE("an extension registers for no event and waits under its identifier", extension),
        API_CASE("the user agent is the program's, and no other header", user_agent),
        API_CASE("what is not host:port is refused by the variable's name", bad_addresses),
    };
    return cmocka_run_group_tests_name("runtime_api", tests, NULL, NULL);
}
