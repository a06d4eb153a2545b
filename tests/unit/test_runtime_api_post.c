/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/runtime_api.c against a scripted Runtime API: what is posted, and what each status means. */
#include "runtime_api_fixture.h"

static void response(void **state) {
    (void)state;
    static const char *const ids[] = {"in:v/1 =", NULL};
    for (size_t i = 0; i < 2; i++) {
        inv = invocation(ids[i]);
        start(&ACCEPTED, 1);
        check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("{\"r\":1}"), &e), e);
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
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR(""), &e), e);
    stop();
    check_text(scripted_field(server.request[0], "content-length"), "0");
    scripted_close(&server);
}

static void check_error_body(struct str body, struct str message, const char *type) {
    struct cJSON *root;
    check_ok(json_read(body, &root, &e), e);
    check_str(json_get_text(root, "errorMessage"), message);
    check_str(json_get_text(root, "errorType"), str_of(type));
    assert_non_null(json_get(root, "stackTrace"));
    json_close(root);
}

static void error(void **state) {
    (void)state;
    struct lambda_failure cause = {.error_type = STR("Function.BadEvent"),
                                   .error_message = STR("the \"event\"\n is gr\xc3\xbcn")};
    inv = invocation("inv-9");
    start(&ACCEPTED, 1);
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    stop();
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST " BASE "/invocation/req-1/error HTTP/1.1");
    check_text(scripted_field(rq, "content-type"), "application/json");
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Function.BadEvent");
    check_text(scripted_field(rq, "lambda-runtime-invocation-id"), "inv-9");
    check_error_body(scripted_body(rq), cause.error_message, "Function.BadEvent");
    scripted_close(&server);
}

static void init_error(void **state) {
    (void)state;
    struct lambda_failure cause = {.error_type = STR("Function.BadEvent"),
                                   .error_message = STR("PRIVATE_API_URL is not set")};
    start(&ACCEPTED, 1);
    check_ok(runtime_api_init_error(api, &cause, &e), e);
    stop();
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST " BASE "/init/error HTTP/1.1");
    check_text(scripted_field(rq, "content-type"), "application/json");
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Function.BadEvent");
    assert_null(scripted_field(rq, "lambda-runtime-invocation-id").p);
    check_error_body(scripted_body(rq), cause.error_message, "Function.BadEvent");
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
        struct lambda_failure cause = {.error_message = STR("x")};
        struct str body = STR("{\"errorMessage\":\"x\",\"errorType\":\"InvokeTimeout\"}");
        const struct scripted_step step = {.bytes = scripted_answer(cases[i / 2].status, "", body, &arena)};
        inv = invocation(NULL);
        start(&step, 1);
        bool ok = i % 2 ? runtime_api_error(api, &inv, &cause, &e)
                        : runtime_api_response(api, &inv, (struct str){0}, STR("{}"), &e);
        assert_int_equal(ok, cases[i / 2].kind == ERR_NONE);
        if (!ok) assert_int_equal(e.kind, cases[i / 2].kind);
        if (!ok) assert_non_null(strstr(e.msg, "InvokeTimeout"));
        stop();
        assert_int_equal(server.requests, 1);
        scripted_close(&server);
    }
}

static void own_content_type(void **state) {
    (void)state;
    inv = invocation(NULL);
    start(&ACCEPTED, 1);
    check_ok(runtime_api_response(api, &inv, STR("text/plain"), STR("x"), &e), e);
    assert_int_equal(runtime_api_status(api), 202);
    stop();
    check_text(scripted_field(server.request[0], "content-type"), "text/plain");
    scripted_close(&server);
}

static void echoed_bytes(void **state) {
    (void)state;
    static const struct {
        struct str id;
        bool sent;
    } cases[] = {
        {STR_INIT("inv;\"\xc3\xbc\xff\x80 ,:=%41"), true},
        {STR_INIT("a\r\nX-Evil: 1"), false},
        {STR_INIT("a\nb"), false},
        {STR_INIT("a\0b"), false},
        {STR_INIT("a\tb"), false},
        {STR_INIT("a\x7f"), false},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct lambda_failure cause = {.error_message = STR("x")};
        inv = invocation(NULL);
        inv.invocation_id = cases[i / 2].id;
        start(&ACCEPTED, 1);
        check_ok(i % 2 ? runtime_api_error(api, &inv, &cause, &e)
                       : runtime_api_response(api, &inv, (struct str){0}, STR("{}"), &e),
                 e);
        stop();
        struct str sent = scripted_field(server.request[0], "lambda-runtime-invocation-id");
        if (cases[i / 2].sent) check_str(sent, cases[i / 2].id);
        else assert_null(sent.p);
        assert_null(scripted_field(server.request[0], "x-evil").p);
        scripted_close(&server);
    }
}

static void error_details(void **state) {
    (void)state;
    const struct str frames[] = {STR("f (a.c:1)"), STR("main")};
    const struct lambda_failure cause = {.error_type = STR("std::bad\r\nX-Evil: 1"),
                                         .error_message = STR("\xff\n"),
                                         .stack_trace = frames,
                                         .stack_trace_n = 2};
    inv = invocation(NULL);
    start(&ACCEPTED, 1);
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    stop();
    struct str rq = server.request[0], field = scripted_field(rq, "lambda-runtime-function-xray-error-cause");
    struct cJSON *root;
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Function.Unknown");
    assert_null(scripted_field(rq, "x-evil").p);
    check_ok(json_read(field, &root, &e), e);
    check_text(json_get_text(root, "message"), "\xef\xbf\xbd\n");
    json_close(root);
    check_ok(json_read(scripted_body(rq), &root, &e), e);
    check_str(json_get_text(root, "errorType"), cause.error_type);
    assert_non_null(json_get(root, "stackTrace"));
    json_close(root);
    scripted_close(&server);
}

static void own_error_body(void **state) {
    (void)state;
    char *text = arena_take(&arena, 1000 * 1024);
    memset(text, '1', 1000 * 1024);
    const struct lambda_failure cause = {.error_type = STR("Runtime.Own"),
                                         .body = STR("{\"errorCause\":{}}"),
                                         .content_type = STR("application/vnd.aws.lambda.error.cause+json"),
                                         .xray_error_cause = {text, 1000 * 1024}};
    inv = invocation(NULL);
    start(&ACCEPTED, 1);
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    stop();
    struct str rq = server.request[0];
    check_text(scripted_field(rq, "content-type"), "application/vnd.aws.lambda.error.cause+json");
    check_text(scripted_field(rq, "lambda-runtime-function-error-type"), "Runtime.Own");
    check_str(scripted_field(rq, "lambda-runtime-function-xray-error-cause"), cause.xray_error_cause);
    check_text(scripted_body(rq), "{\"errorCause\":{}}");
    scripted_close(&server);
}

static void over_the_limit(void **state) {
    (void)state;
    char *text = arena_take(&arena, LAMBDA_MAX_REPLY_BYTES + 1);
    memset(text, 'x', LAMBDA_MAX_REPLY_BYTES + 1);
    inv = invocation(NULL);
    start(&ACCEPTED, 1);
    assert_false(runtime_api_response(api, &inv, (struct str){0}, (struct str){text, LAMBDA_MAX_REPLY_BYTES + 1}, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(runtime_api_status(api), 0);
    assert_non_null(strstr(e.msg, "6291557"));
    check_ok(runtime_api_response(api, &inv, (struct str){0}, (struct str){text, LAMBDA_MAX_REPLY_BYTES}, &e), e);
    stop();
    assert_int_equal(server.requests, 1);
    assert_int_equal(scripted_body(server.request[0]).n, LAMBDA_MAX_REPLY_BYTES);
    scripted_close(&server);
}

/* The peer has read the whole request and then closes: it may well have acted on it. */
static void never_twice(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT(""), .close = true}};
    inv = invocation(NULL);
    start(steps, 2);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("first"), &e), e);
    assert_false(runtime_api_response(api, &inv, (struct str){0}, STR("second"), &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_int_equal(runtime_api_status(api), 0);
    stop();
    assert_int_equal(server.requests, 2);
    scripted_close(&server);
}

static void post_again(void **state) {
    (void)state;
    inv = invocation(NULL);
    start_deaf(&ACCEPTED, 1);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e), e);
    stop();
    assert_int_equal(pauses_refused, 0);
    assert_int_equal(server.requests, 1);
    scripted_close(&server);
}

static void post_gives_up(void **state) {
    (void)state;
    inv = invocation(NULL);
    scripted_start_deaf(&server, NULL, 0);
    check_ok(runtime_api_open(str_of(server.host_port), STR(""), &api, &e), e);
    assert_false(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    stop();
}

static void bad_mode(void **state) {
    (void)state;
    const struct scripted_step step = {
        .bytes = scripted_answer("400 Bad", "", STR("{\"errorType\":\"InvalidFunctionResponseMode\"}"), &arena)};
    inv = invocation(NULL);
    start(&step, 1);
    assert_false(runtime_api_response(api, &inv, (struct str){0}, STR("x"), &e));
    assert_int_equal(e.kind, ERR_PROTOCOL);
    stop();
    scripted_close(&server);
}

static void spent_memory(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")},
        {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")}};
    struct lambda_failure cause = {.error_type = STR("Function.BadEvent"), .error_message = STR("out of memory")};
    inv = invocation("inv-9");
    start(steps, 2);
    while (arena_take(&arena, 1)) continue;
    check_ok(runtime_api_error(api, &inv, &cause, &e), e);
    check_ok(runtime_api_response(api, &inv, (struct str){0}, STR("{}"), &e), e);
    stop();
    scripted_close(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        API_CASE("a response is posted with its type and the echoed invocation id", response),
        API_CASE("an empty response is sent with its length", empty_response),
        API_CASE("an error is posted with type, message and the echoed invocation id", error),
        API_CASE("an init error is posted without an invocation id", init_error),
        API_CASE("a 4xx concerns one invocation, other failures the environment", post_statuses),
        API_CASE("bug: an invocation that used all its memory can still be answered", spent_memory),
        API_CASE("a response may have a content type of its own", own_content_type),
        API_CASE("an invocation id comes back byte for byte, or not at all if no header can hold it", echoed_bytes),
        API_CASE("an error has an X-Ray cause, and a type that Lambda passes on", error_details),
        API_CASE("an error's body, its content type and its X-Ray cause may be the function's own", own_error_body),
        API_CASE("a body over Lambda's limit is not sent, one at the limit is", over_the_limit),
        API_CASE("a request that may have been read is not sent twice", never_twice),
        API_CASE("a post is tried once more while nothing of it was sent", post_again),
        API_CASE("a post gives up after a second refused connection", post_gives_up),
        API_CASE("a refused response mode means the environment is lost", bad_mode),
    };
    return cmocka_run_group_tests_name("runtime_api_post", tests, NULL, NULL);
}
