/* SPDX-License-Identifier: Apache-2.0 */
/* local/http_server.c: bodies that are streams, in both directions. Each step waits for the one before it. */
#include <errno.h>
#include <semaphore.h>
#include <time.h>

#include "check.h"
#include "http_server.h"
#include "wire.h"

enum { MAX_BODY = 100000, SEEN_BYTES = 4096 };

static const struct http_response TOO_LARGE = {.status = 413, .body = STR_INIT("too large")};
static struct arena arena;
static struct http_server *server;
static uint16_t port;

/* ---- answers ---- */

static struct stream_pipe *pipe_of_answer; /* this test writes to it */
static sem_t answered;

static void stream(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **out, struct arena *a) {
    struct err e;
    (void)user, (void)peer_ip;
    *rs = (struct http_response){.status = str_eq(rq->path, STR("/nothing")) ? 204 : 200, .body = STR("unused")};
    http_field_add(&rs->fields, STR("Content-Type"), STR("text/x"), a, &e);
    if (str_eq(rq->path, STR("/whole"))) return;
    if (!stream_pipe_open(&pipe_of_answer, &e)) rs->status = 500;
    *out = pipe_of_answer;
    sem_post(&answered);
}

/* ---- uploads ---- */

struct upload {
    sem_t part, ended;
    char seen[SEEN_BYTES];
    size_t n;
    bool whole;
    struct str error_type; /* of the trailers */
};

static struct upload upload;

static void *begin(void *user, const struct http_request *head, struct arena *a) {
    (void)user, (void)a;
    return str_eq(head->path, STR("/upload")) && str_eq(head->method, STR("POST")) ? &upload : NULL;
}

static void part(void *user, struct str bytes) {
    struct upload *u = user;
    for (size_t i = 0; i < bytes.n; i++) {
        if (u->n < SEEN_BYTES) u->seen[u->n++] = bytes.p[i];
        sem_post(&u->part);
    }
}

static void end(void *user, const struct http_fields *trailers, struct http_response *rs, struct arena *a) {
    struct upload *u = user;
    (void)a;
    u->whole = trailers != NULL;
    struct str type = trailers ? http_field_get(trailers, STR("error-type")) : (struct str){0};
    if (type.p) u->error_type = (struct str){arena_copy(&arena, type), type.n};
    rs->status = 202;
    sem_post(&u->ended);
}

static const struct http_server_uploads UPLOADS = {begin, part, end};
static const struct http_server_options OPTIONS = {
    .max_connections = 64, .max_body_bytes = MAX_BODY, .too_large = &TOO_LARGE, .handle = stream, .uploads = &UPLOADS};

static void start_with(unsigned idle_timeout_s) {
    struct http_server_options options = OPTIONS;
    struct err e;
    options.idle_timeout_s = idle_timeout_s;
    arena_init(&arena, 256 * 1024 * 1024);
    upload = (struct upload){0};
    sem_init(&answered, 0, 0);
    sem_init(&upload.part, 0, 0);
    sem_init(&upload.ended, 0, 0);
    check_ok(http_server_start(&options, &server, &e), e);
    port = http_server_port(server);
}

static int start(void **state) {
    (void)state;
    start_with(0);
    return 0;
}

static int start_impatient(void **state) {
    (void)state;
    start_with(1);
    return 0;
}

static int stop(void **state) {
    (void)state;
    http_server_stop(server);
    sem_destroy(&answered);
    sem_destroy(&upload.part);
    sem_destroy(&upload.ended);
    arena_close(&arena);
    return 0;
}

/* ---- the client ---- */

static int ask(const char *request) {
    int fd = wire_open(port, WIRE_WAIT_S);
    assert_true(fd >= 0);
    assert_true(wire_send(fd, str_of(request)));
    return fd;
}

static int ask_stream(const char *request) {
    int fd = ask(request);
    sem_wait(&answered);
    return fd;
}

/* The next bytes, and no more of them. */
static void expect(int fd, const char *bytes) {
    struct buf in;
    buf_init(&in, 4096, &arena);
    assert_true(wire_fill(fd, &in, strlen(bytes)));
    check_str_at(buf_str(&in), str_of(bytes), __FILE__, __LINE__);
}

static struct http_response expect_head(int fd) {
    struct http_response rs;
    assert_true(wire_read(fd, &rs, &arena)); /* without a Content-Length it ends behind the empty line */
    return rs;
}

static void expect_close(int fd) {
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

static void say(const char *bytes) {
    assert_true(stream_pipe_write(pipe_of_answer, str_of(bytes)));
}

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

static void piece_by_piece(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    struct http_response rs = expect_head(fd);
    assert_int_equal(rs.status, 200);
    check_text(http_field_get(&rs.fields, STR("content-type")), "text/x");
    check_text(http_field_get(&rs.fields, STR("transfer-encoding")), "chunked");
    say("first");
    expect(fd, "5\r\nfirst\r\n");
    say("last, with a NUL and more");
    expect(fd, "19\r\nlast, with a NUL and more\r\n");
    stream_pipe_end(pipe_of_answer);
    expect(fd, "0\r\n\r\n");
    assert_true(wire_send(fd, STR("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")));
    check_text(expect_head(fd).body, "unused");
    close(fd);
}

static void empty_stream(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    expect_head(fd);
    stream_pipe_end(pipe_of_answer);
    expect(fd, "0\r\n\r\n");
    close(fd);
}

static void breaks_off(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    expect_head(fd);
    say("half");
    stream_pipe_break(pipe_of_answer);
    stream_pipe_end(pipe_of_answer);
    expect(fd, "4\r\nhalf\r\n");
    expect_close(fd);
}

static void old_client(void **state) {
    (void)state;
    int fd = ask_stream("GET / HTTP/1.0\r\n\r\n");
    struct http_response rs = expect_head(fd);
    assert_null(http_field_get(&rs.fields, STR("transfer-encoding")).p);
    say("all");
    stream_pipe_end(pipe_of_answer);
    expect(fd, "all");
    expect_close(fd);
}

static void old_client_breaks_off(void **state) {
    (void)state;
    char byte;
    int fd = ask_stream("GET / HTTP/1.0\r\n\r\n");
    expect_head(fd);
    say("half");
    expect(fd, "half");
    stream_pipe_break(pipe_of_answer);
    stream_pipe_end(pipe_of_answer);
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
}

/* Waits until the server has left the pipe; the writer's time to go, too. */
static void expect_no_reader(void) {
    static char many[STREAM_PIPE_BYTES];
    while (stream_pipe_write(pipe_of_answer, (struct str){many, sizeof many})) continue;
    stream_pipe_end(pipe_of_answer);
}

static void no_content(void **state) {
    (void)state;
    int fd = ask_stream("GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(expect_head(fd).status, 204);
    expect_no_reader();
    assert_true(wire_send(fd, STR("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")));
    assert_int_equal(expect_head(fd).status, 200);
    close(fd);
}

static void head_only(void **state) {
    (void)state;
    int fd = ask_stream("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    struct http_response rs = expect_head(fd);
    assert_int_equal(rs.status, 200);
    check_text(http_field_get(&rs.fields, STR("content-type")), "text/x");
    expect_no_reader();
    expect_close(fd);
}

static void client_leaves(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    expect_head(fd);
    say("first");
    expect(fd, "5\r\nfirst\r\n");
    close(fd);
    expect_no_reader();
}

/* The client stays and reads nothing; its connection is ended after the idle time. */
static void client_sleeps(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    expect_no_reader();
    close(fd);
}

/* Twice as long as the server bears a silent client. */
static void silent_function(void **state) {
    (void)state;
    int fd = ask_stream(GET);
    expect_head(fd);
    nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 200000000}, NULL);
    say("late");
    stream_pipe_end(pipe_of_answer);
    expect(fd, "4\r\nlate\r\n0\r\n\r\n");
    close(fd);
}

#define CHUNKED "POST /upload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

static void expect_parts(size_t n) {
    for (size_t i = 0; i < n; i++) sem_wait(&upload.part);
}

static void expect_uploaded(const char *bytes, bool whole) {
    sem_wait(&upload.ended);
    check_str_at((struct str){upload.seen, upload.n}, str_of(bytes), __FILE__, __LINE__);
    assert_int_equal(upload.whole, whole);
}

static void upload_in_parts(void **state) {
    (void)state;
    int fd = ask(CHUNKED);
    assert_true(wire_send(fd, STR("5\r\nfirst\r\n")));
    expect_parts(5);
    assert_true(wire_send(fd, STR("6\r\n, la")));
    expect_parts(4);
    assert_true(wire_send(fd, STR("st\r\n0\r\n\r\n")));
    expect_uploaded("first, last", true);
    assert_int_equal(expect_head(fd).status, 202);
    assert_null(upload.error_type.p);
    close(fd);
}

static void upload_trailers(void **state) {
    (void)state;
    int fd = ask(CHUNKED);
    assert_true(wire_send(fd, STR("3\r\nabc\r\n0\r\nError-Type: Function.Tired \r\nError-Body: e30=\r\n\r\n")));
    expect_uploaded("abc", true);
    check_text(upload.error_type, "Function.Tired");
    assert_int_equal(expect_head(fd).status, 202);
    close(fd);
}

static void upload_of_known_length(void **state) {
    (void)state;
    int fd = ask("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabcdef");
    expect_uploaded("abcdef", true);
    assert_int_equal(expect_head(fd).status, 202);
    close(fd);
}

static void upload_breaks_off(void **state) {
    (void)state;
    static const char *const halves[] = {CHUNKED, CHUNKED "5\r\nab", CHUNKED "2\r\nab\r\n",
                                         "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nab"};
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        upload.n = 0;
        close(ask(halves[i]));
        expect_uploaded(i ? "ab" : "", false);
    }
}

static void upload_with_long_trailers(void **state) {
    (void)state;
    static char value[70000];
    int fd = ask(CHUNKED);
    memset(value, 'v', sizeof value);
    assert_true(wire_send(fd, STR("2\r\nab\r\n0\r\nError-Body: ")));
    wire_send(fd, (struct str){value, sizeof value});
    wire_send(fd, STR("\r\n\r\n"));
    assert_int_equal(expect_head(fd).status, 431);
    close(fd);
    expect_uploaded("ab", false);
}

/* Beside it, requests that are collected. */
static void only_where_asked(void **state) {
    (void)state;
    int fd = ask("POST /whole HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    check_text(expect_head(fd).body, "unused");
    assert_int_equal(upload.n, 0);
    close(fd);
}

#define WITH(fixture, sentence, function) \
    { sentence, function, fixture, stop, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH(start, "the head and each piece are sent before the next is written", piece_by_piece),
        WITH(start, "a stream may be empty", empty_stream),
        WITH(start, "a stream that breaks off has no last chunk", breaks_off),
        WITH(start, "HTTP/1.0 gets a stream that ends with the connection", old_client),
        WITH(start, "HTTP/1.0 gets a reset when the stream breaks off", old_client_breaks_off),
        WITH(start, "an answer without a body leaves the stream", no_content),
        WITH(start, "bug: HEAD gets the head and not one byte of a body", head_only),
        WITH(start, "the writer is told that the client has gone", client_leaves),
        WITH(start_impatient, "the writer is told that the client does not read", client_sleeps),
        WITH(start_impatient, "a function may be silent for longer than a client", silent_function),
        WITH(start, "an upload is taken while it arrives", upload_in_parts),
        WITH(start, "the trailers of an upload are read", upload_trailers),
        WITH(start, "an upload may have a Content-Length", upload_of_known_length),
        WITH(start, "an upload that breaks off is told from a whole one", upload_breaks_off),
        WITH(start, "an upload whose trailers are too long is no whole one", upload_with_long_trailers),
        WITH(start, "other bodies are collected", only_where_asked),
    };
    return cmocka_run_group_tests_name("http_server_stream", cases, NULL, NULL);
}
