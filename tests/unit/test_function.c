/* SPDX-License-Identifier: Apache-2.0 */
/* local/function.c: invocations go in, each gets its own outcome, and the process behind may do what it likes. */
#include "function.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "lab.h"

static struct lab lab;

static void open_plain(int64_t timeout_s) {
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", timeout_s);
    lab_start(&lab);
}

static void check_in(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("no \"%s\" in \"%s\"", part, text);
}

static int close_lab(void **state) {
    (void)state;
    if (lab.function) lab_close(&lab);
    lab = (struct lab){0};
    return 0;
}

static void replies(void **state) {
    (void)state;
    open_plain(20);
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
    check_text(lab_invoke(&lab, "{\"k\":[1,2]}", FUNCTION_REPLY), "{\"k\":[1,2]}");
    check_text(lab_invoke(&lab, "", FUNCTION_REPLY), "");
}

static void own_process(void **state) {
    (void)state;
    open_plain(20);
    struct str text = lab_invoke(&lab, "environment", FUNCTION_REPLY);
    assert_true(str_find(text, STR("AWS_LAMBDA_RUNTIME_API=127.0.0.1:")) != SIZE_MAX);
    assert_true(str_find(text, STR("_HANDLER=plain\n")) != SIZE_MAX);
    assert_true(str_find(text, STR("PATH=")) == SIZE_MAX);
    assert_int_equal(lab_pid(&lab, "pid"), lab_pid(&lab, "pid"));
}

static void largest_reply(void **state) {
    (void)state;
    open_plain(60);
    assert_int_equal(lab_invoke(&lab, "largest", FUNCTION_REPLY).n, 6291556);
}

static void too_large_reply(void **state) {
    (void)state;
    open_plain(60);
    lab_invoke(&lab, "large", FUNCTION_ERROR);
    check_text(lab_invoke(&lab, "status", FUNCTION_REPLY), "413");
}

static void function_error(void **state) {
    (void)state;
    open_plain(20);
    check_text(lab_invoke(&lab, "error", FUNCTION_ERROR),
               "{\"errorMessage\":\"as ordered\",\"errorType\":\"Ordered\"}");
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
}

static void started_by_need(void **state) {
    (void)state;
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", 20);
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
}

static void starts_again(void **state) {
    (void)state;
    static const char *const ends[] = {"exit", "crash"};
    open_plain(20);
    for (size_t i = 0; i < 2; i++) {
        pid_t before = lab_pid(&lab, "pid");
        check_text(lab_invoke(&lab, ends[i], FUNCTION_EXITED), "");
        pid_t after = lab_pid(&lab, "pid");
        assert_true(lab_dies(before));
        assert_int_not_equal(before, after);
    }
}

/* Only this one has to do with a short Timeout. */
static void hang_for_1_s(void) {
    int64_t before_s = lab.model.timeout_s;
    lab.model.timeout_s = 1;
    check_text(lab_invoke(&lab, "hang", FUNCTION_TIMED_OUT), "");
    lab.model.timeout_s = before_s;
}

static void timeout(void **state) {
    (void)state;
    open_plain(60);
    pid_t before = lab_pid(&lab, "pid");
    hang_for_1_s();
    assert_true(lab_dies(before));
    assert_int_not_equal(lab_pid(&lab, "pid"), before);
}

static void timeout_takes_children(void **state) {
    (void)state;
    open_plain(60);
    pid_t child = lab_pid(&lab, "child");
    assert_false(lab_is_dead(child));
    hang_for_1_s();
    assert_true(lab_dies(child));
}

/* Those behind the one that hangs are served by the next process, not failed with it. */
static void timeout_spares_the_queue(void **state) {
    (void)state;
    struct lab_call hang, behind[5];
    open_plain(2);
    lab_call_start(&lab, &hang, "hang", "hang");
    for (size_t i = 0; i < 5; i++) lab_call_start(&lab, &behind[i], "hello", "behind");
    lab_call_end(&hang, FUNCTION_TIMED_OUT);
    for (size_t i = 0; i < 5; i++) {
        lab_call_end(&behind[i], FUNCTION_REPLY);
        check_text(behind[i].result.body, "hello");
        lab_call_close(&behind[i]);
    }
    lab_call_close(&hang);
}

static void abandoned(void **state) {
    (void)state;
    open_plain(2);
    struct function_result result = lab_invoke_for(&lab, "hang", 100);
    assert_int_equal(result.outcome, FUNCTION_TOO_LATE);
    assert_int_equal(result.body.n, 0);
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
}

/* "twice" would leave its status in the process that is started after the Timeout. */
static void abandoned_in_the_queue(void **state) {
    (void)state;
    struct lab_call hang;
    open_plain(2);
    lab_call_start(&lab, &hang, "hang", "hang");
    while (lab_invoke_for(&lab, "twice", 100).outcome != FUNCTION_TOO_LATE) continue; /* the other is not there yet */
    lab_call_end(&hang, FUNCTION_TIMED_OUT);
    lab_call_close(&hang);
    check_text(lab_invoke(&lab, "status", FUNCTION_REPLY), "0");
}

static void one_after_the_other(void **state) {
    (void)state;
    enum { CALLS = 20 };
    static struct lab_call calls[CALLS];
    static char events[CALLS][32], ids[CALLS][32];
    open_plain(60);
    for (int i = 0; i < CALLS; i++) {
        snprintf(events[i], sizeof events[i], "event %d", i);
        snprintf(ids[i], sizeof ids[i], "id-%d", i);
        lab_call_start(&lab, &calls[i], events[i], ids[i]);
    }
    for (int i = 0; i < CALLS; i++) {
        lab_call_end(&calls[i], FUNCTION_REPLY);
        check_str(calls[i].result.body, str_of(events[i]));
        lab_call_close(&calls[i]);
    }
}

/* ---- the runtime's mistakes ---- */

static void answers_twice(void **state) {
    (void)state;
    open_plain(20);
    check_text(lab_invoke(&lab, "twice", FUNCTION_REPLY), "first");
    check_text(lab_invoke(&lab, "status", FUNCTION_REPLY), "400");
    check_text(lab_invoke(&lab, "wrong-id", FUNCTION_REPLY), "wrong-id");
    check_text(lab_invoke(&lab, "status", FUNCTION_REPLY), "400");
    check_text(lab_invoke(&lab, "unknown", FUNCTION_REPLY), "unknown");
    check_text(lab_invoke(&lab, "status", FUNCTION_REPLY), "404");
}

/* The start says why, and so does the next invocation, which is not left waiting. */
static void check_no_start(const char *bootstrap, const char *handler, const char *why) {
    struct err e;
    lab_open(&lab, bootstrap, handler, 20);
    assert_false(function_start(lab.function, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    check_in(e.msg, "Fn did not start: ");
    check_in(e.msg, why);
    check_in(e.msg, bootstrap);
    struct function_result result = lab_invoke_for(&lab, "hello", LAB_INVOKE_MS);
    assert_int_equal(result.outcome, FUNCTION_EXITED);
    check_in(result.why.p, why);
    close_lab(NULL);
}

static void ends_during_init(void **state) {
    (void)state;
    check_no_start(FAKE_BOOTSTRAP, "exits", "bootstrap ended before its first GET /invocation/next: exit status 1");
    check_no_start(FAKE_BOOTSTRAP, "crashes", "bootstrap ended before its first GET /invocation/next: signal: Killed");
}

static void init_error(void **state) {
    (void)state;
    check_no_start(FAKE_BOOTSTRAP, "init-error", "init failed: Ordered: as ordered");
    check_no_start(FAKE_BOOTSTRAP, "init-error-hangs", "init failed: Ordered: as ordered");
}

static void never_asks(void **state) {
    (void)state;
    struct err e;
    lab_prepare(&lab, FAKE_BOOTSTRAP, "sleeps", 20);
    lab.options.init_timeout_ms = 1000;
    lab_open_function(&lab);
    assert_false(function_start(lab.function, &e));
    assert_string_equal(e.msg,
                        "Fn did not start: bootstrap made no GET /invocation/next within 1 s; it is " FAKE_BOOTSTRAP);
    struct function_result result = lab_invoke_for(&lab, "hello", LAB_INVOKE_MS);
    assert_int_equal(result.outcome, FUNCTION_TIMED_OUT);
    check_text(result.why, "bootstrap made no GET /invocation/next within 1 s");
}

static void not_executable(void **state) {
    (void)state;
    char folder[] = "/tmp/functionXXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/bootstrap", folder);
    check_no_start(path, "plain", "No such file or directory");
    close(open(path, O_WRONLY | O_CREAT, 0644));
    check_no_start(path, "plain", "Permission denied");
    assert_int_equal(chmod(path, 0755), 0);
    int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, "no program\n", 11), 11);
    close(fd);
    check_no_start(path, "plain", "Exec format error");
    unlink(path);
    rmdir(folder);
}

/* ---- stop ---- */

static void stop_kills(void **state) {
    (void)state;
    open_plain(20);
    pid_t pid = lab_pid(&lab, "pid"), child = lab_pid(&lab, "child");
    function_stop(lab.function);
    assert_true(lab_dies(pid));
    assert_true(lab_dies(child));
    lab_invoke(&lab, "hello", FUNCTION_EXITED);
    function_stop(lab.function); /* a second time does nothing */
}

static void stop_releases(void **state) {
    (void)state;
    struct lab_call calls[4];
    open_plain(60);
    lab_call_start(&lab, &calls[0], "hang", "hang");
    for (size_t i = 1; i < 4; i++) lab_call_start(&lab, &calls[i], "hang", "waits");
    lab_sleep_ms(100);
    function_stop(lab.function);
    for (size_t i = 0; i < 4; i++) {
        lab_call_end(&calls[i], FUNCTION_EXITED);
        lab_call_close(&calls[i]);
    }
}

static void stop_unstarted(void **state) {
    (void)state;
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", 20);
    function_stop(NULL);
    function_close(NULL);
}

static void start_after_stop(void **state) {
    (void)state;
    struct timespec before, after;
    struct err e;
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", 20);
    function_stop(lab.function);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_false(function_start(lab.function, &e));
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec < LAB_START_MS / 2000);
}

#define WITH_LAB(sentence, function) \
    { sentence, function, NULL, close_lab, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_LAB("what the function posts is the reply", replies),
        WITH_LAB("one process with just its environment serves them all", own_process),
        WITH_LAB("a reply may have 6291556 bytes", largest_reply),
        WITH_LAB("a longer reply is refused with 413 and is never cut", too_large_reply),
        WITH_LAB("a function error is an outcome, and the next invocation is served", function_error),
        WITH_LAB("an invocation starts the process when there is none", started_by_need),
        WITH_LAB("a process that ends fails its invocation and is started again for the next", starts_again),
        WITH_LAB("an invocation past the function's Timeout ends with its process", timeout),
        WITH_LAB("the Timeout ends the process's children too", timeout_takes_children),
        WITH_LAB("what waits behind a Timeout is served by the next process", timeout_spares_the_queue),
        WITH_LAB("an invocation that nobody waits for does not block the next", abandoned),
        WITH_LAB("an invocation given up in the queue is never delivered", abandoned_in_the_queue),
        WITH_LAB("20 at once are served one after the other, each with its own reply", one_after_the_other),
        WITH_LAB("a second answer, a wrong id and an unknown URL are refused", answers_twice),
        WITH_LAB("a process that ends during init fails the start and what waits", ends_during_init),
        WITH_LAB("an init error is told, whether or not the process ends with it", init_error),
        WITH_LAB("a process that asks for nothing fails the start in time", never_asks),
        WITH_LAB("a bootstrap that cannot be executed fails the start, which says why", not_executable),
        WITH_LAB("a stop kills the process and its children", stop_kills),
        WITH_LAB("a stop releases whoever waits", stop_releases),
        WITH_LAB("what was never started can be stopped", stop_unstarted),
        WITH_LAB("bug: a start after a stop fails at once", start_after_stop),
    };
    return cmocka_run_group_tests_name("function", cases, NULL, NULL);
}
