/* SPDX-License-Identifier: Apache-2.0 */
/* local/connections.c: how many, and how long each may take. What the log says is in test_http_server.c. */
#include "connections.h"

#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "log.h"

static struct connections *open_for(unsigned max, unsigned part_s) {
    struct connections *all;
    struct err e;
    log_open(LOG_TEXT, LOG_FATAL, 1);
    check_ok(connections_open(&all, max, part_s, &e), e);
    return all;
}

static void limit(void **state) {
    (void)state;
    struct connections *all = open_for(2, 0);
    struct connection *c[3];
    for (int i = 0; i < 2; i++) {
        assert_true(connections_admit(all));
        c[i] = connections_join(all, -1);
    }
    assert_false(connections_admit(all));
    assert_false(connections_admit(all));
    connections_leave(all, c[0]);
    assert_true(connections_admit(all));
    c[2] = connections_join(all, -1);
    assert_false(connections_admit(all));
    connections_leave(all, c[1]);
    connections_leave(all, c[2]);
    connections_close(all);
}

/* Is there an end at the other side within that time? */
static bool ends(int fd, int wait_ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;
    return poll(&p, 1, wait_ms) == 1 && recv(fd, &byte, 1, 0) == 0;
}

static void deadline(void **state) {
    (void)state;
    struct connections *all = open_for(4, 1);
    int late[2], whole[2], again[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, late), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, whole), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, again), 0);
    struct connection *w = connections_join(all, whole[0]), *g = connections_join(all, again[0]);
    connections_have_request(all, w);
    connections_have_request(all, g);
    struct connection *l = connections_join(all, late[0]);
    assert_true(ends(late[1], 30000));
    connections_await_part(all, g);
    assert_true(ends(again[1], 30000));
    assert_false(ends(whole[1], 0));
    connections_leave(all, w);
    connections_leave(all, l);
    connections_leave(all, g);
    connections_close(all);
    for (int i = 0; i < 2; i++) close(late[i]), close(whole[i]), close(again[i]);
}

static void none(void **state) {
    (void)state;
    struct connections *all = open_for(1, 0);
    connections_await_part(all, NULL); /* one that found no memory */
    connections_have_request(all, NULL);
    assert_true(connections_admit(all));
    connections_leave(all, connections_join(all, -1));
    connections_close(all);
    connections_close(NULL);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("one more than there may be is not admitted, until one has left", limit),
        CASE("one that takes too long to send is shut down; a whole request has no deadline", deadline),
        CASE("without a time there is no deadline, and no memory is no crash", none),
    };
    return cmocka_run_group_tests_name("connections", cases, NULL, NULL);
}
