/* SPDX-License-Identifier: Apache-2.0 */
/* The judge decides; what is evaluated here once more only says by which statement. */
#include "check_matrix.h"

#include "facts.h"
#include "judge.h"

enum { MAX_TEXT_BYTES = 16 * 1024, SCRATCH_BYTES = 4 * 1024 * 1024 };

static const char *const METHODS[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
enum { N_METHODS = sizeof METHODS / sizeof *METHODS };

const struct check_cell *check_matrix_cell(const struct check_matrix *m, size_t caller, size_t route) {
    return &m->cells[caller * m->n_routes + route];
}

const char *check_matrix_word(const struct check_cell *cell) {
    static const char *const words[] = {[CHECK_OPEN] = "open",        [CHECK_ALLOWED] = "allowed",
                                        [CHECK_UNSIGNED] = "denied",  [CHECK_DENIED] = "explicit deny",
                                        [CHECK_NOT_FOUND] = "denied", [CHECK_NO_KEY] = "no key"};
    return words[cell->because];
}

const char *check_matrix_reason(enum check_because because) {
    static const char *const names[] = {[CHECK_OPEN] = "open",
                                        [CHECK_ALLOWED] = "statement",
                                        [CHECK_UNSIGNED] = "unsigned",
                                        [CHECK_DENIED] = "explicit-deny",
                                        [CHECK_NOT_FOUND] = "no-statement",
                                        [CHECK_NO_KEY] = "no-key"};
    return names[because];
}

const char *check_matrix_authorization(const struct model_route *r) {
    return r->aws_iam ? r->api_key ? "AWS_IAM+key" : "AWS_IAM" : r->api_key ? "key" : "open";
}

/* ---- rows and columns ---- */

static bool has_route(const struct model_api *api, struct str method, struct str path) {
    for (size_t i = 0; i < api->n_routes; i++)
        if (str_eq(api->routes[i].method, method) && str_eq(api->routes[i].path, path)) return true;
    return false;
}

static bool add_column(struct check_matrix *m, const struct model_api *api, const struct model_route *r,
                       struct str method, struct err *e) {
    struct check_route *c = &m->routes[m->n_routes++];
    struct buf label, arn;
    *c = (struct check_route){.api = api, .route = r, .method = method};
    buf_init(&label, MAX_TEXT_BYTES, m->arena);
    buf_init(&arn, MAX_TEXT_BYTES, m->arena);
    buf_addf(&label, "%.*s /%.*s%.*s", STR_ARG(method), STR_ARG(api->stage), STR_ARG(r->path));
    buf_addf(&arn, "arn:%.*s:execute-api:%.*s:%.*s:%.*s/%.*s/%.*s%.*s", STR_ARG(m->model->partition),
             STR_ARG(m->model->region), STR_ARG(m->model->account_id), STR_ARG(api->api_id), STR_ARG(api->stage),
             STR_ARG(method), STR_ARG(r->path));
    c->label = buf_str(&label);
    c->path = (struct str){c->label.p + method.n + 1, c->label.n - method.n - 1};
    c->arn = buf_str(&arn);
    return buf_ok(&label, e) && buf_ok(&arn, e);
}

static bool add_columns(struct check_matrix *m, const struct model_api *api, struct err *e) {
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        bool any = str_eq(r->method, STR("ANY"));
        if (!any && !add_column(m, api, r, r->method, e)) return false;
        for (size_t k = 0; any && k < N_METHODS; k++)
            if (!has_route(api, str_of(METHODS[k]), r->path) && !add_column(m, api, r, str_of(METHODS[k]), e))
                return false;
    }
    return true;
}

static bool make_room(struct check_matrix *m, struct err *e) {
    size_t columns = 0;
    for (size_t i = 0; i < m->model->n_apis; i++) columns += m->model->apis[i].n_routes * N_METHODS;
    m->callers = arena_zero(m->arena, (m->ring->n + 1) * sizeof *m->callers);
    m->routes = arena_zero(m->arena, (columns + 1) * sizeof *m->routes);
    return (m->callers && m->routes) || err_set(e, ERR_MEMORY, "out of memory for the matrix");
}

/* ---- one cell ---- */

static struct str opening_key(const struct check_matrix *m, const struct model_api *api) {
    for (size_t i = 0; i < m->ring->n_api_keys; i++)
        if (keyring_opens(m->ring, api, m->ring->api_keys[i])) return m->ring->api_keys[i];
    return (struct str){0};
}

/* What a client with the caller's keys, and an API key where one is wanted and there is one, would send. */
static bool make_request(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                         struct http_request *rq, struct arena *a, struct err *e) {
    const struct sigv4_scope scope = {.region = m->model->region, .service = STR("execute-api"), .unix_s = m->now_s};
    struct str key = r->route->api_key ? opening_key(m, r->api) : (struct str){0};
    struct buf host;
    *rq = (struct http_request){.method = r->method, .path = r->path};
    buf_init(&host, MAX_TEXT_BYTES, a);
    buf_addf(&host, "%.*s.execute-api.%.*s.%.*s", STR_ARG(r->api->api_id), STR_ARG(m->model->region),
             STR_ARG(m->model->url_suffix));
    return buf_ok(&host, e) && http_field_add(&rq->fields, STR("Host"), buf_str(&host), a, e) &&
           (!key.p || http_field_add(&rq->fields, STR("x-api-key"), key, a, e)) &&
           (!caller->entry || sigv4_sign(rq, &caller->entry->keys, &scope, a, e));
}

static void add_place(struct buf *b, const struct policy_statement *s) {
    buf_addf(b, "%s:%u, policy %.*s", s->file, s->line, STR_ARG(s->policy_name));
}

static bool explain(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                    struct check_cell *cell, struct err *e) {
    bool known = caller->entry && r->route->aws_iam; /* who calls an open method is nobody */
    struct buf why, fix;
    buf_init(&why, MAX_TEXT_BYTES, m->arena);
    buf_init(&fix, MAX_TEXT_BYTES, m->arena);
    const struct check_miss_wish wish = {r->api, r->route, r->method, r->route->path, STR("execute-api:Invoke")};
    switch (cell->because) {
    case CHECK_OPEN: buf_add(&why, r->route->api_key ? STR("an API key is enough") : STR("no authorization")); break;
    case CHECK_ALLOWED: buf_add(&why, STR("allowed by ")); break;
    case CHECK_DENIED: buf_add(&why, STR("denied by ")); break;
    case CHECK_UNSIGNED: buf_add(&why, STR("the route wants a signature")); break;
    case CHECK_NO_KEY: buf_add(&why, STR("no enabled API key is in a usage plan of the stage")); break;
    case CHECK_NOT_FOUND:
        if (cell->foreign)
            buf_addf(&why, "%.*s is of another account, and no resource policy of the API allows it",
                     STR_ARG(caller->name));
        else if (known) check_miss_write(&why, m->model, &cell->miss, caller->name, STR("execute-api:Invoke"));
        else buf_add(&why, STR("no statement of the API's resource policy allows it to everybody"));
    }
    if (cell->statement) add_place(&why, cell->statement);
    if (cell->statement && cell->statement->n_conditions) buf_add(&why, STR(", under its Condition"));
    if (known && !cell->foreign && cell->because == CHECK_NOT_FOUND) check_miss_write_fix(&fix, &wish);
    cell->why = buf_str(&why);
    if (fix.n) cell->fix = buf_str(&fix);
    return buf_ok(&why, e) && buf_ok(&fix, e);
}

/* The statement that decided, in the policies that the judge asked. */
static bool find_statement(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                           const struct http_request *rq, struct check_cell *cell, struct arena *a, struct err *e) {
    const struct keyring_entry *entry = r->route->aws_iam ? caller->entry : NULL;
    const struct facts facts = {.caller = entry,
                                .rq = rq,
                                .peer_ip = m->source_ip,
                                .region = m->model->region,
                                .owner_account = m->model->account_id,
                                .now_s = m->now_s};
    struct http_fields known = {0};
    struct policy_request ask = {.action = STR("execute-api:Invoke"), .resource = r->arn, .facts = &known, .arena = a};
    struct policy_caller who = {0};
    struct policy_result identity = {0}, resource = {0};
    if (!facts_add(&facts, &known, a, e)) return false;
    if (entry) {
        who = (struct policy_caller){.account_id = entry->who->account_id, .arn = keyring_user_arn(entry)};
        if (entry->who->kind == MODEL_ROLE) who.role_arn = entry->who->arn;
        identity = policy_evaluate(&entry->who->policies, &ask);
        if (identity.decision == POLICY_IMPLICIT_DENY) cell->miss = check_miss_nearest(&entry->who->policies, &ask);
    }
    ask.caller = &who;
    if (r->api->has_policy) resource = policy_evaluate(&r->api->policy, &ask);
    enum policy_decision wanted = cell->allowed ? POLICY_ALLOW : POLICY_EXPLICIT_DENY;
    if (identity.decision == wanted) cell->statement = identity.deciding;
    else if (resource.decision == wanted) cell->statement = resource.deciding;
    cell->foreign = !cell->allowed && identity.decision == POLICY_ALLOW && !cell->statement;
    return true;
}

static enum check_because reason(const struct check_cell *cell, const struct check_caller *caller,
                                 const struct check_route *r) {
    bool asked = r->route->aws_iam || r->api->has_policy;
    if (cell->allowed) return asked ? CHECK_ALLOWED : CHECK_OPEN;
    if (str_eq(cell->error_type, STR("ForbiddenException"))) return CHECK_NO_KEY;
    if (r->route->aws_iam && !caller->entry) return CHECK_UNSIGNED;
    return cell->statement ? CHECK_DENIED : CHECK_NOT_FOUND;
}

static bool fill(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                 struct check_cell *cell, struct arena *scratch, struct err *e) {
    const struct judge judge = {m->model, r->api, m->ring};
    struct judge_verdict v;
    struct http_request rq;
    if (!make_request(m, caller, r, &rq, scratch, e)) return false;
    if (!judge_request(&judge, &rq, m->source_ip, m->now_s, &v, scratch, e)) return false;
    keyring_give_back(m->ring, v.caller);
    cell->allowed = v.refusal.status == 0;
    cell->status = cell->allowed ? 200 : v.refusal.status;
    if (v.error_type.p) {
        char *copy = arena_copy(m->arena, v.error_type);
        if (!copy) return err_set(e, ERR_MEMORY, "out of memory for the matrix");
        cell->error_type = (struct str){copy, v.error_type.n};
    }
    bool policies = cell->allowed || str_eq(cell->error_type, STR("AccessDeniedException"));
    if (policies && !find_statement(m, caller, r, &rq, cell, scratch, e)) return false;
    cell->because = reason(cell, caller, r);
    return explain(m, caller, r, cell, e);
}

static bool fill_all(struct check_matrix *m, struct err *e) {
    struct arena scratch;
    bool ok = true;
    arena_init(&scratch, SCRATCH_BYTES);
    for (size_t i = 0; ok && i < m->n_callers * m->n_routes; i++) {
        ok = fill(m, &m->callers[i / m->n_routes], &m->routes[i % m->n_routes], &m->cells[i], &scratch, e);
        arena_reset(&scratch);
    }
    arena_close(&scratch);
    return ok;
}

bool check_matrix_make(struct check_matrix *m, struct err *e) {
    if (!make_room(m, e)) return false;
    m->callers[m->n_callers++].name = STR("unsigned");
    for (size_t i = 0; i < m->ring->n; i++)
        m->callers[m->n_callers++] = (struct check_caller){m->ring->at[i].who->profile, &m->ring->at[i]};
    for (size_t i = 0; i < m->model->n_apis; i++)
        if (!add_columns(m, &m->model->apis[i], e)) return false;
    m->cells = arena_zero(m->arena, (m->n_callers * m->n_routes + 1) * sizeof *m->cells);
    if (!m->cells) return err_set(e, ERR_MEMORY, "out of memory for the matrix");
    return fill_all(m, e);
}
