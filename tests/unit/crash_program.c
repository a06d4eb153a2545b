/* SPDX-License-Identifier: Apache-2.0 */
/* A function that crashes on demand, for test_crash.c and tests/package.
   crash_program run           lambda_run; the event is the name of a crash, CRASH_IN_INIT that of one in init
   crash_program WHERE CRASH   the same without a loop, by crash.h alone: init, invocation, between, threads (one of four),
                               herd (all four), child, own-handler, long-ids */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "log.h"

#if defined(__clang__)
#define PLAIN __attribute__((noinline, no_sanitize("undefined", "address")))
#else
#define PLAIN __attribute__((noinline, noipa, no_sanitize("undefined", "address")))
#endif

enum { THREADS = 4 };

struct node {
    int before[4], value;
};
static struct node *volatile nowhere;
static int (*volatile no_function)(void);
static volatile int zero, sink;
static volatile size_t stack_used;

PLAIN static int crash_null(void) {
    sink = nowhere->value; /* line of the fault */
    return sink;
}

/* Its frame is its own caller's. */
PLAIN static int crash_smashed(void) {
    volatile uintptr_t *frame = __builtin_frame_address(0);
    frame[0] = (uintptr_t)frame;
    frame[2] = UINTPTR_MAX / 3;
    return nowhere->value;
}

PLAIN static int crash_call(void) {
    return no_function() + zero;
}

PLAIN static int crash_abort(void) {
    abort();
}

PLAIN static int crash_fpe(void) {
#if defined(__x86_64__)
    return 7 / zero;
#else
    return raise(SIGFPE) + zero; /* arm64 divides by zero without a word */
#endif
}

PLAIN static int crash_ill(void) {
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#else
    __asm__ volatile("udf #0");
#endif
    return zero;
}

/* The file ends before the page that is mapped. */
PLAIN static int crash_bus(void) {
    FILE *file = tmpfile();
    int *p = file ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
    if (p == MAP_FAILED) exit(3);
    return *(volatile int *)p;
}

PLAIN static int crash_stack(void) {
    volatile char room[1024];
    room[0] = 1;
    stack_used += sizeof room;
    return stack_used ? crash_stack() + room[0] : 0;
}

PLAIN static int compare(const void *a, const void *b) {
    sink = *(const int *)a - *(const int *)b;
    return crash_null() + zero;
}

/* The C library stands between two of our frames. */
PLAIN static int crash_sort(void) {
    int numbers[64] = {3, 1, 2};
    qsort(numbers, 64, sizeof *numbers, compare);
    return numbers[0];
}

/* The fault is inside the C library. */
PLAIN static int crash_strlen(void) {
    const char *volatile text = (const char *)nowhere;
    return (int)strlen(text) + zero;
}

PLAIN static int crash_killed(void) {
    if (write(1, ".", 1) != 1) exit(3); /* whoever kills waits for it */
    while (!zero) pause();
    return zero;
}

static const struct {
    const char *name;
    int (*function)(void);
} CRASHES[] = {
    {"null", crash_null}, {"smashed", crash_smashed}, {"call", crash_call},     {"abort", crash_abort},
    {"fpe", crash_fpe},   {"ill", crash_ill},         {"bus", crash_bus},       {"stack", crash_stack},
    {"sort", crash_sort}, {"strlen", crash_strlen},   {"killed", crash_killed},
};

PLAIN static int crash_by_name(struct str name) {
    for (size_t i = 0; i < sizeof CRASHES / sizeof *CRASHES; i++)
        if (str_eq(name, str_of(CRASHES[i].name))) return CRASHES[i].function() + zero;
    return 0;
}

static bool init(void *user, struct err *e) {
    (void)user;
    (void)e;
    sink = crash_by_name(str_of(getenv("CRASH_IN_INIT")));
    return true;
}

static bool handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    (void)e;
    struct str name = inv->payload; /* JSON text: "null" in quotes, or as it is */
    if (name.n > 1 && name.p[0] == '"') name = (struct str){name.p + 1, name.n - 2};
    sink = crash_by_name(name);
    buf_add(reply, STR("\"alive\""));
    return true;
}

static const char *kind;
static pthread_barrier_t all_busy;

static void set_scope(unsigned number) {
    char id[16], other[16];
    snprintf(id, sizeof id, "r%u", number);
    snprintf(other, sizeof other, "i%u", number);
    crash_set_scope(&(struct lambda_invocation){.request_id = str_of(id),
                                                .invocation_id = str_of(other),
                                                .trace_id = STR("Root=1-a;Sampled=1"),
                                                .tenant_id = STR("blue \"tenant\"")});
}

/* "threads": the last one alone crashes. */
static void *serve(void *user) {
    unsigned number = (unsigned)(uintptr_t)user;
    struct err e;
    if (!crash_enter_thread(&e)) exit(3);
    set_scope(number % 10);
    pthread_barrier_wait(&all_busy);
    if (number >= 10 || number == THREADS) sink = crash_by_name(str_of(kind));
    for (;;) pause();
}

static void start_threads(uintptr_t first) {
    pthread_t thread;
    pthread_barrier_init(&all_busy, NULL, THREADS);
    for (uintptr_t i = 1; i <= THREADS; i++)
        if (pthread_create(&thread, NULL, serve, (void *)(first + i)) != 0) exit(3);
    for (;;) pause();
}

static void long_ids(void) {
    static char id[300], quotes[256];
    memset(id, 'x', sizeof id);
    memset(quotes, '"', sizeof quotes);
    crash_set_scope(&(struct lambda_invocation){.request_id = STR("r1"),
                                                .invocation_id = {id, sizeof id},
                                                .trace_id = STR("a\r\nb"),
                                                .tenant_id = {quotes, sizeof quotes}});
}

/* The child crashes with its parent's ids in its memory. */
static void crash_child(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) sink = crash_by_name(str_of(kind));
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) exit(3);
    exit(0);
}

static void own_handler(int signal) {
    (void)signal;
    _exit(7);
}

int main(int argc, char **argv) {
    static const struct lambda_program program = {.init = init, .handle = handle};
    struct err e;
    alarm(30);
    if (argc < 3) return lambda_run(&program);
    const char *where = argv[1];
    kind = argv[2];
    log_open_from_environment(1);
    if (!strcmp(where, "own-handler")) signal(SIGSEGV, own_handler);
    if (!crash_open(str_of(getenv("AWS_LAMBDA_RUNTIME_API")), (struct str){0}, &e)) {
        puts(e.msg);
        return 2;
    }
    if (!strcmp(where, "threads")) start_threads(0);
    if (!strcmp(where, "herd")) start_threads(10);
    if (strcmp(where, "init") != 0) set_scope(1);
    if (!strcmp(where, "between")) crash_set_scope(NULL);
    if (!strcmp(where, "long-ids")) long_ids();
    if (!strcmp(where, "child")) crash_child();
    sink = crash_by_name(str_of(kind));
    crash_leave_thread();
    return sink;
}
