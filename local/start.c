/* SPDX-License-Identifier: Apache-2.0 */
/* Options, the lines that scripts wait for (`listening`, `ready`), and an orderly end. */
#include "start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "function.h"
#include "gateway.h"
#include "log.h"
#include "session.h"
#include "stack_flags.h"

enum { PORT = STACK_N_FLAGS, BOOTSTRAP, CONCURRENCY, HELP };

static const struct flag FLAGS[] = {STACK_FLAGS,
                                    {"--port", 0, true, false},
                                    {"--bootstrap", 0, true, false},
                                    {"--concurrency", 0, true, false},
                                    {"--help", 'h', false, false}};

static const char USAGE[] =
    "usage: apigw start [options]\n" STACK_USAGE
    "  --port N           port of the first API, the next API gets the next one, and STS\n"
    "                     the last; 0: free ones (3000)\n"
    "  --bootstrap FILE   the program of the functions (bootstrap beside apigw)\n"
    "  --concurrency N    processes of a function at once, 1 to 64 (10): one is started when a request\n"
    "                     waits and none is idle; what waits behind N is served as they become idle\n"
    "Exit code: 0 stopped by a signal, 1 did not start, 2 wrong usage.\n";

#define STATE_FOLDER ".apigw"

enum { START_BYTES = 64 * 1024 * 1024, DEFAULT_PORT = 3000 };

struct start {
    struct flags flags;
    struct model_options model;
    struct gateway_options gateway;
    struct http_fields parameters;
    struct arena arena;
};

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
    return stack_flags_read(&s->flags, &s->model, &s->parameters, &s->arena, e);
}

static void print_api(const struct model_api *api, uint16_t port) {
    printf("listening %.*s http://127.0.0.1:%u/%.*s\n", STR_ARG(api->logical_id), (unsigned)port, STR_ARG(api->stage));
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        printf("  %-7.*s /%.*s%.*s  %s%s  %.*s\n", STR_ARG(r->method), STR_ARG(api->stage), STR_ARG(r->path),
               r->aws_iam   ? r->api_key ? "AWS_IAM+key" : "AWS_IAM"
               : r->api_key ? "key"
                            : "open",
               api->has_policy ? "+policy" : "", STR_ARG(r->function->logical_id));
    }
}

static void print_enforced(const struct model *m) {
    bool iam = false, key = false, policy = false;
    for (size_t i = 0; i < m->n_apis; i++) {
        policy |= m->apis[i].has_policy;
        for (size_t k = 0; k < m->apis[i].n_routes; k++) {
            iam |= m->apis[i].routes[k].aws_iam;
            key |= m->apis[i].routes[k].api_key;
        }
    }
    if (iam)
        printf("enforced on AWS_IAM routes: signature (%.*s/execute-api), session token, clock within 5 minutes, "
               "execute-api:Invoke in the caller's policies\n",
               STR_ARG(m->region));
    if (policy) printf("enforced on routes with a policy: the API's resource policy\n");
    if (key) printf("enforced on routes with a key: x-api-key of an enabled key in a usage plan of the stage\n");
    if (!iam && !key && !policy) printf("enforced: nothing, for no route asks for AWS_IAM, a key or a policy\n");
}

/* False: nobody can read these lines, so whoever waits for `ready` would wait for ever. */
static bool print_ready(const struct model *m, const struct gateway *g, const struct keyring *ring, struct err *e) {
    for (size_t i = 0; i < m->n_apis; i++) print_api(&m->apis[i], gateway_port(g, i));
    printf("listening STS http://127.0.0.1:%u\n", (unsigned)gateway_sts_port(g));
    print_enforced(m);
    printf("credentials %s:", ring->path);
    for (size_t i = 0; i < ring->n; i++) printf(" %.*s", STR_ARG(ring->at[i].who->profile));
    printf("\nready\n");
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return err_set(e, ERR_CONFIG, "standard output cannot be written: %s", strerror(errno));
}

/* Everything between an accepted template and the signal that ends it. */
static int run(struct start *s, const struct model *m, const sigset_t *signals) {
    struct keyring ring = {0};
    struct gateway *gateway = NULL;
    struct err e;
    int signal_number;
    s->gateway.model = m;
    s->gateway.keyring = &ring;
    bool ok = stack_flags_bootstrap(flags_value(&s->flags, BOOTSTRAP), &s->gateway.bootstrap, &s->arena, &e) &&
              keyring_make(&ring, m, &s->arena, &e) && session_open(&ring.sessions, &e) &&
              keyring_lock(&ring, STATE_FOLDER, &s->arena, &e) && gateway_start(&s->gateway, &gateway, &s->arena, &e) &&
              keyring_save(&ring, STATE_FOLDER, &s->arena, &e) && print_ready(m, gateway, &ring, &e);
    if (ok) {
        sigwait(signals, &signal_number);
    } else {
        fprintf(stderr, "apigw start: %s\n", e.msg);
    }
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
