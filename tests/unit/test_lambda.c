/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/lambda.c: the loop from the first next to the end of the environment, against a scripted Runtime API. */
#include "lambda_fixture.h"
#include "scripted_server.h"

#define EVENT(id, fields, n, body) \
    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: " id "\r\n" fields "Content-Length: " n "\r\n\r\n" body
#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
#define STATUS(text) "HTTP/1.1 " text "\r\nContent-Length: 0\r\n\r\n"
#define LOST STATUS("500 Lost")

static struct scripted_server server;
static int handled;
static char traces[8][64];

/* What is set is copied: these arrays are gone, and written over, when it is sent. */
static void set_from_stack(const struct lambda_invocation *inv) {
    char bad[] = "text/plain\r\nX-Evil: 1", good[] = "text/csv";
    lambda_set_content_type(inv, str_of(good));
    lambda_set_content_type(inv, str_of(bad));
    memset(good, '#', sizeof good - 1);
}

static bool tell_from_stack(const struct lambda_invocation *inv, struct err *e) {
    char type[] = "Function.Told", frame[] = "f (a.c:3)", cause[] = "{\"working_directory\":\"/x\"}";
    struct str frames[] = {str_of(frame)};
    while (arena_take(inv->arena, 1)) continue; /* not from the invocation's own memory */
    lambda_set_failure(inv, &(struct lambda_failure){.error_type = str_of(type),
                                                     .stack_trace = frames,
                                                     .stack_trace_n = 1,
                                                     .xray_error_cause = str_of(cause)});
    memset(type, '#', sizeof type - 1);
    memset(frame, '#', sizeof frame - 1);
    memset(cause, '#', sizeof cause - 1);
    return err_set(e, ERR_PARSE, "told");
}

static bool count_and_answer(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    snprintf(traces[handled % 8], sizeof traces[0], "%s", trace ? trace : "none");
    handled++;
    if (str_eq(inv->payload, STR("fail"))) return err_set(e, ERR_HANDLER, "it was asked to fail");
    if (str_eq(inv->payload, STR("mute"))) return false;
    if (str_eq(inv->payload, STR("long")))
        for (int i = 0; i <= LAMBDA_MAX_REPLY_BYTES / 64; i++)
            buf_add(reply, STR("0123456789012345678901234567890123456789012345678901234567890123"));
    if (str_eq(inv->payload, STR("greedy"))) {
        while (arena_take(inv->arena, 1)) continue;
        return err_set(e, ERR_MEMORY, "nothing is left");
    }
    if (str_eq(inv->payload, STR("typed"))) set_from_stack(inv);
    if (str_eq(inv->payload, STR("told"))) return tell_from_stack(inv, e);
    buf_add(reply, STR("<"));
    buf_add(reply, inv->payload);
    buf_add(reply, STR(">"));
    return true;
}

static bool bad_init(void *user, struct err *e) {
    (void)user;
    return err_set(e, ERR_CONFIG, "PRIVATE_API_URL is not set");
}

static const struct lambda_program PROGRAM = {.handle = count_and_answer};

static void play(const struct scripted_step *steps, size_t n, const struct lambda_program *program) {
    handled = 0;
    scripted_start(&server, steps, n);
    setenv("AWS_LAMBDA_RUNTIME_API", server.host_port, 1);
    assert_int_equal(logged_run(program), 1);
    scripted_stop(&server);
    assert_int_equal(server.requests, n);
}

#define PLAY(steps) play(steps, sizeof steps / sizeof *steps, &PROGRAM)

static void check_sent(int at, const char *line) {
    struct str wanted = str_of(line), sent = scripted_line(server.request[at]);
    if (str_find(sent, wanted) == SIZE_MAX) fail_msg("request %d is <%.*s>, not <%s>", at, STR_ARG(sent), line);
}

static void two_events(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(EVENT("r1", "Lambda-Runtime-Invocation-Id: i1\r\n", "1", "a"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(EVENT("r2", "", "2", "bb"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(LOST)}};
    PLAY(steps);
    check_sent(0, "GET /2018-06-01/runtime/invocation/next");
    check_sent(1, "POST /2018-06-01/runtime/invocation/r1/response");
    check_text(scripted_field(server.request[1], "Lambda-Runtime-Invocation-Id"), "i1");
    check_text(scripted_body(server.request[1]), "<a>");
    check_sent(3, "POST /2018-06-01/runtime/invocation/r2/response");
    assert_null(scripted_field(server.request[3], "Lambda-Runtime-Invocation-Id").p);
    check_text(scripted_body(server.request[3]), "<bb>");
    assert_int_equal(server.connections, 1);
    assert_int_equal(handled, 2);
    scripted_close(&server);
}

static void handler_failure(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(EVENT("r1", "", "4", "fail"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r2", "", "4", "mute"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r3", "", "4", "long"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r4", "", "6", "greedy"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r5", "", "1", "a"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(LOST)}};
    PLAY(steps);
    check_sent(1, "/invocation/r1/error");
    check_text(scripted_field(server.request[1], "Lambda-Runtime-Function-Error-Type"), "Function.HandlerError");
    assert_true(str_find(scripted_body(server.request[1]), STR("it was asked to fail")) != SIZE_MAX);
    assert_non_null(strstr(logged, "it was asked to fail"));
    check_sent(3, "/invocation/r2/error");
    check_text(scripted_field(server.request[3], "Lambda-Runtime-Function-Error-Type"), "Function.HandlerError");
    check_sent(5, "/invocation/r3/error");
    check_text(scripted_field(server.request[5], "Lambda-Runtime-Function-Error-Type"),
               "Function.ResponseSizeTooLarge");
    check_sent(7, "/invocation/r4/error");
    check_text(scripted_field(server.request[7], "Lambda-Runtime-Function-Error-Type"), "Runtime.OutOfMemory");
    check_sent(9, "/invocation/r5/response");
    scripted_close(&server);
}

static void reply_too_large(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(EVENT("r1", "", "4", "long"))}, {.bytes = STR_INIT(ACCEPTED)}, {.bytes = STR_INIT(LOST)}};
    PLAY(steps);
    check_sent(1, "/invocation/r1/error");
    struct str body = scripted_body(server.request[1]);
    assert_true(str_find(body, STR("6291590 bytes")) != SIZE_MAX); /* its own size, and the limit's */
    assert_true(str_find(body, STR("6291556 bytes")) != SIZE_MAX);
    scripted_close(&server);
}

static void said_by_the_handler(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(EVENT("r1", "", "5", "typed"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r2", "", "1", "a"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r3", "", "4", "told"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r4", "", "4", "fail"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(LOST)}};
    PLAY(steps);
    check_text(scripted_field(server.request[1], "Content-Type"), "text/csv");
    check_text(scripted_field(server.request[3], "Content-Type"), "application/json");
    check_text(scripted_field(server.request[5], "Lambda-Runtime-Function-Error-Type"), "Function.Told");
    check_text(scripted_field(server.request[5], "Lambda-Runtime-Function-XRay-Error-Cause"),
               "{\"working_directory\":\"/x\"}");
    check_text(scripted_body(server.request[5]),
               "{\"errorMessage\":\"told\",\"errorType\":\"Function.Told\",\"stackTrace\":[\"f (a.c:3)\"]}");
    check_text(scripted_field(server.request[7], "Lambda-Runtime-Function-Error-Type"), "Function.HandlerError");
    assert_non_null(strstr(logged, "a content type with a control byte"));
    scripted_close(&server);
}

static void refused_answers(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(EVENT("r1", "", "1", "a"))},
                                                 {.bytes = STR_INIT(STATUS("400 Bad"))},
                                                 {.bytes = STR_INIT(EVENT("r2", "", "1", "a"))},
                                                 {.bytes = STR_INIT(STATUS("410 Gone"))},
                                                 {.bytes = STR_INIT(EVENT("r3", "", "1", "a"))},
                                                 {.bytes = STR_INIT(STATUS("413 Large"))},
                                                 {.bytes = STR_INIT(EVENT("r4", "", "4", "fail"))},
                                                 {.bytes = STR_INIT(STATUS("403 Forbidden"))},
                                                 {.bytes = STR_INIT(EVENT("r5", "", "1", "a"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(LOST)}};
    PLAY(steps);
    assert_int_equal(handled, 5);
    scripted_close(&server);
}

static void lost_on_post(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(EVENT("r1", "", "1", "a"))},
                                                 {.bytes = STR_INIT(STATUS("500 Lost"))}};
    PLAY(steps);
    assert_int_equal(handled, 1);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "/invocation/r1/response of 3 bytes answered 500"));
    scripted_close(&server);
}

static void lost_on_next(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("403 Forbidden"))}};
    PLAY(steps);
    assert_int_equal(handled, 0);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "/invocation/next answered 403"));
    scripted_close(&server);
}

static void no_ids(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(EVENT("", "", "1", "a"))},   {.bytes = STR_INIT(EVENT("../x", "", "1", "a"))},
        {.bytes = STR_INIT(EVENT("r3", "", "1", "a"))}, {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(EVENT("", "", "1", "a"))},   {.bytes = STR_INIT(EVENT("", "", "1", "a"))},
        {.bytes = STR_INIT(EVENT("", "", "1", "a"))}};
    PLAY(steps); /* one good delivery starts the count anew; the third bad one in a row ends it */
    assert_int_equal(handled, 1);
    scripted_close(&server);
}

static void trace_variable(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(EVENT("r1", "Lambda-Runtime-Trace-Id: Root=1-a\r\n", "1", "a"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(EVENT("r2", "Lambda-Runtime-Trace-Id:\r\n", "1", "a"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(EVENT("r3", "Lambda-Runtime-Trace-Id: Root=1-b\r\n", "1", "a"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(LOST)}};
    setenv("_X_AMZN_TRACE_ID", "stale", 1);
    PLAY(steps);
    assert_string_equal(traces[0], "Root=1-a");
    assert_string_equal(traces[1], "none");
    assert_string_equal(traces[2], "Root=1-b");
    unsetenv("_X_AMZN_TRACE_ID");
    scripted_close(&server);
}

static void init_failure(void **state) {
    (void)state;
    static const struct scripted_step step = {.bytes = STR_INIT(ACCEPTED)};
    static const struct lambda_program program = {.init = bad_init, .handle = count_and_answer};
    play(&step, 1, &program);
    check_sent(0, "POST /2018-06-01/runtime/init/error");
    check_text(scripted_field(server.request[0], "Lambda-Runtime-Function-Error-Type"), "Function.BadConfiguration");
    assert_true(str_find(scripted_body(server.request[0]), STR("PRIVATE_API_URL is not set")) != SIZE_MAX);
    assert_non_null(strstr(last_line(), "PRIVATE_API_URL is not set"));
    assert_int_equal(logged_count("FATAL"), 1);
    assert_int_equal(handled, 0);
    scripted_close(&server);
}

static void init_failure_unheard(void **state) {
    (void)state;
    static const struct scripted_step step = {.bytes = STR_INIT(STATUS("403 Forbidden"))};
    static const struct lambda_program program = {.init = bad_init, .handle = count_and_answer};
    play(&step, 1, &program);
    assert_non_null(strstr(last_line(), "PRIVATE_API_URL is not set"));
    assert_non_null(strstr(last_line(), "/init/error of "));
    assert_non_null(strstr(last_line(), "answered 403"));
    assert_int_equal(logged_count("FATAL"), 1);
    scripted_close(&server);
}

static void nobody_there(void **state) {
    (void)state;
    setenv("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1", 1);
    assert_int_equal(logged_run(&PROGRAM), 1);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "http://127.0.0.1:1/2018-06-01/runtime/invocation/next"));
    assert_non_null(strstr(last_line(), "(libcurl 7)"));
}

static void not_on_lambda(void **state) {
    (void)state;
    unsetenv("AWS_LAMBDA_RUNTIME_API");
    assert_int_equal(logged_run(&PROGRAM), 1);
    assert_non_null(strstr(logged, "AWS_LAMBDA_RUNTIME_API is not set"));
}

static void log_environment(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(
             EVENT("r1", "Lambda-Runtime-Trace-Id: Root=1-a\r\nLambda-Runtime-Aws-Tenant-Id: t\r\n", "4", "fail"))},
        {.bytes = STR_INIT(ACCEPTED)},
        {.bytes = STR_INIT(LOST)}};
    setenv("AWS_LAMBDA_LOG_FORMAT", "json", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "debug", 1);
    PLAY(steps);
    assert_non_null(strstr(logged, "\"level\":\"DEBUG\""));
    assert_non_null(strstr(logged, "\"requestId\":\"r1\",\"traceId\":\"Root=1-a\",\"tenantId\":\"t\""));
    setenv("AWS_LAMBDA_LOG_FORMAT", "xml", 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", "loud", 1);
    scripted_close(&server);
    PLAY(steps);
    assert_non_null(strstr(logged, "AWS_LAMBDA_LOG_FORMAT is neither"));
    assert_non_null(strstr(logged, "AWS_LAMBDA_LOG_LEVEL is none of"));
    assert_null(strstr(logged, "DEBUG\t"));
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    unsetenv("AWS_LAMBDA_LOG_LEVEL");
    scripted_close(&server);
}

static void remaining(void **state) {
    (void)state;
    struct lambda_invocation inv = {.deadline_ms = 0};
    assert_int_equal(lambda_remaining_ms(&inv), 0);
    inv.deadline_ms = INT64_MAX;
    assert_true(lambda_remaining_ms(&inv) > INT64_MAX / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("each event is answered under its own id, on one connection", two_events),
        CASE("a handler's failure is posted and the loop goes on", handler_failure),
        CASE("a reply over the limit is an error that names its size", reply_too_large),
        CASE("content type and failure details are copied, and hold for one invocation", said_by_the_handler),
        CASE("an answer that Lambda refuses is logged and the loop goes on", refused_answers),
        CASE("a 500 on an answer ends the environment", lost_on_post),
        CASE("a 403 on next ends the environment", lost_on_next),
        CASE("deliveries without a usable id are passed over, three in a row end it", no_ids),
        CASE("the trace variable is set for each invocation and cleared without one", trace_variable),
        CASE("a failed init is posted and the process ends", init_failure),
        CASE("a failed init that cannot be posted says both in its last line", init_failure_unheard),
        CASE("when nobody answers, the last line has the URL and libcurl's words", nobody_there),
        CASE("without a Runtime API the process says so and ends", not_on_lambda),
        CASE("format, level and ids of the log follow the environment", log_environment),
        CASE("the remaining time is never negative", remaining),
    };
    return cmocka_run_group_tests_name("lambda", tests, NULL, NULL);
}
