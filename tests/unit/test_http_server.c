/* SPDX-License-Identifier: Apache-2.0 */
/* local/http_server.c: what is on the wire is what the handler sees, byte for byte, and the limits answer. */
#include "http_server.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "check.h"
#include "log.h"
#include "wire.h"

enum { MAX_BODY = 100000 };

static const struct http_response TOO_LARGE = {.status = 413, .body = STR_INIT("too large")};
static struct arena arena;
static struct http_server *server;
static uint16_t port;
static FILE *log_file;

/* Shows what came in: a line each, then the body as it is. */
static void show(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                 struct stream_pipe **stream, struct arena *a) {
    struct buf out;
    struct err e;
    (void)user, (void)stream;
    buf_init(&out, 4 * MAX_BODY, a);
    buf_addf(&out, "%.*s <%.*s> ", STR_ARG(rq->method), STR_ARG(rq->path));
    if (rq->query.p) buf_addf(&out, "<%.*s>", STR_ARG(rq->query));
    buf_addf(&out, " %.*s\n", STR_ARG(peer_ip));
    for (size_t i = 0; i < rq->fields.n; i++)
        buf_addf(&out, "%.*s=<%.*s>\n", STR_ARG(rq->fields.at[i].name), STR_ARG(rq->fields.at[i].value));
    buf_add_char(&out, '\n');
    buf_add(&out, rq->body);
    rs->status = buf_ok(&out, &e) ? 200 : 500;
    rs->body = buf_str(&out);
    http_field_add(&rs->fields, STR("X-One"), STR("1"), a, &e);
    http_field_add(&rs->fields, STR("X-Many"), STR("a"), a, &e);
    http_field_add(&rs->fields, STR("X-Many"), STR("b"), a, &e);
}

static const struct http_server_options OPTIONS = {
    .max_connections = 64, .max_body_bytes = MAX_BODY, .too_large = &TOO_LARGE, .handle = show};

static int start(void **state) {
    (void)state;
    struct err e;
    log_file = tmpfile();
    assert_non_null(log_file);
    log_open(LOG_TEXT, LOG_INFO, fileno(log_file));
    arena_init(&arena, 256 * 1024 * 1024);
    check_ok(http_server_start(&OPTIONS, &server, &e), e);
    port = http_server_port(server);
    return 0;
}

static int stop(void **state) {
    (void)state;
    http_server_stop(server);
    arena_close(&arena);
    fclose(log_file);
    return 0;
}

static struct http_response exchange(struct http_request rq) {
    struct http_response rs;
    assert_true(wire_exchange(port, WIRE_WAIT_S, &rq, &rs, &arena));
    return rs;
}

/* The answer to bytes that are sent as they are. */
static struct http_response raw(struct str bytes) {
    struct http_response rs;
    int fd = wire_open(port, WIRE_WAIT_S);
    assert_true(fd >= 0);
    assert_true(wire_send(fd, bytes));
    assert_true(wire_read(fd, &rs, &arena));
    close(fd);
    return rs;
}

static void check_seen(struct http_response rs, const char *line) {
    assert_int_equal(rs.status, 200);
    if (str_find(rs.body, str_of(line)) != SIZE_MAX) return;
    print_error("expected: <%s>\n  in: <%.*s>\n", line, STR_ARG(rs.body));
    fail();
}

static void raw_target(void **state) {
    (void)state;
    static const char *const targets[][2] = {
        {"/dev/private", "GET </dev/private>  127.0.0.1\n"},
        {"/", "GET </>  127"},
        {"/a%2fb%2Fc%20d%00", "GET </a%2fb%2Fc%20d%00>  127"},
        {"//a///b//", "GET <//a///b//>  127"},
        {"/a/../b/./c", "GET </a/../b/./c>  127"},
        {"/a+b;c,d'e(f)*", "GET </a+b;c,d'e(f)*>  127"},
        {"/a?b=1&b=2", "GET </a> <b=1&b=2> 127"},
        {"/a?key", "GET </a> <key> 127"},
        {"/a?key=&=v&&", "GET </a> <key=&=v&&> 127"},
        {"/a?", "GET </a> <> 127"},
        {"/a?b?c=d?e", "GET </a> <b?c=d?e> 127"},
        {"/a?b=%26%3d%20+", "GET </a> <b=%26%3d%20+> 127"},
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        check_seen(exchange((struct http_request){.method = STR("GET"), .path = str_of(targets[i][0])}), targets[i][1]);
}

static void methods(void **state) {
    (void)state;
    static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "delete", "ODD-ONE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct http_response rs = exchange((struct http_request){.method = str_of(names[i]), .path = STR("/")});
        assert_true(str_starts(rs.body, str_of(names[i])));
    }
}

static void fields(void **state) {
    (void)state;
    struct http_response rs = raw(STR("GET / HTTP/1.1\r\nHost: h:1\r\nX-B: 2\r\nx-a: 1\r\nX-b: 3\r\nX-Empty:\r\n"
                                      "X-Colon: a:b\r\nX-B: 2\r\n\r\n"));
    assert_true(str_find(rs.body, STR("\nHost=<h:1>\nX-B=<2>\nx-a=<1>\nX-b=<3>\nX-Empty=<>\n"
                                      "X-Colon=<a:b>\nX-B=<2>\n\n")) != SIZE_MAX);
}

static void spaces(void **state) {
    (void)state;
    struct http_response rs = raw(STR("GET / HTTP/1.1\r\nHost: h\r\nX-Space: \t  a  b \t \r\nX-None:   \r\n\r\n"));
    assert_true(str_find(rs.body, STR("\nHost=<h>\nX-Space=<a  b>\nX-None=<>\n\n")) != SIZE_MAX);
}

static void answer_fields(void **state) {
    (void)state;
    struct http_response rs = exchange((struct http_request){.method = STR("GET"), .path = STR("/")});
    check_text(http_field_get(&rs.fields, STR("x-one")), "1");
    assert_int_equal(http_field_count(&rs.fields, STR("x-many")), 2);
    check_text(http_field_get(&rs.fields, STR("x-many")), "a");
}

static void binary_body(void **state) {
    (void)state;
    char bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 256);
    struct str body = {bytes, sizeof bytes};
    struct http_response rs = exchange((struct http_request){.method = STR("POST"), .path = STR("/"), .body = body});
    assert_int_equal(rs.status, 200);
    assert_true(str_ends(rs.body, body));
}

static void chunked_body(void **state) {
    (void)state;
    struct http_response rs = raw(STR("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
    assert_true(str_ends(rs.body, STR("\n\nabcdefg")));
}

static struct str letters(size_t n) {
    char *p = arena_take(&arena, n);
    assert_non_null(p);
    memset(p, 'a', n);
    return (struct str){p, n};
}

static void body_limit(void **state) {
    (void)state;
    struct http_request rq = {.method = STR("POST"), .path = STR("/"), .body = letters(MAX_BODY)};
    struct http_response rs = exchange(rq);
    assert_int_equal(rs.status, 200);
    assert_true(str_ends(rs.body, rq.body));
    rq.body = letters(MAX_BODY + 1);
    rs = exchange(rq);
    assert_int_equal(rs.status, 413);
    check_text(rs.body, "too large");
    rq.body = letters(20 * MAX_BODY);
    assert_int_equal(exchange(rq).status, 413);
}

static void many_fields(void **state) {
    (void)state;
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct err e;
    for (int i = 0; i < HTTP_MAX_FIELDS - 1; i++)
        check_ok(http_field_add(&rq.fields, STR("X"), STR("y"), &arena, &e), e);
    assert_int_equal(exchange(rq).status, 200); /* with Host they are as many as there may be */
    check_ok(http_field_add(&rq.fields, STR("X"), STR("y"), &arena, &e), e);
    struct http_response rs = exchange(rq);
    assert_int_equal(rs.status, 431);
    check_text(rs.body, "{\"message\":\"Request header too large\"}");
}

static void long_field(void **state) {
    (void)state;
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct err e;
    check_ok(http_field_add(&rq.fields, STR("X"), letters(30000), &arena, &e), e);
    assert_int_equal(exchange(rq).status, 200);
    rq.fields.at[0].value = letters(100000);
    assert_int_equal(exchange(rq).status, 431);
}

static void keep_alive(void **state) {
    (void)state;
    int fd = wire_open(port, WIRE_WAIT_S);
    for (int i = 0; i < 50; i++) {
        char body[16];
        struct http_response rs;
        snprintf(body, sizeof body, "body %d", i);
        struct http_request rq = {.method = STR("POST"), .path = STR("/"), .body = str_of(body)};
        assert_true(wire_write(fd, &rq, &arena));
        assert_true(wire_read(fd, &rs, &arena));
        assert_true(str_ends(rs.body, rq.body));
    }
    close(fd);
}

static void byte_by_byte(void **state) {
    (void)state;
    struct http_response rs;
    struct str bytes = STR("POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    int fd = wire_open(port, WIRE_WAIT_S);
    for (size_t i = 0; i < bytes.n; i++) assert_true(wire_send(fd, (struct str){bytes.p + i, 1}));
    assert_true(wire_read(fd, &rs, &arena));
    check_seen(rs, "POST </a> <b> 127.0.0.1\nHost=<h>\nContent-Length=<3>\n\nabc");
    close(fd);
}

/* The answer, after which nothing more comes but the end. */
static struct http_response last(const char *bytes) {
    struct http_response rs;
    struct buf rest; /* libmicrohttpd's own page, which has no length */
    int fd = wire_open(port, WIRE_WAIT_S);
    assert_true(fd >= 0);
    assert_true(wire_send(fd, str_of(bytes)));
    assert_true(wire_read(fd, &rs, &arena));
    buf_init(&rest, 100000, &arena);
    while (wire_fill(fd, &rest, rest.n + 1)) continue;
    if (str_find(buf_str(&rest), STR("HTTP/1.1")) != SIZE_MAX) fail_msg("more than one answer to: %s", bytes);
    close(fd);
    return rs;
}

#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define CHUNKS "\r\n3\r\nabc\r\n0\r\n\r\n"
#define SMUGGLED "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

static void unclear_end(void **state) {
    (void)state;
    static const char *const bytes[] = {
        POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" SMUGGLED,
        POST "Content-Length: 4\r\ncontent-length: 3\r\n\r\nabcd" SMUGGLED,
        POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST "Content-Length: 3, 3\r\n\r\nabc",
        POST "Content-Length: +3\r\n\r\nabc",
        POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" CHUNKS,
        POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n" CHUNKS SMUGGLED,
        POST "Transfer-Encoding: foo\r\nContent-Length: 3\r\n\r\nabc",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" CHUNKS,
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n" CHUNKS,
        ("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" CHUNKS),
    };
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) assert_int_equal(last(bytes[i]).status, 400);
}

static void unknown_coding(void **state) {
    (void)state;
    static const char *const codings[] = {"gzip, chunked", "foo",      "identity", "chunked, chunked",
                                          "chunked;a=b",   "xchunked", "chunked "};
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        char bytes[256];
        snprintf(bytes, sizeof bytes, POST "Transfer-Encoding: %s\r\n" CHUNKS, codings[i]);
        assert_int_equal(last(bytes).status, 501);
    }
    check_seen(raw(STR(POST "Transfer-Encoding: \tChunked\r\n" CHUNKS)), "\n\nabc");
}

static void restart(const struct http_server_options *options) {
    struct err e;
    http_server_stop(server);
    check_ok(http_server_start(options, &server, &e), e);
    port = http_server_port(server);
}

/* How often the log says it; nothing may be logged behind it. */
static size_t logged(const char *words) {
    char line[4096];
    size_t n = 0;
    rewind(log_file);
    while (fgets(line, sizeof line, log_file)) n += strstr(line, words) != NULL;
    return n;
}

static void refusal_logged(void **state) {
    (void)state;
    last(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
    last("POST /a?secret=1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: foo\r\n\r\n");
    assert_int_equal(logged("POST / 400: Content-Length more than once"), 1);
    assert_int_equal(logged("POST /a 501: a Transfer-Encoding other than chunked"), 1);
}

static void connection_limit(void **state) {
    (void)state;
    enum { MAX = 5 };
    struct http_server_options options = OPTIONS;
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct http_response rs;
    char none;
    int fds[MAX];
    options.max_connections = MAX;
    restart(&options);
    for (int i = 0; i < MAX; i++) {
        fds[i] = wire_open(port, WIRE_WAIT_S);
        assert_true(wire_write(fds[i], &rq, &arena) && wire_read(fds[i], &rs, &arena));
    }
    for (int i = 0; i < 3; i++) {
        int fd = wire_open(port, WIRE_WAIT_S);
        assert_true(recv(fd, &none, 1, 0) <= 0);
        close(fd);
    }
    assert_int_equal(logged("has 5 connections, as many as there may be"), 1);
    assert_true(wire_write(fds[0], &rq, &arena) && wire_read(fds[0], &rs, &arena));
    for (int i = 0; i < MAX; i++) close(fds[i]);
    bool ok = false;
    for (int i = 0; i < 1000 && !ok; i++) ok = wire_exchange(port, WIRE_WAIT_S, &rq, &rs, &arena);
    assert_true(ok);
}

/* A byte now and then, so that the connection is never silent for long, until the server has had enough of it. */
static bool is_cut(const char *begin) {
    bool cut = false;
    int fd = wire_open(port, WIRE_WAIT_S);
    assert_true(fd >= 0 && wire_send(fd, str_of(begin)));
    for (int i = 0; i < 300 && !cut; i++) {
        struct timespec pause = {.tv_nsec = 100000000};
        nanosleep(&pause, NULL);
        cut = !wire_send(fd, STR("x"));
    }
    close(fd);
    return cut;
}

static void slow_client(void **state) {
    (void)state;
    struct http_server_options options = OPTIONS;
    options.idle_timeout_s = 1;
    restart(&options);
    assert_true(is_cut("GET /"));
    assert_true(is_cut("GET / HTTP/1.1\r\nHost: h\r\nX: "));
    assert_true(is_cut(POST "Content-Length: 100000\r\n\r\n"));
    assert_int_equal(logged("head or body of its request took more than 2 s"), 3);
}

/* Half a request, then nothing more: the server goes on. */
static void broken_off(void **state) {
    (void)state;
    static const char *const halves[] = {
        "", "GE", "GET / HTTP/1.1\r\nHost:", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"};
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        int fd = wire_open(port, WIRE_WAIT_S);
        assert_true(wire_send(fd, str_of(halves[i])));
        close(fd);
    }
    check_seen(exchange((struct http_request){.method = STR("GET"), .path = STR("/")}), "GET </>");
}

/* ---- several at once ---- */

struct client {
    pthread_t thread;
    int number;
    bool ok;
};

static void *call_often(void *user) {
    struct client *c = user;
    struct arena a;
    char body[32];
    c->ok = true;
    for (int i = 0; i < 20; i++) {
        struct http_response rs;
        arena_init(&a, 4 * 1024 * 1024);
        snprintf(body, sizeof body, "client %d turn %d.", c->number, i);
        struct http_request rq = {.method = STR("POST"), .path = STR("/"), .body = str_of(body)};
        c->ok = c->ok && wire_exchange(port, WIRE_WAIT_S, &rq, &rs, &a) && str_ends(rs.body, rq.body);
        arena_close(&a);
    }
    return NULL;
}

static void parallel(void **state) {
    (void)state;
    struct client clients[10];
    for (int i = 0; i < 10; i++) {
        clients[i].number = i;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, call_often, &clients[i]), 0);
    }
    for (int i = 0; i < 10; i++) pthread_join(clients[i].thread, NULL);
    for (int i = 0; i < 10; i++) assert_true(clients[i].ok);
}

#define WITH_SERVER(sentence, function) \
    { sentence, function, start, stop, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_SERVER("the target is kept as it was on the wire", raw_target),
        WITH_SERVER("any method arrives as it was written", methods),
        WITH_SERVER("fields keep order, repeats, case and empty values", fields),
        WITH_SERVER("bug: space around a field's value is no part of it", spaces),
        WITH_SERVER("fields of an answer may repeat", answer_fields),
        WITH_SERVER("a body is bytes, NUL included", binary_body),
        WITH_SERVER("a chunked body arrives whole", chunked_body),
        WITH_SERVER("a body over the limit gets the answer for it", body_limit),
        WITH_SERVER("more fields than there may be are answered with 431", many_fields),
        WITH_SERVER("a field too long for the header is answered with 431", long_field),
        WITH_SERVER("a connection serves one request after the other", keep_alive),
        WITH_SERVER("a request may come byte by byte", byte_by_byte),
        WITH_SERVER("bug: a body whose end is unclear is 400, and the last on its connection", unclear_end),
        WITH_SERVER("bug: a transfer coding other than chunked is 501 at once", unknown_coding),
        WITH_SERVER("bug: both are logged", refusal_logged),
        WITH_SERVER("bug: that there are as many connections as may be is logged once", connection_limit),
        WITH_SERVER("bug: a client that sends a byte now and then is cut off", slow_client),
        WITH_SERVER("a client that breaks off does no harm", broken_off),
        WITH_SERVER("ten clients at once get their own answers", parallel),
    };
    return cmocka_run_group_tests_name("http_server", cases, NULL, NULL);
}
