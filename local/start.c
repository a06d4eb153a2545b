/* SPDX-License-Identifier: Apache-2.0 */
/* Options, the lines that scripts wait for (`listening`, `ready`), and an orderly end. */
#include "start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "function.h"
#include "gateway.h"
#include "invoke_wait.h"
#include "log.h"
#include "session.h"
#include "stack_flags.h"
#include "watch.h"

enum { PORT = STACK_N_FLAGS, HOST, BOOTSTRAP, CONCURRENCY, ONLY_RUNTIME_API, GDB, WATCH, HELP };

static const struct flag FLAGS[] = {STACK_FLAGS,
                                    {"--port", 0, true, false},
                                    {"--host", 0, true, false},
                                    {"--bootstrap", 0, true, true},
                                    {"--concurrency", 0, true, false},
                                    {"--only-runtime-api", 0, true, true},
                                    {"--gdb", 0, true, true},
                                    {"--watch", 0, false, false},
                                    {"--help", 'h', false, false}};

static const char USAGE[] =
    "usage: apigw start [options]\n" STACK_USAGE
    "  --port N           port of the first API, the next API gets the next one, and STS\n"
    "                     the last; 0: free ones (3000)\n"
    "  --host ADDRESS     127.0.0.1, or 0.0.0.0 to be reached from containers and other machines "
    "(127.0.0.1)\n" PROGRAM_USAGE
    "  --concurrency N    processes of a function at once, 1 to 64 (10): one is started when a request\n"
    "                     waits and none is idle; what waits behind N is served as they become idle\n"
    "  --watch            replace idle processes when their program is rebuilt, busy ones after their request\n"
    "  --only-runtime-api FUNCTION, --gdb FUNCTION\n"
    "                     do not start it: print the environment (with its keys) to start it by hand, let its\n"
    "                     requests wait for that process without time-outs (may be repeated)\n"
    "Exit code: 0 stopped by a signal, 1 did not start, 2 wrong usage.\n";

#define STATE_FOLDER ".apigw"

enum { START_BYTES = 64 * 1024 * 1024, DEFAULT_PORT = 3000 };

struct start {
    struct flags flags;
    struct model_options model;
    struct gateway_options gateway;
    struct http_fields parameters;
    struct watch *watch;
    struct arena arena;
};

/* What is served is plain HTTP with the keys of a test, so nobody else is let near it by accident. */
static bool read_host(struct start *s, struct err *e) {
    const char *host = flags_value(&s->flags, HOST);
    s->gateway.everywhere = host && strcmp(host, "0.0.0.0") == 0;
    if (host && !s->gateway.everywhere && strcmp(host, "127.0.0.1") != 0)
        return err_set(e, ERR_CONFIG, "--host wants 127.0.0.1 or 0.0.0.0, not %.100s", host);
    if (s->gateway.everywhere)
        fprintf(stderr,
                "warning: the APIs and STS listen on every interface of this machine, without TLS: whoever reaches it "
                "can call them, and whoever reads along sees session tokens\n");
    return true;
}

static bool read_arguments(struct start *s, int argc, char **argv, struct err *e) {
    int64_t port = DEFAULT_PORT, concurrency = FUNCTION_DEFAULT_CONCURRENCY;
    if (!flags_read(&s->flags, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv, e)) return false;
    if (flags_value(&s->flags, HELP)) return true;
    if (s->flags.n_words) return err_set(e, ERR_CONFIG, "start takes no words, but there is %.100s", s->flags.words[0]);
    if (!flags_number(&s->flags, PORT, 0, UINT16_MAX, &port, e) ||
        !flags_number(&s->flags, CONCURRENCY, 1, FUNCTION_MAX_CONCURRENCY, &concurrency, e))
        return false;
    s->gateway.port = (uint16_t)port;
    s->gateway.concurrency = (unsigned)concurrency;
    return read_host(s, e) && stack_flags_read(&s->flags, &s->model, &s->parameters, &s->arena, e);
}

/* The stage $default has no place in a path. */
static void print_api(const struct model_api *api, uint16_t port) {
    bool at_root = str_eq(api->stage, STR("$default"));
    struct str stage = at_root ? STR("") : api->stage;
    printf("listening %.*s http://127.0.0.1:%u%s%.*s\n", STR_ARG(api->logical_id), (unsigned)port, at_root ? "" : "/",
           STR_ARG(stage));
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        bool behind = !at_root && str_starts(r->path, STR("/")); /* the route $default is no path */
        printf("  %-7.*s %s%.*s%.*s  %s%s  %.*s\n", STR_ARG(r->method), behind ? "/" : "",
               STR_ARG(behind ? stage : STR("")), STR_ARG(r->path), api_authorization(r),
               api->has_policy ? "+policy" : "", STR_ARG(r->function->logical_id));
    }
}

static bool is_closed(const struct model *m, bool function_urls) {
    for (size_t i = 0; i < m->n_apis; i++)
        for (size_t k = 0; k < m->apis[i].n_routes; k++)
            if ((m->apis[i].kind == MODEL_FUNCTION_URL) == function_urls && m->apis[i].routes[k].aws_iam) return true;
    return false;
}

static void print_programs(const struct start *s, const struct model *m) {
    for (size_t i = 0; i < m->n_functions; i++)
        printf("program %.*s %s%s\n", STR_ARG(m->functions[i].logical_id), s->gateway.programs[i].bootstrap,
               s->gateway.programs[i].by_hand ? " (to be started by hand)" : "");
}

static void print_enforced(const struct model *m) {
    bool key = false, policy = false, api = is_closed(m, false), url = is_closed(m, true);
    for (size_t i = 0; i < m->n_apis; i++) {
        policy |= m->apis[i].has_policy;
        for (size_t k = 0; k < m->apis[i].n_routes; k++) key |= m->apis[i].routes[k].api_key;
    }
    if (api)
        printf("enforced on AWS_IAM routes: signature (%.*s/execute-api), session token, clock within 5 minutes, "
               "execute-api:Invoke in the caller's policies\n",
               STR_ARG(m->region));
    if (url)
        printf("enforced on AWS_IAM function URLs: signature (%.*s/lambda), session token, clock within 5 minutes, "
               "lambda:InvokeFunctionUrl and lambda:InvokeFunction in the caller's policies\n",
               STR_ARG(m->region));
    if (policy) printf("enforced on routes with a policy: the resource policy of the API or function\n");
    if (key) printf("enforced on routes with a key: x-api-key of an enabled key in a usage plan of the stage\n");
    if (!api && !url && !key && !policy)
        printf("enforced: nothing, for no route asks for AWS_IAM, a key or a policy\n");
}

static void print_by_hand(const struct start *s, const struct model *m, const struct gateway *g) {
    for (size_t i = 0; i < m->n_functions; i++)
        if (s->gateway.programs[i].by_hand)
            invoke_wait_print(m->functions[i].logical_id, &s->gateway.programs[i],
                              function_variables(gateway_function(g, i)), stdout);
}

/* False: nobody can read these lines, so whoever waits for `ready` would wait for ever. */
static bool print_ready(const struct start *s, const struct model *m, const struct gateway *g, struct err *e) {
    const struct keyring *ring = s->gateway.keyring;
    print_by_hand(s, m, g);
    for (size_t i = 0; i < m->n_apis; i++) print_api(&m->apis[i], gateway_port(g, i));
    printf("listening STS http://127.0.0.1:%u\n", (unsigned)gateway_sts_port(g));
    print_programs(s, m);
    print_enforced(m);
    printf("credentials %s:", ring->path);
    for (size_t i = 0; i < ring->n; i++) printf(" %.*s", STR_ARG(ring->at[i].who->profile));
    printf("\nready\n");
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return err_set(e, ERR_CONFIG, "standard output cannot be written: %s", strerror(errno));
}

static bool find_programs(struct start *s, const struct model *m, struct err *e) {
    struct program *programs = arena_zero(&s->arena, (m->n_functions + 1) * sizeof *programs);
    const char *template_path = s->model.template_path;
    if (!programs) return err_set(e, ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < m->n_functions; i++)
        if (!program_find(&s->flags, BOOTSTRAP, m, template_path, &m->functions[i], &programs[i], &s->arena, e))
            return false;
    for (size_t i = 0; i < s->flags.n_given; i++) {
        const struct model_function *f;
        if (s->flags.given[i].flag != ONLY_RUNTIME_API && s->flags.given[i].flag != GDB) continue;
        if (!stack_flags_function(m, template_path, str_of(s->flags.given[i].value), &f, &s->arena, e)) return false;
        programs[f - m->functions].by_hand = true;
    }
    s->gateway.programs = programs;
    return true;
}

static void on_program(void *function, const char *path) {
    (void)path;
    function_replace(function);
}

static void on_input(void *what, const char *path) {
    log_line(LOG_WARN, "the %s %s has changed: restart to read it", (const char *)what, path);
}

static bool start_watch(struct start *s, const struct model *m, const struct gateway *g, struct err *e) {
    size_t n = 0;
    struct watch_file *files = arena_zero(&s->arena, (m->n_functions + 2) * sizeof *files);
    if (!files) return err_set(e, ERR_MEMORY, "out of memory");
    files[n++] = (struct watch_file){s->model.template_path, on_input, (char *)(uintptr_t) "template"};
    if (s->model.callers_path)
        files[n++] = (struct watch_file){s->model.callers_path, on_input, (char *)(uintptr_t) "callers file"};
    for (size_t i = 0; i < m->n_functions; i++)
        if (!s->gateway.programs[i].by_hand)
            files[n++] = (struct watch_file){s->gateway.programs[i].bootstrap, on_program, gateway_function(g, i)};
    return watch_start(files, n, &s->watch, e);
}

/* Everything between an accepted template and the signal that ends it. */
static int run(struct start *s, const struct model *m, const sigset_t *signals) {
    struct keyring ring = {0};
    struct gateway *gateway = NULL;
    struct err e;
    int signal_number;
    s->gateway.model = m;
    s->gateway.keyring = &ring;
    bool ok = find_programs(s, m, &e) && keyring_make(&ring, m, &s->arena, &e) && session_open(&ring.sessions, &e) &&
              keyring_lock(&ring, STATE_FOLDER, &s->arena, &e) && gateway_start(&s->gateway, &gateway, &s->arena, &e) &&
              (!flags_value(&s->flags, WATCH) || start_watch(s, m, gateway, &e)) &&
              keyring_save(&ring, STATE_FOLDER, &s->arena, &e) && print_ready(s, m, gateway, &e);
    if (ok) {
        sigwait(signals, &signal_number);
    } else {
        fprintf(stderr, "apigw start: %s\n", e.msg);
    }
    watch_stop(s->watch);
    gateway_stop(gateway);
    keyring_close(&ring);
    return ok ? 0 : 1;
}

/* Every thread inherits this: only sigwait sees them. */
static void block_signals(sigset_t *signals) {
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static int read_and_run(struct start *s, int argc, char **argv, const sigset_t *signals) {
    struct model m;
    struct str taken;
    struct err e;
    if (!read_arguments(s, argc, argv, &e)) {
        fprintf(stderr, "apigw start: %s\n%s", e.msg, USAGE);
        return 2;
    }
    if (flags_value(&s->flags, HELP)) return fputs(USAGE, stdout) < 0;
    if (!stack_flags_configure(&s->flags, &s->model, &s->parameters, &taken, &s->arena, &e) ||
        !model_read(&s->model, &m, &s->arena, &e)) {
        fprintf(stderr, "apigw start: %s\n", e.msg);
        return 1;
    }
    if (taken.n) fprintf(stderr, "note: taken from %.*s\n", STR_ARG(taken));
    for (size_t i = 0; i < m.n_notices; i++) fprintf(stderr, "note: %.*s\n", STR_ARG(m.notices[i]));
    return run(s, &m, signals);
}

int start_main(int argc, char **argv) {
    struct start s = {0};
    sigset_t signals;
    arena_init(&s.arena, START_BYTES);
    log_open(LOG_TEXT, LOG_INFO, 2);
    block_signals(&signals);
    int code = read_and_run(&s, argc, argv, &signals);
    arena_close(&s.arena);
    return code;
}
