/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/lifecycle.c, SIGTERM: each case is a process of its own that is sent the signal. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "lifecycle.h"
#include "log.h"
#include "scripted_server.h"

#define REGISTERED "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: id-7\r\nContent-Length: 2\r\n\r\n{}"
#define STATUS(text) "HTTP/1.1 " text "\r\nContent-Length: 0\r\n\r\n"

enum { FOR_EVER_MS = 600000, NO_HOOK = 21, NOT_REGISTERED = 22, CAUGHT = 23 };

static struct scripted_server server;
static char said[64 * 1024]; /* by the child, on standard output and in its log */

static void wait_for_ever(void) {
    for (;;) pause();
}

/* The linker (--wrap) leads every nanosleep of this program to the first, and keeps the second for the real one. So a hook
   that returns has all the time it needs, on the slowest of machines. */
int hook_time(const struct timespec *t, struct timespec *left) __asm__("__wrap_nanosleep");
int real_sleep(const struct timespec *t, struct timespec *left) __asm__("__real_nanosleep");
static bool hook_returns;

int hook_time(const struct timespec *t, struct timespec *left) {
    if (t->tv_sec != 0 || t->tv_nsec != 300000000) abort();
    if (hook_returns) wait_for_ever();
    return real_sleep(t, left);
}

static void polite(void *user) {
    printf("the hook has %s\n", (const char *)user); /* stays in stdio's buffer, for this is a pipe */
    log_line(LOG_INFO, "logged by the hook");
}

static void stuck(void *user) {
    (void)user;
    wait_for_ever();
}

static const struct lambda_program POLITE = {.user = (void *)(uintptr_t) "its user", .shutdown = polite};
static const struct lambda_program STUCK = {.shutdown = stuck};

/* What a child does once it is told the server's address; it never returns. */
typedef void life(struct str host_port);

static void live(const struct lambda_program *program, struct str host_port) {
    struct err e;
    hook_returns = program->shutdown == polite;
    if (!lifecycle_on_sigterm(program, host_port, &e)) {
        log_line(LOG_FATAL, "%s", e.msg);
        _exit(NOT_REGISTERED);
    }
}

static void idle(struct str host_port) {
    live(&POLITE, host_port);
    log_line(LOG_INFO, "ready");
    wait_for_ever();
}

static void never_done(struct str host_port) {
    live(&STUCK, host_port);
    log_line(LOG_INFO, "ready");
    wait_for_ever();
}

static void *work(void *unused) {
    struct timespec ms = {0, 1000000};
    while (!unused) real_sleep(&ms, NULL);
    return NULL;
}

static void busy(struct str host_port) {
    pthread_t threads[8];
    live(&POLITE, host_port);
    for (int i = 0; i < 8; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0) abort();
    log_line(LOG_INFO, "ready");
    work(NULL);
}

static void blocked(struct str host_port) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    live(&POLITE, host_port);
    log_line(LOG_INFO, "ready");
    wait_for_ever();
}

static void without_hook(struct str host_port) {
    static const struct lambda_program none = {.user = NULL};
    struct sigaction action;
    live(&none, host_port);
    sigaction(SIGTERM, NULL, &action);
    _exit(action.sa_handler == SIG_DFL ? NO_HOOK : CAUGHT);
}

/* Before the server's thread is started: the child has one thread, as a bootstrap has. */
static pid_t start_child(life *body, int *tell, int *hear) {
    int down[2], up[2];
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        char host_port[32] = "";
        close(down[1]);
        close(up[0]);
        dup2(up[1], 1);
        log_open(LOG_TEXT, LOG_INFO, 1);
        ssize_t n = read(down[0], host_port, sizeof host_port);
        if (n > 0) body((struct str){host_port, (size_t)n});
        abort();
    }
    close(down[0]);
    close(up[1]);
    *tell = down[1];
    *hear = up[0];
    return child;
}

/* Reads what the child says until it has said the words, or without words until it is gone. */
static void listen_for(int hear, const char *words) {
    size_t n = strlen(said);
    while (!words || !strstr(said, words)) {
        ssize_t got = read(hear, said + n, sizeof said - 1 - n);
        if (got <= 0) break;
        n += (size_t)got;
        said[n] = 0;
    }
    if (words && !strstr(said, words)) fail_msg("the child did not say \"%s\" but \"%s\"", words, said);
}

/* The child's exit code. It is sent SIGTERM when it has said the words; never without words. */
static int run(life *body, const struct scripted_step *steps, size_t n, const char *words) {
    int tell, hear, status;
    memset(said, 0, sizeof said);
    pid_t child = start_child(body, &tell, &hear);
    scripted_start(&server, steps, n);
    assert_int_equal(write(tell, server.host_port, strlen(server.host_port)), strlen(server.host_port));
    if (words) {
        listen_for(hear, words);
        assert_int_equal(kill(child, SIGTERM), 0);
    }
    listen_for(hear, NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    scripted_stop(&server);
    close(tell);
    close(hear);
    if (!WIFEXITED(status)) fail_msg("the child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

#define RUN(body, steps, words) run(body, steps, sizeof steps / sizeof *steps, words)

static const struct scripted_step PARKED[] = {
    {.bytes = STR_INIT(REGISTERED)},
    {.bytes = STR_INIT(STATUS("200 OK")), .delay_ms = FOR_EVER_MS},
};

static void hook_runs(void **state) {
    (void)state;
    assert_int_equal(RUN(idle, PARKED, "ready"), 0);
    assert_non_null(strstr(said, "the hook has its user\n"));
    assert_non_null(strstr(said, "\tINFO\tlogged by the hook\n"));
    check_text(scripted_line(server.request[0]), "POST /2020-01-01/extension/register HTTP/1.1");
    check_text(scripted_field(server.request[0], "Lambda-Extension-Name"), "lambda-iam-c-shutdown");
    check_text(scripted_body(server.request[0]), "{\"events\":[]}");
    scripted_close(&server);
}

static void hook_stuck(void **state) {
    (void)state;
    assert_int_equal(RUN(never_done, PARKED, "ready"), 1);
    assert_non_null(strstr(said, "\tERROR\tthe shutdown hook did not return within 300 ms"));
    scripted_close(&server);
}

static void under_load(void **state) {
    (void)state;
    assert_int_equal(RUN(busy, PARKED, "ready"), 0);
    assert_non_null(strstr(said, "the hook has its user\n"));
    scripted_close(&server);
}

static void blocked_before(void **state) {
    (void)state;
    assert_int_equal(RUN(blocked, PARKED, "ready"), 0);
    assert_non_null(strstr(said, "the hook has its user\n"));
    scripted_close(&server);
}

/* That the line comes proves that the request was made, before the signal. */
static void extension_ends(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(REGISTERED)},
                                                 {.bytes = STR_INIT(STATUS("403 Forbidden"))}};
    assert_int_equal(RUN(idle, steps, "may end this environment without calling the shutdown hook"), 0);
    assert_non_null(strstr(said, "\tWARN\t"));
    assert_non_null(strstr(said, "answered 403"));
    assert_non_null(strstr(said, "the hook has its user\n"));
    assert_int_equal(server.requests, 2);
    check_text(scripted_line(server.request[1]), "GET /2020-01-01/extension/event/next HTTP/1.1");
    check_text(scripted_field(server.request[1], "Lambda-Extension-Identifier"), "id-7");
    scripted_close(&server);
}

static void not_registered(void **state) {
    (void)state;
    static const struct scripted_step refused[] = {{.bytes = STR_INIT(STATUS("403 Forbidden"))}};
    static const struct scripted_step nameless[] = {{.bytes = STR_INIT(STATUS("200 OK"))}};
    assert_int_equal(RUN(idle, refused, NULL), NOT_REGISTERED);
    assert_non_null(strstr(said, "the shutdown hook needs an internal extension: "));
    assert_non_null(strstr(said, "/2020-01-01/extension/register"));
    assert_non_null(strstr(said, "403"));
    scripted_close(&server);
    assert_int_equal(RUN(idle, nameless, NULL), NOT_REGISTERED);
    assert_non_null(strstr(said, "no Lambda-Extension-Identifier"));
    scripted_close(&server);
}

static void not_wanted(void **state) {
    (void)state;
    assert_int_equal(run(without_hook, NULL, 0, NULL), NO_HOOK);
    assert_int_equal(server.requests, 0);
    assert_string_equal(said, "");
    scripted_close(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("at SIGTERM the hook runs, output and log are written, and the process ends with 0", hook_runs),
        CASE("a hook that does not return is logged and the process ends with 1", hook_stuck),
        CASE("the hook runs while other threads are at work", under_load),
        CASE("a process that was started with SIGTERM blocked gets it all the same", blocked_before),
        CASE("an extension that Lambda sends away is logged, and the hook still runs at SIGTERM", extension_ends),
        CASE("a registration that fails is an error that names it", not_registered),
        CASE("without a hook nothing is registered, and SIGTERM is left alone", not_wanted),
    };
    return cmocka_run_group_tests_name("lifecycle_sigterm", tests, NULL, NULL);
}
