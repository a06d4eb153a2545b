/* SPDX-License-Identifier: Apache-2.0 */
/* The two hooks around invocations that need a conversation with Lambda: the end of the environment, and snapshots.
   https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
   https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html */
#include "lifecycle.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum {
    HOOK_MS = 300,            /* the runtime's part, with external extensions beside it */
    STACK_BYTES = 128 * 1024, /* of the threads that only wait; the hook has an ordinary one */
    REGISTER_BYTES = 256 * 1024,
};

/* --- SIGTERM ---------------------------------------------------------------------------------------------------------
   Lambda sends SIGTERM only where an extension is registered, and an extension must wait for its next event. This one
   asked for no events: its GET returns when all is over. */

static struct {
    const struct lambda_program *program;
    struct runtime_api *api;
    struct arena arena;
    struct str identifier;
    sem_t signalled;
} at_end;

static void *wait_as_extension(void *unused) {
    struct err e;
    (void)unused;
    if (!runtime_api_extension_next(at_end.api, at_end.identifier, &e))
        log_line(LOG_WARN, "%s: Lambda may end this environment without calling the shutdown hook", e.msg);
    return NULL;
}

static void *run_hook(void *unused) {
    (void)unused;
    at_end.program->shutdown(at_end.program->user);
    fflush(stdout);
    _exit(0);
}

/* A signal handler may do next to nothing, a hook must be free to do anything: the one wakes a thread for the other. */
static void on_signal(int number) {
    int kept = errno;
    (void)number;
    sem_post(&at_end.signalled);
    errno = kept;
}

static void *wait_for_signal(void *unused) {
    struct timespec left = {0, HOOK_MS * 1000000L};
    sigset_t set;
    pthread_t hook;
    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* one thread at least must take it, whatever was inherited */
    while (sem_wait(&at_end.signalled) != 0) continue;
    bool started = pthread_create(&hook, NULL, run_hook, NULL) == 0;
    while (started && nanosleep(&left, &left) != 0) continue;
    if (started) log_line(LOG_ERROR, "the shutdown hook did not return within %d ms: ending without it", HOOK_MS);
    else log_line(LOG_ERROR, "no thread could be started for the shutdown hook: ending without it");
    _exit(1);
}

static bool register_extension(struct str host_port, struct err *e) {
    arena_init(&at_end.arena, REGISTER_BYTES);
    return runtime_api_open(host_port, at_end.program->user_agent, &at_end.api, e) &&
           runtime_api_extension_register(at_end.api, STR("lambda-iam-c-shutdown"), &at_end.identifier, &at_end.arena,
                                          e);
}

static bool start_thread(void *(*body)(void *), struct err *e) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(&thread, &attributes, body, NULL);
    pthread_attr_destroy(&attributes);
    return !error || err_set(e, ERR_MEMORY, "its thread does not start: %s", strerror(error));
}

bool lifecycle_on_sigterm(const struct lambda_program *program, struct str host_port, struct err *e) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (!program->shutdown) return true;
    at_end.program = program;
    sem_init(&at_end.signalled, 0, 0);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL); /* first: from the registration on, SIGTERM may come */
    if (register_extension(host_port, e) && start_thread(wait_for_signal, e) && start_thread(wait_as_extension, e))
        return true;
    return err_prefix(e, "the shutdown hook needs an internal extension: ");
}

/* --- SnapStart -------------------------------------------------------------------------------------------------------
   One memory image becomes many environments. */

/* OpenSSL's, where it is linked; a weak reference pulls it into no program. All generators of a process, those of other
   threads too, are fed by the primary one, and RAND_poll reseeds that from the kernel, whose own is new in each restored
   copy. Without it every copy would choose the same TLS keys. */
int RAND_poll(void) __attribute__((weak));

static bool reseed(struct err *e) {
    if (!RAND_poll || RAND_poll() == 1) return true;
    return err_set(e, ERR_CONFIG, "OpenSSL's random generator could not be reseeded after the snapshot");
}

static bool run_snapshot_hook(bool (*hook)(void *user, struct err *e), void *user, struct err *e) {
    *e = (struct err){0};
    if (!hook || hook(user, e)) return true;
    return e->kind != ERR_NONE ? false : err_set(e, ERR_HANDLER, "the hook failed without saying why");
}

typedef bool report(struct runtime_api *api, const struct lambda_failure *failure, struct err *e);

static bool give_up(struct runtime_api *api, report *post, struct str type, const struct err *cause) {
    struct lambda_failure failure = {.error_type = type, .error_message = str_of(cause->msg)};
    struct log_cause logged = {.error_type = type, .error_message = failure.error_message};
    struct err e;
    log_failure(LOG_FATAL, &logged, "SnapStart failed");
    if (!post(api, &failure, &e)) log_line(LOG_FATAL, "%s", e.msg);
    return false;
}

bool lifecycle_snapstart(const struct lambda_program *program, struct runtime_api *api) {
    struct err e;
    if (!str_eq(str_of(getenv("AWS_LAMBDA_INITIALIZATION_TYPE")), STR("snap-start"))) return true;
    if (!run_snapshot_hook(program->before_snapshot, program->user, &e))
        return give_up(api, runtime_api_init_error, STR("Runtime.BeforeSnapshotError"), &e);
    if (RAND_poll) RAND_poll(); /* a first call makes the generators, which takes a while: better before the snapshot */
    if (!runtime_api_restore_next(api, &e)) {
        log_line(LOG_FATAL, "%s", e.msg);
        return false;
    }
    runtime_api_disconnect(api);
    if (reseed(&e) && run_snapshot_hook(program->after_restore, program->user, &e)) return true;
    return give_up(api, runtime_api_restore_error, STR("Runtime.AfterRestoreError"), &e);
}
