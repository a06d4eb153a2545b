/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration from the environment once; then sign and send, at most twice. */
#include "private_api.h"

#include <stdlib.h>
#include <time.h>

#include "credentials.h"
#include "log.h"
#include "sigv4_endpoint.h"

enum {
    CONNECT_TIMEOUT_MS = 3000,
    MAX_ANSWER_BYTES = 6 * 1024 * 1024, /* more would not fit into the reply of this function */
    TEXT_BYTES = 64 * 1024,
    MIN_SKEW_S = 120, /* a smaller difference does not explain a refusal: AWS allows 300 s */
};

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

static bool read_endpoint(struct private_api *api, struct err *e) {
    struct str name, port = {0};
    api->host = variable("PRIVATE_API_HOST");
    if (!api->host.p && !url_host_field(&api->url, &api->host, &api->arena, e)) return false;
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
    struct str arn = variable("PRIVATE_API_ROLE_ARN");
    return !arn.p || assume_role_open(&api->role, arn, api->region, &api->arena, e);
}

static bool open_api(struct private_api *api, struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
        .never_resend = true,
    };
    api->api_key = variable("PRIVATE_API_KEY");
    if (str_has_control(api->api_key))
        return err_set(e, ERR_CONFIG, "PRIVATE_API_KEY holds a control byte (a line end?)");
    return read_url(api, e) && read_endpoint(api, e) && open_role(api, e) &&
           http_open(&api->url, &options, &api->http, e);
}

bool private_api_open(struct private_api *api, struct err *e) {
    *api = (struct private_api){0};
    arena_init(&api->arena, TEXT_BYTES);
    if (open_api(api, e)) return true;
    private_api_close(api);
    return false;
}

void private_api_close(struct private_api *api) {
    http_close(api->http);
    assume_role_close(&api->role);
    arena_close(&api->arena);
    *api = (struct private_api){0};
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool build(const struct private_api *api, const struct private_api_call *call, struct http_request *rq,
                  struct arena *a, struct err *e) {
    *rq =
        (struct http_request){.method = call->method, .path = api->url.path, .query = call->query, .body = call->body};
    return http_field_add(&rq->fields, STR("Host"), api->host, a, e) &&
           http_field_add(&rq->fields, STR("Accept"), STR("application/json"), a, e) &&
           (!call->content_type.n || http_field_add(&rq->fields, STR("Content-Type"), call->content_type, a, e)) &&
           (!api->api_key.p || http_field_add(&rq->fields, STR("x-api-key"), api->api_key, a, e));
}

static bool find_keys(struct private_api *api, int64_t timeout_ms, struct sigv4_keys *keys, struct err *e) {
    struct sigv4_keys own;
    if (!credentials_from_environment(&own, e)) return false;
    *keys = own;
    return !api->role.role_arn.p ||
           assume_role_keys(&api->role, &own, now_ms() / 1000 + api->skew_s, timeout_ms, keys, e);
}

static bool attempt(struct private_api *api, const struct private_api_call *call, int64_t end_ms,
                    struct http_response *rs, struct arena *a, struct err *e) {
    struct http_request rq;
    struct sigv4_keys keys;
    if (end_ms <= now_ms()) return err_set(e, ERR_TIMEOUT, "no time is left to call the private API");
    if (!find_keys(api, end_ms - now_ms(), &keys, e) || !build(api, call, &rq, a, e)) return false;
    struct sigv4_scope scope = {
        .region = api->region, .service = api->service, .unix_s = now_ms() / 1000 + api->skew_s};
    if (!sigv4_sign(&rq, &keys, &scope, a, e)) return false;
    int64_t left_ms = end_ms - now_ms();
    return http_exchange(api->http, &rq, left_ms > 0 ? left_ms : 1, rs, a, e);
}

/* A 403 while the server's Date is minutes away from ours: the clock is the reason, and the Date is the cure. */
static bool learn_skew(struct private_api *api, const struct http_response *rs) {
    int64_t theirs, ours = now_ms() / 1000 + api->skew_s;
    if (rs->status != 403 || !http_date_read(http_field_get(&rs->fields, STR("Date")), &theirs)) return false;
    int64_t off = theirs - ours;
    if (off < MIN_SKEW_S && off > -MIN_SKEW_S) return false;
    api->skew_s += off;
    log_line(LOG_WARN, "this clock is %lld s off: signing once more with the server's time", (long long)api->skew_s);
    return true;
}

bool private_api_exchange(struct private_api *api, const struct private_api_call *call, struct http_response *rs,
                          struct arena *a, struct err *e) {
    int64_t end_ms = now_ms() + call->timeout_ms;
    if (!attempt(api, call, end_ms, rs, a, e)) return false;
    return !learn_skew(api, rs) || attempt(api, call, end_ms, rs, a, e);
}
