/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of the gateway behind its HTTP side: one function, its Runtime API server, one invocation. */
#include "invoke.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "function.h"
#include "input.h"
#include "invoke_event.h"
#include "invoke_wait.h"
#include "keyring.h"
#include "lambda_env.h"
#include "log.h"
#include "profile.h"
#include "program.h"
#include "random.h"
#include "stack_flags.h"

enum { INVOKE_BYTES = 256 * 1024 * 1024, MAX_CREDENTIALS_BYTES = 1024 * 1024 };
/* SPARE_MS: the function's own time-outs come first, and say more. */
enum { SPARE_MS = 5000, MAX_TIMEOUT_S = 900, DEFAULT_PORT = 3000 };
enum { EVENT = STACK_N_FLAGS, BOOTSTRAP, TIMEOUT, PORT, ONLY_RUNTIME_API, GDB, HELP };

static const struct flag FLAGS[] = {STACK_FLAGS,
                                    {"--event", 'e', true, false},
                                    {"--bootstrap", 0, true, true},
                                    {"--timeout", 0, true, false},
                                    {"--port", 0, true, false},
                                    {"--only-runtime-api", 0, false, false},
                                    {"--gdb", 0, false, false},
                                    {"--help", 'h', false, false}};

static const char USAGE[] =
    "usage: apigw invoke FUNCTION [-e FILE|-|NAME] [options]\n"
    "One invocation: the reply on standard output, byte for byte, the function's log on standard error.\n"
    "  -e, --event        a JSON file, standard input, or NAME for events/NAME.json beside the template "
    "({})\n" PROGRAM_USAGE "  --timeout S        1 to 900 seconds (Timeout of the function)\n"
    "  --port N           where the functions find the APIs: as given to apigw start (3000). In the folder of a "
    "running\n"
    "                     apigw start the function has the keys of that run\n"
    "  --only-runtime-api, --gdb\n"
    "                     start nothing: print the environment, wait for a bootstrap that is started by "
    "hand\n" STACK_USAGE
    "Exit code: 0 a reply, 1 the function answered with an error, 2 wrong usage, 3 refused input, 4 the process ended\n"
    "without an answer, 5 it timed out.\n";

static const char CREDENTIALS[] = ".apigw/credentials";

struct invoke {
    struct flags flags;
    struct model_options options;
    struct http_fields parameters;
    struct model model;
    const struct model_function *function;
    struct keyring ring;
    struct sigv4_keys keys;
    struct program program;
    int64_t timeout_s, port; /* timeout_s 0: the function's own */
    struct str event;
    struct function *running;
    struct arena arena;
};

static bool read_arguments(struct invoke *v, int argc, char **argv, struct err *e) {
    v->port = DEFAULT_PORT;
    if (!flags_read(&v->flags, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv, e)) return false;
    if (flags_value(&v->flags, HELP)) return true;
    if (v->flags.n_words != 1)
        return err_set(e, ERR_CONFIG, v->flags.n_words ? "more than one function" : "which function?");
    return flags_number(&v->flags, TIMEOUT, 1, MAX_TIMEOUT_S, &v->timeout_s, e) &&
           flags_number(&v->flags, PORT, 1, 65000, &v->port, e) &&
           stack_flags_read(&v->flags, &v->options, &v->parameters, &v->arena, e);
}

/* Those of a gateway that runs in this folder, so that the function may call it; else new ones, which open nothing. */
static bool find_keys(struct invoke *v, struct err *e) {
    struct profile profile;
    struct str text;
    if (access(CREDENTIALS, R_OK) != 0) {
        if (!keyring_make(&v->ring, &v->model, &v->arena, e)) return false;
        v->keys = keyring_of(&v->ring, v->function->role)->keys;
        return true;
    }
    if (!input_read(CREDENTIALS, MAX_CREDENTIALS_BYTES, &text, &v->arena, e) ||
        !profile_read(text, CREDENTIALS, v->function->role->profile, &profile, e))
        return false;
    v->keys = profile.keys;
    return true;
}

static bool prepare(struct invoke *v, struct err *e) {
    const char *template_path = v->options.template_path;
    return stack_flags_configure(&v->flags, &v->options, &v->parameters, NULL, &v->arena, e) &&
           model_read(&v->options, &v->model, &v->arena, e) &&
           stack_flags_function(&v->model, template_path, str_of(v->flags.words[0]), &v->function, &v->arena, e) &&
           invoke_event_read(flags_value(&v->flags, EVENT), template_path, &v->event, &v->arena, e) &&
           program_find(&v->flags, BOOTSTRAP, &v->model, template_path, v->function, &v->program, &v->arena, e) &&
           find_keys(v, e);
}

/* The addresses are those that apigw start gives to the APIs, in the order of the template, and to STS behind them. */
static bool make_environment(struct invoke *v, char *const **environment, struct err *e) {
    size_t n = v->model.n_apis;
    uint16_t *ports = arena_zero(&v->arena, (n + 1) * sizeof *ports);
    if (!ports) return err_set(e, ERR_MEMORY, "out of memory");
    if (v->port + (int64_t)n > UINT16_MAX) return err_set(e, ERR_CONFIG, "--port leaves no port for API number %zu", n);
    for (size_t i = 0; i < n; i++) ports[i] = (uint16_t)((size_t)v->port + i);
    const struct lambda_env env = {.model = &v->model,
                                   .function = v->function,
                                   .keys = &v->keys,
                                   .task_root = v->program.task_root,
                                   .api_ports = ports,
                                   .sts_port = (uint16_t)((size_t)v->port + n)};
    return lambda_env_make(&env, environment, &v->arena, e);
}

static bool open_function(struct invoke *v, struct err *e) {
    v->program.by_hand = flags_value(&v->flags, ONLY_RUNTIME_API) || flags_value(&v->flags, GDB);
    struct function_options options = {.model = v->function,
                                       .bootstrap = v->program.by_hand ? NULL : v->program.bootstrap,
                                       .task_root = v->program.task_root,
                                       .concurrency = 1,
                                       .init_timeout_ms = FUNCTION_INIT_TIMEOUT_MS,
                                       .timeout_s = v->timeout_s};
    if (!make_environment(v, &options.environment, e) || !function_open(&options, &v->running, e)) return false;
    if (v->program.by_hand)
        invoke_wait_print(v->function->logical_id, &v->program, function_variables(v->running), stderr);
    return true;
}

static bool serve(struct invoke *v, struct function_result *result, struct err *e) {
    char id[37], root[25], trace[64];
    int64_t timeout_s = v->timeout_s ? v->timeout_s : v->function->timeout_s;
    if (!random_uuid(id) || !random_text(root, 24, "0123456789abcdef"))
        return err_set(e, ERR_HANDLER, "no randomness for a request id");
    snprintf(trace, sizeof trace, "Root=1-%08llx-%.24s", (unsigned long long)(clock_unix_ms() / 1000), root);
    return open_function(v, e) &&
           function_invoke(v->running, v->event, str_of(id), str_of(trace),
                           FUNCTION_INIT_TIMEOUT_MS + timeout_s * 1000 + SPARE_MS, result, &v->arena, e);
}

static int print(const struct invoke *v, const struct function_result *r) {
    int code = INVOKE_REPLY;
    switch (r->outcome) {
    case FUNCTION_REPLY: break;
    case FUNCTION_ERROR: code = INVOKE_ERROR; break;
    case FUNCTION_THROTTLED:
    case FUNCTION_EXITED: code = INVOKE_EXITED; break;
    case FUNCTION_TIMED_OUT:
    case FUNCTION_TOO_LATE: code = INVOKE_TIMED_OUT;
    }
    if (code > INVOKE_ERROR)
        fprintf(stderr, "apigw invoke: %.*s: no answer: %.*s\n", STR_ARG(v->function->logical_id), STR_ARG(r->why));
    if (fwrite(r->body.p, 1, r->body.n, stdout) == r->body.n && fflush(stdout) == 0) return code;
    fprintf(stderr, "apigw invoke: standard output cannot be written\n");
    return INVOKE_REFUSED;
}

static void stop(struct invoke *v) {
    function_close(v->running);
    keyring_close(&v->ring);
    arena_close(&v->arena);
}

static int run(struct invoke *v, int argc, char **argv) {
    struct function_result result;
    struct err e;
    if (!read_arguments(v, argc, argv, &e)) {
        fprintf(stderr, "apigw invoke: %s\n%s", e.msg, USAGE);
        return INVOKE_USAGE;
    }
    if (flags_value(&v->flags, HELP)) return fputs(USAGE, stdout) < 0;
    if (prepare(v, &e) && serve(v, &result, &e)) return print(v, &result);
    fprintf(stderr, "apigw invoke: %s\n", e.msg);
    return INVOKE_REFUSED;
}

int invoke_main(int argc, char **argv) {
    struct invoke v = {0};
    arena_init(&v.arena, INVOKE_BYTES);
    log_open(LOG_TEXT, LOG_WARN, 2);
    signal(SIGPIPE, SIG_IGN);
    int code = run(&v, argc, argv);
    stop(&v);
    return code;
}
