/* SPDX-License-Identifier: Apache-2.0 */
/* local/invocation.c: who has a stream, and what becomes of it when somebody goes. */
#include "invocation.h"

#include "check.h"

static struct invocation *make(void) {
    struct invocation *inv = invocation_make(STR("event"), STR("id"), STR("trace"));
    assert_non_null(inv);
    inv->streams = true;
    return inv;
}

static struct stream_pipe *stream(struct invocation *inv) {
    assert_true(invocation_stream(inv, STR("text/x")));
    assert_string_equal(inv->content_type, "text/x");
    assert_true(stream_pipe_write(inv->writer, STR("x")) == (inv->reader != NULL));
    return inv->writer;
}

static void caller_gone(void **state) {
    (void)state;
    struct invocation *inv = make();
    invocation_let_go(inv);
    struct stream_pipe *pipe = stream(inv);
    assert_null(inv->reader);
    invocation_finish(inv, FUNCTION_REPLY, STR(""), "");
    stream_pipe_end(pipe);
}

static void never_taken(void **state) {
    (void)state;
    struct invocation *inv = make();
    struct stream_pipe *pipe = stream(inv);
    assert_non_null(inv->reader);
    invocation_finish(inv, FUNCTION_REPLY, STR(""), "");
    invocation_let_go(inv);
    assert_false(stream_pipe_write(pipe, STR("more")));
    stream_pipe_end(pipe);
}

static void not_a_reply(void **state) {
    (void)state;
    char into[8];
    struct invocation *inv = make();
    struct stream_pipe *pipe = stream(inv), *reader = inv->reader;
    inv->reader = NULL; /* the caller has it */
    invocation_finish(inv, FUNCTION_EXITED, STR(""), "gone");
    stream_pipe_end(pipe);
    invocation_let_go(inv);
    assert_int_equal(stream_pipe_read(reader, into, sizeof into), 1);
    assert_int_equal(stream_pipe_read(reader, into, sizeof into), -1);
    stream_pipe_leave(reader);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("nobody reads a stream whose caller has gone before", caller_gone),
        CASE("nobody reads a stream that its caller has not taken", never_taken),
        CASE("a stream that does not end with a reply has broken off", not_a_reply),
    };
    return cmocka_run_group_tests_name("invocation", cases, NULL, NULL);
}
