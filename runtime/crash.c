/* SPDX-License-Identifier: Apache-2.0 */
/* The signal handler and what is prepared for it. The first thread that crashes reports; another one that crashes
   meanwhile waits for the end of the process. Core files are the operator's matter: neither allowed nor forbidden here. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "crash.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crash_report.h"

#define BASE_PATH "/2018-06-01/runtime"

enum { STACK_BYTES = 64 * 1024 }; /* the registers that the kernel saves there take up to 11 KB; pages come when used */

static const int SIGNALS[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};

struct thread {
    void *stack;                /* ours to give back, or NULL */
    volatile sig_atomic_t busy; /* ids are whole */
    struct crash_ids ids;
};
/* Static storage: reading it in the handler allocates nothing. */
static _Thread_local struct thread self __attribute__((tls_model("initial-exec")));

static _Atomic(struct thread *) reporter; /* the thread that crashed first */
static atomic_bool init_over;
static pid_t process;

/* --- What a thread is busy with ------------------------------------------------------------------------------------ */

static void copy_id(char out[static 257], struct str id) {
    size_t bad_at;
    bool fits = id.n <= 256 && !str_has_control(id) && str_is_utf8(id, &bad_at);
    if (fits && id.n) memcpy(out, id.p, id.n);
    out[fits ? id.n : 0] = 0;
}

/* A signal may arrive between any two of these lines: half an id is never seen. */
void crash_set_scope(const struct lambda_invocation *inv) {
    atomic_store_explicit(&init_over, true, memory_order_relaxed);
    self.busy = 0;
    atomic_signal_fence(memory_order_seq_cst);
    if (!inv) return;
    copy_id(self.ids.request_id, inv->request_id);
    copy_id(self.ids.invocation_id, inv->invocation_id);
    copy_id(self.ids.trace_id, inv->trace_id);
    copy_id(self.ids.tenant_id, inv->tenant_id);
    atomic_signal_fence(memory_order_seq_cst);
    self.busy = 1;
}

/* --- The handler --------------------------------------------------------------------------------------------------- */

/* Nobody waits for an answer between two invocations, nor for that of a thread that serves none. */
static struct str path_of(const struct crash_ids *ids) {
    static char bytes[320];
    struct buf b = {.p = bytes, .cap = sizeof bytes, .limit = sizeof bytes - 1};
    if (!atomic_load_explicit(&init_over, memory_order_relaxed)) return STR(BASE_PATH "/init/error");
    if (!ids || !*ids->request_id) return (struct str){0};
    buf_add(&b, STR(BASE_PATH "/invocation/"));
    buf_add(&b, str_of(ids->request_id));
    buf_add(&b, STR("/error"));
    return buf_str(&b);
}

static void report(const siginfo_t *info, const void *context) {
    static struct crash_facts facts;
    facts.info = info;
    facts.stack_pointer = crash_frames_stack_pointer(context);
    facts.ids = self.busy ? &self.ids : NULL;
    facts.path = path_of(facts.ids);
    facts.frames_n = crash_frames_walk(context, info->si_code <= 0, facts.frames); /* sent by abort, raise or kill */
    crash_report_log(&facts);
    crash_report_post(&facts);
}

/* The signal comes again when the handler returns and it is no longer blocked: the process ends as if there had been no
   handler, a core file shows the place of the fault. A forked child reports nothing: the invocation is not its own. */
static void on_signal(int signal, siginfo_t *info, void *context) {
    bool child = getpid() != process;
    struct thread *first = NULL;
    if (!child && atomic_compare_exchange_strong(&reporter, &first, &self)) report(info, context);
    else if (!child && first != &self)
        for (;;) pause();
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
    raise(signal);
    /* To process 1 of a container the default action of a signal that a process sends does not apply. */
    if (process == 1 && info->si_code <= 0) _exit(128 + signal);
}

/* --- Before the crash ---------------------------------------------------------------------------------------------- */

bool crash_enter_thread(struct err *e) {
    stack_t stack;
    if (sigaltstack(NULL, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) return true; /* this thread has one */
    stack = (stack_t){.ss_size = STACK_BYTES};
    stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0)
        return err_set(e, ERR_MEMORY, "no stack for the signal handler of a thread: %s", strerror(errno));
    self.stack = stack.ss_sp;
    return true;
}

void crash_leave_thread(void) {
    stack_t none = {.ss_flags = SS_DISABLE};
    if (!self.stack || sigaltstack(&none, NULL) != 0) return;
    munmap(self.stack, STACK_BYTES);
    self.stack = NULL;
}

bool crash_open(struct str host_port, struct str user_agent, struct err *e) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK}, old;
    if (!crash_report_open(host_port, user_agent, e) || !crash_enter_thread(e)) return false;
    crash_frames_open();
    process = getpid();
    atomic_store(&init_over, false);
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof *SIGNALS; i++) {
        if (sigaction(SIGNALS[i], NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
        sigaction(SIGNALS[i], &action, NULL);
    }
    return true;
}
