/* SPDX-License-Identifier: Apache-2.0 */
/* The rows and columns; a function URL has one column, because neither method nor path counts there. */
#include "check_matrix.h"

#include <string.h>

#include "api.h"
#include "check_cell.h"
#include "policy_range.h"
#include "route_sample.h"

enum { MAX_TEXT_BYTES = 16 * 1024, SCRATCH_BYTES = 4 * 1024 * 1024 };

const struct check_cell *check_matrix_cell(const struct check_matrix *m, size_t caller, size_t route) {
    return &m->cells[caller * m->n_routes + route];
}

const char *check_matrix_word(const struct check_cell *cell) {
    static const char *const words[] = {[CHECK_OPEN] = "open",        [CHECK_ALLOWED] = "allowed",
                                        [CHECK_UNSIGNED] = "denied",  [CHECK_DENIED] = "explicit deny",
                                        [CHECK_NOT_FOUND] = "denied", [CHECK_NO_KEY] = "no key",
                                        [CHECK_SOME] = "some"};
    return words[cell->because];
}

const char *check_matrix_reason(enum check_because because) {
    static const char *const names[] = {[CHECK_OPEN] = "open",
                                        [CHECK_ALLOWED] = "statement",
                                        [CHECK_UNSIGNED] = "unsigned",
                                        [CHECK_DENIED] = "explicit-deny",
                                        [CHECK_NOT_FOUND] = "no-statement",
                                        [CHECK_NO_KEY] = "no-key",
                                        [CHECK_SOME] = "some"};
    return names[because];
}

/* ---- rows and columns ---- */

static bool has_route(const struct model_api *api, struct str method, struct str path) {
    for (size_t i = 0; i < api->n_routes; i++)
        if (str_eq(api->routes[i].method, method) && str_eq(api->routes[i].path, path)) return true;
    return false;
}

static bool write_arn(const struct check_matrix *m, const struct check_route *c, const struct route_filling *with,
                      struct str *arn, struct err *e) {
    struct buf b;
    buf_init(&b, MAX_TEXT_BYTES, m->arena);
    api_write_arn(&b, m->model, c->api, c->method, false);
    route_sample_fill_in(&b, c->route->path, with);
    *arn = buf_str(&b);
    return buf_ok(&b, e);
}

static bool names(const struct policy_statements *s, char c) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->at[i].n_resources; k++)
            if (memchr(s->at[i].resources[k].p, c, s->at[i].resources[k].n)) return true;
    return false;
}

static bool is_named(const struct model *m, char c) {
    for (size_t i = 0; i < m->n_principals; i++)
        if (names(&m->principals[i].policies, c) || names(&m->principals[i].boundary, c)) return true;
    for (size_t i = 0; i < m->n_apis; i++)
        if (names(&m->apis[i].policy, c)) return true;
    return false;
}

/* One that no Resource has, so that only a wildcard that takes everything takes a text of it. */
static char choose_letter(const struct model *m) {
    static const char letters[] = {POLICY_RANGE_FILLER, '_', 'Z', 'Q', 'X', 'J', 'z', 'q', 'x', 'j', '7', '3'};
    for (size_t i = 0; i < sizeof letters; i++)
        if (!is_named(m, letters[i])) return letters[i];
    return POLICY_RANGE_FILLER;
}

/* What is judged: a path that takes this route and no other. */
static bool choose_sample(const struct check_matrix *m, struct check_route *c, struct err *e) {
    struct route_sample sample;
    if (!route_sample_choose(c->api, c->route, c->method, m->letter, &sample, m->arena, e)) return false;
    c->sent = sample.path;
    return write_arn(m, c, &sample.with, &c->asked, e);
}

static bool choose_range(const struct check_matrix *m, struct check_route *c, struct err *e) {
    static const struct route_filling all = {STR_INIT(POLICY_RANGE_PART), STR_INIT(POLICY_RANGE_PARTS),
                                             STR_INIT(POLICY_RANGE_REST)};
    const struct str one = {&m->letter, 1};
    if (str_starts(c->route->path, STR("/")) && str_find(c->route->path, STR("{")) == SIZE_MAX) return true;
    return write_arn(m, c, &all, &c->range, e) && write_arn(m, c, &(struct route_filling){one, one, one}, &c->brief, e);
}

static bool add_column(struct check_matrix *m, const struct model_api *api, const struct model_route *r,
                       struct str method, struct err *e) {
    static const struct route_filling stars = {STR_INIT("*"), STR_INIT("*"), STR_INIT("*")};
    struct check_route *c = &m->routes[m->n_routes++];
    bool url = api->kind == MODEL_FUNCTION_URL;
    struct buf label;
    *c = (struct check_route){.api = api, .route = r, .method = method, .sent = STR("/"), .arn = r->function->arn};
    c->asked = c->arn;
    buf_init(&label, MAX_TEXT_BYTES, m->arena);
    buf_addf(&label, "%.*s ", STR_ARG(method));
    if (str_starts(r->path, STR("/"))) route_write_path(&label, api, r->path);
    else buf_add(&label, url ? STR("/") : r->path);
    c->label = buf_str(&label);
    c->path = (struct str){c->label.p + method.n + 1, c->label.n - method.n - 1};
    return buf_ok(&label, e) &&
           (url || (write_arn(m, c, &stars, &c->arn, e) && choose_sample(m, c, e) && choose_range(m, c, e)));
}

static bool add_columns(struct check_matrix *m, const struct model_api *api, struct err *e) {
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        bool any = str_eq(r->method, STR("ANY")) && api->kind != MODEL_FUNCTION_URL;
        if (!any && !add_column(m, api, r, r->method, e)) return false;
        for (size_t k = 0; any && k < API_N_METHODS; k++)
            if (!has_route(api, api_methods[k], r->path) && !add_column(m, api, r, api_methods[k], e)) return false;
    }
    return true;
}

static bool make_room(struct check_matrix *m, struct err *e) {
    size_t columns = 0;
    for (size_t i = 0; i < m->model->n_apis; i++) columns += m->model->apis[i].n_routes * API_N_METHODS;
    m->callers = arena_zero(m->arena, (m->ring->n + 1) * sizeof *m->callers);
    m->routes = arena_zero(m->arena, (columns + 1) * sizeof *m->routes);
    return (m->callers && m->routes) || err_set(e, ERR_MEMORY, "out of memory for the matrix");
}

static bool fill_all(struct check_matrix *m, struct err *e) {
    struct arena scratch;
    bool ok = true;
    arena_init(&scratch, SCRATCH_BYTES);
    for (size_t i = 0; ok && i < m->n_callers * m->n_routes; i++) {
        ok = check_cell_fill(m, &m->callers[i / m->n_routes], &m->routes[i % m->n_routes], &m->cells[i], &scratch, e);
        arena_reset(&scratch);
    }
    arena_close(&scratch);
    return ok;
}

bool check_matrix_make(struct check_matrix *m, struct err *e) {
    if (!make_room(m, e)) return false;
    m->letter = choose_letter(m->model);
    m->callers[m->n_callers++].name = STR("unsigned");
    for (size_t i = 0; i < m->ring->n; i++)
        m->callers[m->n_callers++] = (struct check_caller){m->ring->at[i].who->profile, &m->ring->at[i]};
    for (size_t i = 0; i < m->model->n_apis; i++)
        if (!add_columns(m, &m->model->apis[i], e)) return false;
    m->cells = arena_zero(m->arena, (m->n_callers * m->n_routes + 1) * sizeof *m->cells);
    if (!m->cells) return err_set(e, ERR_MEMORY, "out of memory for the matrix");
    return fill_all(m, e);
}
