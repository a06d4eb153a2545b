/* SPDX-License-Identifier: Apache-2.0 */
/* GET next, POST response, error and init/error, with Lambda's statuses.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
#include "runtime_server.h"

#include "json.h"
#include "lambda.h"
#include "log.h"

#define BASE_PATH "/2018-06-01/runtime"

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

/* {id}/response or {id}/error behind /invocation/ */
static void posted(struct environment *env, struct str tail, struct str body, struct http_response *rs) {
    struct str id;
    str_cut(&tail, '/', &id);
    bool response = str_eq(tail, STR("response")), error = str_eq(tail, STR("error"));
    if (!response && !error) answer(rs, 404, STR("{\"errorMessage\":\"no such URL\",\"errorType\":\"NotFound\"}"));
    else if (environment_answer(env, id, response ? FUNCTION_REPLY : FUNCTION_ERROR, body))
        answer(rs, 202, STR("{\"status\":\"OK\"}"));
    else answer(rs, 400, STR("{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"));
}

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
    struct str invocation = STR(BASE_PATH "/invocation/");
    (void)peer_ip, (void)stream;
    if (str_eq(rq->method, STR("GET")) && str_eq(rq->path, STR(BASE_PATH "/invocation/next"))) {
        next(env, rs, a);
    } else if (str_eq(rq->method, STR("POST")) && str_eq(rq->path, STR(BASE_PATH "/init/error"))) {
        init_failed(env, rq->body, rs);
    } else if (str_eq(rq->method, STR("POST")) && str_starts(rq->path, invocation)) {
        posted(env, (struct str){rq->path.p + invocation.n, rq->path.n - invocation.n}, rq->body, rs);
    } else {
        answer(rs, 404, STR("{\"errorMessage\":\"no such URL\",\"errorType\":\"NotFound\"}"));
    }
}

bool runtime_server_start(struct environment *env, struct http_server **server, struct err *e) {
    const struct http_server_options options = {
        .max_connections = 64,
        .max_body_bytes = LAMBDA_MAX_REPLY_BYTES,
        .too_large = &TOO_LARGE,
        .handle = handle,
        .user = env,
    };
    return http_server_start(&options, server, e) || err_prefix(e, "the Runtime API: ");
}
