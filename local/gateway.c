/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP in, verdict, event, invocation, reply, HTTP out. */
#include "gateway.h"

#include <string.h>

#include "apigw.h"
#include "clock.h"
#include "judge.h"
#include "lambda_env.h"
#include "log.h"
#include "random.h"
#include "runtime_server.h"
#include "sts.h"

enum {
    MAX_BODY_BYTES = 10 * 1024 * 1024, /* of API Gateway */
    MAX_EVENT_BYTES = 6 * 1024 * 1024, /* of a synchronous invocation */
    MAX_CONNECTIONS = 256,
    IDLE_TIMEOUT_S = 60,
    INTEGRATION_TIMEOUT_MS = 29000,
    INIT_TIMEOUT_MS = 10000, /* of Lambda's init phase */
};

static const struct http_response TOO_LARGE = {.status = 413, .body = STR_INIT("{\"message\":\"Request Too Long\"}")};

struct gateway_api {
    struct gateway *gateway;
    const struct model_api *model;
    struct http_server *server;
};

struct gateway_function {
    _Atomic(struct function *) function;
    struct http_server *runtime_api;
};

struct gateway {
    struct gateway_options options;
    struct gateway_api *apis;
    struct gateway_function *functions;
    struct sts *sts;
    uint16_t *ports;       /* of the APIs */
    const char *task_root; /* the folder of the bootstrap */
    _Atomic bool open;     /* every API and function is there; before, a port may listen that has nothing behind it */
};

/* What one request carries through the steps below. */
struct exchange {
    struct gateway_api *api;
    const struct http_request *rq;
    struct http_response *rs;
    struct arena *arena;
    struct judge_verdict verdict;
    struct str peer_ip, trace_id;
    char request_id[37], extended_id[17], trace_root[64];
    int64_t now_ms;
};

static void answer(struct exchange *x, int status, const char *error_type, struct str body) {
    struct err ignored;
    *x->rs = (struct http_response){.status = status, .body = body};
    if (error_type) http_field_add(&x->rs->fields, STR("x-amzn-ErrorType"), str_of(error_type), x->arena, &ignored);
}

static void internal_error(struct exchange *x, const char *why) {
    x->verdict.why = str_of(why);
    answer(x, 502, "InternalServerErrorException", STR("{\"message\":\"Internal server error\"}"));
}

/* ---- the event ---- */

/* Not passed on: the signature (as at AWS), and what belongs to this connection only. */
static bool passed_on(struct str name, const struct judge_verdict *v) {
    static const char *const hop[] = {"connection", "content-length",    "expect",
                                      "keep-alive", "transfer-encoding", "upgrade"};
    for (size_t i = 0; i < sizeof hop / sizeof *hop; i++)
        if (str_eq_nocase(name, str_of(hop[i]))) return false;
    return !(v->caller && str_eq_nocase(name, STR("authorization")));
}

static bool add_fields(struct exchange *x, struct http_fields *to, struct err *e) {
    struct buf port;
    buf_init(&port, 16, x->arena);
    buf_addf(&port, "%u", (unsigned)http_server_port(x->api->server));
    for (size_t i = 0; i < x->rq->fields.n; i++) {
        const struct http_field *f = &x->rq->fields.at[i];
        if (passed_on(f->name, &x->verdict) && !http_field_add(to, f->name, f->value, x->arena, e)) return false;
    }
    if (!http_field_get(to, STR("X-Amzn-Trace-Id")).p &&
        !http_field_add(to, STR("X-Amzn-Trace-Id"), x->trace_id, x->arena, e))
        return false;
    return http_field_add(to, STR("X-Forwarded-For"), x->peer_ip, x->arena, e) &&
           http_field_add(to, STR("X-Forwarded-Port"), buf_str(&port), x->arena, e) &&
           http_field_add(to, STR("X-Forwarded-Proto"), STR("http"), x->arena, e);
}

static void add_identity(const struct exchange *x, struct apigw_identity *id) {
    id->source_ip = x->peer_ip;
    id->user_agent = http_field_get(&x->rq->fields, STR("user-agent"));
    if (!x->verdict.caller) return;
    struct err ignored; /* out of memory, which the event then meets too */
    if (keyring_user_id(x->verdict.caller, &id->caller, x->arena, &ignored)) id->user = id->caller;
    id->user_arn = keyring_user_arn(x->verdict.caller);
    id->access_key = x->verdict.caller->keys.id;
    id->account_id = x->verdict.caller->who->account_id;
}

/* BinaryMediaTypes decides by the content type without its parameters. */
static bool is_binary(const struct model_api *api, struct str content_type) {
    struct str type, rest = content_type;
    str_cut(&rest, ';', &type);
    type = str_trim(type);
    for (size_t i = 0; i < api->n_binary_media_types; i++) {
        struct str t = api->binary_media_types[i];
        if (str_eq(t, STR("*/*")) || (type.n && str_eq_nocase(t, type))) return true;
    }
    return false;
}

static bool fill_event(struct exchange *x, struct apigw_event *ev, struct err *e) {
    const struct model *model = x->api->gateway->options.model;
    const struct model_api *api = x->api->model;
    struct buf domain;
    buf_init(&domain, 512, x->arena);
    buf_addf(&domain, "%.*s.execute-api.%.*s.%.*s", STR_ARG(api->api_id), STR_ARG(model->region),
             STR_ARG(model->url_suffix));
    *ev = (struct apigw_event){
        .format = APIGW_REST,
        .http = {.method = x->rq->method, .path = x->verdict.route->path, .body = x->rq->body},
        .body_is_base64 = x->rq->body.n && is_binary(api, http_field_get(&x->rq->fields, STR("content-type"))),
        .resource = x->verdict.route->path,
        .resource_id = STR("local0"),
        .api_id = api->api_id,
        .stage = api->stage,
        .account_id = model->account_id,
        .domain_name = buf_str(&domain),
        .domain_prefix = api->api_id,
        .protocol = STR("HTTP/1.1"),
        .request_id = str_of(x->request_id),
        .extended_request_id = str_of(x->extended_id),
        .time_epoch_ms = x->now_ms,
    };
    add_identity(x, &ev->identity);
    return buf_ok(&domain, e) && add_fields(x, &ev->http.fields, e) &&
           http_query_read(x->rq->query, &ev->params, x->arena, e);
}

/* Text that JSON cannot carry unchanged is refused: the function would see something else than what was signed. */
static bool is_carriable(const struct apigw_event *ev) {
    bool ok = ev->body_is_base64 || str_is_utf8(ev->http.body, NULL);
    for (size_t i = 0; i < ev->http.fields.n; i++) ok = ok && str_is_utf8(ev->http.fields.at[i].value, NULL);
    for (size_t i = 0; i < ev->params.n; i++)
        ok = ok && str_is_utf8(ev->params.at[i].name, NULL) && str_is_utf8(ev->params.at[i].value, NULL);
    return ok;
}

/* ---- the reply ---- */

static void give_reply(struct exchange *x, struct str json) {
    static const char *const ours[] = {"connection", "content-length", "date", "transfer-encoding", "x-amzn-requestid"};
    struct http_response reply;
    struct err e;
    if (!apigw_read_reply(json, APIGW_REST, &reply, x->arena, &e)) {
        internal_error(x, arena_copy(x->arena, str_of(e.msg)));
        return;
    }
    if (reply.status < 200) { /* for a client an interim answer, behind which it waits for another */
        internal_error(x, "malformed proxy reply: a statusCode below 200 is no final answer");
        return;
    }
    answer(x, reply.status, NULL, reply.body);
    for (size_t i = 0; i < reply.fields.n; i++) {
        bool skip = false;
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            skip |= str_eq_nocase(reply.fields.at[i].name, str_of(ours[k]));
        if (!skip) http_field_add(&x->rs->fields, reply.fields.at[i].name, reply.fields.at[i].value, x->arena, &e);
    }
}

static struct function *function_of(const struct exchange *x) {
    const struct gateway *g = x->api->gateway;
    return g->functions[x->verdict.route->function - g->options.model->functions].function;
}

static void invoke(struct exchange *x, struct str event) {
    struct function_result result;
    struct err e;
    if (!function_invoke(function_of(x), event, str_of(x->request_id), x->trace_id, INTEGRATION_TIMEOUT_MS, &result,
                         x->arena, &e)) {
        internal_error(x, "out of memory");
        return;
    }
    switch (result.outcome) {
    case FUNCTION_REPLY: give_reply(x, result.body); break;
    case FUNCTION_ERROR: internal_error(x, "the function answered with an error; its log says which"); break;
    case FUNCTION_TIMED_OUT: internal_error(x, "the function timed out"); break;
    case FUNCTION_EXITED: internal_error(x, "the function's process ended"); break;
    case FUNCTION_TOO_LATE:
        x->verdict.why = STR("no reply within 29 seconds");
        answer(x, 504, "INTEGRATION_TIMEOUT", STR("{\"message\":\"Endpoint request timed out\"}"));
    }
}

static void refuse(struct exchange *x, int status, const char *type, struct str body, struct str why) {
    x->verdict.why = why;
    answer(x, status, type, body);
}

static void serve(struct exchange *x) {
    static const struct str bad = STR_INIT("{\"message\":\"Bad Request\"}");
    struct apigw_event ev;
    struct buf json;
    struct err e;
    if (!fill_event(x, &ev, &e)) {
        refuse(x, 400, "BadRequestException", bad, str_of(arena_copy(x->arena, str_of(e.msg))));
        return;
    }
    if (!is_carriable(&ev)) {
        refuse(x, 400, "BadRequestException", bad,
               STR("query, header or body is not UTF-8 text, and the content type is none of BinaryMediaTypes"));
        return;
    }
    buf_init(&json, MAX_EVENT_BYTES, x->arena);
    apigw_write_event(&json, &ev, x->arena);
    if (buf_ok(&json, &e)) invoke(x, buf_str(&json));
    else
        refuse(x, 413, "RequestTooLargeException", TOO_LARGE.body,
               STR("the event is longer than the 6 MiB that Lambda takes"));
}

/* ---- one request ---- */

static void finish(struct exchange *x) {
    struct err ignored;
    struct http_fields *f = &x->rs->fields;
    if (!http_field_get(f, STR("content-type")).p)
        http_field_add(f, STR("Content-Type"), STR("application/json"), x->arena, &ignored);
    /* copies: the answer is sent when this exchange is gone */
    struct str request_id = str_of(arena_copy(x->arena, str_of(x->request_id)));
    struct str extended_id = str_of(arena_copy(x->arena, str_of(x->extended_id)));
    http_field_add(f, STR("x-amzn-RequestId"), request_id, x->arena, &ignored);
    http_field_add(f, STR("x-amz-apigw-id"), extended_id, x->arena, &ignored);
    struct str type = http_field_get(f, STR("x-amzn-ErrorType"));
    struct str who = x->verdict.caller ? x->verdict.caller->who->profile : STR("-");
    log_line(LOG_INFO, "%.*s %.*s%.*s %d %lldms %.*s%s%.*s%s%.*s", STR_ARG(x->rq->method),
             STR_ARG(x->api->model->logical_id), STR_ARG(x->rq->path), x->rs->status,
             (long long)(clock_unix_ms() - x->now_ms), STR_ARG(who), type.n ? " " : "", STR_ARG(type),
             x->verdict.why.n ? ": " : "", STR_ARG(x->verdict.why));
}

static bool make_ids(struct exchange *x) {
    char root[25];
    bool ok = random_uuid(x->request_id) && random_text(root, 24, "0123456789abcdef") &&
              random_text(x->extended_id, 15, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    memcpy(x->extended_id + 15, "=", 2);
    struct buf b;
    buf_init(&b, sizeof x->trace_root, x->arena);
    buf_addf(&b, "Root=1-%08llx-%s", (unsigned long long)(x->now_ms / 1000), ok ? root : "");
    struct str given = http_field_get(&x->rq->fields, STR("X-Amzn-Trace-Id"));
    x->trace_id = given.n ? given : buf_str(&b);
    return ok;
}

static void handle(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **stream, struct arena *a) {
    struct gateway_api *api = user;
    const struct gateway_options *options = &api->gateway->options;
    struct exchange x = {.api = api, .rq = rq, .rs = rs, .arena = a, .peer_ip = peer_ip, .now_ms = clock_unix_ms()};
    const struct judge j = {options->model, api->model, options->keyring};
    struct err e;
    (void)stream;
    if (!api->gateway->open) {
        *rs = (struct http_response){.status = 503, .body = STR("{\"message\":\"Service Unavailable\"}")};
        return;
    }
    bool ok = make_ids(&x) && judge_request(&j, rq, peer_ip, x.now_ms / 1000, &x.verdict, a, &e);
    struct log_scope scope = {.request_id = str_of(x.request_id)};
    log_set_scope(&scope);
    if (!ok) answer(&x, 500, "InternalServerErrorException", STR("{\"message\":\"Internal server error\"}"));
    else if (x.verdict.refusal.status) *rs = x.verdict.refusal;
    else serve(&x);
    finish(&x);
    keyring_give_back(options->keyring, x.verdict.caller);
    log_set_scope(NULL);
}

/* ---- start and stop ---- */

static bool listen_api(struct gateway *g, size_t i, struct err *e) {
    g->apis[i] = (struct gateway_api){.gateway = g, .model = &g->options.model->apis[i]};
    if (g->options.port && g->options.port + i > 65535)
        return err_set(e, ERR_CONFIG, "port %u leaves none for API number %zu", (unsigned)g->options.port, i + 1);
    const struct http_server_options options = {
        .port = g->options.port ? (uint16_t)(g->options.port + i) : 0,
        .max_connections = MAX_CONNECTIONS,
        .idle_timeout_s = IDLE_TIMEOUT_S,
        .max_body_bytes = MAX_BODY_BYTES,
        .too_large = &TOO_LARGE,
        .handle = handle,
        .user = &g->apis[i],
    };
    if (!http_server_start(&options, &g->apis[i].server, e))
        return err_prefix(e, "%.*s: ", STR_ARG(g->options.model->apis[i].logical_id));
    g->ports[i] = http_server_port(g->apis[i].server);
    return true;
}

static bool open_function(struct gateway *g, size_t i, struct arena *a, struct err *e) {
    struct gateway_function *f = &g->functions[i];
    const struct model_function *model = &g->options.model->functions[i];
    struct lambda_env env = {.model = g->options.model,
                             .function = model,
                             .task_root = g->task_root,
                             .api_ports = g->ports,
                             .sts_port = sts_port(g->sts)};
    struct function_options options = {.model = model, .bootstrap = g->options.bootstrap, .task_root = g->task_root};
    struct function *function;
    if (!runtime_server_start(&f->function, &f->runtime_api, e)) return false;
    env.keys = &keyring_of(g->options.keyring, model->role)->keys;
    env.runtime_api_port = http_server_port(f->runtime_api);
    if (!lambda_env_make(&env, &options.environment, a, e) || !function_open(&options, &function, e)) return false;
    f->function = function;
    return true;
}

static bool start_sts(struct gateway *g, struct arena *a, struct err *e) {
    size_t port = g->options.port ? g->options.port + g->options.model->n_apis : 0;
    const struct sts_options options = {
        .model = g->options.model, .keyring = g->options.keyring, .port = (uint16_t)port};
    if (port > 65535) return err_set(e, ERR_CONFIG, "port %u leaves none for STS", (unsigned)g->options.port);
    return sts_start(&options, &g->sts, a, e);
}

static bool start(struct gateway *g, struct arena *a, struct err *e) {
    const struct model *m = g->options.model;
    for (size_t i = 0; i < m->n_apis; i++)
        if (!listen_api(g, i, e)) return false;
    if (!start_sts(g, a, e)) return false;
    for (size_t i = 0; i < m->n_functions; i++)
        if (!open_function(g, i, a, e)) return false;
    g->open = true;
    for (size_t i = 0; i < m->n_functions; i++)
        if (!function_start(g->functions[i].function, INIT_TIMEOUT_MS, e)) return false;
    return true;
}

/* /a/b of /a/b/bootstrap */
static char *folder_of(const char *path, struct arena *a) {
    const char *slash = strrchr(path, '/');
    size_t n = slash && slash > path ? (size_t)(slash - path) : 1;
    return arena_copy(a, (struct str){path, n});
}

bool gateway_start(const struct gateway_options *options, struct gateway **gateway, struct arena *a, struct err *e) {
    struct gateway *g = arena_zero(a, sizeof *g);
    if (!g) return err_set(e, ERR_MEMORY, "out of memory for the gateway");
    g->options = *options;
    g->apis = arena_zero(a, (options->model->n_apis + 1) * sizeof *g->apis);
    g->ports = arena_zero(a, (options->model->n_apis + 1) * sizeof *g->ports);
    g->functions = arena_zero(a, (options->model->n_functions + 1) * sizeof *g->functions);
    g->task_root = folder_of(options->bootstrap, a);
    if (!g->apis || !g->ports || !g->functions || !g->task_root)
        return err_set(e, ERR_MEMORY, "out of memory for the gateway");
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

/* Functions first: their end releases every request that waits for them, here and in their Runtime API servers. */
void gateway_stop(struct gateway *g) {
    if (!g) return;
    for (size_t i = 0; i < g->options.model->n_functions; i++) function_stop(g->functions[i].function);
    for (size_t i = 0; i < g->options.model->n_apis; i++) http_server_stop(g->apis[i].server);
    sts_stop(g->sts);
    for (size_t i = 0; i < g->options.model->n_functions; i++) {
        http_server_stop(g->functions[i].runtime_api);
        function_close(g->functions[i].function);
    }
}
