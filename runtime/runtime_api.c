/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the Lambda Runtime API: it knows the URLs, the header fields and what each status means.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
#include "runtime_api.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http.h"
#include "json.h"
#include "log.h"

#define BASE_PATH "/2018-06-01/runtime"
#define NEXT_PATH BASE_PATH "/invocation/next"

enum {
    CONNECT_TIMEOUT_MS = 2000,
    POST_TIMEOUT_MS = 60000,
    MAX_EVENT_BYTES = 8 * 1024 * 1024, /* Lambda sends at most 6 MB; escapes of a local server may need more */
    MAX_ERROR_BYTES = 64 * 1024,
    POST_BYTES = 16 * 1024 * 1024, /* for our side of a POST and its answer; taken only as needed */
    NEXT_ATTEMPTS = 5,
    FIRST_PAUSE_MS = 50,
};

struct runtime_api {
    struct http_client *http;
    char host[300];
};

static const struct {
    const char *name;
    size_t offset;
} NEXT_FIELDS[] = {
    {"Lambda-Runtime-Aws-Request-Id", offsetof(struct lambda_invocation, request_id)},
    {"Lambda-Runtime-Invocation-Id", offsetof(struct lambda_invocation, invocation_id)},
    {"Lambda-Runtime-Invoked-Function-Arn", offsetof(struct lambda_invocation, invoked_function_arn)},
    {"Lambda-Runtime-Trace-Id", offsetof(struct lambda_invocation, trace_id)},
    {"Lambda-Runtime-Client-Context", offsetof(struct lambda_invocation, client_context)},
    {"Lambda-Runtime-Cognito-Identity", offsetof(struct lambda_invocation, cognito_identity)},
    {"Lambda-Runtime-Aws-Tenant-Id", offsetof(struct lambda_invocation, tenant_id)},
    {"Content-Type", offsetof(struct lambda_invocation, content_type)},
};

bool runtime_api_open(struct str host_port, struct runtime_api **api, struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_EVENT_BYTES,
    };
    char text[320];
    struct url u;
    if (!host_port.n)
        return err_set(e, ERR_CONFIG,
                       "AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda, or by `apigw start`");
    if (host_port.n >= sizeof(((struct runtime_api *)0)->host))
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_RUNTIME_API is %zu bytes long; it should be host:port", host_port.n);
    memcpy(text, "http://", 7);
    memcpy(text + 7, host_port.p, host_port.n);
    if (!url_read((struct str){text, host_port.n + 7}, &u, e) || u.query.p || u.path.n > 1) {
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_RUNTIME_API is \"%.*s\"; it should be host:port", STR_ARG(host_port));
    }
    struct runtime_api *made = calloc(1, sizeof *made);
    if (!made) return err_set(e, ERR_MEMORY, "out of memory for the Runtime API client");
    memcpy(made->host, host_port.p, host_port.n);
    if (!http_open(&u, &options, &made->http, e)) {
        free(made);
        return false;
    }
    *api = made;
    return true;
}

void runtime_api_close(struct runtime_api *api) {
    if (!api) return;
    http_close(api->http);
    free(api);
}

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* The id becomes part of a URL, so only characters that stand for themselves there are taken. */
static bool usable_id(struct str id) {
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && c != '-' && c != '_' && c != '.') return false;
    }
    return id.n > 0 && id.n <= 256;
}

static void read_deadline(const struct http_fields *fields, struct lambda_invocation *inv) {
    struct str text = http_field_get(fields, STR("Lambda-Runtime-Deadline-Ms"));
    inv->deadline_ms = INT64_MAX;
    if (text.n && !str_read_int64(text, 0, INT64_MAX, &inv->deadline_ms))
        log_line(LOG_WARN, "Lambda-Runtime-Deadline-Ms is no number of milliseconds: working without a deadline");
}

static bool read_invocation(const struct http_response *rs, struct lambda_invocation *inv, struct arena *a,
                            struct err *e) {
    *inv = (struct lambda_invocation){.payload = rs->body, .arena = a};
    for (size_t i = 0; i < sizeof NEXT_FIELDS / sizeof *NEXT_FIELDS; i++) {
        struct str value = http_field_get(&rs->fields, str_of(NEXT_FIELDS[i].name));
        if (value.n) memcpy((char *)inv + NEXT_FIELDS[i].offset, &value, sizeof value); /* empty is absent */
    }
    read_deadline(&rs->fields, inv);
    if (usable_id(inv->request_id)) return true;
    return err_set(e, ERR_REFUSED, "GET /invocation/next gave an event without a usable Lambda-Runtime-Aws-Request-Id");
}

bool runtime_api_next(struct runtime_api *api, struct lambda_invocation *inv, struct arena *a, struct err *e) {
    static const struct http_request rq = {.method = STR_INIT("GET"), .path = STR_INIT(NEXT_PATH)};
    struct http_response rs;
    long wait = FIRST_PAUSE_MS;
    for (int attempt = 1;; attempt++, wait *= 2) {
        if (http_exchange(api->http, &rq, HTTP_NO_TIMEOUT, &rs, a, e)) break;
        if (e->kind != ERR_NETWORK || attempt == NEXT_ATTEMPTS) return false;
        log_line(LOG_WARN, "attempt %d of %d: %s", attempt, NEXT_ATTEMPTS, e->msg);
        pause_ms(wait);
    }
    if (rs.status == 200) return read_invocation(&rs, inv, a, e);
    return err_set(e, ERR_PROTOCOL, "GET http://%s" NEXT_PATH " answered %d: the environment is lost", api->host,
                   rs.status);
}

/* The rule for the answer to a POST: 2xx is good, a 4xx concerns this invocation only, the rest ends the environment. */
static bool judge_post(const struct runtime_api *api, const char *path, const struct http_response *rs, size_t sent,
                       struct err *e) {
    if (rs->status >= 200 && rs->status < 300) return true;
    struct cJSON *body = NULL;
    struct err ignored;
    struct str type = json_read(rs->body, &body, &ignored) ? json_get_text(body, "errorType") : (struct str){0};
    bool refused = rs->status >= 400 && rs->status < 500;
    err_set(e, refused ? ERR_REFUSED : ERR_PROTOCOL, "POST http://%s%s of %zu bytes answered %d %.*s%s", api->host,
            path, sent, rs->status, STR_ARG(type), refused ? "" : ": the environment is lost");
    json_close(body);
    return false;
}

static bool post(struct runtime_api *api, const char *path, const struct http_fields *fields, struct str body,
                 struct arena *a, struct err *e) {
    struct http_request rq = {.method = STR("POST"), .path = str_of(path), .fields = *fields, .body = body};
    struct http_response rs;
    return http_exchange(api->http, &rq, POST_TIMEOUT_MS, &rs, a, e) && judge_post(api, path, &rs, body.n, e);
}

/* .../invocation/{id}/{tail}, with the fields that both answers carry */
static bool post_invocation(struct runtime_api *api, const struct lambda_invocation *inv, const char *tail,
                            struct http_fields *fields, struct str body, struct arena *a, struct err *e) {
    struct buf path;
    buf_init(&path, 512, a);
    buf_addf(&path, BASE_PATH "/invocation/%.*s/%s", STR_ARG(inv->request_id), tail);
    buf_add_char(&path, 0);
    if (!buf_ok(&path, e)) return false;
    if (inv->invocation_id.n && !str_has_control(inv->invocation_id) &&
        !http_field_add(fields, STR("Lambda-Runtime-Invocation-Id"), inv->invocation_id, a, e))
        return false;
    return post(api, path.p, fields, body, a, e);
}

/* Answers have an arena of their own: an invocation that used up all of its memory must still be able to say so. */
bool runtime_api_response(struct runtime_api *api, const struct lambda_invocation *inv, struct str body,
                          struct err *e) {
    struct http_fields fields = {0};
    struct arena a;
    arena_init(&a, POST_BYTES);
    bool ok = http_field_add(&fields, STR("Content-Type"), STR("application/json"), &a, e) &&
              post_invocation(api, inv, "response", &fields, body, &a, e);
    arena_close(&a);
    return ok;
}

const char *runtime_api_error_type(enum err_kind kind) {
    switch (kind) {
    case ERR_MEMORY: return "Runtime.OutOfMemory";
    case ERR_LIMIT: return "Function.LimitExceeded";
    case ERR_CONFIG: return "Function.BadConfiguration";
    case ERR_PARSE: return "Function.BadEvent";
    case ERR_NETWORK: return "Function.NetworkError";
    case ERR_TIMEOUT: return "Function.Timeout";
    case ERR_PROTOCOL: return "Function.ProtocolError";
    case ERR_REFUSED: return "Function.Refused";
    case ERR_HANDLER: return "Function.HandlerError";
    case ERR_NONE: break;
    }
    return "Function.UnknownReason";
}

static bool error_body(struct buf *body, struct http_fields *fields, const struct err *cause, struct arena *a,
                       struct err *e) {
    struct str type = str_of(runtime_api_error_type(cause->kind));
    buf_init(body, MAX_ERROR_BYTES, a);
    buf_add(body, STR("{\"errorMessage\":"));
    json_write_text(body, str_of(cause->msg));
    buf_addf(body, ",\"errorType\":\"%.*s\",\"stackTrace\":[]}", STR_ARG(type));
    return buf_ok(body, e) && http_field_add(fields, STR("Content-Type"), STR("application/json"), a, e) &&
           http_field_add(fields, STR("Lambda-Runtime-Function-Error-Type"), type, a, e);
}

bool runtime_api_error(struct runtime_api *api, const struct lambda_invocation *inv, const struct err *cause,
                       struct err *e) {
    struct http_fields fields = {0};
    struct arena a;
    struct buf body;
    arena_init(&a, POST_BYTES);
    bool ok =
        error_body(&body, &fields, cause, &a, e) && post_invocation(api, inv, "error", &fields, buf_str(&body), &a, e);
    arena_close(&a);
    return ok;
}

bool runtime_api_init_error(struct runtime_api *api, const struct err *cause, struct err *e) {
    struct http_fields fields = {0};
    struct arena a;
    struct buf body;
    arena_init(&a, POST_BYTES);
    bool ok =
        error_body(&body, &fields, cause, &a, e) && post(api, BASE_PATH "/init/error", &fields, buf_str(&body), &a, e);
    arena_close(&a);
    return ok;
}
