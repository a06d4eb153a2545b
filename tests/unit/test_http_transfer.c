/* SPDX-License-Identifier: Apache-2.0 */
/* http/http_transfer.c */
#include "http_fixture.h"
#include "http_transfer.h"

static struct {
    struct str body;
    size_t given;
    struct buf got, wire;
    int headers, status;
    bool refuse_read, refuse_header, refuse_write;
} ours;

static bool give(void *user, char *p, size_t n, size_t *got, struct err *why) {
    (void)user;
    if (ours.refuse_read) return err_set(why, ERR_CONFIG, "no more");
    size_t left = ours.body.n - ours.given;
    *got = left < n ? left : n;
    memcpy(p, ours.body.p + ours.given, *got);
    ours.given += *got;
    return true;
}

static bool take_header(void *user, const struct http_response *response, struct err *why) {
    (void)user;
    ours.headers++;
    ours.status = response->status;
    return !ours.refuse_header || err_set(why, ERR_REFUSED, "not this one");
}

static bool take(void *user, struct str bytes, struct err *why) {
    (void)user;
    if (ours.refuse_write) return err_set(why, ERR_CONFIG, "full");
    buf_add(&ours.got, bytes);
    return true;
}

static void watch(void *user, enum http_transfer_event event, struct str text) {
    static const char *const marks[] = {"* ", "> ", "< "};
    (void)user;
    buf_add(&ours.wire, str_of(marks[event]));
    buf_add(&ours.wire, text);
}

static const struct http_transfer TRANSFER = {.header = take_header, .write = take};

static void begin(const struct scripted_step *steps, size_t n) {
    memset(&ours, 0, sizeof ours);
    start(steps, n, &OPTIONS);
    buf_init(&ours.got, 1 << 20, &arena);
    buf_init(&ours.wire, 1 << 20, &arena);
}

static bool transfer(const struct http_transfer *t) {
    return http_transfer(client, &rq, t, 5000, &rs, &arena, &e);
}

static void both_ways(void **state) {
    static char bytes[600 * 1000];
    struct http_transfer t = TRANSFER;
    (void)state;
    memset(bytes, 'b', sizeof bytes);
    bytes[1] = 0;
    begin(OK_STEPS, 2);
    rq.method = STR("PUT");
    ours.body = (struct str){bytes, sizeof bytes};
    t.read = give;
    t.body_bytes = sizeof bytes;
    check_ok(transfer(&t), e);
    check_text(buf_str(&ours.got), "ok");
    assert_int_equal(rs.status, 200);
    assert_int_equal(rs.body.n, 0);
    assert_int_equal(ours.headers, 1);
    assert_int_equal(http_transfer_code(client), 0);
    rq.method = STR("GET"); /* an ordinary exchange afterwards is an ordinary one */
    check_ok(exchange(), e);
    check_text(rs.body, "ok");
    stop();
    assert_true(str_eq(scripted_body(server.request[0]), ours.body));
    check_text(scripted_field(server.request[0], "Content-Length"), "600000");
    assert_int_equal(server.connections, 1);
    finish();
}

static void watched(void **state) {
    struct http_transfer t = TRANSFER;
    (void)state;
    begin(OK_STEPS, 1);
    t.watch = watch;
    check_ok(transfer(&t), e);
    struct str wire = buf_str(&ours.wire);
    assert_true(str_find(wire, STR("> GET / HTTP/1.1\r\n")) != SIZE_MAX);
    assert_true(str_find(wire, STR("< HTTP/1.1 200 OK\r\n< Content-Length: 2\r\n< \r\n")) != SIZE_MAX);
    assert_true(str_find(wire, STR("* ")) != SIZE_MAX);
    stop();
    finish();
}

static void cut(void **state) {
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"), .close = true}};
    (void)state;
    begin(steps, 1);
    assert_false(transfer(&TRANSFER));
    assert_int_equal(e.kind, ERR_PROTOCOL);
    assert_int_equal(http_transfer_code(client), 18);
    check_text(buf_str(&ours.got), "part");
    stop();
    finish();
}

static void refusals(void **state) {
    struct http_transfer t = TRANSFER;
    (void)state;
    begin(OK_STEPS, 1);
    ours.refuse_write = true;
    assert_false(transfer(&t));
    assert_non_null(strstr(e.msg, "full"));
    assert_int_equal(http_transfer_code(client), 0);
    stop();
    scripted_close(&server);
    begin(OK_STEPS, 1);
    ours.refuse_header = true;
    assert_false(transfer(&t));
    assert_int_equal(e.kind, ERR_REFUSED);
    assert_int_equal(ours.got.n, 0);
    stop();
    scripted_close(&server);
    begin(OK_STEPS, 1);
    ours.refuse_read = true;
    rq.method = STR("PUT");
    t.read = give;
    t.body_bytes = 5;
    assert_false(transfer(&t));
    assert_non_null(strstr(e.msg, "no more"));
    stop();
    finish();
}

static void without_body(void **state) {
    static const struct scripted_step steps[] = {{.bytes = STR_INIT("HTTP/1.1 204 No Content\r\n\r\n")}};
    (void)state;
    begin(steps, 1);
    check_ok(transfer(&TRANSFER), e);
    assert_int_equal(ours.headers, 1);
    assert_int_equal(ours.status, 204);
    stop();
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HTTP_CASE("bodies go both ways in pieces, and the client is as before", both_ways),
        HTTP_CASE("the wire can be watched", watched),
        HTTP_CASE("a cut body is given as far as it came, with libcurl's number", cut),
        HTTP_CASE("what our own functions refuse ends the exchange with their words", refusals),
        HTTP_CASE("the header is told once, without a body, too", without_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
