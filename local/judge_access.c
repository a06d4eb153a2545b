/* SPDX-License-Identifier: Apache-2.0 */
/* An API's resource is the path as it was requested; a path with escapes must be allowed in both readings. A function URL
   asks twice, for lambda:InvokeFunctionUrl and for lambda:InvokeFunction, about its function. */
#include "judge_access.h"

#include "answer.h"
#include "api.h"
#include "check_miss.h"
#include "json.h"
#include "percent.h"
#include "route.h"

enum { MAX_TEXT_BYTES = 16 * 1024, MAX_ARN_BYTES = 64 * 1024, LONGEST_ARN_BYTES = 1600 };

/* About one resource. */
struct question {
    struct judge_question of;
    struct str resource;
    struct str path; /* inside the stage; absent for a function URL */
};

static void write_arn(struct buf *out, const struct judge_access *x, struct str path, bool mask) {
    api_write_arn(out, x->judge->model, x->judge->api, x->rq->method, mask);
    buf_add(out, path);
}

/* ---- what is asked ---- */

size_t judge_access_questions(const struct model_api *api, const struct model_route *route, const struct facts *facts,
                              struct judge_question questions[static JUDGE_MAX_QUESTIONS]) {
    questions[0] = (struct judge_question){STR("execute-api:Invoke"), *facts, NULL};
    if (api->kind != MODEL_FUNCTION_URL) return 1;
    questions[0].action = STR("lambda:InvokeFunctionUrl");
    questions[0].facts.function_url_auth_type = route->aws_iam ? STR("AWS_IAM") : STR("NONE");
    questions[1] = (struct judge_question){STR("lambda:InvokeFunction"), *facts, NULL};
    questions[1].facts.invoked_via_function_url = true;
    return 2;
}

bool judge_access_ask(const struct judge *j, const struct judge_question *q, struct str resource,
                      struct http_fields *known, struct access_answer *answer, struct arena *a, struct err *e) {
    const struct access_question question = {.caller = q->facts.caller,
                                             .action = q->action,
                                             .resource = resource,
                                             .owner_account = j->model->account_id,
                                             .facts = known,
                                             .range = q->range,
                                             .resource_policy = j->api->has_policy ? &j->api->policy : NULL,
                                             .suffices = POLICY_BY_ANYONE};
    *known = (struct http_fields){0};
    return facts_add(&q->facts, known, a, e) && access_decide(&question, answer, a, e);
}

/* ---- a refusal ---- */

/* A REST API says whom it refused what, with a capital Message. */
static bool answer_rest(const struct judge_access *x, const struct question *q, const struct access_answer *answer,
                        struct judge_verdict *v, struct arena *a, struct err *e) {
    struct str who = v->caller ? keyring_user_arn(v->caller) : STR("anonymous");
    const char *policy = access_policy_name(answer->missing);
    struct buf message, body;
    buf_init(&message, MAX_ARN_BYTES, a);
    buf_init(&body, SIZE_MAX / 4, a);
    buf_addf(&message, "User: %.*s is not authorized to perform: %.*s on resource: ", STR_ARG(who),
             STR_ARG(q->of.action));
    write_arn(&message, x, q->path, true);
    if (answer->explicit_deny)
        buf_addf(&message, " with an explicit deny in %s %s", *policy == 'i' ? "an" : "a", policy);
    else if (v->caller) buf_addf(&message, " because no %s allows the %.*s action", policy, STR_ARG(q->of.action));
    buf_add(&body, STR("{\"Message\":"));
    json_write_text(&body, buf_str(&message));
    buf_add_char(&body, '}');
    if (!buf_ok(&message, e) || !buf_ok(&body, e)) return false;
    v->refusal.body = buf_str(&body);
    return true;
}

/* Which of the caller's statements came nearest, and the smallest one that would do. */
static bool explain_miss(const struct judge_access *x, const struct question *q, const struct http_fields *facts,
                         struct judge_verdict *v, struct arena *a, struct err *e) {
    const struct policy_request rq = {.action = q->of.action, .resource = q->resource, .facts = facts, .arena = a};
    const struct check_miss miss = check_miss_nearest(&v->caller->who->policies, &rq);
    struct buf nearest, fix;
    buf_init(&nearest, MAX_TEXT_BYTES, a);
    buf_init(&fix, MAX_TEXT_BYTES, a);
    if (miss.kind != CHECK_MISS_NONE) /* else `why` has said it */
        check_miss_write(&nearest, x->judge->model, &miss, v->caller->who->profile, q->of.action);
    const struct check_miss_wish wish = {x->judge->api, v->route, x->rq->method, q->path, q->of.action};
    buf_add(&fix, STR("would allow it: "));
    check_miss_write_fix(&fix, &wish);
    v->cause = buf_str(&nearest);
    v->fix = buf_str(&fix);
    return buf_ok(&nearest, e) && buf_ok(&fix, e);
}

static bool refuse(const struct judge_access *x, const struct question *q, const struct http_fields *facts,
                   const struct access_answer *answer, struct judge_verdict *v, struct arena *a, struct err *e) {
    enum model_api_kind kind = x->judge->api->kind;
    v->why = answer->why;
    if (!answer_make(kind, ANSWER_DENIED, &v->refusal, a, e)) return false;
    v->error_type = http_field_get(&v->refusal.fields, STR("x-amzn-ErrorType"));
    if (kind == MODEL_REST_API && !answer_rest(x, q, answer, v, a, e)) return false;
    bool missing = v->caller && !answer->explicit_deny && answer->missing == ACCESS_IDENTITY;
    return !missing || explain_miss(x, q, facts, v, a, e);
}

/* ---- asking ---- */

/* AWS keeps the ARN of a request that policies speak about below a length. */
static bool refuse_long(const struct judge_access *x, struct judge_verdict *v, struct arena *a, struct err *e) {
    v->why = STR("the resource that policies would be asked about is longer than 1,600 bytes");
    if (!answer_make(x->judge->api->kind, ANSWER_LONG_URL, &v->refusal, a, e)) return false;
    v->error_type = http_field_get(&v->refusal.fields, STR("x-amzn-ErrorType"));
    return true;
}

/* Nothing is asked any more once there is a refusal. */
static bool ask(const struct judge_access *x, const struct question *q, struct judge_verdict *v, struct arena *a,
                struct err *e) {
    struct http_fields known;
    struct access_answer answer;
    if (v->refusal.status) return true;
    if (q->resource.n > LONGEST_ARN_BYTES) return refuse_long(x, v, a, e);
    return judge_access_ask(x->judge, &q->of, q->resource, &known, &answer, a, e) &&
           (answer.allowed || refuse(x, q, &known, &answer, v, a, e));
}

static bool ask_path(const struct judge_access *x, const struct judge_question *q, struct str path,
                     struct judge_verdict *v, struct arena *a, struct err *e) {
    struct buf arn;
    buf_init(&arn, MAX_ARN_BYTES, a);
    write_arn(&arn, x, path, false);
    return buf_ok(&arn, e) && ask(x, &(struct question){*q, buf_str(&arn), path}, v, a, e);
}

static bool ask_paths(const struct judge_access *x, const struct judge_question *q, struct judge_verdict *v,
                      struct arena *a, struct err *e) {
    struct str path = route_inside(x->judge->api, x->rq->path), decoded;
    if (!percent_read(path, false, &decoded, a, e)) return false; /* routing has refused it */
    return ask_path(x, q, path, v, a, e) && (decoded.p == path.p || ask_path(x, q, decoded, v, a, e));
}

static bool ask_function(const struct judge_access *x, const struct judge_question *q, struct judge_verdict *v,
                         struct arena *a, struct err *e) {
    return ask(x, &(struct question){.of = *q, .resource = v->route->function->arn}, v, a, e);
}

bool judge_access_decide(const struct judge_access *x, struct judge_verdict *v, struct arena *a, struct err *e) {
    const struct judge *j = x->judge;
    const struct facts facts = {.caller = v->caller,
                                .owner_account = j->model->account_id,
                                .rq = x->rq,
                                .peer_ip = x->peer_ip,
                                .region = j->model->region,
                                .now_s = x->now_s};
    struct judge_question questions[JUDGE_MAX_QUESTIONS];
    size_t n = judge_access_questions(j->api, v->route, &facts, questions);
    bool url = j->api->kind == MODEL_FUNCTION_URL;
    for (size_t i = 0; i < n; i++)
        if (!(url ? ask_function : ask_paths)(x, &questions[i], v, a, e)) return false;
    return true;
}
