/* SPDX-License-Identifier: Apache-2.0 */
/* local/runtime_server.c: the four URLs, with Lambda's statuses and header fields. The test itself plays the process.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
#include "runtime_server.h"

#include "function_parts.h"
#include "lab.h"
#include "wire.h"

#define API "/2018-06-01/runtime/"

static struct lab lab;
static struct lab_call call;

static int open_lab(void **state) {
    (void)state;
    lab_prepare(&lab, NULL, "", 60);
    lab.options.timeout_s = 60;
    lab_open_function(&lab);
    return 0;
}

static int close_lab(void **state) {
    (void)state;
    lab_close(&lab);
    return 0;
}

static struct http_response ask(const char *method, const char *path, struct str body) {
    struct http_request rq = {.method = str_of(method), .path = str_of(path), .body = body};
    struct http_response rs;
    assert_true(wire_exchange(lab_port(&lab), WIRE_WAIT_S, &rq, &rs, &lab.arena));
    return rs;
}

static struct http_response post(const char *path, const char *body) {
    return ask("POST", path, str_of(body));
}

/* Queues an event and asks for it. */
static struct http_response deliver(const char *event, const char *id) {
    lab_call_start(&lab, &call, event, id);
    return ask("GET", API "invocation/next", (struct str){0});
}

static void check_end(enum function_outcome outcome, const char *body) {
    lab_call_end(&call, outcome);
    check_str(call.result.body, str_of(body));
    lab_call_close(&call);
}

static void check_answer(struct http_response rs, int status, const char *body) {
    check_str(rs.body, str_of(body));
    assert_int_equal(rs.status, status);
}

static void next_fields(void **state) {
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct http_response rs = deliver("{\"a\":1}", "id-1");
    int64_t deadline_ms, now_ms = (int64_t)now.tv_sec * 1000;
    assert_int_equal(rs.status, 200);
    check_text(rs.body, "{\"a\":1}");
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    check_text(http_field_get(&rs.fields, STR("lambda-runtime-aws-request-id")), "id-1");
    check_text(http_field_get(&rs.fields, STR("lambda-runtime-trace-id")), "Root=1-0-0");
    check_text(http_field_get(&rs.fields, STR("lambda-runtime-invoked-function-arn")),
               "arn:aws:lambda:x:1:function:fn");
    assert_true(str_read_int64(http_field_get(&rs.fields, STR("lambda-runtime-deadline-ms")), now_ms + 60000,
                               now_ms + 60000 + LAB_INVOKE_MS, &deadline_ms));
    post(API "invocation/id-1/response", "");
    check_end(FUNCTION_REPLY, "");
}

static void response(void **state) {
    (void)state;
    deliver("e", "id-1");
    check_answer(post(API "invocation/id-1/response", "reply"), 202, "{\"status\":\"OK\"}");
    check_end(FUNCTION_REPLY, "reply");
}

static void binary_response(void **state) {
    (void)state;
    struct str bytes = STR("a\0b\xff\n");
    deliver("e", "id-1");
    assert_int_equal(ask("POST", API "invocation/id-1/response", bytes).status, 202);
    lab_call_end(&call, FUNCTION_REPLY);
    check_str(call.result.body, bytes);
    lab_call_close(&call);
}

static void error(void **state) {
    (void)state;
    deliver("e", "id-1");
    check_answer(post(API "invocation/id-1/error", "{\"errorType\":\"T\"}"), 202, "{\"status\":\"OK\"}");
    check_end(FUNCTION_ERROR, "{\"errorType\":\"T\"}");
}

static void init_error(void **state) {
    (void)state;
    deliver("e", "id-1");
    check_answer(post(API "init/error", "{\"errorType\":\"T\"}"), 202, "{\"status\":\"OK\"}");
    check_end(FUNCTION_EXITED, "");
}

static void asked_again(void **state) {
    (void)state;
    deliver("same", "id-1");
    struct http_response rs = ask("GET", API "invocation/next", (struct str){0});
    check_text(rs.body, "same");
    check_text(http_field_get(&rs.fields, STR("lambda-runtime-aws-request-id")), "id-1");
    post(API "invocation/id-1/response", "reply");
    check_end(FUNCTION_REPLY, "reply");
}

static void wrong_id(void **state) {
    (void)state;
    static const char *const paths[] = {API "invocation/id-2/response", API "invocation/id-2/error",
                                        API "invocation/ID-1/response", API "invocation/id-1x/response",
                                        API "invocation/id/response",   API "invocation//response"};
    deliver("e", "id-1");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        check_answer(post(paths[i], "stray"), 400,
                     "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}");
    assert_int_equal(post(API "invocation/id-1/response", "reply").status, 202);
    check_end(FUNCTION_REPLY, "reply");
    assert_int_equal(post(API "invocation/id-1/response", "again").status, 400);
}

static void unknown_url(void **state) {
    (void)state;
    static const char *const calls[][2] = {
        {"GET", "/"},
        {"GET", "/2018-06-01/runtime"},
        {"GET", API "invocation/nexT"},
        {"GET", API "invocation/next/"},
        {"GET", "/2015-03-31/functions/function/invocations"},
        {"POST", API "invocation/next"},
        {"GET", API "invocation/id-1/response"},
        {"PUT", API "invocation/id-1/response"},
        {"POST", API "invocation/id-1"},
        {"POST", API "invocation/id-1/response/"},
        {"POST", API "invocation/id-1/responses"},
        {"GET", API "init/error"},
        {"POST", API "init/errors"},
    };
    deliver("e", "id-1");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        check_answer(ask(calls[i][0], calls[i][1], (struct str){0}), 404,
                     "{\"errorMessage\":\"no such URL\",\"errorType\":\"NotFound\"}");
    post(API "invocation/id-1/response", "reply");
    check_end(FUNCTION_REPLY, "reply");
}

static struct str letters(size_t n) {
    char *p = arena_take(&lab.arena, n);
    assert_non_null(p);
    memset(p, 'a', n);
    return (struct str){p, n};
}

static void payload_limit(void **state) {
    (void)state;
    deliver("e", "id-1");
    check_answer(ask("POST", API "invocation/id-1/response", letters(6291557)), 413,
                 "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\","
                 "\"errorType\":\"RequestEntityTooLarge\"}");
    struct str body = letters(6291556); /* the invocation still waits for its answer */
    assert_int_equal(ask("POST", API "invocation/id-1/response", body).status, 202);
    lab_call_end(&call, FUNCTION_REPLY);
    check_str(call.result.body, body);
    lab_call_close(&call);
}

static void *ask_next(void *user) {
    struct http_request rq = {.method = STR("GET"), .path = STR(API "invocation/next")};
    struct http_response rs;
    struct arena a;
    arena_init(&a, 1024 * 1024);
    *(bool *)user = wire_exchange(lab_port(&lab), WIRE_WAIT_S, &rq, &rs, &a);
    arena_close(&a);
    return NULL;
}

static unsigned count_asks(void) {
    pthread_mutex_lock(&lab.function->lock);
    unsigned n = lab.function->environments->asks;
    pthread_mutex_unlock(&lab.function->lock);
    return n;
}

/* Whatever waits in GET next is let go without an answer, so that the server can stop. */
static void stop_lets_go(void **state) {
    (void)state;
    pthread_t thread;
    bool answered = true;
    deliver("e", "id-1");
    post(API "invocation/id-1/response", "reply");
    check_end(FUNCTION_REPLY, "reply");
    unsigned before = count_asks();
    assert_int_equal(pthread_create(&thread, NULL, ask_next, &answered), 0);
    while (count_asks() == before) lab_sleep_ms(1);
    function_stop(lab.function);
    pthread_join(thread, NULL);
    assert_false(answered);
}

#define WITH_LAB(sentence, function) \
    { sentence, function, open_lab, close_lab, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_LAB("next gives the event with id, deadline, function and trace", next_fields),
        WITH_LAB("response is accepted with 202 and is the reply", response),
        WITH_LAB("a reply is bytes, NUL included", binary_response),
        WITH_LAB("error is accepted with 202 and is a function error", error),
        WITH_LAB("init/error is accepted with 202 and fails the invocation", init_error),
        WITH_LAB("next asked again gives the unanswered invocation again", asked_again),
        WITH_LAB("an id that is not the current one is 400", wrong_id),
        WITH_LAB("an unknown URL or method is 404", unknown_url),
        WITH_LAB("a reply over 6291556 bytes is 413", payload_limit),
        WITH_LAB("the end lets go whoever waits in next", stop_lets_go),
    };
    return cmocka_run_group_tests_name("runtime_server", cases, NULL, NULL);
}
