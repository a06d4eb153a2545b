/* SPDX-License-Identifier: Apache-2.0 */
/* A REST API passes path and path parameters on as they were sent, an HTTP API decodes them, a function URL has none.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
#include "exchange_event.h"

#include <string.h>

#include "api.h"
#include "percent.h"
#include "route.h"

enum apigw_format exchange_event_format(enum model_api_kind kind) {
    static const enum apigw_format formats[] = {
        [MODEL_REST_API] = APIGW_REST, [MODEL_HTTP_API] = APIGW_HTTP_V2, [MODEL_FUNCTION_URL] = APIGW_FUNCTION_URL};
    return formats[kind];
}

/* ---- header fields ---- */

/* Not passed on: what belongs to this connection only, and the signature, which an HTTP API shows to its function. */
static bool passed_on(const struct exchange *x, const struct http_field *f) {
    static const char *const hop[] = {"connection",        "expect",  "keep-alive", "te", "trailer",
                                      "transfer-encoding", "upgrade", NULL};
    static const char *const rest[] = {
        "content-length", "content-md5", "max-forwards", "proxy-authenticate", "server", "www-authenticate", NULL};
    enum model_api_kind kind = x->place->api->kind;
    bool is_rest = kind == MODEL_REST_API;
    if (exchange_is_one_of(f->name, hop) || (is_rest && exchange_is_one_of(f->name, rest))) return false;
    if (kind == MODEL_HTTP_API || !str_eq_nocase(f->name, STR("authorization"))) return true;
    return !x->verdict.caller && !(is_rest && str_starts(f->value, STR("AWS4-")));
}

static bool add_fields(const struct exchange *x, struct http_fields *to, struct err *e) {
    struct buf port;
    buf_init(&port, 16, x->arena);
    buf_addf(&port, "%u", (unsigned)x->place->port);
    for (size_t i = 0; i < x->rq->fields.n; i++) {
        const struct http_field *f = &x->rq->fields.at[i];
        if (passed_on(x, f) && !http_field_add(to, f->name, f->value, x->arena, e)) return false;
    }
    if (!http_field_get(to, STR("X-Amzn-Trace-Id")).p &&
        !http_field_add(to, STR("X-Amzn-Trace-Id"), x->trace_id, x->arena, e))
        return false;
    return buf_ok(&port, e) && http_field_add(to, STR("X-Forwarded-For"), x->peer_ip, x->arena, e) &&
           http_field_add(to, STR("X-Forwarded-Port"), buf_str(&port), x->arena, e) &&
           http_field_add(to, STR("X-Forwarded-Proto"), STR("http"), x->arena, e);
}

/* ---- identity and names ---- */

static bool add_identity(const struct exchange *x, struct apigw_identity *id, struct err *e) {
    const struct keyring_entry *caller = x->verdict.caller;
    id->source_ip = x->peer_ip;
    id->user_agent = http_field_get(&x->rq->fields, STR("user-agent"));
    if (x->verdict.api_key) {
        id->api_key = http_field_get(&x->rq->fields, STR("x-api-key"));
        id->api_key_id = x->verdict.api_key->id;
    }
    if (!caller) return true;
    if (!keyring_user_id(caller, &id->caller, x->arena, e)) return false;
    id->user = id->caller;
    id->user_arn = keyring_user_arn(caller);
    id->access_key = caller->keys.id;
    id->account_id = caller->who->account_id;
    return true;
}

static bool write_domain(const struct exchange *x, struct str *domain, struct err *e) {
    struct buf b;
    buf_init(&b, 512, x->arena);
    api_write_host(&b, x->place->model, x->place->api);
    *domain = buf_str(&b);
    return buf_ok(&b, e);
}

/* Of a REST API the path inside the stage as it was sent; else the whole path, which an HTTP API decodes. */
static bool read_path(const struct exchange *x, struct str *path, struct err *e) {
    const struct model_api *api = x->place->api;
    *path = api->kind == MODEL_REST_API ? route_inside(api, x->rq->path) : x->rq->path;
    return api->kind != MODEL_HTTP_API || percent_read(*path, false, path, x->arena, e);
}

/* "GET /items/{id}", or "$default" */
static bool write_route_key(const struct exchange *x, struct str *key, struct err *e) {
    const struct model_route *route = x->verdict.route;
    struct buf b;
    buf_init(&b, 4096, x->arena);
    if (str_starts(route->path, STR("/"))) buf_addf(&b, "%.*s ", STR_ARG(route->method));
    buf_add(&b, route->path);
    *key = buf_str(&b);
    return buf_ok(&b, e);
}

/* ---- body ---- */

static struct str bare_type(struct str media_type) {
    struct str type, rest = media_type;
    str_cut(&rest, ';', &type);
    return str_trim(type);
}

bool exchange_event_is_type(const struct model_api *api, struct str media_type) {
    struct str type = bare_type(media_type);
    for (size_t i = 0; i < api->n_binary_media_types; i++) {
        struct str t = api->binary_media_types[i];
        if (str_eq(t, STR("*/*")) || (type.n && str_eq_nocase(t, type))) return true;
        if (str_ends(t, STR("/*")) && type.n >= t.n &&
            str_eq_nocase((struct str){t.p, t.n - 1}, (struct str){type.p, t.n - 1}))
            return true;
    }
    return false;
}

/* In a REST API BinaryMediaTypes decides; elsewhere all is binary but what is known to be text. */
static bool is_binary(const struct exchange *x) {
    static const char *const texts[] = {"application/json", "application/javascript", "application/xml", NULL};
    struct str type = http_field_get(&x->rq->fields, STR("content-type"));
    if (x->place->api->kind == MODEL_REST_API) return exchange_event_is_type(x->place->api, type);
    type = bare_type(type);
    bool text = exchange_is_one_of(type, texts) || (type.n > 5 && str_eq_nocase((struct str){type.p, 5}, STR("text/")));
    return !text || http_field_get(&x->rq->fields, STR("content-encoding")).n;
}

/* ---- the whole ---- */

/* A NUL is the end of a text for many readers of JSON, ours among them; it has no place but in a body. */
static bool is_text(struct str s) {
    return str_is_utf8(s, NULL) && !(s.n && memchr(s.p, 0, s.n));
}

static bool are_texts(const struct http_fields *f) {
    for (size_t i = 0; i < f->n; i++)
        if (!is_text(f->at[i].name) || !is_text(f->at[i].value)) return false;
    return true;
}

static bool check_carriable(const struct apigw_event *ev, struct err *e) {
    const char *what = NULL;
    if (!ev->body_is_base64 && !str_is_utf8(ev->http.body, NULL))
        return err_set(e, ERR_PARSE, "the body, by its content type, is not UTF-8 text");
    if (!are_texts(&ev->params) || (ev->format != APIGW_REST && !is_text(ev->raw_query))) what = "the query";
    else if (!is_text(ev->http.path) || !are_texts(&ev->path_params)) what = "the path";
    else if (!are_texts(&ev->http.fields)) what = "a header";
    return !what || err_set(e, ERR_PARSE, "%s is not UTF-8 text, or holds a NUL (%%00)", what);
}

bool exchange_event_fill(const struct exchange *x, struct apigw_event *ev, struct err *e) {
    const struct model *model = x->place->model;
    const struct model_api *api = x->place->api;
    bool url = api->kind == MODEL_FUNCTION_URL, open_url = url && !x->verdict.caller;
    *ev = (struct apigw_event){
        .format = exchange_event_format(api->kind),
        .http = {.method = x->rq->method, .query = x->rq->query, .body = x->rq->body},
        .body_is_base64 = x->rq->body.n && is_binary(x),
        .raw_query = x->rq->query,
        .path_params = x->verdict.path_params,
        .stage_variables = api->stage_variables,
        .resource = x->verdict.route->path,
        .resource_id = STR("local0"),
        .api_id = api->api_id,
        .stage = api->stage,
        .account_id = open_url ? STR("anonymous") : model->account_id,
        .domain_prefix = api->api_id,
        .protocol = STR("HTTP/1.1"),
        .request_id = api->kind == MODEL_HTTP_API ? str_of(x->extended_id) : str_of(x->request_id),
        .extended_request_id = str_of(x->extended_id),
        .deployment_id = STR("local0"),
        .time_epoch_ms = x->now_ms,
    };
    return add_identity(x, &ev->identity, e) && write_domain(x, &ev->domain_name, e) &&
           read_path(x, &ev->http.path, e) && (ev->format == APIGW_REST || write_route_key(x, &ev->resource, e)) &&
           add_fields(x, &ev->http.fields, e) && http_query_read(x->rq->query, &ev->params, x->arena, e) &&
           check_carriable(ev, e);
}
