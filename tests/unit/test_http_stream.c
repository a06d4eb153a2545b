/* SPDX-License-Identifier: Apache-2.0 */
/* http/http_stream.c against a peer that answers when it likes: what is written arrives, and nothing is made up. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "http_fixture.h"
#include "stream_peer.h"

#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\nX-A: b\r\n\r\ntook"
#define TOO_LARGE "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
#define CONTINUED "HTTP/1.1 100 Continue\r\n\r\n" TOO_LARGE

static struct stream_peer peer;
static const struct peer_step TAKES[] = {
    {PEER_WHOLE, STR_INIT(ACCEPTED), PEER_KEEP}, {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP},
    {PEER_WHOLE, STR_INIT(ACCEPTED), PEER_KEEP}, {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP},
    {PEER_WHOLE, STR_INIT(ACCEPTED), PEER_KEEP},
};

static void open_peer(const struct peer_step *steps, int n) {
    rq = (struct http_request){.method = STR("POST"), .path = STR("/response"), .query = STR("secret=1")};
    stream_peer_start(&peer, steps, n, 0);
    open_client(peer.host_port, &OPTIONS);
}

static void stop_peer(void) {
    http_close(client);
    stream_peer_stop(&peer);
}

static void close_peer(void) {
    stream_peer_close(&peer);
    arena_reset(&arena);
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void begin(void) {
    check_ok(http_stream_begin(client, &rq, &e), e);
}

static void put(struct str bytes) {
    check_ok(http_stream_write(client, bytes, &e), e);
}

static bool end(const struct http_fields *trailers) {
    return http_stream_end(client, trailers, 5000, &rs, &arena, &e);
}

/* Writes until it is refused. */
static void put_until_refused(enum err_kind kind) {
    static char bytes[64 * 1024];
    for (int i = 0; i < 10000; i++) {
        if (http_stream_write(client, (struct str){bytes, sizeof bytes}, &e)) continue;
        if (e.kind != kind) fail_msg("kind %d: %s", e.kind, e.msg);
        assert_null(strstr(e.msg, "secret"));
        assert_non_null(strstr(e.msg, "/response"));
        return;
    }
    fail_msg("600 MB were taken");
}

static char *pattern(size_t n) {
    char *p = arena_take(&arena, n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++) p[i] = (char)(i * 7 + i / 251);
    return p;
}

static void exchange_works(void) {
    struct http_request get = {.method = STR("GET"), .path = STR("/next")};
    check_ok(http_exchange(client, &get, 5000, &rs, &arena, &e), e);
    assert_int_equal(rs.status, 200);
    check_text(rs.body, "ok");
}

static void byte_exact(void **state) {
    (void)state;
    static const struct http_field trailer[] = {{STR_INIT("X-Type"), STR_INIT("Function.Failed")},
                                                {STR_INIT("X-Body"), STR_INIT("eyJhIjoxfQ==")}};
    struct http_fields trailers = {(struct http_field *)trailer, 2, 2};
    char *bytes = pattern(200000);
    open_peer(TAKES, 1);
    add("Host", "h");
    add("Trailer", "X-Type");
    add("Trailer", "X-Body");
    begin();
    put(STR("first"));
    put(STR(""));
    put(STR("\0a\0"));
    put((struct str){bytes, 200000});
    check_ok(end(&trailers), e);
    assert_int_equal(rs.status, 202);
    check_text(rs.body, "took");
    check_text(http_field_get(&rs.fields, STR("x-a")), "b");
    stop_peer();
    assert_string_equal(peer.request->header, "POST /response?secret=1 HTTP/1.1\r\nHost: h\r\nTrailer: X-Type\r\n"
                                              "Trailer: X-Body\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_string_equal(peer.request->trailers, "X-Type: Function.Failed\r\nX-Body: eyJhIjoxfQ==\r\n\r\n");
    assert_int_equal(peer.request->body_n, 200008);
    assert_memory_equal(peer.request->body, "first\0a\0", 8);
    assert_memory_equal(peer.request->body + 8, bytes, 200000);
    assert_false(peer.request->bad);
    close_peer();
}

static void nothing_written(void **state) {
    (void)state;
    open_peer(TAKES, 1);
    rq.method = STR("PUT");
    begin();
    check_ok(end(NULL), e);
    stop_peer();
    assert_true(str_starts(str_of(peer.request->header), STR("PUT /response?secret=1 HTTP/1.1\r\n")));
    assert_true(peer.request->whole && !peer.request->bad && !peer.request->body_n);
    assert_string_equal(peer.request->trailers, "\r\n");
    close_peer();
}

static void arrives(void) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_sec += 60;
    if (sem_timedwait(&peer.reached, &soon) != 0) fail_msg("what was written is not on its way");
}

/* The client's socket gets room for little. */
static void narrow(void) {
    int bytes = 4096, found = 0;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in to = {0};
        socklen_t size = sizeof to;
        if (getpeername(fd, (struct sockaddr *)&to, &size) != 0 || ntohs(to.sin_port) != peer.port) continue;
        found += setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0;
    }
    assert_int_equal(found, 1);
}

/* libcurl's own buffer fills up then; what is left in it must not wait for the next write. */
static void out_before_return(void **state) {
    (void)state;
    enum { MANY = 200000 };
    static const struct peer_step steps[] = {{MANY + 1, STR_INIT(""), PEER_DRAIN}};
    rq = (struct http_request){.method = STR("POST"), .path = STR("/response")};
    stream_peer_start(&peer, steps, 1, 4096);
    open_client(peer.host_port, &OPTIONS);
    begin();
    narrow();
    put(STR("1"));
    put((struct str){pattern(MANY), MANY});
    arrives();
    http_stream_abort(client);
    stop_peer();
    close_peer();
}

static void one_connection(void **state) {
    (void)state;
    struct http_field field = {STR("X-Type"), STR("Function.Failed")};
    struct http_fields trailers = {&field, 1, 1};
    open_peer(TAKES, 4);
    for (int i = 0; i < 2; i++) {
        begin();
        put(STR("piece"));
        check_ok(end(&trailers), e);
        assert_int_equal(rs.status, 202);
        exchange_works();
    }
    stop_peer();
    assert_int_equal(peer.requests, 4);
    assert_int_equal(peer.connections, 1);
    assert_string_equal(peer.request[2].trailers, "X-Type: Function.Failed\r\n\r\n");
    assert_null(strstr(peer.request[3].header, "chunked"));
    close_peer();
}

static void trailers_once(void **state) {
    (void)state;
    struct http_field field = {STR("X-Type"), STR("Function.Failed")};
    struct http_fields trailers = {&field, 1, 1};
    open_peer((const struct peer_step[]){TAKES[0], TAKES[2], TAKES[4]}, 3);
    for (int i = 0; i < 3; i++) {
        begin();
        put(STR("piece"));
        check_ok(end(i == 1 ? NULL : &trailers), e);
    }
    stop_peer();
    for (int i = 0; i < 3; i++) {
        assert_false(peer.request[i].bad);
        assert_string_equal(peer.request[i].trailers, i == 1 ? "\r\n" : "X-Type: Function.Failed\r\n\r\n");
    }
    assert_int_equal(peer.connections, 1);
    close_peer();
}

static void early_answers(void **state) {
    (void)state;
    static const char *const early[] = {TOO_LARGE, ACCEPTED, "HTTP/1.1 204 No Content\r\n\r\n", CONTINUED};
    static const int status[] = {413, 202, 204, 413};
    for (size_t i = 0; i < sizeof early / sizeof *early; i++) {
        const struct peer_step steps[] = {{100000, str_of(early[i]), PEER_DRAIN},
                                          {PEER_WHOLE, STR(OK_TEXT), PEER_KEEP}};
        open_peer(steps, 2);
        begin();
        put_until_refused(ERR_REFUSED);
        assert_false(http_stream_write(client, STR("more"), &e));
        assert_int_equal(e.kind, ERR_REFUSED);
        check_ok(end(NULL), e);
        assert_int_equal(rs.status, status[i]);
        if (status[i] == 413) check_text(rs.body, "big");
        exchange_works();
        stop_peer();
        assert_false(peer.request[0].whole); /* the body was not whole, so it did not say so */
        assert_int_equal(peer.connections, 2);
        close_peer();
    }
}

static void answer_to_header(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_HEADER, STR_INIT(TOO_LARGE), PEER_DRAIN}};
    open_peer(steps, 1);
    begin();
    put_until_refused(ERR_REFUSED);
    check_ok(end(NULL), e);
    assert_int_equal(rs.status, 413);
    stop_peer();
    close_peer();
}

static void reset_in_the_middle(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{100000, STR_INIT(""), PEER_RESET},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP}};
    open_peer(steps, 2);
    begin();
    put_until_refused(ERR_NETWORK);
    assert_false(http_stream_write(client, STR("more"), &e));
    assert_false(end(NULL));
    assert_int_equal(e.kind, ERR_NETWORK);
    exchange_works();
    stop_peer();
    assert_int_equal(peer.connections, 2);
    close_peer();
}

static void never_sent_twice(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP},
                                             {PEER_HEADER, STR_INIT(""), PEER_CLOSE},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP}};
    for (int written = 0; written < 2; written++) {
        open_peer(steps, 3);
        exchange_works();
        bool ok = http_stream_begin(client, &rq, &e);
        if (ok && written) http_stream_write(client, STR("piece"), &e);
        if (ok) assert_false(end(NULL));
        assert_int_equal(e.kind, ERR_NETWORK);
        stop_peer();
        assert_int_equal(peer.requests, 2);
        assert_int_equal(peer.connections, 1);
        close_peer();
    }
}

static void bad_answers(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        enum err_kind kind;
    } bad[] = {
        {"HTTP/1.1 202 Accepted\r\nContent-Le", ERR_PROTOCOL},
        {"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\ntook", ERR_PROTOCOL},
        {"HTTP/1.1 202 Accepted\r\nno colon\r\n\r\n", ERR_PROTOCOL},
        {"HTTP/1.1 202 Accepted\r\nContent-Length: 9000000\r\n\r\n", ERR_PROTOCOL},
        {"", ERR_NETWORK},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct peer_step step = {PEER_WHOLE, str_of(bad[i].bytes), PEER_CLOSE};
        open_peer(&step, 1);
        begin();
        put(STR("piece"));
        assert_false(end(NULL));
        if (e.kind != bad[i].kind) fail_msg("<%s>: kind %d: %s", bad[i].bytes, e.kind, e.msg);
        assert_null(strstr(e.msg, "secret"));
        stop_peer();
        assert_int_equal(peer.connections, 1);
        close_peer();
    }
}

static void times_out(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_WHOLE, STR_INIT(""), PEER_DRAIN},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP}};
    open_peer(steps, 2);
    begin();
    put(STR("piece"));
    assert_false(http_stream_end(client, NULL, 100, &rs, &arena, &e));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    exchange_works();
    stop_peer();
    close_peer();
}

static void aborted(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_WHOLE, STR_INIT(""), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP}};
    open_peer(steps, 2);
    begin();
    put(STR("piece"));
    http_stream_abort(client);
    exchange_works();
    stop_peer();
    assert_false(peer.request[0].whole);
    assert_false(peer.request[0].bad);
    assert_memory_equal(peer.request[0].body, "piece", 5);
    assert_int_equal(peer.connections, 2);
    close_peer();
}

static void bad_trailers(void **state) {
    (void)state;
    char *text = arena_take(&arena, 70000);
    memset(text, 'x', 70000);
    const struct http_field bad[] = {
        {STR("X-A"), STR("a\r\nX-B: c")}, {STR("X A"), STR("a")}, {STR("X-A"), STR("")}, {STR("X-A"), {text, 70000}}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        static const struct peer_step step = {PEER_WHOLE, STR_INIT(ACCEPTED), PEER_KEEP};
        struct http_field field = bad[i];
        struct http_fields trailers = {&field, 1, 1};
        open_peer(&step, 1);
        begin();
        assert_false(end(&trailers));
        assert_int_equal(e.kind, i == 3 ? ERR_LIMIT : ERR_PARSE);
        stop_peer();
        assert_false(peer.request[0].whole);
        stream_peer_close(&peer);
    }
}

static void long_trailer(void **state) {
    (void)state;
    char *text = arena_take(&arena, 60000);
    memset(text, 'x', 60000);
    struct http_field field = {STR("X-A"), {text, 60000}};
    struct http_fields trailers = {&field, 1, 1};
    open_peer(TAKES, 1);
    begin();
    put(STR("piece"));
    check_ok(end(&trailers), e);
    stop_peer();
    assert_int_equal(strlen(peer.request[0].trailers), 5 + 60000 + 4);
    close_peer();
}

static void bad_streams(void **state) {
    (void)state;
    static const struct {
        const char *method, *name, *value, *body;
    } bad[] = {
        {"POST", "Content-Length", "5", ""},
        {"POST", "Content-Length", "0", ""},
        {"POST", "Transfer-Encoding", "a", ""},
        {"POST", "X-A", "a\nb", ""},
        {"HEAD", "X-A", "a", ""},
        {"POST", "X-A", "a", "body"},
    };
    open_peer(TAKES, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rq = (struct http_request){.method = str_of(bad[i].method), .path = STR("/"), .body = str_of(bad[i].body)};
        add(bad[i].name, bad[i].value);
        if (http_stream_begin(client, &rq, &e)) fail_msg("begun: %zu", i);
        assert_int_equal(e.kind, ERR_PARSE);
    }
    stop_peer();
    assert_int_equal(peer.connections, 0);
    close_peer();
}

static void nothing_in_between(void **state) {
    (void)state;
    open_peer(TAKES, 1);
    begin();
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_PARSE);
    assert_false(http_stream_begin(client, &rq, &e));
    put(STR("piece"));
    check_ok(end(NULL), e);
    assert_int_equal(rs.status, 202);
    stop_peer();
    close_peer();
}

static void no_peer(void **state) {
    (void)state;
    open_peer(TAKES, 0);
    stream_peer_stop(&peer);
    assert_false(http_stream_begin(client, &rq, &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    http_close(client);
    close_peer();
}

static void disconnects(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP},
                                             {PEER_WHOLE, STR_INIT(OK_TEXT), PEER_KEEP}};
    open_peer(steps, 3);
    http_disconnect(client);
    exchange_works();
    http_disconnect(client);
    exchange_works();
    exchange_works();
    stop_peer();
    assert_int_equal(peer.connections, 2);
    close_peer();
}

static long peak_kb(void) {
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "VmHWM: %ld kB", &kb);
    if (f) fclose(f);
    return kb;
}

static void bounded_memory(void **state) {
    (void)state;
    enum { PIECE = 1 << 20, PIECES = 256 };
    char *bytes = pattern(PIECE);
    long before = 0;
    open_peer(TAKES, 1);
    begin();
    for (int i = 0; i < PIECES; i++) {
        put((struct str){bytes, PIECE});
        if (i == 7) before = peak_kb();
    }
    long after = peak_kb();
    check_ok(end(NULL), e);
    stop_peer();
    assert_int_equal(peer.request->body_n, (uint64_t)PIECE * PIECES);
    assert_false(peer.request->bad);
    if (after - before > 8192) fail_msg("%ld KB more after 256 MB than after 8 MB", after - before);
    close_peer();
}

static void *own_client(void *user) {
    struct stream_peer *own = user;
    struct http_client *mine;
    struct http_request post = {.method = STR("POST"), .path = STR("/")},
                        get = {.method = STR("GET"), .path = STR("/")};
    struct http_response answer;
    struct arena a;
    struct err why;
    struct url u;
    char text[64];
    snprintf(text, sizeof text, "http://%s", own->host_port);
    arena_init(&a, 1 << 20);
    bool ok = url_read(str_of(text), &u, &why) && http_open(&u, &OPTIONS, &mine, &why);
    for (int i = 0; ok && i < 2; i++)
        ok = http_stream_begin(mine, &post, &why) && http_stream_write(mine, STR("piece"), &why) &&
             http_stream_end(mine, NULL, 5000, &answer, &a, &why) && http_exchange(mine, &get, 5000, &answer, &a, &why);
    if (ok) http_close(mine);
    arena_close(&a);
    return ok ? own : NULL;
}

static void two_threads(void **state) {
    (void)state;
    struct stream_peer two[2];
    pthread_t thread[2];
    for (int i = 0; i < 2; i++) {
        stream_peer_start(&two[i], TAKES, 4, 0);
        assert_int_equal(pthread_create(&thread[i], NULL, own_client, &two[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        void *ok;
        assert_int_equal(pthread_join(thread[i], &ok), 0);
        assert_non_null(ok);
        stream_peer_stop(&two[i]);
        assert_int_equal(two[i].connections, 1);
        stream_peer_close(&two[i]);
    }
}

#define STREAM_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        STREAM_CASE("pieces arrive byte for byte, trailers behind them", byte_exact),
        STREAM_CASE("a stream without a piece is an empty body", nothing_written),
        STREAM_CASE("a piece is out before its write returns, however small the socket's buffer", out_before_return),
        STREAM_CASE("exchanges and streams use one connection", one_connection),
        STREAM_CASE(
            "bug: chunks after trailers are written inside libcurl's buffer, and trailers go with their own stream",
            trailers_once),
        STREAM_CASE("an answer in the middle stops the writes, and is what the end gives", early_answers),
        STREAM_CASE("an answer to the header alone stops the writes", answer_to_header),
        STREAM_CASE("a peer that resets the connection is a network error, and the next exchange works",
                    reset_in_the_middle),
        STREAM_CASE("a stream is never sent twice when its kept connection dies", never_sent_twice),
        STREAM_CASE("an answer cut short or missing is an error", bad_answers),
        STREAM_CASE("an end without an answer times out, and the next exchange works", times_out),
        STREAM_CASE("an aborted stream has no last chunk", aborted),
        STREAM_CASE("a trailer that would not arrive as given aborts the stream", bad_trailers),
        STREAM_CASE("a trailer of 60,000 bytes is sent", long_trailer),
        STREAM_CASE("a stream with a length, a body or without a body's method is refused unsent", bad_streams),
        STREAM_CASE("nothing else is done in the middle of a stream, which goes on", nothing_in_between),
        STREAM_CASE("a stream to nobody does not begin", no_peer),
        STREAM_CASE("after a disconnect the next exchange opens another connection", disconnects),
        STREAM_CASE("256 MB pass through a few", bounded_memory),
        STREAM_CASE("two threads may have a client each", two_threads),
    };
    return cmocka_run_group_tests_name("http_stream", tests, NULL, NULL);
}
