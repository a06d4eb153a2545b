/* SPDX-License-Identifier: Apache-2.0 */
/* The open side: signs the caller's request with its role's keys and passes it on. What the private API refuses is told to
   the caller by class and request id only: a mismatch reply can hold the session token. */
#include <stdlib.h>
#include <time.h>

#include "apigw.h"
#include "handlers.h"
#include "json.h"
#include "log.h"
#include "private_api.h"
#include "runtime_api.h"

enum {
    MARGIN_MS = 300, /* kept for our own reply */
    MAX_CALL_MS = 29000,
    MAX_CLASS_CHARS = 64,
};

static struct private_api *take_client(struct public_clients *clients, struct err *e) {
    pthread_mutex_lock(&clients->lock);
    struct private_api *api = clients->idle;
    if (api) clients->idle = api->next;
    pthread_mutex_unlock(&clients->lock);
    if (api) return api;
    api = malloc(sizeof *api);
    if (!api) {
        err_set(e, ERR_MEMORY, "out of memory for a client of the private API");
        return NULL;
    }
    if (private_api_open(api, e)) return api;
    free(api);
    return NULL;
}

static void give_client(struct public_clients *clients, struct private_api *api) {
    pthread_mutex_lock(&clients->lock);
    api->next = clients->idle;
    clients->idle = api;
    pthread_mutex_unlock(&clients->lock);
}

bool public_init(void *user, struct err *e) {
    struct private_api *api = take_client(user, e);
    if (api) give_client(user, api);
    return api != NULL;
}

void public_close(struct public_clients *clients) {
    for (struct private_api *api = clients->idle, *next; api; api = next) {
        next = api->next;
        private_api_close(api);
        free(api);
    }
    clients->idle = NULL;
}

/* What a caller and an operator are told of a failed call. */
struct failure {
    int status; /* of our reply: 502, or 504 */
    struct str type, message, request_id;
    int upstream_status; /* 0: none came */
};

static const struct {
    struct str type, message;
} REFUSALS[] = {
    {STR_INIT("MissingAuthenticationTokenException"),
     STR_INIT("the private API has no such route or method, or saw no signature")},
    {STR_INIT("IncompleteSignatureException"), STR_INIT("the private API could not read the Authorization field")},
    {STR_INIT("InvalidSignatureException"),
     STR_INIT("the private API computed another signature, or refused its date or scope")},
    {STR_INIT("UnrecognizedClientException"), STR_INIT("the private API does not know this key, or its session token")},
    {STR_INIT("ExpiredTokenException"), STR_INIT("the session token has expired")},
    {STR_INIT("AccessDeniedException"),
     STR_INIT("the role of this function may not invoke this method: its policy needs execute-api:Invoke on it")},
    {STR_INIT("ForbiddenException"), STR_INIT("the private API wants an API key, or refuses the one that was sent")},
};

/* The value of x-amzn-ErrorType up to ':' (a URL follows there), if it is a plain word. */
static struct str error_class(const struct http_response *rs) {
    struct str rest = http_field_get(&rs->fields, STR("x-amzn-ErrorType")), word;
    str_cut(&rest, ':', &word);
    for (size_t i = 0; i < word.n; i++) {
        char c = word.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) return (struct str){0};
    }
    return word.n && word.n <= MAX_CLASS_CHARS ? word : (struct str){0};
}

static struct failure refused(const struct http_response *rs) {
    struct failure f = {.status = 502, .upstream_status = rs->status};
    f.type = error_class(rs);
    f.request_id = http_field_get(&rs->fields, STR("x-amzn-RequestId"));
    f.message = rs->status >= 500 ? STR("the private API failed") : STR("the private API refused the request");
    for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++)
        if (str_eq(f.type, REFUSALS[i].type)) f.message = REFUSALS[i].message;
    if (!f.type.p) f.type = rs->status >= 500 ? STR("UpstreamFailure") : STR("UpstreamRefusal");
    if (rs->status == 504) f.status = 504;
    return f;
}

static struct failure unreachable(const struct err *e) {
    struct failure f = {
        .status = 502, .type = STR("UpstreamUnreachable"), .message = STR("the private API was not reached")};
    if (e->kind == ERR_TIMEOUT) {
        f = (struct failure){504, STR("UpstreamTimeout"), STR("the private API did not answer in time"), {0}, 0};
    } else if (e->kind == ERR_CONFIG || e->kind == ERR_REFUSED) {
        f.type = STR("CredentialsError");
        f.message = STR("this function has no usable credentials; its log says why");
    } else if (e->kind == ERR_PROTOCOL || e->kind == ERR_LIMIT) {
        f.type = STR("UpstreamProtocolError");
        f.message = STR("the private API's answer was not whole, not HTTP, or too long");
    }
    return f;
}

static bool write_failure(struct buf *body, const struct failure *f, struct http_response *rs) {
    rs->status = f->status;
    buf_add(body, STR("{\"message\":"));
    json_write_text(body, f->message);
    buf_add(body, STR(",\"errorType\":"));
    json_write_text(body, f->type);
    buf_add(body, STR(",\"upstreamStatus\":"));
    if (f->upstream_status) buf_addf(body, "%d", f->upstream_status);
    else buf_add(body, STR("null"));
    buf_add(body, STR(",\"requestId\":"));
    json_write_text(body, f->request_id);
    buf_add_char(body, '}');
    rs->body = buf_str(body);
    log_line(LOG_ERROR, "answered %d %.*s: upstream status %d, upstream request %.*s: %.*s", f->status,
             STR_ARG(f->type), f->upstream_status, STR_ARG(f->request_id), STR_ARG(f->message));
    return !body->failed;
}

static bool is_json(struct str text) {
    struct err ignored;
    struct cJSON *root;
    bool ok = json_read(text, &root, &ignored);
    json_close(root);
    return ok;
}

/* The private API's answer, or what became of it instead, as our own response. */
static bool forward(struct private_api *api, const struct apigw_event *ev, const struct lambda_invocation *inv,
                    struct http_response *rs, struct err *e) {
    int64_t left_ms = lambda_remaining_ms(inv) - MARGIN_MS;
    struct private_api_call call = {.method = ev->http.method,
                                    .query = ev->http.query,
                                    .content_type = http_field_get(&ev->http.fields, STR("content-type")),
                                    .body = ev->http.body,
                                    .timeout_ms = left_ms > MAX_CALL_MS ? MAX_CALL_MS : left_ms};
    struct http_response upstream = {0};
    struct err why;
    struct buf body;
    struct failure f;
    buf_init(&body, 4096, inv->arena);
    log_line(LOG_INFO, "calling %.*s %.*s%.*s as %.*s/%.*s", STR_ARG(call.method), STR_ARG(api->host),
             STR_ARG(api->url.path), STR_ARG(api->region), STR_ARG(api->service));
    bool reached = private_api_exchange(api, &call, &upstream, inv->arena, &why);
    bool bodiless = upstream.status == 204 || str_eq(call.method, STR("HEAD"));
    if (!reached) {
        log_line(LOG_ERROR, "%s", why.msg);
        f = unreachable(&why);
    } else if (upstream.status < 200 || upstream.status > 299) {
        f = refused(&upstream);
    } else if (!bodiless && !is_json(upstream.body)) {
        f = (struct failure){
            502, STR("UpstreamNotJson"), STR("the private API's answer is not JSON"), {0}, upstream.status};
    } else {
        rs->status = upstream.status;
        rs->body = upstream.body;
        log_line(LOG_INFO, "upstream status %d, upstream request %.*s, %zu bytes", upstream.status,
                 STR_ARG(http_field_get(&upstream.fields, STR("x-amzn-RequestId"))), upstream.body.n);
        return true;
    }
    return write_failure(&body, &f, rs) || buf_ok(&body, e);
}

bool public_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct apigw_event ev;
    struct http_response rs = {0};
    if (!apigw_read_event(inv->payload, &ev, inv->arena, e)) return false;
    struct private_api *api = take_client(user, e);
    if (!api) return false;
    bool forwarded = forward(api, &ev, inv, &rs, e);
    give_client(user, api);
    if (!forwarded) return false;
    if (!http_field_add(&rs.fields, STR("Content-Type"), STR("application/json"), inv->arena, e)) return false;
    apigw_write_reply(reply, ev.format, &rs);
    return true;
}
