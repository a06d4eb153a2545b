/* SPDX-License-Identifier: Apache-2.0 */
/* The client of the Lambda Runtime API: it knows the URLs, the header fields and what each status means.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
#include "runtime_api.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base64.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "runtime_error.h"

#define BASE_PATH "/2018-06-01/runtime"
#define NEXT_PATH BASE_PATH "/invocation/next"
#define EXTENSION_PATH "/2020-01-01/extension"

enum {
    CONNECT_TIMEOUT_MS = 2000,
    POST_TIMEOUT_MS = 60000,
    MAX_EVENT_BYTES = 8 * 1024 * 1024, /* Lambda sends at most 6 MB; escapes of a local server may need more */
    POST_BYTES = 16 * 1024 * 1024,     /* for our side of a POST and its answer; taken only as needed */
    GET_ATTEMPTS = 5,
    FIRST_PAUSE_MS = 50,
};

struct runtime_api {
    struct http_client *http;
    struct arena
        posts; /* our side of a POST; an invocation that used up all of its memory must still be able to say so */
    int status;
    bool streaming;
    const char *stream_path;
    size_t stream_bytes;
    char host[300];
};

static const struct {
    struct str name;
    size_t offset;
} NEXT_FIELDS[] = {
    {STR_INIT("Lambda-Runtime-Aws-Request-Id"), offsetof(struct lambda_invocation, request_id)},
    {STR_INIT("Lambda-Runtime-Invocation-Id"), offsetof(struct lambda_invocation, invocation_id)},
    {STR_INIT("Lambda-Runtime-Invoked-Function-Arn"), offsetof(struct lambda_invocation, invoked_function_arn)},
    {STR_INIT("Lambda-Runtime-Trace-Id"), offsetof(struct lambda_invocation, trace_id)},
    {STR_INIT("Lambda-Runtime-Client-Context"), offsetof(struct lambda_invocation, client_context)},
    {STR_INIT("Lambda-Runtime-Cognito-Identity"), offsetof(struct lambda_invocation, cognito_identity)},
    {STR_INIT("Lambda-Runtime-Aws-Tenant-Id"), offsetof(struct lambda_invocation, tenant_id)},
    {STR_INIT("Content-Type"), offsetof(struct lambda_invocation, content_type)},
};

static bool read_host(struct str host_port, char text[static 320], struct url *u, struct err *e) {
    if (!host_port.n)
        return err_set(e, ERR_CONFIG,
                       "AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda, or by `apigw start`; "
                       "LAMBDA_EVENT=FILE handles one event without either");
    if (host_port.n >= sizeof(((struct runtime_api *)0)->host))
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_RUNTIME_API is %zu bytes long; it should be host:port", host_port.n);
    memcpy(text, "http://", 7);
    memcpy(text + 7, host_port.p, host_port.n);
    if (url_read((struct str){text, host_port.n + 7}, u, e) && !u->query.p && u->path.n <= 1) return true;
    return err_set(e, ERR_CONFIG, "AWS_LAMBDA_RUNTIME_API is \"%.*s\"; it should be host:port", STR_ARG(host_port));
}

bool runtime_api_open(struct str host_port, struct str user_agent, struct runtime_api **api, struct err *e) {
    struct http_options options = {
        .user_agent = user_agent.n ? user_agent : STR("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .resend = HTTP_RESEND_IDEMPOTENT,
        .max_response_bytes = MAX_EVENT_BYTES,
    };
    char text[320];
    struct url u;
    if (!read_host(host_port, text, &u, e)) return false;
    if (str_has_control(options.user_agent))
        return err_set(e, ERR_CONFIG, "the program's user agent has a control byte; it should be name/version");
    struct runtime_api *made = calloc(1, sizeof *made);
    if (!made) return err_set(e, ERR_MEMORY, "out of memory for the Runtime API client");
    memcpy(made->host, host_port.p, host_port.n);
    arena_init(&made->posts, POST_BYTES);
    bool reserved = arena_take(&made->posts, 1) != NULL; /* one block, kept from turn to turn */
    if (!reserved) err_set(e, ERR_MEMORY, "out of memory for the Runtime API client");
    if (!reserved || !http_open(&u, &options, &made->http, e)) {
        runtime_api_close(made);
        return false;
    }
    *api = made;
    return true;
}

void runtime_api_close(struct runtime_api *api) {
    if (!api) return;
    if (api->streaming) http_stream_abort(api->http);
    http_close(api->http);
    arena_close(&api->posts);
    free(api);
}

int runtime_api_status(const struct runtime_api *api) {
    return api->status;
}

void runtime_api_disconnect(struct runtime_api *api) {
    if (api->streaming) http_stream_abort(api->http);
    api->streaming = false;
    http_disconnect(api->http);
}

static void pause_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

/* A GET that waits for ever. Its connection may break in there, or not come about: tried again a few times, for asking
   twice is asking once. Only 200 is an answer. */
static bool get(struct runtime_api *api, struct str path, const struct http_fields *fields, struct http_response *rs,
                struct arena *a, struct err *e) {
    struct http_request rq = {.method = STR("GET"), .path = path, .fields = *fields};
    long wait = FIRST_PAUSE_MS;
    api->status = 0;
    for (int attempt = 1; !http_exchange(api->http, &rq, HTTP_NO_TIMEOUT, rs, a, e); attempt++, wait *= 2) {
        bool broken = e->kind == ERR_NETWORK || e->kind == ERR_TIMEOUT || e->kind == ERR_PROTOCOL;
        if (!broken || attempt == GET_ATTEMPTS) return false;
        log_line(LOG_WARN, "attempt %d of %d: %s", attempt, (int)GET_ATTEMPTS, e->msg);
        pause_ms(wait);
    }
    api->status = rs->status;
    if (rs->status == 200) return true;
    return err_set(e, ERR_PROTOCOL, "GET http://%s%.*s answered %d: the environment is lost", api->host, STR_ARG(path),
                   rs->status);
}

/* The id becomes part of a URL, so only characters that stand for themselves there are taken. */
static bool usable_id(struct str id) {
    return str_is_made_of(id, "-_.") && id.n > 0 && id.n <= 256;
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
        struct str value = http_field_get(&rs->fields, NEXT_FIELDS[i].name);
        if (value.n) memcpy((char *)inv + NEXT_FIELDS[i].offset, &value, sizeof value); /* empty is absent */
    }
    read_deadline(&rs->fields, inv);
    if (usable_id(inv->request_id)) return true;
    return err_set(e, ERR_REFUSED, "GET /invocation/next gave an event without a usable Lambda-Runtime-Aws-Request-Id");
}

bool runtime_api_next(struct runtime_api *api, struct lambda_invocation *inv, struct arena *a, struct err *e) {
    static const struct http_fields none;
    struct http_response rs;
    return get(api, STR(NEXT_PATH), &none, &rs, a, e) && read_invocation(&rs, inv, a, e);
}

/* The rule for the answer to a POST: 2xx is good, a 4xx concerns this invocation only, the rest ends the environment. So
   does a refused response mode, which is never our doing and after which next fails too. */
static bool judge_post(struct runtime_api *api, const char *path, const struct http_response *rs, size_t sent,
                       struct err *e) {
    api->status = rs->status;
    if (rs->status >= 200 && rs->status < 300) return true;
    struct cJSON *body = NULL;
    struct err ignored;
    struct str type = json_read(rs->body, &body, &ignored) ? json_get_text(body, "errorType") : (struct str){0};
    bool refused = rs->status >= 400 && rs->status < 500 && !str_eq(type, STR("InvalidFunctionResponseMode"));
    if (type.n > 100) type.n = 100;
    err_set(e, refused ? ERR_REFUSED : ERR_PROTOCOL, "POST http://%s%s of %zu bytes answered %d%s%.*s%s", api->host,
            path, sent, rs->status, type.n ? " " : "", STR_ARG(type), refused ? "" : ": the environment is lost");
    json_close(body);
    return false;
}

static bool add(struct runtime_api *api, struct http_fields *fields, const char *name, struct str value,
                struct err *e) {
    return http_field_add(fields, str_of(name), value, &api->posts, e);
}

static bool add_content_type(struct runtime_api *api, struct http_fields *fields, struct str type, struct str otherwise,
                             struct err *e) {
    return add(api, fields, "Content-Type", type.n ? type : otherwise, e);
}

/* Once more on a fresh connection, but only while no byte of the request was given to the kernel: libcurl counts those, and
   no client can know which of them the other side has read, or acted upon. HTTP_RESEND_IDEMPOTENT keeps libcurl to the same rule: by
   itself it would send a POST again when a kept connection dies behind a request that was sent. */
static bool post(struct runtime_api *api, const char *path, const struct http_fields *fields, struct str body,
                 struct err *e) {
    struct http_request rq = {.method = STR("POST"), .path = str_of(path), .fields = *fields, .body = body};
    struct http_response rs;
    if (body.n > LAMBDA_MAX_REPLY_BYTES)
        return err_set(e, ERR_LIMIT, "a body of %zu bytes is over Lambda's limit of %d bytes", body.n,
                       (int)LAMBDA_MAX_REPLY_BYTES);
    bool ok = http_exchange(api->http, &rq, POST_TIMEOUT_MS, &rs, &api->posts, e);
    if (!ok && http_unsent(api->http)) {
        log_line(LOG_WARN, "nothing was sent, so it is tried once more: %s", e->msg);
        pause_ms(FIRST_PAUSE_MS);
        ok = http_exchange(api->http, &rq, POST_TIMEOUT_MS, &rs, &api->posts, e);
    }
    return ok && judge_post(api, path, &rs, body.n, e);
}

/* Begins a POST about one invocation: its path .../invocation/{id}/{tail}, and the echo of its delivery's id, byte for
   byte; a byte that would end the field or means nothing in one cannot be echoed. */
static bool address(struct runtime_api *api, const struct lambda_invocation *inv, const char *tail, const char **path,
                    struct http_fields *fields, struct err *e) {
    struct buf text;
    *fields = (struct http_fields){0};
    api->status = 0;
    arena_reset(&api->posts);
    buf_init(&text, 512, &api->posts);
    buf_add(&text, STR(BASE_PATH "/invocation/"));
    buf_add(&text, inv->request_id);
    buf_add_char(&text, '/');
    buf_add(&text, str_of(tail));
    buf_add_char(&text, 0);
    *path = text.p;
    if (!buf_ok(&text, e)) return false;
    if (!str_has_control(inv->invocation_id))
        return !inv->invocation_id.n || add(api, fields, "Lambda-Runtime-Invocation-Id", inv->invocation_id, e);
    log_line(LOG_ERROR, "Lambda-Runtime-Invocation-Id has a control byte: it is not sent back with the %s", tail);
    return true;
}

bool runtime_api_response(struct runtime_api *api, const struct lambda_invocation *inv, struct str content_type,
                          struct str body, struct err *e) {
    struct http_fields fields;
    const char *path;
    return address(api, inv, "response", &path, &fields, e) &&
           add_content_type(api, &fields, content_type, STR("application/json"), e) &&
           post(api, path, &fields, body, e);
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

static bool post_failure(struct runtime_api *api, const char *path, struct http_fields *fields,
                         const struct lambda_failure *f, struct err *e) {
    struct str body, cause = runtime_error_cause(f, &api->posts);
    return runtime_error_json(&body, f, RUNTIME_ERROR_BODY, &api->posts, e) &&
           add_content_type(api, fields, f->content_type, STR("application/json"), e) &&
           add(api, fields, "Lambda-Runtime-Function-Error-Type", runtime_error_type(f), e) &&
           (!cause.n || add(api, fields, "Lambda-Runtime-Function-XRay-Error-Cause", cause, e)) &&
           post(api, path, fields, body, e);
}

bool runtime_api_error(struct runtime_api *api, const struct lambda_invocation *inv,
                       const struct lambda_failure *failure, struct err *e) {
    struct http_fields fields;
    const char *path;
    return address(api, inv, "error", &path, &fields, e) && post_failure(api, path, &fields, failure, e);
}

static bool post_fatal(struct runtime_api *api, const char *path, const struct lambda_failure *failure, struct err *e) {
    struct http_fields fields = {0};
    api->status = 0;
    arena_reset(&api->posts);
    return post_failure(api, path, &fields, failure, e);
}

bool runtime_api_init_error(struct runtime_api *api, const struct lambda_failure *failure, struct err *e) {
    return post_fatal(api, BASE_PATH "/init/error", failure, e);
}

bool runtime_api_restore_error(struct runtime_api *api, const struct lambda_failure *failure, struct err *e) {
    return post_fatal(api, BASE_PATH "/restore/error", failure, e);
}

bool runtime_api_restore_next(struct runtime_api *api, struct err *e) {
    static const struct http_fields none;
    struct http_response rs;
    arena_reset(&api->posts);
    return get(api, STR(BASE_PATH "/restore/next"), &none, &rs, &api->posts, e);
}

/* Both trailers are announced, though only a failure has them: it is known too late to announce it. */
bool runtime_api_stream_begin(struct runtime_api *api, const struct lambda_invocation *inv, struct str content_type,
                              struct err *e) {
    struct http_request rq = {.method = STR("POST")};
    const char *path;
    if (!address(api, inv, "response", &path, &rq.fields, e) ||
        !add_content_type(api, &rq.fields, content_type, STR("application/octet-stream"), e) ||
        !add(api, &rq.fields, "Lambda-Runtime-Function-Response-Mode", STR("streaming"), e) ||
        !add(api, &rq.fields, "Trailer", STR("Lambda-Runtime-Function-Error-Type"), e) ||
        !add(api, &rq.fields, "Trailer", STR("Lambda-Runtime-Function-Error-Body"), e))
        return false;
    rq.path = str_of(path);
    api->stream_path = path;
    api->stream_bytes = 0;
    api->streaming = http_stream_begin(api->http, &rq, e);
    return api->streaming;
}

bool runtime_api_stream_write(struct runtime_api *api, struct str bytes, struct err *e) {
    if (!api->streaming) return err_set(e, ERR_HANDLER, "no response stream is open");
    if (!http_stream_write(api->http, bytes, e)) return false;
    api->stream_bytes += bytes.n;
    return true;
}

static bool write_trailers(struct runtime_api *api, struct http_fields *trailers, const struct lambda_failure *f,
                           struct err *e) {
    struct buf base64;
    struct str json;
    if (!runtime_error_json(&json, f, RUNTIME_ERROR_TRAILER, &api->posts, e)) return false;
    buf_init(&base64, LAMBDA_MAX_REPLY_BYTES, &api->posts);
    base64_write(&base64, json);
    return buf_ok(&base64, e) && add(api, trailers, "Lambda-Runtime-Function-Error-Type", runtime_error_type(f), e) &&
           add(api, trailers, "Lambda-Runtime-Function-Error-Body", buf_str(&base64), e);
}

bool runtime_api_stream_end(struct runtime_api *api, const struct lambda_failure *failure, struct err *e) {
    struct http_fields trailers = {0};
    struct http_response rs;
    if (!api->streaming) return err_set(e, ERR_REFUSED, "no response stream is open");
    api->streaming = false;
    if (failure && !write_trailers(api, &trailers, failure, e)) {
        http_stream_abort(api->http); /* cut off, so that nobody takes it for a whole response */
        e->kind = ERR_REFUSED;
        return false;
    }
    if (!http_stream_end(api->http, &trailers, POST_TIMEOUT_MS, &rs, &api->posts, e)) return false;
    return judge_post(api, api->stream_path, &rs, api->stream_bytes, e);
}

bool runtime_api_extension_register(struct runtime_api *api, struct str name, struct str *identifier, struct arena *a,
                                    struct err *e) {
    struct http_request rq = {
        .method = STR("POST"), .path = STR(EXTENSION_PATH "/register"), .body = STR("{\"events\":[]}")};
    struct http_response rs;
    api->status = 0;
    if (!http_field_add(&rq.fields, STR("Content-Type"), STR("application/json"), a, e) ||
        !http_field_add(&rq.fields, STR("Lambda-Extension-Name"), name, a, e) ||
        !http_exchange(api->http, &rq, POST_TIMEOUT_MS, &rs, a, e) ||
        !judge_post(api, EXTENSION_PATH "/register", &rs, rq.body.n, e))
        return false;
    struct str id = http_field_get(&rs.fields, STR("Lambda-Extension-Identifier"));
    if (!id.n)
        return err_set(e, ERR_PROTOCOL, "POST http://%s" EXTENSION_PATH "/register gave no Lambda-Extension-Identifier",
                       api->host);
    *identifier = (struct str){arena_copy(a, id), id.n};
    return identifier->p || err_set(e, ERR_MEMORY, "out of memory for an extension's identifier");
}

bool runtime_api_extension_next(struct runtime_api *api, struct str identifier, struct err *e) {
    struct http_fields fields = {0};
    struct http_response rs;
    arena_reset(&api->posts);
    return add(api, &fields, "Lambda-Extension-Identifier", identifier, e) &&
           get(api, STR(EXTENSION_PATH "/event/next"), &fields, &rs, &api->posts, e);
}
