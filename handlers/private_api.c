/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration from the environment once; then sign, send, look at what came, and perhaps once more. */
#include "private_api.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "clock_skew.h"
#include "credentials.h"
#include "log.h"
#include "retry.h"
#include "sigv4_endpoint.h"
#include "sigv4_explain.h"
#include "sigv4_stages.h"

enum {
    CONNECT_TIMEOUT_MS = 3000,
    WARM_BYTES = 4096,
    MAX_ANSWER_BYTES = 6 * 1024 * 1024, /* more would not fit into the reply of this function */
    MAX_TARGET_BYTES = 65535,
    TEXT_BYTES = 64 * 1024,
    LEAST_TIME_MS = 50, /* with less left another attempt is not begun */
};

/* --- The environment ---------------------------------------------------------------------------------------------- */

static struct str variable(const char *name) {
    struct str s = str_of(getenv(name));
    return s.n ? s : (struct str){0};
}

static bool read_url(struct private_api *api, struct err *e) {
    struct str text = variable("PRIVATE_API_URL");
    if (!text.n)
        return err_set(e, ERR_CONFIG,
                       "PRIVATE_API_URL is not set; it should be the private API's URL, "
                       "https://{api}.execute-api.{region}.amazonaws.com/{stage}/private");
    if (!url_read(text, &api->url, e)) {
        e->kind = ERR_CONFIG;
        return err_prefix(e, "PRIVATE_API_URL is no usable URL: ");
    }
    if (!api->url.tls && !url_is_loopback(&api->url))
        return err_set(e, ERR_CONFIG,
                       "PRIVATE_API_URL starts with http:// but its host %.*s is not this machine; use https://",
                       STR_ARG(api->url.host));
    if (api->url.query.p)
        return err_set(e, ERR_CONFIG, "PRIVATE_API_URL has a query; the caller's query is forwarded instead");
    return true;
}

/* A Host field is a name or address and perhaps a port; anything else would be signed and sent as it is. */
static bool is_host(struct str host) {
    for (size_t i = 0; i < host.n; i++) {
        unsigned char c = (unsigned char)host.p[i];
        if (c <= 0x20 || c >= 0x7f || str_find(STR("/?#@\\\"'<>,;"), (struct str){host.p + i, 1}) != SIZE_MAX)
            return false;
    }
    return host.n > 0;
}

static bool read_endpoint(struct private_api *api, struct err *e) {
    struct str name, port = {0};
    api->host = variable("PRIVATE_API_HOST");
    if (!api->host.p && !url_host_field(&api->url, &api->host, &api->arena, e)) return false;
    if (!is_host(api->host))
        return err_set(e, ERR_CONFIG, "PRIVATE_API_HOST is no host name; write it without https:// and path");
    name = api->host;
    port = name;
    str_cut(&port, ':', &name);
    sigv4_endpoint_infer(name, &api->service, &api->region);
    struct str service = variable("PRIVATE_API_SERVICE"), region = variable("PRIVATE_API_REGION");
    if (service.p) api->service = service;
    if (region.p) api->region = region;
    if (api->service.p && api->region.p) return true;
    return err_set(e, ERR_CONFIG,
                   "the host %.*s does not tell service and region: set PRIVATE_API_SERVICE (execute-api) and "
                   "PRIVATE_API_REGION",
                   STR_ARG(name));
}

static bool open_role(struct private_api *api, struct err *e) {
    struct assume_role_options options = {
        .role_arn = variable("PRIVATE_API_ROLE_ARN"), .arn_name = "PRIVATE_API_ROLE_ARN", .region = api->region};
    return !options.role_arn.p || assume_role_open(&api->role, &options, &api->arena, e);
}

static bool open_signing_keys(struct private_api *api, struct err *e) {
    void *memory = arena_take(&api->arena, sigv4_cache_bytes());
    if (memory) api->signing_keys = sigv4_cache_open(memory, sigv4_cache_bytes());
    return api->signing_keys || err_set(e, ERR_MEMORY, "out of memory for signing keys");
}

static bool open_api(struct private_api *api, struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
        .resend = HTTP_RESEND_NONE,
    };
    api->api_key = variable("PRIVATE_API_KEY");
    if (str_has_control(api->api_key))
        return err_set(e, ERR_CONFIG, "PRIVATE_API_KEY holds a control byte (a line end?)");
    return read_url(api, e) && read_endpoint(api, e) && credentials_cache_open(&api->own, e) && open_role(api, e) &&
           open_signing_keys(api, e) && client_pool_open(&api->clients, &api->url, &options, e);
}

bool private_api_open(struct private_api *api, struct err *e) {
    *api = (struct private_api){0};
    arena_init(&api->arena, TEXT_BYTES + sigv4_cache_bytes());
    if (open_api(api, e)) return true;
    private_api_close(api);
    return false;
}

void private_api_close(struct private_api *api) {
    client_pool_close(&api->clients);
    assume_role_close(&api->role);
    credentials_cache_close(&api->own);
    if (api->signing_keys) sigv4_cache_wipe(api->signing_keys);
    arena_close(&api->arena);
    *api = (struct private_api){0};
}

/* Any answer will do: a 403 is as warm as a 200. Plain HTTP has nothing to warm up. */
void private_api_warm(struct private_api *api) {
    struct http_request rq = {.method = STR("HEAD"), .path = api->url.path};
    struct client_pool_member *client;
    struct arena a;
    struct err why = {0};
    if (!api->url.tls) return;
    arena_init(&a, WARM_BYTES);
    if (client_pool_take(&api->clients, &client, &why)) {
        if (http_field_add(&rq.fields, STR("Host"), api->host, &a, &why))
            http_warm(client_pool_http(client), &rq, CONNECT_TIMEOUT_MS, &why);
        client_pool_give(&api->clients, client);
    }
    if (why.kind != ERR_NONE) log_line(LOG_DEBUG, "the connection is not opened ahead: %s", why.msg);
    arena_close(&a);
}

void private_api_disconnect(struct private_api *api) {
    client_pool_disconnect(&api->clients);
}

/* --- One attempt -------------------------------------------------------------------------------------------------- */

struct attempt {
    struct http_request rq;
    struct sigv4_keys keys;
    struct sigv4_texts texts;
    int64_t skew_s, signed_s; /* what was added to our clock, and the sum */
    struct str message;       /* of the answer */
};

/* What one call works with. */
struct work {
    struct private_api *api;
    const struct private_api_call *call;
    struct private_api_answer *answer;
    struct str path;
    int64_t end_ms; /* of the monotonic clock */
    struct arena *arena;
};

static int64_t left_ms(const struct work *w) {
    return w->end_ms - clock_monotonic_ms();
}

static bool fail(struct work *w, enum upstream_fault fault) {
    w->answer->fault = fault;
    return false;
}

static bool in_time(struct work *w, struct err *e) {
    if (left_ms(w) > 0) return true;
    err_set(e, ERR_TIMEOUT, "no time is left to call the private API");
    return fail(w, UPSTREAM_TIMEOUT);
}

static bool build(struct work *w, struct http_request *rq, struct err *e) {
    const struct private_api_call *call = w->call;
    *rq = (struct http_request){.method = call->method, .path = w->path, .query = call->query, .body = call->body};
    const struct http_field fields[] = {
        {STR("Host"), w->api->host},
        {STR("Accept"), STR("application/json")},
        {STR("Content-Type"), call->content_type},
        {STR("x-api-key"), w->api->api_key},
        {STR("X-Amzn-Trace-Id"), call->trace_id},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].value.n && !http_field_add(&rq->fields, fields[i].name, fields[i].value, w->arena, e))
            return fail(w, UPSTREAM_MEMORY);
    return true;
}

static bool find_keys(struct work *w, struct attempt *t, struct err *e) {
    struct private_api *api = w->api;
    struct credentials_time when = {clock_unix_ms() / 1000 + t->skew_s, left_ms(w) > 0 ? left_ms(w) : 1};
    bool role = api->role.options.role_arn.p != NULL, own = credentials_find(&api->own, &when, &t->keys, w->arena, e);
    struct sigv4_keys signer = t->keys;
    when.timeout_ms = left_ms(w) > 0 ? left_ms(w) : 1;
    if (own && (!role || assume_role_keys(&api->role, &signer, &when, &t->keys, w->arena, e))) return true;
    if (e->kind == ERR_TIMEOUT) return fail(w, UPSTREAM_KEYS_TIMEOUT);
    if (e->kind == ERR_MEMORY) return fail(w, UPSTREAM_MEMORY);
    return fail(w, own ? UPSTREAM_ASSUME_ROLE : UPSTREAM_CREDENTIALS);
}

static bool sign(struct work *w, struct attempt *t, struct err *e) {
    t->signed_s = clock_unix_ms() / 1000 + t->skew_s;
    const struct sigv4_scope scope = {
        .region = w->api->region,
        .service = w->api->service,
        .unix_s = t->signed_s,
        /* the caller's query goes on as it came, and API Gateway reads it so */
        .allow = SIGV4_ALLOW_PLUS | SIGV4_ALLOW_EMPTY_PAIR | SIGV4_ALLOW_EMPTY_NAME | SIGV4_ALLOW_RAW_BYTES,
        .cache = w->api->signing_keys,
    };
    if (sigv4_sign_texts(&t->rq, &t->keys, &scope, &t->texts, w->arena, e)) return true;
    return fail(w, e->kind == ERR_MEMORY ? UPSTREAM_MEMORY : UPSTREAM_BAD_REQUEST);
}

static bool send_signed(struct work *w, struct attempt *t, struct err *e) {
    struct client_pool_member *client;
    if (!client_pool_take(&w->api->clients, &client, e)) return fail(w, upstream_fault_of_error(e, HTTP_FAULT_NONE));
    w->answer->attempts++;
    int64_t left = left_ms(w); /* 0 would be for ever */
    bool ok = http_exchange(client_pool_http(client), &t->rq, left > 0 ? left : 1, &w->answer->response, w->arena, e);
    enum http_fault fault = http_fault(client_pool_http(client));
    client_pool_give(&w->api->clients, client);
    if (ok) return true;
    w->answer->response = (struct http_response){0};
    return fail(w, upstream_fault_of_error(e, fault));
}

static bool attempt(struct work *w, struct attempt *t, struct err *e) {
    *t = (struct attempt){.skew_s = atomic_load(&w->api->skew_s)};
    w->answer->response = (struct http_response){0};
    if (!in_time(w, e) || !build(w, &t->rq, e) || !find_keys(w, t, e) || !sign(w, t, e)) return false;
    if (!in_time(w, e) || !send_signed(w, t, e)) return false;
    const struct http_response *rs = &w->answer->response;
    if (rs->status == 403) t->message = upstream_fault_message(rs->body, w->arena);
    w->answer->fault = upstream_fault_of_answer(rs, t->message);
    return true;
}

/* --- What came ---------------------------------------------------------------------------------------------------- */

/* What the others learn from this refusal, too. */
static bool correct_clock(const struct work *w, const struct attempt *t) {
    int64_t skew_s = t->skew_s;
    if (!clock_skew_correct(&w->answer->response, w->answer->fault, t->message, clock_unix_ms() / 1000, &skew_s))
        return false;
    atomic_store(&w->api->skew_s, skew_s);
    log_line(LOG_WARN, "this clock is %lld s %s AWS's: its time is used from now on",
             (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "ahead of" : "behind");
    return true;
}

/* A session may end before its time. */
static bool drop_keys(const struct work *w, const struct attempt *t) {
    int64_t now_s = clock_unix_ms() / 1000 + t->skew_s;
    struct private_api *api = w->api;
    if (w->answer->fault != UPSTREAM_EXPIRED_TOKEN) return false;
    if (api->role.options.role_arn.p) return credentials_cache_drop(&api->role.cache, t->keys.id, now_s);
    return credentials_drop(&api->own, t->keys.id, now_s);
}

/* The refusal against what was signed, for the eyes of a developer: names of what differs, secrets masked. */
static void explain(const struct work *w, const struct attempt *t) {
    const struct http_response *rs = &w->answer->response;
    struct sigv4_refused refused = {
        .canonical_request = t->texts.canonical_request,
        .string_to_sign = t->texts.string_to_sign,
        .secret = t->keys.secret,
        .status = rs->status,
        .error_type = http_field_get(&rs->fields, STR("x-amzn-ErrorType")),
        .body = rs->body,
        .now_unix_s = t->signed_s,
    };
    struct sigv4_explanation x;
    struct err e;
    if (!http_date_read(http_field_get(&rs->fields, STR("Date")), &refused.date_unix_s)) refused.date_unix_s = 0;
    if (!sigv4_explain(&refused, &x, w->arena, &e)) {
        log_line(LOG_DEBUG, "the refusal was not explained: %s", e.msg);
        return;
    }
    log_line(LOG_DEBUG, "refused because of %s: %.*s %.*s", sigv4_cause_name(x.cause), STR_ARG(x.sentence),
             STR_ARG(x.fix));
    if (x.line.p)
        log_line(LOG_DEBUG, "%.*s, line %zu, byte %zu: signed <%.*s>, refused for <%.*s>", STR_ARG(x.line),
                 x.line_number, x.byte, STR_ARG(x.ours), STR_ARG(x.theirs));
}

/* Retry-After in seconds, as far as it makes sense to a function; 0: not given. */
static int64_t asked_pause_ms(const struct http_response *rs) {
    int64_t s;
    return str_read_int64(http_field_get(&rs->fields, STR("Retry-After")), 0, 3600, &s) ? s * 1000 : 0;
}

static int64_t choose_pause_ms(const struct retry *r, const struct http_response *rs) {
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)clock_unix_ms(); /* the pool is not filled yet: any spread is better than none */
    int64_t asked_ms = asked_pause_ms(rs), pause_ms = retry_pause_ms(r, random);
    return asked_ms > pause_ms ? asked_ms : pause_ms;
}

static void sleep_ms(int64_t ms) {
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0) continue;
}

/* True: the pause is over and there is time for another attempt. */
static bool again(const struct work *w, const struct attempt *t, struct retry *r) {
    const struct http_response *rs = &w->answer->response;
    enum upstream_fault fault = w->answer->fault;
    enum retry_remedy remedy = correct_clock(w, t) ? RETRY_CORRECTED_CLOCK
                               : drop_keys(w, t)   ? RETRY_OTHER_KEYS
                                                   : RETRY_NO_REMEDY;
    if (fault == UPSTREAM_MISMATCH || fault == UPSTREAM_SCOPE) explain(w, t);
    enum retry_reason reason = retry_decide(r, w->call->method, fault, rs->status, remedy);
    int64_t pause_ms = reason == RETRY_LATER ? choose_pause_ms(r, rs) : 0;
    if (reason == RETRY_NO || left_ms(w) - pause_ms < LEAST_TIME_MS) return false;
    log_line(LOG_WARN, "attempt %d: %s, upstream status %d; again in %lld ms", w->answer->attempts,
             upstream_fault_words(fault)->error_type, rs->status, (long long)pause_ms);
    if (pause_ms) sleep_ms(pause_ms);
    return true;
}

/* --- The call ----------------------------------------------------------------------------------------------------- */

static bool is_target(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f || s.p[i] == '#') return false;
    return true;
}

static bool check(const struct private_api_call *call, struct err *e) {
    if (!http_is_token(call->method)) return err_set(e, ERR_PARSE, "the method is no HTTP token");
    if (call->path.n && (call->path.p[0] != '/' || str_find(call->path, STR("?")) != SIZE_MAX))
        return err_set(e, ERR_PARSE, "the path does not start with '/', or holds a '?'");
    if (!is_target(call->path)) return err_set(e, ERR_PARSE, "the path holds a space, '#' or control byte");
    if (!is_target(call->query)) return err_set(e, ERR_PARSE, "the query holds a space, '#' or control byte");
    if (call->path.n + call->query.n > MAX_TARGET_BYTES)
        return err_set(e, ERR_PARSE, "path and query are longer than %d bytes", MAX_TARGET_BYTES);
    if (str_has_control(call->content_type)) return err_set(e, ERR_PARSE, "the content type holds a control byte");
    if (str_has_control(call->trace_id)) return err_set(e, ERR_PARSE, "the trace id holds a control byte");
    return true;
}

/* The URL's path and the call's, with one '/' between them. */
static bool join(struct work *w, struct err *e) {
    struct str base = w->api->url.path, more = w->call->path;
    struct buf b;
    w->path = base;
    if (!more.n) return true;
    if (str_ends(base, STR("/"))) base.n--;
    buf_init(&b, base.n + more.n, w->arena);
    buf_add(&b, base);
    buf_add(&b, more);
    w->path = buf_str(&b);
    return buf_ok(&b, e);
}

bool private_api_exchange(struct private_api *api, const struct private_api_call *call,
                          struct private_api_answer *answer, struct arena *a, struct err *e) {
    int64_t began_ms = clock_monotonic_ms(), timeout_ms = call->timeout_ms < INT32_MAX ? call->timeout_ms : INT32_MAX;
    struct work w = {api, call, answer, {0}, began_ms + timeout_ms, a};
    struct retry retry = {0};
    struct attempt t;
    bool ok;
    *answer = (struct private_api_answer){.fault = UPSTREAM_BAD_REQUEST};
    if (!check(call, e)) return false;
    if (!join(&w, e)) return fail(&w, UPSTREAM_MEMORY);
    do {
        ok = attempt(&w, &t, e);
    } while (again(&w, &t, &retry));
    answer->duration_ms = clock_monotonic_ms() - began_ms;
    return ok;
}
