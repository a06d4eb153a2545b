/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/client_pool.c against a scripted server: clients are borrowed, kept, and given up. */
#include "client_pool.h"

#include "check.h"
#include "scripted_server.h"

static struct arena arena;
static struct scripted_server server;
static struct client_pool pool;
static struct err e;

static void open_pool(const struct scripted_step *steps, size_t n) {
    static const struct http_options options = {.max_response_bytes = 1000};
    struct url origin = {.host = STR("127.0.0.1")};
    arena_init(&arena, 1 << 20);
    scripted_start(&server, steps, n);
    origin.port = (uint16_t)server.port;
    check_ok(client_pool_open(&pool, &origin, &options, &e), e);
}

static void close_pool(int requests, int connections) {
    client_pool_close(&pool);
    scripted_stop(&server);
    assert_int_equal(server.requests, requests);
    assert_int_equal(server.connections, connections);
    scripted_close(&server);
    arena_close(&arena);
}

static struct client_pool_member *take(void) {
    struct client_pool_member *m;
    check_ok(client_pool_take(&pool, &m, &e), e);
    return m;
}

static void ask(const struct client_pool_member *m) {
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct http_response rs;
    check_ok(http_field_add(&rq.fields, STR("Host"), STR("h"), &arena, &e), e);
    check_ok(http_exchange(client_pool_http(m), &rq, 5000, &rs, &arena, &e), e);
    assert_int_equal(rs.status, 200);
}

static const struct scripted_step STEPS[] = {{.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
                                             {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}};

static void last_first(void **state) {
    (void)state;
    open_pool(STEPS, 2);
    struct client_pool_member *a = take(), *b = take();
    assert_ptr_not_equal(client_pool_http(a), client_pool_http(b));
    ask(b);
    client_pool_give(&pool, a);
    client_pool_give(&pool, b);
    struct client_pool_member *again = take();
    assert_ptr_equal(again, b);
    ask(again);
    client_pool_give(&pool, again);
    close_pool(2, 1);
}

static void disconnected(void **state) {
    (void)state;
    open_pool(STEPS, 2);
    struct client_pool_member *idle = take(), *out = take();
    client_pool_give(&pool, idle);
    ask(out);
    client_pool_disconnect(&pool);
    client_pool_give(&pool, out); /* its connection is of before */
    struct client_pool_member *fresh = take();
    ask(fresh);
    client_pool_give(&pool, fresh);
    close_pool(2, 2);
}

static void closed_twice(void **state) {
    (void)state;
    open_pool(NULL, 0);
    close_pool(0, 0);
    client_pool_close(&pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("each borrower has a client of its own, and the one used last goes first, connected", last_first),
        CASE("after a disconnect no old connection is used, borrowed ones included", disconnected),
        CASE("closing a closed pool is fine", closed_twice),
    };
    return cmocka_run_group_tests_name("client_pool", tests, NULL, NULL);
}
