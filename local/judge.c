/* SPDX-License-Identifier: Apache-2.0 */
/* Routing comes before authentication, authentication before the policy: the first failure answers, as at AWS. */
#include "judge.h"

#include "access.h"
#include "facts.h"
#include "json.h"
#include "log.h"
#include "route.h"
#include "sigv4_verify.h"

enum { MAX_SKEW_S = 300, MAX_REFUSAL_BYTES = 1024 * 1024 };

/* {"message": ...} with AWS's error type; the policy refusal alone spells Message with a capital. */
static bool refuse(struct judge_verdict *v, const char *type, const char *member, struct str message, struct arena *a,
                   struct err *e) {
    struct buf body;
    buf_init(&body, MAX_REFUSAL_BYTES, a);
    buf_addf(&body, "{\"%s\":", member);
    json_write_text(&body, message);
    buf_add_char(&body, '}');
    v->error_type = str_of(type);
    v->refusal = (struct http_response){.status = 403, .body = buf_str(&body)};
    return buf_ok(&body, e) && http_field_add(&v->refusal.fields, STR("x-amzn-ErrorType"), v->error_type, a, e);
}

static bool why(struct judge_verdict *v, struct buf *text, struct err *e) {
    v->why = buf_str(text);
    return buf_ok(text, e);
}

/* An unknown route answers like a missing signature; that is AWS's most misread sentence, so the log says what it is. */
static bool unrouted(const struct judge *j, const struct http_request *rq, struct judge_verdict *v, struct arena *a,
                     struct err *e) {
    struct buf text;
    buf_init(&text, MAX_REFUSAL_BYTES, a);
    buf_addf(&text, "no route %.*s %.*s; routes are", STR_ARG(rq->method), STR_ARG(rq->path));
    for (size_t i = 0; i < j->api->n_routes; i++)
        buf_addf(&text, "%s %.*s /%.*s%.*s", i ? "," : "", STR_ARG(j->api->routes[i].method), STR_ARG(j->api->stage),
                 STR_ARG(j->api->routes[i].path));
    return why(v, &text, e) &&
           refuse(v, "MissingAuthenticationTokenException", "message", STR("Missing Authentication Token"), a, e);
}

/* As a REST API says it. */
static bool refuse_unsigned(struct judge_verdict *v, const struct sigv4_verdict *sv, struct arena *a, struct err *e) {
    struct sigv4_refusal refusal;
    if (!sigv4_refuse(SIGV4_REST_API, sv, &refusal, a, e)) return false;
    v->error_type = refusal.error_type;
    v->refusal = (struct http_response){.status = refusal.status, .body = refusal.body};
    return !v->error_type.p || http_field_add(&v->refusal.fields, STR("x-amzn-ErrorType"), v->error_type, a, e);
}

static bool authenticate(const struct judge *j, const struct http_request *rq, int64_t now_s, struct judge_verdict *v,
                         struct arena *a, struct err *e) {
    struct keyring_search search = {.ring = j->keyring};
    const struct sigv4_verifier verifier = {.region = j->model->region,
                                            .service = STR("execute-api"),
                                            .unix_s = now_s,
                                            .max_skew_s = MAX_SKEW_S,
                                            .allow_ecdsa = true,
                                            .find_key = keyring_search_key,
                                            .user = &search};
    struct sigv4_verdict sv;
    bool judged = sigv4_verify(rq, &verifier, &sv, a, e);
    if (judged && sv.fault == SIGV4_OK) {
        v->caller = search.found;
        return v->caller || err_set(e, ERR_HANDLER, "a verified key is not in the keyring");
    }
    keyring_give_back(j->keyring, search.found);
    if (!judged) return false;
    v->why = sv.reason;
    return refuse_unsigned(v, &sv, a, e);
}

/* arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path, without the query; `mask` hides the account as AWS does */
static void write_arn(struct buf *out, const struct judge *j, const struct model_route *route, struct str method,
                      bool mask) {
    struct str account = j->model->account_id;
    size_t hidden = mask && account.n > 4 ? account.n - 4 : 0;
    buf_addf(out, "arn:%.*s:execute-api:%.*s:", STR_ARG(j->model->partition), STR_ARG(j->model->region));
    for (size_t i = 0; i < account.n; i++) buf_add_char(out, i < hidden ? '*' : account.p[i]);
    buf_addf(out, ":%.*s/%.*s/%.*s", STR_ARG(j->api->api_id), STR_ARG(j->api->stage), STR_ARG(method));
    buf_add(out, route->path);
}

static bool refuse_access(const struct judge *j, const struct http_request *rq, const struct access_answer *answer,
                          struct judge_verdict *v, struct arena *a, struct err *e) {
    struct str who = v->caller ? keyring_user_arn(v->caller) : STR("anonymous");
    const char *policy = access_policy_name(answer->missing);
    struct buf message;
    buf_init(&message, 16 * 1024, a);
    buf_addf(&message, "User: %.*s is not authorized to perform: execute-api:Invoke on resource: ", STR_ARG(who));
    write_arn(&message, j, v->route, rq->method, true);
    if (answer->explicit_deny)
        buf_addf(&message, " with an explicit deny in %s %s", *policy == 'i' ? "an" : "a", policy);
    else if (v->caller) buf_addf(&message, " because no %s allows the execute-api:Invoke action", policy);
    v->why = answer->why;
    return buf_ok(&message, e) && refuse(v, "AccessDeniedException", "Message", buf_str(&message), a, e);
}

/* Who calls an open method is anonymous, signed or not: then only a resource policy is asked. */
static bool authorize(const struct judge *j, const struct http_request *rq, struct str peer_ip, int64_t now_s,
                      struct judge_verdict *v, struct arena *a, struct err *e) {
    const struct facts facts = {.caller = v->caller,
                                .owner_account = j->model->account_id,
                                .rq = rq,
                                .peer_ip = peer_ip,
                                .region = j->model->region,
                                .now_s = now_s};
    struct http_fields known = {0};
    struct access_answer answer;
    struct buf arn;
    buf_init(&arn, 8192, a);
    write_arn(&arn, j, v->route, rq->method, false);
    const struct access_question question = {.caller = v->caller,
                                             .action = STR("execute-api:Invoke"),
                                             .resource = buf_str(&arn),
                                             .owner_account = j->model->account_id,
                                             .facts = &known,
                                             .resource_policy = j->api->has_policy ? &j->api->policy : NULL,
                                             .suffices = POLICY_BY_ANYONE};
    if (!buf_ok(&arn, e) || !facts_add(&facts, &known, a, e) || !access_decide(&question, &answer, a, e)) return false;
    return answer.allowed || refuse_access(j, rq, &answer, v, a, e);
}

/* The last gate, as its place behind every authorizer says: who has no permission does not learn about keys. */
static bool check_api_key(const struct judge *j, const struct http_request *rq, struct judge_verdict *v,
                          struct arena *a, struct err *e) {
    static const struct str name = STR_INIT("x-api-key");
    size_t n = http_field_count(&rq->fields, name);
    if (n == 1 && keyring_opens(j->keyring, j->api, http_field_get(&rq->fields, name))) return true;
    v->why = n == 0  ? STR("there is no x-api-key")
             : n > 1 ? STR("there is more than one x-api-key")
                     : STR("x-api-key is not the value of an enabled key in a usage plan of this stage");
    return refuse(v, "ForbiddenException", "message", STR("Forbidden"), a, e);
}

bool judge_request(const struct judge *j, const struct http_request *rq, struct str peer_ip, int64_t now_s,
                   struct judge_verdict *v, struct arena *a, struct err *e) {
    *v = (struct judge_verdict){0};
    if (!route_find(j->api, rq, &v->route, &v->path_params, a, e)) return false;
    if (!v->route) return unrouted(j, rq, v, a, e);
    if (v->route->aws_iam && !authenticate(j, rq, now_s, v, a, e)) return false;
    bool asked = v->route->aws_iam || j->api->has_policy;
    if (!v->refusal.status && asked && !authorize(j, rq, peer_ip, now_s, v, a, e)) return false;
    return v->refusal.status || !v->route->api_key || check_api_key(j, rq, v, a, e);
}
