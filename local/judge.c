/* SPDX-License-Identifier: Apache-2.0 */
/* Routing comes before authentication, authentication before the policy: the first failure answers, as at AWS. */
#include "judge.h"

#include "answer.h"
#include "judge_access.h"
#include "mismatch.h"
#include "route.h"
#include "sigv4_verify.h"

enum { MAX_SKEW_S = 300, MAX_WHY_BYTES = 1024 * 1024 };

static bool refuse(const struct judge *j, enum answer answer, struct judge_verdict *v, struct arena *a, struct err *e) {
    if (!answer_make(j->api->kind, answer, &v->refusal, a, e)) return false;
    v->error_type = http_field_get(&v->refusal.fields, STR("x-amzn-ErrorType"));
    return true;
}

/* A REST API answers an unknown route like a missing signature; that is AWS's most misread sentence, so the log says what
   it is. */
static bool unrouted(const struct judge *j, const struct http_request *rq, struct judge_verdict *v, struct arena *a,
                     struct err *e) {
    struct buf text;
    buf_init(&text, MAX_WHY_BYTES, a);
    buf_addf(&text, "no route %.*s %.*s; routes are", STR_ARG(rq->method), STR_ARG(rq->path));
    for (size_t i = 0; i < j->api->n_routes; i++) {
        const struct model_route *r = &j->api->routes[i];
        buf_addf(&text, "%s %.*s ", i ? "," : "", STR_ARG(r->method));
        if (str_starts(r->path, STR("/"))) route_write_path(&text, j->api, r->path);
        else buf_add(&text, r->path);
    }
    v->why = buf_str(&text);
    return buf_ok(&text, e) && refuse(j, ANSWER_NO_ROUTE, v, a, e);
}

static bool refuse_unsigned(const struct judge *j, const struct sigv4_verdict *sv, struct judge_verdict *v,
                            struct arena *a, struct err *e) {
    static const enum sigv4_profile profiles[] = {[MODEL_REST_API] = SIGV4_REST_API,
                                                  [MODEL_HTTP_API] = SIGV4_HTTP_API,
                                                  [MODEL_FUNCTION_URL] = SIGV4_FUNCTION_URL};
    struct sigv4_refusal refusal;
    v->why = sv->reason;
    if (!sigv4_refuse(profiles[j->api->kind], sv, &refusal, a, e)) return false;
    v->error_type = refusal.error_type;
    v->refusal = (struct http_response){.status = refusal.status, .body = refusal.body};
    return answer_add_type(&v->refusal, v->error_type, a, e);
}

static bool authenticate(const struct judge *j, const struct http_request *rq, int64_t now_s, struct judge_verdict *v,
                         struct arena *a, struct err *e) {
    struct keyring_search search = {.ring = j->keyring};
    bool url = j->api->kind == MODEL_FUNCTION_URL;
    const struct sigv4_verifier verifier = {.region = j->model->region,
                                            .service = url ? STR("lambda") : STR("execute-api"),
                                            .unix_s = now_s,
                                            .max_skew_s = MAX_SKEW_S,
                                            .allow_ecdsa = j->api->kind == MODEL_REST_API,
                                            .find_key = keyring_search_key,
                                            .user = &search};
    struct sigv4_verdict sv;
    bool judged = sigv4_verify(rq, &verifier, &sv, a, e);
    if (judged && sv.fault == SIGV4_OK) {
        v->caller = search.found;
        return v->caller || err_set(e, ERR_HANDLER, "a verified key is not in the keyring");
    }
    const struct mismatch mismatch = {j->model, j->api, rq, &verifier, &sv};
    bool ok = judged && mismatch_explain(&mismatch, &v->cause, &v->fix, a, e) && refuse_unsigned(j, &sv, v, a, e);
    keyring_give_back(j->keyring, search.found);
    return ok;
}

/* Who calls an open method is anonymous, signed or not: then only a resource policy is asked, which a function URL always
   wants. */
static bool authorize(const struct judge *j, const struct http_request *rq, struct str peer_ip, int64_t now_s,
                      struct judge_verdict *v, struct arena *a, struct err *e) {
    const struct judge_access access = {j, rq, peer_ip, now_s};
    bool asked = v->route->aws_iam || j->api->has_policy || j->api->kind == MODEL_FUNCTION_URL;
    return v->refusal.status || !asked || judge_access_decide(&access, v, a, e);
}

/* The last gate, as its place behind every authorizer says: who has no permission does not learn about keys. */
static bool check_api_key(const struct judge *j, const struct http_request *rq, struct judge_verdict *v,
                          struct arena *a, struct err *e) {
    static const struct str name = STR_INIT("x-api-key");
    size_t n = http_field_count(&rq->fields, name);
    if (v->refusal.status || !v->route->api_key) return true;
    if (n == 1) v->api_key = keyring_opens(j->keyring, j->api, http_field_get(&rq->fields, name));
    if (v->api_key) return true;
    v->why = n == 0  ? STR("there is no x-api-key")
             : n > 1 ? STR("there is more than one x-api-key")
                     : STR("x-api-key is not the value of an enabled key in a usage plan of this stage");
    return refuse(j, ANSWER_NO_KEY, v, a, e);
}

bool judge_request(const struct judge *j, const struct http_request *rq, struct str peer_ip, int64_t now_s,
                   struct judge_verdict *v, struct arena *a, struct err *e) {
    *v = (struct judge_verdict){0};
    if (!route_find(j->api, rq, &v->route, &v->path_params, a, e)) return false;
    if (!v->route) return unrouted(j, rq, v, a, e);
    if (v->route->aws_iam && !authenticate(j, rq, now_s, v, a, e)) return false;
    return authorize(j, rq, peer_ip, now_s, v, a, e) && check_api_key(j, rq, v, a, e);
}
