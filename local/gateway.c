/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and functions: what listens, what runs, in which order they start and stop. */
#include "gateway.h"

#include "answer.h"
#include "exchange.h"
#include "http_server.h"
#include "lambda_env.h"
#include "sts.h"

enum {
    MAX_CONNECTIONS = 256,
    IDLE_TIMEOUT_S = 60,
};

struct gateway_api {
    struct gateway *gateway;
    struct exchange_place place;
    struct http_response too_large;
    struct http_server *server;
};

struct gateway {
    struct gateway_options options;
    struct gateway_api *apis;
    struct function **functions;
    struct sts *sts;
    uint16_t *ports;   /* of the APIs */
    _Atomic bool open; /* every API and function is there; before, a port may listen that has nothing behind it */
};

static struct function *function_of(void *gateway, const struct model_function *model) {
    struct gateway *g = gateway;
    return g->functions[model - g->options.model->functions];
}

static void handle(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **stream, struct arena *a) {
    struct gateway_api *api = user;
    struct err ignored;
    if (api->gateway->open) exchange_run(&api->place, rq, peer_ip, rs, stream, a);
    else answer_make(api->place.api->kind, ANSWER_UNAVAILABLE, rs, a, &ignored);
}

/* ---- start and stop ---- */

static bool listen_api(struct gateway *g, size_t i, struct arena *a, struct err *e) {
    struct gateway_api *api = &g->apis[i];
    const struct model_api *model = &g->options.model->apis[i];
    if (g->options.port && g->options.port + i > 65535)
        return err_set(e, ERR_CONFIG, "port %u leaves none for API number %zu", (unsigned)g->options.port, i + 1);
    api->gateway = g;
    api->place = (struct exchange_place){
        .model = g->options.model, .api = model, .keyring = g->options.keyring, .function_of = function_of, .user = g};
    if (!answer_make(model->kind, ANSWER_LONG_BODY, &api->too_large, a, e)) return false;
    const struct http_server_options options = {
        .port = g->options.port ? (uint16_t)(g->options.port + i) : 0,
        .everywhere = g->options.everywhere,
        .max_connections = MAX_CONNECTIONS,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .max_body_bytes = answer_limits(model->kind)->body_bytes,
        .too_large = &api->too_large,
        .handle = handle,
        .user = api,
    };
    if (!http_server_start(&options, &api->server, e)) return err_prefix(e, "%.*s: ", STR_ARG(model->logical_id));
    api->place.port = g->ports[i] = http_server_port(api->server);
    return true;
}

static bool open_function(struct gateway *g, size_t i, struct arena *a, struct err *e) {
    const struct model_function *model = &g->options.model->functions[i];
    const struct program *program = &g->options.programs[i];
    const struct lambda_env env = {.model = g->options.model,
                                   .function = model,
                                   .keys = &keyring_of(g->options.keyring, model->role)->keys,
                                   .task_root = program->task_root,
                                   .api_ports = g->ports,
                                   .sts_port = sts_port(g->sts)};
    struct function_options options = {.model = model,
                                       .bootstrap = program->by_hand ? NULL : program->bootstrap,
                                       .task_root = program->task_root,
                                       .concurrency = g->options.concurrency,
                                       .init_timeout_ms = FUNCTION_INIT_TIMEOUT_MS};
    return lambda_env_make(&env, &options.environment, a, e) && function_open(&options, &g->functions[i], e);
}

static bool start_sts(struct gateway *g, struct arena *a, struct err *e) {
    size_t port = g->options.port ? g->options.port + g->options.model->n_apis : 0;
    const struct sts_options options = {.model = g->options.model,
                                        .keyring = g->options.keyring,
                                        .port = (uint16_t)port,
                                        .everywhere = g->options.everywhere};
    if (port > 65535) return err_set(e, ERR_CONFIG, "port %u leaves none for STS", (unsigned)g->options.port);
    return sts_start(&options, &g->sts, a, e);
}

static bool start(struct gateway *g, struct arena *a, struct err *e) {
    const struct model *m = g->options.model;
    for (size_t i = 0; i < m->n_apis; i++)
        if (!listen_api(g, i, a, e)) return false;
    if (!start_sts(g, a, e)) return false;
    for (size_t i = 0; i < m->n_functions; i++)
        if (!open_function(g, i, a, e)) return false;
    g->open = true;
    for (size_t i = 0; i < m->n_functions; i++) function_begin(g->functions[i]);
    for (size_t i = 0; i < m->n_functions; i++)
        if (!function_start(g->functions[i], e)) return false;
    return true;
}

bool gateway_start(const struct gateway_options *options, struct gateway **gateway, struct arena *a, struct err *e) {
    struct gateway *g = arena_zero(a, sizeof *g);
    if (!g) return err_set(e, ERR_MEMORY, "out of memory for the gateway");
    g->options = *options;
    g->apis = arena_zero(a, (options->model->n_apis + 1) * sizeof *g->apis);
    g->ports = arena_zero(a, (options->model->n_apis + 1) * sizeof *g->ports);
    g->functions = arena_zero(a, (options->model->n_functions + 1) * sizeof *g->functions);
    if (!g->apis || !g->ports || !g->functions) return err_set(e, ERR_MEMORY, "out of memory for the gateway");
    if (start(g, a, e)) {
        *gateway = g;
        return true;
    }
    gateway_stop(g);
    return false;
}

uint16_t gateway_port(const struct gateway *g, size_t api) {
    return g->ports[api];
}

uint16_t gateway_sts_port(const struct gateway *g) {
    return sts_port(g->sts);
}

struct function *gateway_function(const struct gateway *g, size_t function) {
    return g->functions[function];
}

/* Functions first: their end releases every request that waits for them. */
void gateway_stop(struct gateway *g) {
    if (!g) return;
    for (size_t i = 0; i < g->options.model->n_functions; i++) function_stop(g->functions[i]);
    for (size_t i = 0; i < g->options.model->n_apis; i++) http_server_stop(g->apis[i].server);
    sts_stop(g->sts);
    for (size_t i = 0; i < g->options.model->n_functions; i++) function_close(g->functions[i]);
}
