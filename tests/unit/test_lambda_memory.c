/* SPDX-License-Identifier: Apache-2.0 */
/* The warm path takes no memory. */
#include "heap_count.h"
#include "lambda_fixture.h"
#include "scripted_server.h"

static struct scripted_server server;
static size_t at_event[8], events;

static bool echo(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    at_event[events++] = heap_count;
    lambda_set_content_type(inv, inv->content_type);
    buf_add(reply, inv->payload);
    if (str_starts(inv->payload, STR("fail"))) return err_set(e, ERR_HANDLER, "asked to");
    return true;
}

enum { EVENTS = 6, EVENT_BYTES = 8192 };

/* What each event after the second one has taken: the first ones fill what is kept. */
static void check_flat(char fill) {
    static const struct lambda_program program = {.handle = echo};
    struct scripted_step steps[2 * EVENTS + 1] = {{.bytes = {0}}};
    struct arena a;
    arena_init(&a, 1 << 20);
    char *body = arena_take(&a, EVENT_BYTES);
    memset(body, fill, EVENT_BYTES);
    if (fill == 'f') memcpy(body, "fail", 4);
    for (size_t i = 0; i < EVENTS; i++) {
        steps[2 * i].bytes = scripted_answer(
            "200 OK", "Lambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Trace-Id: t\r\nContent-Type: text/plain\r\n",
            (struct str){body, EVENT_BYTES}, &a);
        steps[2 * i + 1].bytes = scripted_answer("202 Accepted", "", STR("{\"status\":\"OK\"}"), &a);
    }
    steps[2 * EVENTS].bytes = scripted_answer("500 Lost", "", STR(""), &a);
    events = 0;
    scripted_start(&server, steps, 2 * EVENTS + 1);
    setenv("AWS_LAMBDA_RUNTIME_API", server.host_port, 1);
    assert_int_equal(logged_run(&program), 1);
    scripted_stop(&server);
    scripted_close(&server);
    arena_close(&a);
    assert_int_equal(events, EVENTS);
    assert_true(at_event[0] > 0); /* the counter counts */
    for (size_t i = 2; i < EVENTS; i++) assert_int_equal(at_event[i], at_event[1]);
}

static void warm_echo(void **state) {
    (void)state;
    check_flat('x');
}

static void warm_failure(void **state) {
    (void)state;
    check_flat('f');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a warm echo takes no memory", warm_echo),
        CASE("a warm failure takes none either", warm_failure),
    };
    return cmocka_run_group_tests_name("lambda_memory", tests, NULL, NULL);
}
