/* SPDX-License-Identifier: Apache-2.0 */
/* local/http_server.c: ports, and an end that waits for what runs and closes what idles. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "check.h"
#include "http_server.h"
#include "wire.h"

static struct arena arena;
static struct http_server *server;
static uint16_t port;

static void greet(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                  struct stream_pipe **stream, struct arena *a) {
    (void)user, (void)rq, (void)peer_ip, (void)stream, (void)a;
    *rs = (struct http_response){.status = 200, .body = STR("hello")};
}

static const struct http_server_options OPTIONS = {.max_connections = 64, .max_body_bytes = 1000, .handle = greet};

static int start(void **state) {
    (void)state;
    struct err e;
    arena_init(&arena, 256 * 1024 * 1024);
    check_ok(http_server_start(&OPTIONS, &server, &e), e);
    port = http_server_port(server);
    return 0;
}

static int stop(void **state) {
    (void)state;
    http_server_stop(server);
    arena_close(&arena);
    return 0;
}

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool inside, open, finished;
};

static void wait_at_gate(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                         struct stream_pipe **stream, struct arena *a) {
    struct gate *g = user;
    (void)peer_ip, (void)stream, (void)a;
    pthread_mutex_lock(&g->lock);
    g->inside = true;
    pthread_cond_broadcast(&g->changed);
    while (!g->open) pthread_cond_wait(&g->changed, &g->lock);
    g->finished = true;
    pthread_mutex_unlock(&g->lock);
    rs->status = str_eq(rq->path, STR("/silent")) ? 0 : 204;
}

static void *open_soon(void *user) {
    struct gate *g = user;
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

static void stop_waits(void **state) {
    (void)state;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false, false};
    struct http_server_options options = OPTIONS;
    struct http_server *slow;
    pthread_t opener;
    struct err e;
    options.handle = wait_at_gate;
    options.user = &gate;
    check_ok(http_server_start(&options, &slow, &e), e);
    int fd = wire_open(http_server_port(slow), WIRE_WAIT_S);
    assert_true(wire_send(fd, STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
    pthread_mutex_lock(&gate.lock);
    while (!gate.inside) pthread_cond_wait(&gate.changed, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
    assert_int_equal(pthread_create(&opener, NULL, open_soon, &gate), 0);
    http_server_stop(slow);
    assert_true(gate.finished);
    pthread_join(opener, NULL);
    close(fd);
}

static void stop_idle(void **state) {
    (void)state;
    struct http_server *idle;
    struct http_response rs;
    struct err e;
    check_ok(http_server_start(&OPTIONS, &idle, &e), e);
    int fd = wire_open(http_server_port(idle), WIRE_WAIT_S), silent = wire_open(http_server_port(idle), WIRE_WAIT_S);
    assert_true(wire_send(fd, STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n")));
    assert_true(wire_read(fd, &rs, &arena));
    http_server_stop(idle);
    assert_false(wire_read(fd, &rs, &arena));
    close(fd);
    close(silent);
    http_server_stop(NULL);
}

static void no_answer(void **state) {
    (void)state;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, true, false};
    struct http_server_options options = OPTIONS;
    struct http_server *silent;
    struct err e;
    char byte;
    options.handle = wait_at_gate;
    options.user = &gate;
    check_ok(http_server_start(&options, &silent, &e), e);
    int fd = wire_open(http_server_port(silent), WIRE_WAIT_S);
    assert_true(wire_send(fd, STR("GET /silent HTTP/1.1\r\nHost: h\r\n\r\n")));
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    http_server_stop(silent);
}

static void free_ports(void **state) {
    (void)state;
    struct http_server *other;
    struct err e;
    check_ok(http_server_start(&OPTIONS, &other, &e), e);
    assert_int_not_equal(http_server_port(other), 0);
    assert_int_not_equal(http_server_port(other), port);
    http_server_stop(other);
}

static void port_in_use(void **state) {
    (void)state;
    struct http_server_options options = OPTIONS;
    struct http_server *second = NULL;
    char expected[128];
    struct err e;
    options.port = port;
    if (http_server_start(&options, &second, &e)) {
        http_server_stop(second);
        fail_msg("a second server listens on port %u", (unsigned)port);
    }
    snprintf(expected, sizeof expected, "cannot listen on 127.0.0.1:%u: Address already in use", (unsigned)port);
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_string_equal(e.msg, expected);
}

static void port_again(void **state) {
    (void)state;
    struct http_server_options options = OPTIONS;
    struct http_server *again;
    struct err e;
    check_ok(http_server_start(&OPTIONS, &again, &e), e);
    options.port = http_server_port(again);
    int fd = wire_open(options.port, WIRE_WAIT_S); /* the server closes first: its side stays in TIME_WAIT */
    http_server_stop(again);
    close(fd);
    check_ok(http_server_start(&options, &again, &e), e);
    assert_int_equal(http_server_port(again), options.port);
    http_server_stop(again);
}

#define WITH_SERVER(sentence, function) \
    { sentence, function, start, stop, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_SERVER("a stop waits for a running handler", stop_waits),
        WITH_SERVER("a stop closes idle connections", stop_idle),
        WITH_SERVER("status 0 closes without an answer", no_answer),
        WITH_SERVER("port 0 is a free port", free_ports),
        WITH_SERVER("a port in use is an error that names it", port_in_use),
        WITH_SERVER("a port can be used again at once", port_again),
    };
    return cmocka_run_group_tests_name("http_server_stop", cases, NULL, NULL);
}
