/* SPDX-License-Identifier: Apache-2.0 */
/* GET next, POST response, error and init/error, with Lambda's statuses.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
   A streamed response goes on part by part to a caller that takes a stream; any other gets it when it is whole.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming */
#include "runtime_server.h"

#include <stdio.h>

#include "apigw.h"
#include "base64.h"
#include "json.h"
#include "lambda.h"
#include "log.h"

#define BASE_PATH "/2018-06-01/runtime"
#define MODE_FIELD "Lambda-Runtime-Function-Response-Mode"

enum { MAX_STREAM_BYTES = 200 * 1024 * 1024 };

static const struct http_response TOO_LARGE = {
    .status = 413,
    .body = STR_INIT("{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\","
                     "\"errorType\":\"RequestEntityTooLarge\"}")};

static void answer(struct http_response *rs, int status, struct str body) {
    rs->status = status;
    rs->body = body;
}

static void next(struct environment *env, struct http_response *rs, struct arena *a) {
    struct environment_delivery d;
    struct err e;
    struct buf deadline;
    if (!environment_take(env, &d, a)) return;
    buf_init(&deadline, 32, a);
    buf_addf(&deadline, "%lld", (long long)d.deadline_ms);
    struct http_fields *h = &rs->fields;
    bool ok = http_field_add(h, STR("Content-Type"), STR("application/json"), a, &e) &&
              http_field_add(h, STR("Lambda-Runtime-Aws-Request-Id"), d.request_id, a, &e) &&
              http_field_add(h, STR("Lambda-Runtime-Deadline-Ms"), buf_str(&deadline), a, &e) &&
              http_field_add(h, STR("Lambda-Runtime-Invoked-Function-Arn"), environment_model(env)->arn, a, &e) &&
              http_field_add(h, STR("Lambda-Runtime-Trace-Id"), d.trace_id, a, &e);
    answer(rs, ok ? 200 : 500, d.event);
}

static void accept_or_refuse(bool accepted, struct http_response *rs) {
    if (accepted) answer(rs, 202, STR("{\"status\":\"OK\"}"));
    else answer(rs, 400, STR("{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"));
}

/* POST /invocation/{id}/{what}: the id, and what. */
static bool is_post(const struct http_request *rq, struct str *id, struct str *what) {
    struct str invocation = STR(BASE_PATH "/invocation/");
    if (!str_eq(rq->method, STR("POST")) || !str_starts(rq->path, invocation)) return false;
    *what = (struct str){rq->path.p + invocation.n, rq->path.n - invocation.n};
    return str_cut(what, '/', id);
}

static void posted(struct environment *env, const struct http_request *rq, struct str id, struct str what,
                   struct http_response *rs) {
    bool response = str_eq(what, STR("response")), error = str_eq(what, STR("error"));
    if (!response && !error) answer(rs, 404, STR("{\"errorMessage\":\"no such URL\",\"errorType\":\"NotFound\"}"));
    else if (response && http_field_get(&rq->fields, STR(MODE_FIELD)).p)
        answer(rs, 400,
               STR("{\"errorMessage\":\"Invalid function response mode: it can be streaming\","
                   "\"errorType\":\"InvalidFunctionResponseMode\"}"));
    else accept_or_refuse(environment_answer(env, id, response ? FUNCTION_REPLY : FUNCTION_ERROR, rq->body), rs);
}

/* ---- a streamed response ---- */

struct upload {
    struct environment *env;
    struct str request_id, content_type;
    enum environment_stream kind;
    struct stream_pipe *pipe; /* ENVIRONMENT_STREAM */
    struct buf collected;     /* ENVIRONMENT_COLLECT */
    size_t n;
};

static void *begin_upload(void *user, const struct http_request *head, struct arena *a) {
    struct str id, what;
    if (!is_post(head, &id, &what) || !str_eq(what, STR("response"))) return NULL;
    if (!str_eq(http_field_get(&head->fields, STR(MODE_FIELD)), STR("streaming"))) return NULL;
    struct upload *u = arena_zero(a, sizeof *u);
    if (!u) return NULL;
    u->env = user;
    u->request_id = id;
    u->content_type = http_field_get(&head->fields, STR("Content-Type"));
    buf_init(&u->collected, LAMBDA_MAX_REPLY_BYTES, a);
    u->kind = environment_stream_begin(u->env, id, u->content_type, &u->pipe);
    return u;
}

/* As at Lambda the function is not disturbed when the client has gone: the rest is taken and dropped. */
static void take_part(void *user, struct str bytes) {
    struct upload *u = user;
    u->n += bytes.n;
    if (u->kind == ENVIRONMENT_COLLECT) buf_add(&u->collected, bytes);
    if (u->kind != ENVIRONMENT_STREAM) return;
    if (u->n > MAX_STREAM_BYTES) stream_pipe_break(u->pipe);
    else (void)stream_pipe_write(u->pipe, bytes);
}

struct ending {
    struct str error_type; /* absent: all is well */
    char why[256];
};

static struct ending fail(struct str error_type, const char *why) {
    struct ending ending = {.error_type = error_type};
    snprintf(ending.why, sizeof ending.why, "%s: %.*s", why, STR_ARG(error_type));
    return ending;
}

/* What a trailer says of itself is for the log only if it is a word. */
static struct ending ending_of(const struct upload *u, const struct http_fields *trailers) {
    struct str type = trailers ? http_field_get(trailers, STR("Lambda-Runtime-Function-Error-Type")) : (struct str){0};
    if (!trailers) return fail(STR("Runtime.TruncatedResponse"), "the streamed reply broke off");
    if (u->n > MAX_STREAM_BYTES || u->collected.failed)
        return fail(STR("Function.ResponseSizeTooLarge"),
                    u->pipe ? "the streamed reply is longer than 200 MiB"
                            : "the streamed reply is longer than 6291556 bytes, and its caller takes no stream");
    if (!type.n) return (struct ending){0};
    return fail(type.n <= 128 && http_is_token(type) ? type : STR("Function.Unknown"),
                "the function failed in the middle of its streamed reply");
}

/* The body of a failure: what the trailer carries, else what can be said here. */
static struct str error_body(const struct http_fields *trailers, const struct ending *ending, struct arena *a) {
    struct str body = {0}, base64 = {0};
    struct err ignored;
    struct buf json;
    if (trailers) base64 = http_field_get(trailers, STR("Lambda-Runtime-Function-Error-Body"));
    if (base64.n && base64_read(base64, &body, a, &ignored)) return body;
    buf_init(&json, 2048, a);
    buf_add(&json, STR("{\"errorMessage\":"));
    json_write_text(&json, str_of(ending->why));
    buf_add(&json, STR(",\"errorType\":"));
    json_write_text(&json, ending->error_type);
    buf_add_char(&json, '}');
    return buf_str(&json);
}

static bool give_collected(struct upload *u, const struct http_fields *trailers, const struct ending *ending,
                           struct arena *a) {
    if (ending->error_type.p)
        return environment_answer(u->env, u->request_id, FUNCTION_ERROR, error_body(trailers, ending, a));
    if (str_eq_nocase(u->content_type, STR(APIGW_PRELUDE_TYPE)))
        log_line(LOG_WARN,
                 "%.*s streamed a prelude to a caller that takes no stream, so it is a part of the reply; "
                 "a function URL with InvokeMode: RESPONSE_STREAM understands it",
                 STR_ARG(environment_model(u->env)->logical_id));
    return environment_answer(u->env, u->request_id, FUNCTION_REPLY, buf_str(&u->collected));
}

static void end_upload(void *user, const struct http_fields *trailers, struct http_response *rs, struct arena *a) {
    struct upload *u = user;
    struct ending ending = ending_of(u, trailers);
    struct log_scope scope = {.request_id = u->request_id};
    bool accepted = false, too_large = str_eq(ending.error_type, STR("Function.ResponseSizeTooLarge"));
    log_set_scope(&scope);
    if (u->kind == ENVIRONMENT_COLLECT) accepted = give_collected(u, trailers, &ending, a);
    if (u->kind == ENVIRONMENT_STREAM)
        accepted =
            environment_stream_end(u->env, u->pipe, ending.error_type.p ? FUNCTION_ERROR : FUNCTION_REPLY, ending.why);
    log_set_scope(NULL);
    if (accepted && too_large) *rs = TOO_LARGE;
    else accept_or_refuse(accepted, rs);
}

/* ---- every request ---- */

static void init_failed(struct environment *env, struct str body, struct http_response *rs) {
    struct cJSON *root = NULL;
    struct err e;
    if (!json_read(body, &root, &e)) root = NULL;
    struct str type = json_get_text(root, "errorType"), message = json_get_text(root, "errorMessage");
    environment_init_failed(env, type.n ? type : STR("Unknown"), message.n ? message : STR("it did not say why"));
    json_close(root);
    answer(rs, 202, STR("{\"status\":\"OK\"}"));
}

static void handle(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **stream, struct arena *a) {
    struct environment *env = user;
    struct str id, what;
    (void)peer_ip, (void)stream;
    if (str_eq(rq->method, STR("GET")) && str_eq(rq->path, STR(BASE_PATH "/invocation/next"))) {
        next(env, rs, a);
    } else if (str_eq(rq->method, STR("POST")) && str_eq(rq->path, STR(BASE_PATH "/init/error"))) {
        init_failed(env, rq->body, rs);
    } else if (is_post(rq, &id, &what)) {
        posted(env, rq, id, what, rs);
    } else {
        answer(rs, 404, STR("{\"errorMessage\":\"no such URL\",\"errorType\":\"NotFound\"}"));
    }
}

/* As at Lambda the invocation ends with it: a reply that was refused cannot be sent again shorter. */
static void on_too_large(void *user, const struct http_request *rq, struct arena *a) {
    struct environment *env = user;
    struct str id, what;
    const struct ending ending = {STR("Function.ResponseSizeTooLarge"),
                                  "Response payload size exceeded maximum allowed payload size (6291556 bytes)."};
    if (!is_post(rq, &id, &what) || (!str_eq(what, STR("response")) && !str_eq(what, STR("error")))) return;
    struct log_scope scope = {.request_id = id};
    log_set_scope(&scope);
    if (environment_answer(env, id, FUNCTION_ERROR, error_body(NULL, &ending, a)))
        log_line(LOG_ERROR, "%.*s: %s", STR_ARG(environment_model(env)->logical_id), ending.why);
    log_set_scope(NULL);
}

static const struct http_server_uploads UPLOADS = {begin_upload, take_part, end_upload};

bool runtime_server_start(struct environment *env, struct http_server **server, struct err *e) {
    const struct http_server_options options = {
        .max_connections = 64,
        .max_body_bytes = LAMBDA_MAX_REPLY_BYTES,
        .too_large = &TOO_LARGE,
        .on_too_large = on_too_large,
        .handle = handle,
        .uploads = &UPLOADS,
        .user = env,
    };
    return http_server_start(&options, server, e) || err_prefix(e, "the Runtime API: ");
}
