/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/worker.c and watchdog.c with AWS_LAMBDA_MAX_CONCURRENCY, against a Runtime API for several pollers. */
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "lambda_fixture.h"
#include "log.h"
#include "many_server.h"
#include "scripted_server.h"

static struct many_server server;
static pthread_barrier_t together;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int handled, traced;

static void count(const struct lambda_invocation *inv) {
    pthread_mutex_lock(&lock);
    handled++;
    traced += getenv("_X_AMZN_TRACE_ID") != NULL;
    pthread_mutex_unlock(&lock);
    log_line(LOG_INFO, "handling <%.*s>", STR_ARG(inv->request_id));
}

/* Past the deadline; where a watchdog answers at it, until that answer has been received. */
static void outlive(const struct lambda_invocation *inv, bool watched) {
    char part[64];
    struct timespec until;
    snprintf(part, sizeof part, "/%.*s/error", STR_ARG(inv->request_id));
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&server.lock);
    while (watched && !many_count(&server, part) && pthread_cond_timedwait(&server.changed, &server.lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&server.lock);
    while (lambda_remaining_ms(inv) > 0) nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* The payload says what to do; the reply is the request id. */
static bool obey(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    bool watched = user != NULL;
    count(inv);
    if (str_eq(inv->payload, STR("meet"))) pthread_barrier_wait(&together);
    if (str_eq(inv->payload, STR("fail"))) return err_set(e, ERR_HANDLER, "asked to");
    if (str_eq(inv->payload, STR("late"))) outlive(inv, watched);
    if (str_eq(inv->payload, STR("late stream"))) {
        if (!lambda_stream_begin(inv, STR("text/plain"), e) || !lambda_stream_write(inv, STR("early"), e)) return false;
        outlive(inv, watched);
        return lambda_stream_write(inv, STR("late"), e);
    }
    if (str_eq(inv->payload, STR("stream")))
        return lambda_stream_begin(inv, STR("text/plain"), e) && lambda_stream_write(inv, inv->request_id, e);
    buf_add(reply, inv->request_id);
    return true;
}

static const struct lambda_program PROGRAM = {.handle = obey};
static const struct lambda_program WATCHED = {.handle = obey, .user = &server, .deadline_watchdog = true};

static int set_up(void **state) {
    (void)state;
    handled = traced = 0;
    setenv("_X_AMZN_TRACE_ID", "stale", 1);
    return 0;
}

static void start(const struct many_event *events, int n, const char *concurrency) {
    many_start(&server, events, n);
    setenv("AWS_LAMBDA_RUNTIME_API", server.host_port, 1);
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", concurrency, 1);
}

static void play(const struct many_event *events, int n, const char *concurrency,
                 const struct lambda_program *program) {
    start(events, n, concurrency);
    int code = logged_run(program);
    many_stop(&server);
    assert_int_equal(code, 1);
}

#define PLAY(events, concurrency, program) play(events, (int)(sizeof events / sizeof *events), concurrency, program)

static void check_response(const char *id) {
    char part[64], echo[64];
    snprintf(part, sizeof part, "/invocation/%s/response", id);
    snprintf(echo, sizeof echo, "i-%s", id);
    struct str request = many_find(&server, part);
    if (!request.p) fail_msg("no response for %s", id);
    check_str(scripted_body(request), str_of(id));
    check_str(scripted_field(request, "Lambda-Runtime-Invocation-Id"), str_of(echo));
}

static void at_once(void **state) {
    (void)state;
    static const struct many_event events[] = {
        {"a", "meet", 0, NULL}, {"b", "meet", 0, NULL}, {"c", "meet", 0, NULL}, {"d", "meet", 0, NULL}};
    pthread_barrier_init(&together, NULL, 4);
    PLAY(events, "4", &PROGRAM);
    pthread_barrier_destroy(&together);
    assert_int_equal(server.posts, 4);
    for (size_t i = 0; i < 4; i++) check_response(events[i].id);
    assert_int_equal(traced, 0);
    for (size_t i = 0; i < 4; i++) { /* each line names the invocation of its thread */
        char line[120];
        snprintf(line, sizeof line, "\"message\":\"handling <%s>\",\"requestId\":\"%s\"", events[i].id, events[i].id);
        assert_non_null(strstr(logged, line));
    }
    many_close(&server);
}

static void as_many_connections(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "meet", 0, NULL}, {"b", "meet", 0, NULL}, {"c", "meet", 0, NULL},
                                               {"d", "", 0, NULL},     {"e", "", 0, NULL},     {"f", "", 0, NULL},
                                               {"g", "", 0, NULL},     {"h", "", 0, NULL},     {"i", "", 0, NULL}};
    pthread_barrier_init(&together, NULL, 3);
    PLAY(events, "3", &PROGRAM);
    pthread_barrier_destroy(&together);
    assert_int_equal(server.connections, 3);
    assert_in_range(server.most_parked, 1, 3);
    for (size_t i = 0; i < 9; i++) check_response(events[i].id);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "answered 500"));
    many_close(&server);
}

static void just_one(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "", 0, NULL}, {"b", "", 0, NULL}};
    PLAY(events, "1", &PROGRAM);
    assert_int_equal(server.connections, 1);
    assert_int_equal(traced, 0);
    check_response("a");
    check_response("b");
    many_close(&server);
}

static void others_go_on(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "fail", 0, NULL},
                                               {"b", "", 0, "410 Gone"},
                                               {"c", "", 0, "413 Large"},
                                               {"d", "", 0, ""},
                                               {"e", "fail", 0, "403 Forbidden"},
                                               {"f", "stream", 0, NULL},
                                               {"g", "", 0, NULL},
                                               {"h", "", 0, NULL}};
    PLAY(events, "2", &PROGRAM);
    assert_int_equal(handled, 8);
    assert_int_equal(server.posts, 8);
    assert_int_equal(many_count(&server, "/a/error"), 1);
    assert_true(str_find(many_find(&server, "/f/response"), STR("Function-Response-Mode: streaming")) != SIZE_MAX);
    check_response("g");
    check_response("h");
    many_close(&server);
}

static void lost_on_post(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "", 0, "500 Lost"}, {"b", "", 0, NULL}};
    PLAY(events, "1", &PROGRAM);
    assert_int_equal(handled, 1);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "/a/response"));
    many_close(&server);
}

/* One next is refused for good, the others stay parked for ever: the process has to end all the same. */
static void one_is_enough(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "", 0, NULL}};
    int ends[2], address[2], status;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(address), 0);
    pid_t child = fork(); /* before the server's threads: a child of several threads cannot have threads of its own */
    if (child == 0) {
        char host_port[sizeof server.host_port];
        if (read(address[0], host_port, sizeof host_port) != sizeof host_port) _exit(6);
        setenv("AWS_LAMBDA_RUNTIME_API", host_port, 1);
        setenv("AWS_LAMBDA_MAX_CONCURRENCY", "4", 1);
        dup2(ends[1], 1);
        lambda_run(&PROGRAM);
        _exit(7); /* it may not return: threads are still running */
    }
    start(events, 1, "4");
    pthread_mutex_lock(&server.lock);
    server.lose_at = 4;
    pthread_mutex_unlock(&server.lock);
    assert_int_equal(write(address[1], server.host_port, sizeof server.host_port), sizeof server.host_port);
    close(address[0]);
    close(address[1]);
    close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], logged + n, sizeof logged - 1 - n)) > 0;) n += (size_t)got;
    logged[n] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_int_equal(logged_count("FATAL"), 1);
    assert_non_null(strstr(last_line(), "answered 500"));
    many_stop(&server);
    many_close(&server);
}

static void bad_values(void **state) {
    (void)state;
    static const char *const bad[] = {"0", "-1", "many", "1025", "2 ", "99999999999999999999"};
    static const struct many_event none[1];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        play(none, 0, bad[i], &PROGRAM);
        assert_int_equal(server.posts, 1);
        struct str post = many_find(&server, "/init/error");
        check_text(scripted_field(post, "Lambda-Runtime-Function-Error-Type"), "Function.BadConfiguration");
        assert_true(str_find(post, STR("AWS_LAMBDA_MAX_CONCURRENCY")) != SIZE_MAX);
        assert_true(str_find(post, STR("from 1 to 1024")) != SIZE_MAX);
        assert_int_equal(logged_count("FATAL"), 1);
        many_close(&server);
    }
}

static bool bad_init(void *user, struct err *e) {
    (void)user;
    return err_set(e, ERR_CONFIG, "no table");
}

static void init_error_once(void **state) {
    (void)state;
    static const struct many_event none[1];
    static const struct lambda_program program = {.init = bad_init, .handle = obey};
    play(none, 0, "8", &program);
    assert_int_equal(server.posts, 1);
    assert_int_equal(many_count(&server, "/init/error"), 1);
    many_close(&server);
}

static void timed_out(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "late", 60, NULL}, {"b", "", 5000, NULL}, {"c", "late", 90, NULL},
                                               {"d", "", 0, NULL},      {"e", "", 1, NULL},    {"f", "late", 60, NULL}};
    PLAY(events, "3", &WATCHED);
    assert_int_equal(handled, 6);
    for (size_t i = 0; i < 6; i++) {
        char part[64];
        snprintf(part, sizeof part, "/invocation/%s/", events[i].id);
        assert_int_equal(many_count(&server, part), 1); /* one answer, whoever gave it */
    }
    struct str post = many_find(&server, "/a/error");
    check_text(scripted_field(post, "Lambda-Runtime-Function-Error-Type"), "Function.Timeout");
    check_text(scripted_field(post, "Lambda-Runtime-Invocation-Id"), "i-a");
    assert_true(str_find(scripted_body(post), STR("timed out after ")) != SIZE_MAX);
    assert_int_equal(many_count(&server, "/c/error"), 1);
    assert_int_equal(many_count(&server, "/f/error"), 1);
    check_response("b");
    check_response("d");
    assert_non_null(strstr(logged, "its result is dropped"));
    many_close(&server);
}

static void late_stream(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "late stream", 60, NULL}, {"b", "", 0, NULL}};
    PLAY(events, "1", &WATCHED);
    assert_int_equal(many_count(&server, "/a/error"), 1);
    assert_int_equal(many_count(&server, "/a/response"), 0); /* it was cut, so it never became whole */
    check_response("b");
    many_close(&server);
}

static void unwatched(void **state) {
    (void)state;
    static const struct many_event events[] = {{"a", "late", 30, NULL}};
    PLAY(events, "1", &PROGRAM);
    check_response("a");
    assert_int_equal(server.posts, 1);
    many_close(&server);
}

#define LAMBDA_CASE(sentence, function) \
    { sentence, function, set_up, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        LAMBDA_CASE("as many handlers run at once, each with ids, log and answer of its own", at_once),
        LAMBDA_CASE("there are exactly that many connections, and one last line", as_many_connections),
        LAMBDA_CASE("a value of 1 is concurrency too: no trace variable", just_one),
        LAMBDA_CASE("a failure or a refused post of one worker does not stop the others", others_go_on),
        LAMBDA_CASE("a 500 on an answer ends the environment", lost_on_post),
        LAMBDA_CASE("one next that is refused for good ends the process", one_is_enough),
        LAMBDA_CASE("a value that is no number from 1 to 1024 is a named init error", bad_values),
        LAMBDA_CASE("a failed init is posted once", init_error_once),
        LAMBDA_CASE("the watchdog answers at the deadline, and nobody answers twice", timed_out),
        LAMBDA_CASE("the watchdog answers for a stream too, which is then cut", late_stream),
        LAMBDA_CASE("without the watchdog a late answer is still posted", unwatched),
    };
    return cmocka_run_group_tests_name("lambda_concurrency", tests, NULL, NULL);
}
