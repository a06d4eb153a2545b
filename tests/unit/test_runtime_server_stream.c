/* SPDX-License-Identifier: Apache-2.0 */
/* local/runtime_server.c, and behind it environment.c and function.c: a reply that is posted piece by piece. The test itself
   plays the process, and each step waits for the one before it. */
#include "lab.h"
#include "runtime_server.h"
#include "wire.h"

#define API "/2018-06-01/runtime/"
#define STREAM(id, fields) \
    "POST " API "invocation/" id "/response HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" \
    "Lambda-Runtime-Function-Response-Mode: streaming\r\n" fields "\r\n"
#define END "0\r\n\r\n"

static struct lab lab;
static struct lab_call call;
static FILE *log_file;
static int upload = -1; /* the connection of the streamed POST */

static void open_for(int64_t timeout_s) {
    lab_prepare(&lab, NULL, "", 60);
    lab.options.timeout_s = timeout_s;
    lab_open_function(&lab);
}

static int open_lab(void **state) {
    (void)state;
    open_for(60);
    return 0;
}

static int open_hasty(void **state) {
    (void)state;
    open_for(3);
    return 0;
}

/* Warnings go into log_file, which the case closes. */
static int open_logged(void **state) {
    (void)state;
    log_file = tmpfile();
    assert_non_null(log_file);
    lab_prepare(&lab, NULL, "", 60);
    log_open(LOG_TEXT, LOG_WARN, fileno(log_file));
    lab.options.timeout_s = 60;
    lab_open_function(&lab);
    return 0;
}

static int close_lab(void **state) {
    (void)state;
    if (upload >= 0) close(upload);
    upload = -1;
    lab_close(&lab);
    return 0;
}

static struct http_response ask(const char *method, const char *path, struct str body) {
    struct http_request rq = {.method = str_of(method), .path = str_of(path), .body = body};
    struct http_response rs;
    assert_true(wire_exchange(lab_port(&lab), WIRE_WAIT_S, &rq, &rs, &lab.arena));
    return rs;
}

static void begin_call(const char *id, bool streams) {
    call = (struct lab_call){
        .lab = &lab, .event = STR("event"), .request_id = str_of(id), .timeout_ms = LAB_INVOKE_MS, .streams = streams};
    lab_call_begin(&call);
}

static void take_next(const char *id) {
    struct http_response rs = ask("GET", API "invocation/next", (struct str){0});
    struct str given = http_field_get(&rs.fields, STR("lambda-runtime-aws-request-id"));
    check_str(given, str_of(id));
}

static void deliver(const char *id, bool streams) {
    begin_call(id, streams);
    take_next(id);
}

static void say(const char *bytes) {
    if (upload < 0) upload = wire_open(lab_port(&lab), WIRE_WAIT_S);
    assert_true(wire_send(upload, str_of(bytes)));
}

/* The server's answer to the POST. */
static void expect_answer(int status, const char *type) {
    struct http_response rs;
    assert_true(wire_read(upload, &rs, &lab.arena));
    assert_int_equal(rs.status, status);
    assert_true(!type || str_find(rs.body, str_of(type)) != SIZE_MAX);
    close(upload);
    upload = -1;
}

static struct stream_pipe *begun(void) {
    lab_call_end(&call, FUNCTION_REPLY);
    assert_non_null(call.result.stream);
    return call.result.stream;
}

static void expect(struct stream_pipe *pipe, const char *bytes) {
    char into[64];
    long n = stream_pipe_read(pipe, into, sizeof into);
    assert_true(n >= 0);
    struct str got = {into, (size_t)n};
    check_str(got, str_of(bytes));
}

static void expect_broken(struct stream_pipe *pipe) {
    char byte;
    assert_int_equal(stream_pipe_read(pipe, &byte, 1), -1);
}

static void end_stream(struct stream_pipe *pipe) {
    stream_pipe_leave(pipe);
    lab_call_close(&call);
}

/* The environment is free, and so is its queue. */
static void expect_free(void) {
    begin_call("id-next", false);
    take_next("id-next");
    assert_int_equal(ask("POST", API "invocation/id-next/response", STR("next")).status, 202);
    lab_call_end(&call, FUNCTION_REPLY);
    check_text(call.result.body, "next");
    lab_call_close(&call);
}

static void piece_by_piece(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", "Content-Type: text/x\r\n"));
    struct stream_pipe *pipe = begun();
    check_text(call.result.content_type, "text/x");
    assert_int_equal(call.result.body.n, 0);
    say("5\r\nfirst\r\n");
    expect(pipe, "first");
    say("4\r\nlast\r\n");
    expect(pipe, "last");
    say(END);
    expect(pipe, "");
    expect_answer(202, "OK");
    end_stream(pipe);
    expect_free();
}

static void whole_reply(void **state) {
    (void)state;
    deliver("id-1", true);
    assert_int_equal(ask("POST", API "invocation/id-1/response", STR("whole")).status, 202);
    lab_call_end(&call, FUNCTION_REPLY);
    assert_null(call.result.stream);
    check_text(call.result.body, "whole");
    lab_call_close(&call);
}

static void breaks_off(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", "") "4\r\nhalf\r\n");
    struct stream_pipe *pipe = begun();
    close(upload);
    upload = -1;
    expect(pipe, "half");
    expect_broken(pipe);
    end_stream(pipe);
    expect_free();
}

static void fails(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", "") "4\r\nhalf\r\n");
    struct stream_pipe *pipe = begun();
    say("0\r\nLambda-Runtime-Function-Error-Type: Function.Tired\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n");
    expect(pipe, "half");
    expect_broken(pipe);
    expect_answer(202, "OK");
    end_stream(pipe);
    expect_free();
}

static void times_out(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", "") "4\r\nhalf\r\n");
    struct stream_pipe *pipe = begun();
    expect(pipe, "half");
    expect_broken(pipe);
    say("4\r\nlate\r\n" END);
    expect_answer(400, "InvalidRequestID");
    end_stream(pipe);
    expect_free();
}

/* While a stream is written its environment takes nothing else, and its id is answered. */
static void busy(void **state) {
    (void)state;
    struct lab_call behind;
    deliver("id-1", true);
    say(STREAM("id-1", "") "5\r\nfirst\r\n");
    struct stream_pipe *pipe = begun();
    expect(pipe, "first");
    assert_int_equal(ask("POST", API "invocation/id-1/response", STR("again")).status, 400);
    assert_int_equal(ask("POST", API "invocation/id-1/error", STR("{}")).status, 400);
    lab_call_start(&lab, &behind, "event", "id-2");
    int next = wire_open(lab_port(&lab), WIRE_WAIT_S);
    char byte;
    assert_true(wire_send(next, STR("GET " API "invocation/next HTTP/1.1\r\nHost: h\r\n\r\n")));
    lab_sleep_ms(100);
    assert_int_equal(recv(next, &byte, 1, MSG_DONTWAIT), -1);
    say(END);
    expect(pipe, "");
    struct http_response rs;
    assert_true(wire_read(next, &rs, &lab.arena));
    check_text(http_field_get(&rs.fields, STR("lambda-runtime-aws-request-id")), "id-2");
    ask("POST", API "invocation/id-2/response", STR("second"));
    lab_call_end(&behind, FUNCTION_REPLY);
    lab_call_close(&behind);
    expect_answer(202, "OK");
    end_stream(pipe);
    close(next);
}

/* More than the pipe and the sockets hold. */
static void say_much(size_t n) {
    static char chunk[1 << 20];
    for (size_t i = 0; i < n; i++) {
        say("100000\r\n");
        assert_true(wire_send(upload, (struct str){chunk, sizeof chunk}));
        say("\r\n");
    }
}

static void reader_leaves(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", ""));
    end_stream(begun());
    say_much(8);
    say(END);
    expect_answer(202, "OK");
    expect_free();
}

static void stop_in_the_middle(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-1", "") "4\r\nhalf\r\n");
    struct stream_pipe *pipe = begun();
    expect(pipe, "half");
    char line[256];
    function_stop(lab.function);
    expect_broken(pipe);
    end_stream(pipe);
    rewind(log_file);
    assert_non_null(fgets(line, sizeof line, log_file));
    assert_non_null(strstr(line, "Fn: its streamed reply breaks off: everything stops"));
    fclose(log_file);
}

/* Reads all there is; the end of it is the thread's result. */
static void *drain(void *pipe) {
    static char into[STREAM_PIPE_BYTES];
    static long n;
    while ((n = stream_pipe_read(pipe, into, sizeof into)) > 0) continue;
    stream_pipe_leave(pipe);
    return &n;
}

static void too_long(void **state) {
    (void)state;
    pthread_t reader;
    void *end;
    deliver("id-1", true);
    say(STREAM("id-1", ""));
    assert_int_equal(pthread_create(&reader, NULL, drain, begun()), 0);
    say_much(200);
    say("1\r\nx\r\n");
    pthread_join(reader, &end); /* before the function has said that this was all */
    assert_int_equal(*(long *)end, -1);
    say(END);
    expect_answer(413, "RequestEntityTooLarge");
    lab_call_close(&call);
    expect_free();
}

static void wrong_id(void **state) {
    (void)state;
    deliver("id-1", true);
    say(STREAM("id-0", "") "4\r\nhalf\r\n" END);
    expect_answer(400, "InvalidRequestID");
    ask("POST", API "invocation/id-1/response", STR(""));
    lab_call_end(&call, FUNCTION_REPLY);
    lab_call_close(&call);
}

static void wrong_mode(void **state) {
    (void)state;
    deliver("id-1", true);
    say("POST " API "invocation/id-1/response HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
        "Lambda-Runtime-Function-Response-Mode: dripping\r\n\r\nx");
    expect_answer(400, "InvalidFunctionResponseMode");
    ask("POST", API "invocation/id-1/response", STR(""));
    lab_call_end(&call, FUNCTION_REPLY);
    lab_call_close(&call);
}

/* ---- for a caller that takes a whole reply only ---- */

static void expect_collected(enum function_outcome outcome, const char *part_of_body) {
    lab_call_end(&call, outcome);
    assert_null(call.result.stream);
    if (str_find(call.result.body, str_of(part_of_body)) == SIZE_MAX)
        fail_msg("<%s> is not in <%.*s>", part_of_body, STR_ARG(call.result.body));
    lab_call_close(&call);
}

static void collected(void **state) {
    (void)state;
    deliver("id-1", false);
    say(STREAM("id-1", "Content-Type: text/x\r\n") "3\r\n{\"a\r\n5\r\n\": 1}\r\n" END);
    expect_answer(202, "OK");
    expect_collected(FUNCTION_REPLY, "{\"a\": 1}");
    expect_free();
}

static void collected_failure(void **state) {
    (void)state;
    deliver("id-1", false);
    say(STREAM("id-1", "") "1\r\nx\r\n0\r\nLambda-Runtime-Function-Error-Type: Function.Tired\r\n"
                           "Lambda-Runtime-Function-Error-Body: eyJ0aXJlZCI6MX0=\r\n\r\n");
    expect_answer(202, "OK");
    expect_collected(FUNCTION_ERROR, "{\"tired\":1}");
    deliver("id-2", false);
    say(STREAM("id-2", "") "1\r\nx\r\n0\r\nLambda-Runtime-Function-Error-Type: no \"word\"\r\n\r\n");
    expect_answer(202, "OK");
    expect_collected(FUNCTION_ERROR, "\"errorType\":\"Function.Unknown\"}");
}

static void collected_half(void **state) {
    (void)state;
    deliver("id-1", false);
    say(STREAM("id-1", "") "4\r\nhalf\r\n");
    close(upload);
    upload = -1;
    expect_collected(FUNCTION_ERROR, "\"errorType\":\"Runtime.TruncatedResponse\"}");
    expect_free();
}

static void collected_too_long(void **state) {
    (void)state;
    deliver("id-1", false);
    say(STREAM("id-1", ""));
    say_much(7);
    say(END);
    expect_answer(413, "RequestEntityTooLarge");
    expect_collected(FUNCTION_ERROR, "\"errorType\":\"Function.ResponseSizeTooLarge\"}");
    expect_free();
}

#define WITH(fixture, sentence, function) \
    { sentence, function, fixture, close_lab, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH(open_lab, "the caller has the first bytes before the last are posted", piece_by_piece),
        WITH(open_lab, "a caller that takes a stream takes a whole reply too", whole_reply),
        WITH(open_lab, "a POST that breaks off breaks the stream off", breaks_off),
        WITH(open_lab, "an error trailer breaks the stream off", fails),
        WITH(open_hasty, "a time-out in the middle breaks the stream off", times_out),
        WITH(open_lab, "an environment is busy until its stream has ended", busy),
        WITH(open_lab, "a caller that leaves does not disturb the function", reader_leaves),
        WITH(open_logged, "the end breaks off what is streamed, and the log says so", stop_in_the_middle),
        WITH(open_lab, "a stream over 200 MiB is 413", too_long),
        WITH(open_lab, "a stream for an id that is not the current one is 400", wrong_id),
        WITH(open_lab, "any other mode is 400", wrong_mode),
        WITH(open_lab, "a streamed reply is a whole one for a caller that takes none", collected),
        WITH(open_lab, "an error trailer is a function error for a caller that takes none", collected_failure),
        WITH(open_lab, "half a stream is a function error for a caller that takes none", collected_half),
        WITH(open_lab, "a stream over 6291556 bytes is 413 for a caller that takes none", collected_too_long),
    };
    return cmocka_run_group_tests_name("runtime_server_stream", cases, NULL, NULL);
}
