/* SPDX-License-Identifier: Apache-2.0 */
/* local/environment.c: a process that is started by hand comes and goes, a program that was rebuilt takes the place of the old
   one, and a request that arrives when its process is gone takes nothing with it. */
#include "environment.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include "function_parts.h"
#include "lab.h"
#include "wire.h"

#define API "/2018-06-01/runtime/"

static struct lab lab;
static struct lab_call call;

static int close_lab(void **state) {
    (void)state;
    if (lab.function) lab_close(&lab);
    lab = (struct lab){0};
    return 0;
}

/* ---- by hand ---- */

static void open_by_hand(void) {
    lab_prepare(&lab, NULL, "", 1);
    lab.options.concurrency = 8; /* it has one all the same */
    lab_open_function(&lab);
}

static int connect_to_lab(void) {
    int fd = wire_open(lab_port(&lab), WIRE_WAIT_S);
    assert_true(fd >= 0);
    return fd;
}

static void write_to(int fd, const char *method, const char *path, struct str body) {
    struct http_request rq = {.method = str_of(method), .path = str_of(path), .body = body};
    assert_true(wire_write(fd, &rq, &lab.arena));
}

static struct http_response read_from(int fd) {
    struct http_response rs;
    assert_true(wire_read(fd, &rs, &lab.arena));
    return rs;
}

static void take_and_answer(int fd, const char *event) {
    write_to(fd, "GET", API "invocation/next", STR(""));
    check_str(read_from(fd).body, str_of(event));
    write_to(fd, "POST", API "invocation/id/response", STR("done"));
    assert_int_equal(read_from(fd).status, 202);
    lab_call_end(&call, FUNCTION_REPLY);
    check_text(call.result.body, "done");
    lab_call_close(&call);
}

static void waits_for_it(void **state) {
    (void)state;
    struct err e;
    open_by_hand();
    assert_true(function_start(lab.function, &e));
    assert_non_null(function_variables(lab.function));
    lab_call_start(&lab, &call, "event", "id");
    int fd = connect_to_lab();
    take_and_answer(fd, "event");
    close(fd);
}

static bool is_ready(void) {
    pthread_mutex_lock(&lab.function->lock);
    bool ready = lab.function->environments->ready;
    pthread_mutex_unlock(&lab.function->lock);
    return ready;
}

/* One goes while it waits for an event, the next one while it has one. */
static void comes_and_goes(void **state) {
    (void)state;
    open_by_hand();
    int fd = connect_to_lab();
    write_to(fd, "GET", API "invocation/next", STR(""));
    while (!is_ready()) lab_sleep_ms(5); /* only the latest one is answered */
    close(fd);
    lab_call_start(&lab, &call, "event", "id");
    fd = connect_to_lab();
    write_to(fd, "GET", API "invocation/next", STR(""));
    check_text(read_from(fd).body, "event");
    close(fd);
    fd = connect_to_lab();
    take_and_answer(fd, "event");
    close(fd);
}

static void latest_asks(void **state) {
    (void)state;
    char byte;
    open_by_hand();
    int first = connect_to_lab(), second = connect_to_lab();
    write_to(first, "GET", API "invocation/next", STR(""));
    while (!is_ready()) lab_sleep_ms(5);
    write_to(second, "GET", API "invocation/next", STR(""));
    assert_int_equal(recv(first, &byte, 1, 0), 0); /* closed without an answer */
    lab_call_start(&lab, &call, "event", "id");
    check_text(read_from(second).body, "event");
    write_to(second, "POST", API "invocation/id/response", STR("done"));
    lab_call_end(&call, FUNCTION_REPLY);
    lab_call_close(&call);
    close(first);
    close(second);
}

static void no_variables(void **state) {
    (void)state;
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", 20);
    assert_null(function_variables(lab.function));
}

static void gone(void **state) {
    (void)state;
    struct environment_delivery d;
    lab_open(&lab, FAKE_BOOTSTRAP, "plain", 20);
    assert_false(environment_take(lab.function->environments, &d, &lab.arena));
    check_text(lab_invoke(&lab, "hello", FUNCTION_REPLY), "hello");
}

/* ---- a new program ---- */

static char folder[64], bootstrap[96];

/* Not the running file itself, which cannot be written. */
static void install(const char *text) {
    char fresh[96];
    snprintf(fresh, sizeof fresh, "%s/fresh", folder);
    FILE *f = fopen(fresh, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(fresh, 0755), 0);
    assert_int_equal(rename(fresh, bootstrap), 0);
}

static const char FIRST[] = "#!/bin/sh\n_HANDLER=plain VERSION=first exec " FAKE_BOOTSTRAP "\n";
static const char SECOND[] = "#!/bin/sh\n_HANDLER=plain VERSION=second exec " FAKE_BOOTSTRAP "\n";

static void open_installed(unsigned concurrency) {
    memcpy(folder, "/tmp/environmentXXXXXX", sizeof "/tmp/environmentXXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(bootstrap, sizeof bootstrap, "%s/bootstrap", folder);
    install(FIRST);
    lab_prepare(&lab, bootstrap, "", 20);
    lab.options.concurrency = concurrency;
    lab_open_function(&lab);
    lab_start(&lab);
}

static int remove_installed(void **state) {
    close_lab(state);
    return unlink(bootstrap) || rmdir(folder);
}

static void check_version(const char *version) {
    struct str environment = lab_invoke(&lab, "environment", FUNCTION_REPLY);
    if (str_find(environment, str_of(version)) == SIZE_MAX) fail_msg("no %s", version);
}

static void idle_at_once(void **state) {
    (void)state;
    open_installed(2);
    pid_t before = lab_pid(&lab, "pid");
    check_version("VERSION=first\n");
    install(SECOND);
    function_replace(lab.function);
    assert_true(lab_dies(before));
    check_version("VERSION=second\n");
}

static void busy_after(void **state) {
    (void)state;
    char order[128], token[96];
    open_installed(1);
    snprintf(token, sizeof token, "%s/token", folder);
    snprintf(order, sizeof order, "await %s VERSION", token);
    lab_call_start(&lab, &call, order, "id");
    while (access(token, F_OK) != 0) lab_sleep_ms(5); /* it is busy now */
    install(SECOND);
    function_replace(lab.function);
    unlink(token);
    lab_call_end(&call, FUNCTION_REPLY);
    check_text(call.result.body, "first");
    lab_call_close(&call);
    check_version("VERSION=second\n");
}

static void broken(void **state) {
    (void)state;
    open_installed(2);
    install("half a prog");
    function_replace(lab.function);
    struct function_result result = lab_invoke_for(&lab, "hello", LAB_INVOKE_MS);
    assert_int_equal(result.outcome, FUNCTION_EXITED);
    if (str_find(result.why, STR("Exec format error")) == SIZE_MAX) fail_msg("%s", result.why.p);
    install(SECOND);
    function_replace(lab.function);
    check_version("VERSION=second\n");
}

#define WITH_LAB(sentence, function) \
    { sentence, function, NULL, close_lab, NULL }
#define WITH_PROGRAM(sentence, function) \
    { sentence, function, NULL, remove_installed, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_LAB("an invocation waits for a process that is started by hand, past the Timeout", waits_for_it),
        WITH_LAB("such a process may come and go: what it did not answer is given to the next", comes_and_goes),
        WITH_LAB("only the latest GET next is answered", latest_asks),
        WITH_LAB("a process of ours has no variables for others", no_variables),
        WITH_LAB("bug: an invocation is never given to a connection without a process", gone),
        WITH_PROGRAM("a rebuilt program takes the place of an idle one at once", idle_at_once),
        WITH_PROGRAM("and of a busy one after its invocation", busy_after),
        WITH_PROGRAM("one that does not start is said, and the next rebuild serves again", broken),
    };
    return cmocka_run_group_tests_name("environment", cases, NULL, NULL);
}
