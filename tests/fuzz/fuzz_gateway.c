/* SPDX-License-Identifier: Apache-2.0 */
/* A saved request, through the gateway without its sockets and processes: route, signature, policy, event, reply. Nobody
   gets past AWS_IAM without the secret, which is told to nobody; the event that was written is the one that our own reader
   reads. The first byte chooses the API, and whether and by whom the request is signed before it is sent; the body is also
   taken for the function's reply. The model is tests/fuzz/gateway.yaml, so run it from the top folder. */
#include "exchange_event.h"
#include "exchange_reply.h"
#include "fuzz.h"
#include "http_text.h"

enum { NOW_S = 1440938160 };

static const struct sigv4_keys KEYS[] = {
    {STR_INIT("AKIAFUZZALL000000000"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEALL"), {0}},
    {STR_INIT("AKIAFUZZFEW000000000"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEFEW"), {0}},
};

struct world {
    struct arena arena;
    struct model model;
    struct keyring ring;
};

/* The users have keys that stay the same; those of the roles are drawn, and known to nobody. */
static void set_keys(struct world *w) {
    for (size_t i = 0; i < w->ring.n; i++) {
        if (str_eq(w->ring.at[i].who->profile, STR("all"))) w->ring.at[i].keys = KEYS[0];
        if (str_eq(w->ring.at[i].who->profile, STR("few"))) w->ring.at[i].keys = KEYS[1];
    }
}

static const struct world *the_world(void) {
    static struct world w;
    struct err e = {0};
    const struct model_options o = {.template_path = "tests/fuzz/gateway.yaml",
                                    .callers_path = "tests/fuzz/gateway-callers.yaml",
                                    .region = STR("eu-central-1"),
                                    .account_id = STR("123456789012"),
                                    .stack_name = STR("demo")};
    if (w.arena.limit) return &w;
    arena_init(&w.arena, FUZZ_LIMIT);
    bool ok = model_read(&o, &w.model, &w.arena, &e) && keyring_make(&w.ring, &w.model, &w.arena, &e);
    if (!ok) fprintf(stderr, "%s\n", e.msg);
    FUZZ_HOLDS(ok && w.model.n_apis == 6);
    set_keys(&w);
    return &w;
}

/* As a client of AWS would; what no signer takes is not sent. */
static bool sign(const struct world *w, const struct model_api *api, unsigned how, struct http_request *rq,
                 struct arena *a) {
    bool url = api->kind == MODEL_FUNCTION_URL;
    struct err e;
    const struct sigv4_scope scope = {.region = w->model.region,
                                      .service = url ? STR("lambda") : STR("execute-api"),
                                      .unix_s = NOW_S,
                                      .placement = how & 2 ? SIGV4_IN_QUERY : SIGV4_IN_HEADERS,
                                      .expires_s = 60,
                                      .allow = SIGV4_ALLOW_ALL};
    return sigv4_sign(rq, &KEYS[how & 1], &scope, a, &e);
}

static bool tells_secret(struct str s) {
    return str_find(s, KEYS[0].secret) != SIZE_MAX || str_find(s, KEYS[1].secret) != SIZE_MAX;
}

static void check_refusal(const struct judge_verdict *v) {
    FUZZ_HOLDS(v->refusal.status >= 400 && v->refusal.status < 500);
    FUZZ_HOLDS(v->why.n && !tells_secret(v->why) && !tells_secret(v->refusal.body));
}

static void check_fields(const struct http_fields *sent, const struct http_fields *got) {
    for (size_t i = 0; i < sent->n; i++) {
        const struct http_field *f = &sent->at[i];
        if (http_field_count(sent, f->name) > 1 || str_eq_nocase(f->name, STR("cookie"))) continue;
        FUZZ_HOLDS(str_eq(http_field_get(got, f->name), f->value));
    }
}

static void check_event(const struct exchange *x) {
    struct apigw_event ev, got;
    struct buf b = fuzz_buf(x->arena);
    struct err e;
    if (!exchange_event_fill(x, &ev, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        return;
    }
    apigw_write_event(&b, &ev, x->arena);
    FUZZ_HOLDS(buf_ok(&b, &e) && !tells_secret(buf_str(&b)));
    if (!apigw_read_event(buf_str(&b), &got, x->arena, &e)) {
        FUZZ_HOLDS(str_find(buf_str(&b), STR("\\u0000")) != SIZE_MAX); /* of a %00, which our reader does not take */
        return;
    }
    FUZZ_HOLDS(got.format == ev.format && str_eq(got.resource, ev.resource) && str_eq(got.stage, ev.stage));
    FUZZ_HOLDS(str_eq(got.http.method, ev.http.method) && str_eq(got.http.path, ev.http.path));
    FUZZ_HOLDS(str_eq(got.http.body, ev.http.body) && got.body_is_base64 == ev.body_is_base64);
    FUZZ_HOLDS(got.params.n == ev.params.n && (ev.format == APIGW_REST || str_eq(got.raw_query, ev.raw_query)));
    FUZZ_HOLDS(ev.format == APIGW_REST || fuzz_same_fields(&got.params, &ev.params));
    FUZZ_HOLDS(fuzz_same_fields(&got.path_params, &ev.path_params));
    FUZZ_HOLDS(str_eq(got.identity.user_arn, ev.identity.user_arn));
    FUZZ_HOLDS(str_eq(got.identity.source_ip, ev.identity.source_ip));
    check_fields(&ev.http.fields, &got.http.fields);
}

static void check_reply(const struct exchange *x, struct str reply) {
    struct http_response rs;
    struct err e;
    if (!exchange_reply_read(x, reply, &rs, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        return;
    }
    FUZZ_HOLDS(rs.status >= 200 && rs.status <= 599);
    for (size_t i = 0; i < rs.fields.n; i++)
        FUZZ_HOLDS(http_is_token(rs.fields.at[i].name) && !str_has_control(rs.fields.at[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    const struct world *w = the_world();
    struct arena *a = fuzz_arena();
    struct http_request rq;
    struct err e;
    if (!n || tells_secret(fuzz_text(data, n)) || !http_text_read(fuzz_text(data + 1, n - 1), &rq, a, &e)) return 0;
    const struct model_api *api = &w->model.apis[data[0] % w->model.n_apis];
    unsigned how = data[0] / 8;
    bool is_signed = how & 4;
    if (is_signed && !sign(w, api, how, &rq, a)) return 0;
    const struct exchange_place place = {.model = &w->model, .api = api, .keyring = &w->ring, .port = 3000};
    struct exchange x = {.place = &place,
                         .rq = &rq,
                         .arena = a,
                         .peer_ip = STR("127.0.0.1"),
                         .trace_id = STR("Root=1-0"),
                         .now_ms = NOW_S * (int64_t)1000};
    const struct judge j = {&w->model, api, &w->ring};
    FUZZ_HOLDS(judge_request(&j, &rq, x.peer_ip, NOW_S, &x.verdict, a, &e));
    if (x.verdict.refusal.status) {
        check_refusal(&x.verdict);
        return 0;
    }
    FUZZ_HOLDS(x.verdict.route && x.verdict.route->aws_iam == (x.verdict.caller != NULL));
    FUZZ_HOLDS(is_signed || !x.verdict.route->aws_iam);
    check_event(&x);
    check_reply(&x, rq.body);
    return 0;
}
