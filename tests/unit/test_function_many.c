/* SPDX-License-Identifier: Apache-2.0 */
/* local/function.c and environment.c: several environments of one function. That invocations run at the same time is proved by
   processes that wait for each other ("meet"). */
#include <dirent.h>
#include <fcntl.h>

#include "function.h"
#include "lab.h"

enum { CALLS = 8, LIMIT = 4 };

static struct lab lab;
static struct lab_call calls[CALLS];
static char folder[64], order[CALLS][128], id[CALLS][16];

static int make_folder(void **state) {
    (void)state;
    memcpy(folder, "/tmp/environmentsXXXXXX", sizeof "/tmp/environmentsXXXXXX");
    return mkdtemp(folder) ? 0 : 1;
}

static int empty_folder(void) {
    char path[512];
    DIR *dir = opendir(folder);
    if (!dir) return 1;
    for (struct dirent *entry; (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    return closedir(dir);
}

static int remove_all(void **state) {
    (void)state;
    if (lab.function) lab_close(&lab);
    lab = (struct lab){0};
    return empty_folder() || rmdir(folder);
}

static void open_lab(const char *handler, unsigned concurrency, int64_t timeout_s) {
    lab_prepare(&lab, FAKE_BOOTSTRAP, handler, timeout_s);
    lab.options.concurrency = concurrency;
    lab_open_function(&lab);
}

/* Call i is "meet FOLDER n WORD". */
static void call_meeting(size_t i, unsigned n, const char *word) {
    snprintf(order[i], sizeof order[i], "meet %s %u %s", folder, n, word);
    snprintf(id[i], sizeof id[i], "id-%zu", i);
    lab_call_start(&lab, &calls[i], order[i], id[i]);
}

static struct str end_of_call(size_t i, enum function_outcome outcome) {
    lab_call_end(&calls[i], outcome);
    return calls[i].result.body;
}

static size_t count_different(const struct str *texts, size_t n) {
    size_t different = 0;
    for (size_t i = 0; i < n; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++) seen |= str_eq(texts[i], texts[k]);
        different += !seen;
    }
    return different;
}

static size_t count_files(void) {
    size_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void at_once(void **state) {
    (void)state;
    struct str pids[CALLS];
    open_lab("plain", LIMIT, 60);
    for (size_t i = 0; i < CALLS; i++) call_meeting(i, LIMIT, "pid");
    for (size_t i = 0; i < CALLS; i++) pids[i] = end_of_call(i, FUNCTION_REPLY);
    assert_int_equal(count_different(pids, CALLS), LIMIT);
    for (size_t i = 0; i < CALLS; i++) lab_call_close(&calls[i]);
}

static void never_more(void **state) {
    (void)state;
    open_lab("plain", 2, 2);
    for (size_t i = 0; i < 3; i++) call_meeting(i, 3, "pid");
    size_t replies = 0;
    for (size_t i = 0; i < 3; i++) {
        pthread_join(calls[i].thread, NULL);
        replies += calls[i].result.outcome == FUNCTION_REPLY;
        lab_call_close(&calls[i]);
    }
    assert_true(replies < 3); /* the third process is there when one of the first two is not any more */
}

static void by_need(void **state) {
    (void)state;
    open_lab("plain", LIMIT, 60);
    pid_t first = lab_pid(&lab, "pid");
    for (size_t i = 0; i < 20; i++) assert_int_equal(lab_pid(&lab, "pid"), first);
}

static struct str variable(struct str environment, const char *name) {
    size_t at = str_find(environment, str_of(name));
    assert_true(at != SIZE_MAX);
    struct str rest = {environment.p + at, environment.n - at}, line;
    str_cut(&rest, '\n', &line);
    return line;
}

static void own_variables(void **state) {
    (void)state;
    struct str apis[LIMIT], streams[LIMIT];
    open_lab("plain", LIMIT, 60);
    for (size_t i = 0; i < LIMIT; i++) call_meeting(i, LIMIT, "environment");
    for (size_t i = 0; i < LIMIT; i++) {
        struct str environment = end_of_call(i, FUNCTION_REPLY);
        apis[i] = variable(environment, "AWS_LAMBDA_RUNTIME_API=");
        streams[i] = variable(environment, "AWS_LAMBDA_LOG_STREAM_NAME=20");
    }
    assert_int_equal(count_different(apis, LIMIT), LIMIT);
    assert_int_equal(count_different(streams, LIMIT), LIMIT);
    for (size_t i = 0; i < LIMIT; i++) lab_call_close(&calls[i]);
}

static void new_stream(void **state) {
    (void)state;
    open_lab("plain", 1, 60);
    struct str before = lab_invoke(&lab, "environment", FUNCTION_REPLY);
    lab_invoke(&lab, "crash", FUNCTION_EXITED);
    struct str after = lab_invoke(&lab, "environment", FUNCTION_REPLY);
    check_str(variable(before, "AWS_LAMBDA_RUNTIME_API="), variable(after, "AWS_LAMBDA_RUNTIME_API="));
    assert_false(
        str_eq(variable(before, "AWS_LAMBDA_LOG_STREAM_NAME="), variable(after, "AWS_LAMBDA_LOG_STREAM_NAME=")));
}

/* n processes are there and idle. */
static void start_processes(size_t n) {
    for (size_t i = 0; i < n; i++) call_meeting(i, (unsigned)n, "hello");
    for (size_t i = 0; i < n; i++) {
        end_of_call(i, FUNCTION_REPLY);
        lab_call_close(&calls[i]);
    }
    assert_int_equal(empty_folder(), 0);
}

/* All six run at once; four of them come to a bad end. The Timeout begins when all have been started, however long that took. */
static void ends_alone(void **state) {
    (void)state;
    static const struct {
        const char *word;
        enum function_outcome outcome;
        const char *why;
    } ends[] = {{"crash", FUNCTION_EXITED, "bootstrap ended: signal: Killed"},
                {"hello", FUNCTION_REPLY, ""},
                {"exit", FUNCTION_EXITED, "bootstrap ended: exit status 7"},
                {"hang", FUNCTION_TIMED_OUT, "the function timed out"},
                {"error", FUNCTION_ERROR, "the function answered with an error"},
                {"hello", FUNCTION_REPLY, ""}};
    enum { N = sizeof ends / sizeof *ends };
    open_lab("plain", N, 60);
    start_processes(N);
    lab.model.timeout_s = 3;
    for (size_t i = 0; i < N; i++) call_meeting(i, N, ends[i].word);
    for (size_t i = 0; i < N; i++) {
        end_of_call(i, ends[i].outcome);
        check_str(calls[i].result.why, str_of(ends[i].why));
        lab_call_close(&calls[i]);
    }
}

static void init_fails_alone(void **state) {
    (void)state;
    char token[128], handler[192];
    size_t failed = 0;
    snprintf(token, sizeof token, "%s/token", folder);
    snprintf(handler, sizeof handler, "exits-once %s", token);
    close(open(token, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    open_lab(handler, LIMIT, 60);
    for (size_t i = 0; i < LIMIT; i++) call_meeting(i, LIMIT - 1, "hello");
    for (size_t i = 0; i < LIMIT; i++) {
        pthread_join(calls[i].thread, NULL);
        failed += calls[i].result.outcome == FUNCTION_EXITED;
        if (calls[i].result.outcome == FUNCTION_REPLY) check_text(calls[i].result.body, "hello");
        lab_call_close(&calls[i]);
    }
    assert_int_equal(failed, 1);
}

static void check_throttled(void) {
    struct function_result result = lab_invoke_for(&lab, "hello", LAB_INVOKE_MS);
    assert_int_equal(result.outcome, FUNCTION_THROTTLED);
    check_text(result.why, "more than ReservedConcurrentExecutions");
}

static void reserved(void **state) {
    (void)state;
    lab_prepare(&lab, FAKE_BOOTSTRAP, "plain", 60);
    lab.options.concurrency = LIMIT;
    lab.model.is_reserved = true;
    lab.model.reserved_concurrency = 2;
    lab_open_function(&lab);
    char token[128];
    snprintf(token, sizeof token, "%s/token", folder);
    call_meeting(0, 3, "one");
    call_meeting(1, 3, "two");
    while (count_files() < 2) lab_sleep_ms(5);
    check_throttled();
    close(open(token, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)); /* the third that they wait for */
    check_text(end_of_call(0, FUNCTION_REPLY), "one");
    check_text(end_of_call(1, FUNCTION_REPLY), "two");
    lab_call_close(&calls[0]);
    lab_call_close(&calls[1]);
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
}

static void reserved_none(void **state) {
    (void)state;
    lab_prepare(&lab, FAKE_BOOTSTRAP, "plain", 60);
    lab.model.is_reserved = true;
    lab_open_function(&lab);
    lab_start(&lab); /* its process is told of all the same */
    check_throttled();
}

static void stop_ends_all(void **state) {
    (void)state;
    struct str pids[LIMIT];
    pid_t processes[LIMIT];
    open_lab("plain", LIMIT, 60);
    for (size_t i = 0; i < LIMIT; i++) call_meeting(i, LIMIT, "pid");
    for (size_t i = 0; i < LIMIT; i++) {
        int64_t pid = 0;
        pids[i] = end_of_call(i, FUNCTION_REPLY);
        assert_true(str_read_int64(pids[i], 1, INT32_MAX, &pid));
        processes[i] = (pid_t)pid;
        lab_call_close(&calls[i]);
    }
    for (size_t i = 0; i < CALLS; i++) call_meeting(i, 1, "hang");
    function_stop(lab.function);
    for (size_t i = 0; i < CALLS; i++) {
        end_of_call(i, FUNCTION_EXITED);
        lab_call_close(&calls[i]);
    }
    for (size_t i = 0; i < LIMIT; i++) assert_true(lab_is_dead(processes[i]));
}

static void stop_while_starting(void **state) {
    (void)state;
    open_lab("sleeps", LIMIT, 60);
    for (size_t i = 0; i < CALLS; i++) call_meeting(i, 1, "hello");
    function_stop(lab.function);
    for (size_t i = 0; i < CALLS; i++) {
        end_of_call(i, FUNCTION_EXITED);
        lab_call_close(&calls[i]);
    }
}

#define WITH_FOLDER(sentence, function) \
    { sentence, function, make_folder, remove_all, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FOLDER("8 at once on 4 environments run 4 at a time, in 4 processes", at_once),
        WITH_FOLDER("there are never more environments than allowed", never_more),
        WITH_FOLDER("an idle environment is taken before another one is started", by_need),
        WITH_FOLDER("each environment has a Runtime API and a log stream of its own", own_variables),
        WITH_FOLDER("the next process of an environment has a new log stream", new_stream),
        WITH_FOLDER("a crash, an exit, an error and a time-out touch no other invocation", ends_alone),
        WITH_FOLDER("a start that fails fails one invocation", init_fails_alone),
        WITH_FOLDER("more than ReservedConcurrentExecutions are throttled at once", reserved),
        WITH_FOLDER("with 0 of them all are", reserved_none),
        WITH_FOLDER("a stop ends every process and releases whoever waits", stop_ends_all),
        WITH_FOLDER("a stop ends processes that are being started", stop_while_starting),
    };
    return cmocka_run_group_tests_name("function_many", cases, NULL, NULL);
}
