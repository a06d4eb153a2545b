/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/lambda_turn.c: streamed responses from the handler's first call to the trailers. */
#include "base64.h"
#include "json.h"
#include "lambda_fixture.h"
#include "stream_peer.h"

#define EVENT(id, n, body) \
    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: " id "\r\nLambda-Runtime-Invocation-Id: i-" id \
    "\r\nContent-Length: " n "\r\n\r\n" body
#define STATUS(text) "HTTP/1.1 " text "\r\nContent-Length: 0\r\n\r\n"

static struct stream_peer peer;
static struct arena arena;
static struct err seen; /* what a call gave that the handler did not pass on */

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 1 << 20);
    seen = (struct err){0};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static bool begin_http(const struct lambda_invocation *inv, struct err *e) {
    struct http_response head = {.status = 201};
    static const char *const fields[][2] = {{"Content-Type", "text/html"},
                                            {"Set-Cookie", "a=1"},
                                            {"X-A", "1"},
                                            {"x-a", "\"2\xff\""},
                                            {"set-cookie", "b=2"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!http_field_add(&head.fields, str_of(fields[i][0]), str_of(fields[i][1]), inv->arena, e)) return false;
    return lambda_stream_begin_http(inv, &head, e) && lambda_stream_write(inv, STR("<p>"), e);
}

static bool misuse(const struct lambda_invocation *inv, struct err *e) {
    const struct http_response bodied = {.status = 200, .body = STR("x")}, odd = {.status = 20};
    if (lambda_stream_write(inv, STR("x"), e) || e->kind != ERR_HANDLER) return false;
    if (lambda_stream_begin_http(inv, &bodied, e) || e->kind != ERR_HANDLER) return false;
    if (lambda_stream_begin_http(inv, &odd, e) || e->kind != ERR_HANDLER) return false;
    if (lambda_stream_begin(inv, STR("a\r\nX-Evil: 1"), e)) return false;
    if (!lambda_stream_begin(inv, STR("text/plain"), e) || lambda_stream_begin(inv, STR("text/plain"), &seen))
        return false;
    return lambda_stream_write(inv, STR("fine"), e);
}

/* The payload says what to do. */
static bool obey(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    if (str_eq(inv->payload, STR("http"))) return begin_http(inv, e);
    if (str_eq(inv->payload, STR("misuse"))) return misuse(inv, e);
    if (!lambda_stream_begin(inv, str_eq(inv->payload, STR("untyped")) ? STR("") : STR("text/plain"), e)) return false;
    if (str_eq(inv->payload, STR("both"))) buf_add(reply, STR("a reply too"));
    if (str_eq(inv->payload, STR("endless")))
        while (lambda_stream_write(inv, STR("more"), &seen)) continue;
    else if (!lambda_stream_write(inv, STR("one"), e) || !lambda_stream_write(inv, STR(""), e)) return false;
    if (str_eq(inv->payload, STR("fail"))) {
        const struct str frame = STR("f (a.c:1)");
        lambda_set_failure(inv, &(struct lambda_failure){
                                    .error_type = STR("Function.Own"), .stack_trace = &frame, .stack_trace_n = 1});
        return err_set(e, ERR_HANDLER, "in the \"middle\"");
    }
    return true;
}

static void play(const struct peer_step *steps, int n) {
    static const struct lambda_program program = {.handle = obey};
    stream_peer_start(&peer, steps, n, 0);
    setenv("AWS_LAMBDA_RUNTIME_API", peer.host_port, 1);
    int code = logged_run(&program);
    stream_peer_stop(&peer);
    assert_int_equal(code, 1);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_int_equal(peer.requests, n);
}

#define PLAY(steps) play(steps, (int)(sizeof steps / sizeof *steps))
#define LOST \
    { PEER_HEADER, STR_INIT(STATUS("500 Lost")), PEER_KEEP }

static bool sent(int at, const char *line) {
    return strstr(peer.request[at].header, line) != NULL;
}

static void check_body(int at, struct str body) {
    assert_true(peer.request[at].whole && !peer.request[at].bad);
    struct str got = {peer.request[at].body, (size_t)peer.request[at].body_n};
    check_str(got, body);
}

static void plain(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "5", "plain")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             {PEER_HEADER, STR_INIT(EVENT("r2", "7", "untyped")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             LOST};
    PLAY(steps);
    assert_true(sent(1, "POST /2018-06-01/runtime/invocation/r1/response HTTP/1.1\r\n"));
    assert_true(sent(1, "\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n"));
    assert_true(sent(1, "\r\nTransfer-Encoding: chunked\r\n"));
    assert_true(sent(1, "\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n"));
    assert_true(sent(1, "\r\nTrailer: Lambda-Runtime-Function-Error-Body\r\n"));
    assert_true(sent(1, "\r\nLambda-Runtime-Invocation-Id: i-r1\r\n"));
    assert_true(sent(1, "\r\nContent-Type: text/plain\r\n"));
    assert_false(sent(1, "Expect"));
    check_body(1, STR("one"));
    assert_string_equal(peer.request[1].trailers, "\r\n");
    assert_true(sent(3, "\r\nContent-Type: application/octet-stream\r\n"));
    assert_int_equal(peer.connections, 1);
    stream_peer_close(&peer);
}

static void reply_dropped(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "4", "both")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             LOST};
    PLAY(steps);
    check_body(1, STR("one"));
    assert_non_null(strstr(logged, "a reply of 11 bytes is dropped"));
    stream_peer_close(&peer);
}

static void failure(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "4", "fail")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             LOST};
    struct str line, rest, name, json;
    struct cJSON *root;
    struct err e;
    PLAY(steps);
    check_body(1, STR("one"));
    rest = str_of(peer.request[1].trailers);
    str_cut(&rest, '\n', &line);
    check_text(line, "Lambda-Runtime-Function-Error-Type: Function.Own\r");
    str_cut(&rest, '\r', &line);
    str_cut(&line, ':', &name);
    check_text(name, "Lambda-Runtime-Function-Error-Body");
    check_ok(base64_read(str_trim(line), &json, &arena, &e), e);
    check_ok(json_read(json, &root, &e), e);
    check_text(json_get_text(root, "errorMessage"), "in the \"middle\"");
    check_text(json_get_text(root, "errorType"), "Function.Own");
    json_close(root);
    assert_non_null(strstr(logged, "Function.Own"));
    stream_peer_close(&peer);
}

static void prelude(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "4", "http")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             LOST};
    PLAY(steps);
    assert_true(sent(1, "\r\nContent-Type: application/vnd.awslambda.http-integration-response\r\n"));
    check_body(1,
               STR("{\"statusCode\":201,\"headers\":{\"Content-Type\":\"text/html\",\"X-A\":\"1, \\\"2\\ufffd\\\"\"},"
                   "\"cookies\":[\"a=1\",\"b=2\"]}\0\0\0\0\0\0\0\0<p>"));
    stream_peer_close(&peer);
}

static void refused(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "7", "endless")), PEER_KEEP},
                                             {1000, STR_INIT(STATUS("413 Large")), PEER_DRAIN},
                                             {PEER_HEADER, STR_INIT(EVENT("r2", "5", "plain")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("410 Gone")), PEER_KEEP},
                                             LOST};
    PLAY(steps);
    assert_int_equal(seen.kind, ERR_REFUSED);
    assert_non_null(strstr(logged, "answered 413"));
    assert_non_null(strstr(logged, "answered 410"));
    stream_peer_close(&peer);
}

static void cut(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "7", "endless")), PEER_KEEP},
                                             {1000, STR_INIT(""), PEER_RESET}};
    PLAY(steps);
    assert_int_equal(seen.kind, ERR_NETWORK);
    assert_non_null(strstr(last_line(), "/invocation/r1/response"));
    stream_peer_close(&peer);
}

static void wrong_order(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(EVENT("r1", "6", "misuse")), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(STATUS("202 Accepted")), PEER_KEEP},
                                             LOST};
    PLAY(steps);
    assert_int_equal(seen.kind, ERR_HANDLER);
    check_body(1, STR("fine"));
    assert_string_equal(peer.request[1].trailers, "\r\n");
    assert_false(sent(1, "X-Evil"));
    stream_peer_close(&peer);
}

static void without_runtime(void **state) {
    (void)state;
    const struct lambda_invocation inv = {.request_id = STR("r")};
    const struct http_response head = {.status = 200};
    struct err e;
    assert_false(lambda_stream_begin(&inv, STR("text/plain"), &e));
    assert_int_equal(e.kind, ERR_HANDLER);
    assert_false(lambda_stream_begin_http(&inv, &head, &e));
    assert_false(lambda_stream_write(&inv, STR("x"), &e));
    lambda_set_content_type(&inv, STR("text/plain"));
    lambda_set_failure(&inv, &(struct lambda_failure){.error_type = STR("x")});
}

#define STREAM_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        STREAM_CASE("a stream has its mode, type, declared trailers and chunks; the connection is kept", plain),
        STREAM_CASE("a reply beside a stream is dropped and logged", reply_dropped),
        STREAM_CASE("a failure behind the first byte goes out in the trailers", failure),
        STREAM_CASE("the HTTP prelude is one JSON object and 8 NUL bytes", prelude),
        STREAM_CASE("a stream that Lambda refuses ends early, and the loop goes on", refused),
        STREAM_CASE("a stream without an answer ends the process, in one last line", cut),
        STREAM_CASE("calls in a wrong order fail and do no harm", wrong_order),
        STREAM_CASE("without a runtime nothing can be streamed, and nothing breaks", without_runtime),
    };
    return cmocka_run_group_tests_name("lambda_stream", tests, NULL, NULL);
}
