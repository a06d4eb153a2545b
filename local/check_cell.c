/* SPDX-License-Identifier: Apache-2.0 */
/* The judge decides; what is evaluated here once more only says by which statement. A function URL is two questions, about
   lambda:InvokeFunctionUrl and lambda:InvokeFunction, and both must be answered well. */
#include "check_cell.h"

#include "api.h"
#include "check_range.h"

enum { MAX_TEXT_BYTES = 16 * 1024 };

struct question {
    struct judge_question of;
    struct check_range range;
    bool allowed, own, bounded; /* by all policies together; by the caller's own; not by his permissions boundary */
    const struct policy_statement *statement;
    struct check_miss miss;
};

struct cell {
    const struct check_matrix *m;
    const struct check_caller *caller;
    const struct check_route *r;
    const struct keyring_entry *entry; /* NULL: who calls an open route is nobody */
    struct question q[JUDGE_MAX_QUESTIONS];
    size_t n;
    struct arena *scratch;
};

static bool is_url(const struct check_route *r) {
    return r->api->kind == MODEL_FUNCTION_URL;
}

/* ---- the request ---- */

static struct str opening_key(const struct check_matrix *m, const struct model_api *api) {
    for (size_t i = 0; i < m->ring->n_api_keys; i++)
        if (keyring_opens(m->ring, api, m->ring->api_keys[i])) return m->ring->api_keys[i];
    return (struct str){0};
}

/* What a client with the caller's keys, and an API key where one is wanted and there is one, would send. */
static bool make_request(const struct cell *c, struct http_request *rq, struct err *e) {
    const struct check_matrix *m = c->m;
    const struct sigv4_scope scope = {
        .region = m->model->region, .service = is_url(c->r) ? STR("lambda") : STR("execute-api"), .unix_s = m->now_s};
    struct str key = c->r->route->api_key ? opening_key(m, c->r->api) : (struct str){0};
    struct buf host;
    *rq = (struct http_request){.method = is_url(c->r) ? STR("GET") : c->r->method, .path = c->r->sent};
    buf_init(&host, MAX_TEXT_BYTES, c->scratch);
    api_write_host(&host, m->model, c->r->api);
    return buf_ok(&host, e) && http_field_add(&rq->fields, STR("Host"), buf_str(&host), c->scratch, e) &&
           (!m->user_agent.p || http_field_add(&rq->fields, STR("User-Agent"), m->user_agent, c->scratch, e)) &&
           (!key.p || http_field_add(&rq->fields, STR("x-api-key"), key, c->scratch, e)) &&
           (!c->caller->entry || sigv4_sign(rq, &c->caller->entry->keys, &scope, c->scratch, e));
}

/* ---- the policies that the judge asked ---- */

static void put_questions(struct cell *c, const struct http_request *rq) {
    const struct facts facts = {.caller = c->entry,
                                .rq = rq,
                                .peer_ip = c->m->source_ip,
                                .region = c->m->model->region,
                                .owner_account = c->m->model->account_id,
                                .now_s = c->m->now_s};
    struct judge_question questions[JUDGE_MAX_QUESTIONS];
    c->n = judge_access_questions(c->r->api, c->r->route, &facts, questions);
    for (size_t i = 0; i < c->n; i++) c->q[i].of = questions[i];
}

/* What was judged is one path of many: asked for is the route. */
static void find_miss(const struct cell *c, struct question *q, const struct policy_request *ask) {
    struct str path = c->r->route->path;
    q->miss = check_miss_nearest(&c->entry->who->policies, ask);
    if (q->miss.kind == CHECK_MISS_RESOURCE && q->miss.part == EXECUTE_ARN_PATH && str_starts(path, STR("/")))
        q->miss.wants = (struct str){path.p + 1, path.n - 1};
}

/* True: the caller's own policy allows it. */
static bool find_statement(const struct cell *c, struct question *q, const struct http_fields *facts,
                           const struct policy_result said[ACCESS_POLICIES]) {
    static const enum access_policy order[] = {ACCESS_IDENTITY, ACCESS_RESOURCE, ACCESS_BOUNDARY};
    const struct policy_request ask = {
        .action = q->of.action, .resource = c->r->asked, .facts = facts, .arena = c->scratch};
    enum policy_decision wanted = q->allowed ? POLICY_ALLOW : POLICY_EXPLICIT_DENY;
    for (size_t i = 0; i < sizeof order / sizeof *order && !q->statement; i++)
        if (said[order[i]].decision == wanted) q->statement = said[order[i]].deciding;
    if (c->entry && said[ACCESS_IDENTITY].decision == POLICY_IMPLICIT_DENY) find_miss(c, q, &ask);
    q->bounded = c->entry && said[ACCESS_BOUNDARY].decision == POLICY_IMPLICIT_DENY;
    return said[ACCESS_IDENTITY].decision == POLICY_ALLOW;
}

static bool answer(const struct cell *c, struct question *q, struct err *e) {
    const struct judge judge = {c->m->model, c->r->api, c->m->ring};
    struct http_fields known;
    struct access_answer answer;
    if (!judge_access_ask(&judge, &q->of, c->r->asked, &known, &answer, c->scratch, e)) return false;
    q->allowed = answer.allowed;
    q->own = find_statement(c, q, &known, answer.said);
    return true;
}

/* ---- in words ---- */

static void add_statement(struct buf *b, const struct policy_statement *s) {
    buf_addf(b, "%s:%u, policy %.*s", s->file, s->line, STR_ARG(s->policy_name));
    if (s->n_conditions) buf_add(b, STR(", under its Condition"));
}

static void add_resource(struct buf *b, struct str resource) {
    if (resource.p) buf_addf(b, ", Resource %.*s", STR_ARG(resource));
}

static void explain_not_found(const struct cell *c, const struct question *q, const struct check_cell *cell,
                              struct buf *why) {
    const char *owner = is_url(c->r) ? "function's" : "API's resource";
    if (cell->bounded)
        buf_addf(why, "no statement of the permissions boundary of %.*s allows it", STR_ARG(c->caller->name));
    else if (cell->foreign)
        buf_addf(why, "%.*s is of another account, and no %s policy of the %s allows it", STR_ARG(c->caller->name),
                 is_url(c->r) ? "statement in the" : "resource", is_url(c->r) ? "function" : "API");
    else if (c->entry) check_miss_write(why, c->m->model, &cell->miss, c->caller->name, q->of.action);
    else buf_addf(why, "no statement of the %s policy allows it to everybody", owner);
}

/* Every statement that the caller's own policies lack. */
static void write_fix(const struct cell *c, struct buf *fix) {
    struct str inside = c->r->asked;
    size_t missing = 0;
    struct execute_arn arn;
    if (!is_url(c->r) && execute_arn_split(c->r->arn, &arn))
        inside = (struct str){arn.at[EXECUTE_ARN_PATH].p - 1, arn.at[EXECUTE_ARN_PATH].n + 1};
    for (size_t i = 0; i < c->n; i++) missing += !c->q[i].own;
    if (missing > 1) buf_add_char(fix, '[');
    for (size_t i = 0, written = 0; i < c->n; i++) {
        if (c->q[i].own) continue;
        const struct check_miss_wish wish = {c->r->api, c->r->route, c->r->method, inside, c->q[i].of.action};
        if (written++) buf_add(fix, STR(", "));
        check_miss_write_fix(fix, &wish);
    }
    if (missing > 1) buf_add_char(fix, ']');
}

static bool explain(const struct cell *c, const struct question *q, struct check_cell *cell, struct err *e) {
    struct buf why, fix;
    buf_init(&why, MAX_TEXT_BYTES, c->m->arena);
    buf_init(&fix, MAX_TEXT_BYTES, c->m->arena);
    switch (cell->because) {
    case CHECK_OPEN: buf_add(&why, c->r->route->api_key ? STR("an API key is enough") : STR("no authorization")); break;
    case CHECK_ALLOWED: buf_add(&why, STR("allowed by ")); break;
    case CHECK_DENIED: buf_add(&why, STR("denied by ")); break;
    case CHECK_UNSIGNED: buf_add(&why, STR("the route wants a signature")); break;
    case CHECK_NO_KEY: buf_add(&why, STR("no enabled API key is in a usage plan of the stage")); break;
    case CHECK_NOT_FOUND: explain_not_found(c, q, cell, &why); break;
    case CHECK_SOME: buf_add(&why, STR("allowed for some values: by "));
    }
    if (cell->statement) add_statement(&why, cell->statement);
    if (cell->second) buf_add(&why, STR(", and by "));
    if (cell->second) add_statement(&why, cell->second);
    if (cell->because == CHECK_SOME) add_resource(&why, q->range.resource);
    if (cell->except) {
        buf_add(&why, STR(", but not for all values: "));
        add_statement(&why, cell->except);
        add_resource(&why, q->range.resource);
        buf_add(&why, STR(" denies some"));
    }
    if (c->entry && !cell->foreign && !cell->bounded && cell->because == CHECK_NOT_FOUND) write_fix(c, &fix);
    cell->why = buf_str(&why);
    if (fix.n) cell->fix = buf_str(&fix);
    return buf_ok(&why, e) && buf_ok(&fix, e);
}

/* Of the question that was answered with no, or of the first; `left`: none was, so it is the key that is missing. */
static void conclude(struct cell *c, struct check_cell *cell, bool left, const struct question *q) {
    bool asked = c->r->route->aws_iam || c->r->api->has_policy;
    if (!asked && cell->allowed) cell->because = CHECK_OPEN;
    else if (!cell->allowed && c->r->route->aws_iam && !c->caller->entry) cell->because = CHECK_UNSIGNED;
    else if (!cell->allowed && left) cell->because = CHECK_NO_KEY;
    else {
        cell->statement = q->statement;
        cell->miss = q->miss;
        cell->bounded = !cell->allowed && q->own && !q->statement && q->bounded;
        cell->foreign = !cell->allowed && q->own && !q->statement && !q->bounded;
        if (cell->allowed && c->n > 1 && c->q[1].statement != q->statement) cell->second = c->q[1].statement;
        cell->because = cell->allowed ? CHECK_ALLOWED : q->statement ? CHECK_DENIED : CHECK_NOT_FOUND;
    }
}

/* The sample is one value of many. A function URL has none, and where no API key is to be had, none gets in. */
static bool look_at_range(struct cell *c, struct check_cell *cell, struct err *e) {
    struct check_range *range = &c->q[0].range;
    bool closed = c->r->route->api_key && !opening_key(c->m, c->r->api).p;
    bool by_policy =
        cell->because == CHECK_ALLOWED || cell->because == CHECK_DENIED || cell->because == CHECK_NOT_FOUND;
    if (!c->r->range.p || !by_policy || closed) return true;
    if (!check_range_ask(c->m, c->r, &c->q[0].of, cell->allowed, range, c->scratch, e)) return false;
    cell->except = range->denies;
    if (range->verdict != CHECK_RANGE_SOME) return true;
    cell->because = CHECK_SOME;
    cell->allowed = false;
    cell->statement = range->allows;
    return true;
}

bool check_cell_fill(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                     struct check_cell *cell, struct arena *scratch, struct err *e) {
    const struct judge judge = {m->model, r->api, m->ring};
    struct cell c = {m, caller, r, r->route->aws_iam ? caller->entry : NULL, .scratch = scratch};
    bool asked = r->route->aws_iam || r->api->has_policy;
    struct judge_verdict v;
    struct http_request rq;
    if (!make_request(&c, &rq, e) || !judge_request(&judge, &rq, m->source_ip, m->now_s, &v, scratch, e)) return false;
    keyring_give_back(m->ring, v.caller);
    cell->allowed = v.refusal.status == 0;
    cell->status = cell->allowed ? 200 : v.refusal.status;
    if (v.error_type.p) {
        char *copy = arena_copy(m->arena, v.error_type);
        if (!copy) return err_set(e, ERR_MEMORY, "out of memory for the matrix");
        cell->error_type = (struct str){copy, v.error_type.n};
    }
    put_questions(&c, &rq);
    for (size_t i = 0; asked && i < c.n; i++)
        if (!answer(&c, &c.q[i], e)) return false;
    size_t no = 0;
    while (asked && !cell->allowed && no < c.n && c.q[no].allowed) no++;
    bool left = !cell->allowed && (!asked || no == c.n);
    conclude(&c, cell, left, &c.q[left ? 0 : no]);
    return look_at_range(&c, cell, e) && explain(&c, &c.q[left ? 0 : no], cell, e);
}
