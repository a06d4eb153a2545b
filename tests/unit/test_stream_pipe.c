/* SPDX-License-Identifier: Apache-2.0 */
/* local/stream_pipe.c: bytes arrive in order and bounded, and the end of one side is known to the other. */
#include "stream_pipe.h"

#include <pthread.h>
#include <semaphore.h>

#include "check.h"

static struct stream_pipe *open_pipe(void) {
    struct stream_pipe *pipe;
    struct err e;
    check_ok(stream_pipe_open(&pipe, &e), e);
    return pipe;
}

static void check_read(struct stream_pipe *pipe, const char *expected) {
    char into[64];
    long n = stream_pipe_read(pipe, into, sizeof into);
    assert_true(n >= 0);
    struct str got = {into, (size_t)n};
    check_str(got, str_of(expected));
}

static long read_any(struct stream_pipe *pipe) {
    char into[64];
    return stream_pipe_read(pipe, into, sizeof into);
}

static void first_before_last(void **state) {
    (void)state;
    struct stream_pipe *pipe = open_pipe();
    assert_true(stream_pipe_write(pipe, STR("first")));
    check_read(pipe, "first");
    assert_true(stream_pipe_write(pipe, STR("")));
    assert_true(stream_pipe_write(pipe, STR("la")));
    assert_true(stream_pipe_write(pipe, STR("st")));
    stream_pipe_end(pipe);
    check_read(pipe, "last");
    assert_int_equal(read_any(pipe), 0);
    assert_int_equal(read_any(pipe), 0);
    stream_pipe_leave(pipe);
}

static void awaited(void **state) {
    (void)state;
    struct stream_pipe *pipe = open_pipe();
    assert_true(stream_pipe_write(pipe, STR("first")));
    assert_true(stream_pipe_await(pipe));
    check_read(pipe, "first");
    stream_pipe_break(pipe);
    assert_false(stream_pipe_await(pipe));
    stream_pipe_leave(pipe);
    stream_pipe_end(pipe);
    pipe = open_pipe();
    stream_pipe_end(pipe);
    assert_true(stream_pipe_await(pipe));
    stream_pipe_leave(pipe);
}

static void broken(void **state) {
    (void)state;
    struct stream_pipe *pipe = open_pipe();
    assert_true(stream_pipe_write(pipe, STR("half")));
    stream_pipe_break(pipe);
    assert_false(stream_pipe_write(pipe, STR("more")));
    check_read(pipe, "half");
    assert_int_equal(read_any(pipe), -1);
    stream_pipe_end(pipe);
    assert_int_equal(read_any(pipe), -1);
    stream_pipe_leave(pipe);
}

static void reader_leaves(void **state) {
    (void)state;
    struct stream_pipe *pipe = open_pipe();
    stream_pipe_leave(pipe);
    assert_false(stream_pipe_write(pipe, STR("unread")));
    stream_pipe_break(pipe);
    stream_pipe_end(pipe);
}

/* ---- with a writer of its own thread ---- */

enum { LONG_BYTES = 5 * STREAM_PIPE_BYTES + 12345, PIECE = 7777 };

struct writer {
    pthread_t thread;
    struct stream_pipe *pipe;
    char bytes[LONG_BYTES];
    bool taken;
    sem_t full; /* so much is in the pipe that the next write waits */
};

static struct writer writer;

static void *write_all(void *user) {
    struct writer *w = user;
    bool told = false;
    w->taken = true;
    for (size_t at = 0; at < LONG_BYTES && w->taken; at += PIECE) {
        if (!told && at + PIECE > STREAM_PIPE_BYTES) told = sem_post(&w->full) == 0;
        w->taken =
            stream_pipe_write(w->pipe, (struct str){w->bytes + at, LONG_BYTES - at < PIECE ? LONG_BYTES - at : PIECE});
    }
    stream_pipe_end(w->pipe);
    return NULL;
}

static void start_writer(struct stream_pipe *pipe) {
    writer.pipe = pipe;
    for (size_t i = 0; i < LONG_BYTES; i++) writer.bytes[i] = (char)(i * 31 / 7);
    sem_init(&writer.full, 0, 0);
    assert_int_equal(pthread_create(&writer.thread, NULL, write_all, &writer), 0);
}

static void end_writer(bool taken) {
    pthread_join(writer.thread, NULL);
    sem_destroy(&writer.full);
    assert_int_equal(writer.taken, taken);
}

static void long_stream(void **state) {
    (void)state;
    static char got[LONG_BYTES + 1];
    struct stream_pipe *pipe = open_pipe();
    size_t at = 0;
    start_writer(pipe);
    for (long n; (n = stream_pipe_read(pipe, got + at, sizeof got - at < 5003 ? sizeof got - at : 5003)) > 0;)
        at += (size_t)n;
    assert_int_equal(at, LONG_BYTES);
    assert_memory_equal(got, writer.bytes, LONG_BYTES);
    end_writer(true);
    stream_pipe_leave(pipe);
}

static void leave_frees_writer(void **state) {
    (void)state;
    struct stream_pipe *pipe = open_pipe();
    start_writer(pipe);
    sem_wait(&writer.full);
    stream_pipe_leave(pipe);
    end_writer(false);
}

/* What is in a full pipe is still read; no more than it holds was written. */
static void break_frees_writer(void **state) {
    (void)state;
    static char got[STREAM_PIPE_BYTES];
    struct stream_pipe *pipe = open_pipe();
    size_t at = 0;
    long n;
    start_writer(pipe);
    sem_wait(&writer.full);
    stream_pipe_break(pipe);
    end_writer(false);
    while ((n = stream_pipe_read(pipe, got, sizeof got)) > 0) at += (size_t)n;
    assert_int_equal(n, -1);
    assert_in_range(at, STREAM_PIPE_BYTES - PIECE, STREAM_PIPE_BYTES);
    stream_pipe_leave(pipe);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("the first bytes are read before the last are written", first_before_last),
        CASE("the first byte, or an end without one, may be awaited", awaited),
        CASE("a broken stream gives what was written, and then no end", broken),
        CASE("the writer is told that the reader has left", reader_leaves),
        CASE("a stream longer than the pipe arrives as it was written", long_stream),
        CASE("a reader that leaves frees a writer that waits", leave_frees_writer),
        CASE("a break frees a writer that waits", break_frees_writer),
    };
    return cmocka_run_group_tests_name("stream_pipe", cases, NULL, NULL);
}
