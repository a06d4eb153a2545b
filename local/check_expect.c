/* SPDX-License-Identifier: Apache-2.0 */
/* All lines must hold; none takes precedence over another. */
#include "check_expect.h"

#include "input.h"

enum { MAX_FILE_BYTES = 1024 * 1024, MAX_LIST_BYTES = 400 };

struct reader {
    struct check_expect *x;
    const struct check_matrix *m;
    bool *spoken_of; /* of the cells */
    size_t cap;
    unsigned line, rest_line; /* of `deny everything else`; 0: none */
};

static bool is_all(struct str s) {
    return str_eq(s, STR("*"));
}

/* Blanks and tabs part words; the last one leaves *rest empty. */
static struct str next_word(struct str *rest) {
    *rest = str_trim(*rest);
    struct str word = *rest;
    for (word.n = 0; word.n < rest->n && rest->p[word.n] != ' ' && rest->p[word.n] != '\t';) word.n++;
    *rest = str_trim((struct str){rest->p + word.n, rest->n - word.n});
    return word;
}

static bool fits_caller(const struct check_caller *c, struct str name) {
    return is_all(name) || str_eq(c->name, name);
}

static bool fits_route(const struct check_route *r, struct str method, struct str path) {
    struct str rest = path, api;
    bool named = path.n && path.p[0] != '/' && str_cut(&rest, ':', &api);
    if (named && !str_eq(api, r->api->logical_id)) return false;
    bool any = str_eq(r->method, STR("ANY")); /* of a function URL: one column for all */
    return (is_all(method) || any || str_eq(method, r->method)) &&
           (is_all(named ? rest : path) || str_eq(named ? rest : path, r->path));
}

bool check_expect_caller(const struct check_matrix *m, struct str name, size_t *caller, struct err *e) {
    struct buf names;
    for (*caller = 0; *caller < m->n_callers; ++*caller)
        if (str_eq(m->callers[*caller].name, name)) return true;
    buf_init(&names, MAX_LIST_BYTES, m->arena);
    for (size_t i = 0; i < m->n_callers; i++) buf_addf(&names, " %.*s", STR_ARG(m->callers[i].name));
    return err_set(e, ERR_CONFIG, "there is no caller %.*s; there are%.*s", STR_ARG(name), STR_ARG(buf_str(&names)));
}

static bool no_route(const struct check_matrix *m, struct str method, struct str path, struct err *e) {
    struct buf labels;
    buf_init(&labels, MAX_LIST_BYTES, m->arena);
    for (size_t i = 0; i < m->n_routes; i++) buf_addf(&labels, "%s %.*s", i ? "," : "", STR_ARG(m->routes[i].label));
    return err_set(e, ERR_CONFIG, "there is no route %.*s %.*s; there are%.*s", STR_ARG(method), STR_ARG(path),
                   STR_ARG(buf_str(&labels)));
}

bool check_expect_route(const struct check_matrix *m, struct str method, struct str path, size_t *route,
                        struct err *e) {
    size_t found = 0;
    for (size_t i = m->n_routes; i-- > 0;) {
        if (!fits_route(&m->routes[i], method, path)) continue;
        found++;
        *route = i;
    }
    if (found == 0) return no_route(m, method, path, e);
    return found == 1 ||
           err_set(e, ERR_CONFIG, "%.*s %.*s is a route of two APIs: write %.*s %.*s:%.*s", STR_ARG(method),
                   STR_ARG(path), STR_ARG(method), STR_ARG(m->routes[*route].api->logical_id), STR_ARG(path));
}

static bool add_failure(struct reader *r, struct check_failure f, struct err *e) {
    struct check_expect *x = r->x;
    if (x->n_failures == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        void *grown = arena_grow(r->m->arena, x->failures, r->cap * sizeof f, cap * sizeof f);
        if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory", x->path);
        x->failures = grown;
        r->cap = cap;
    }
    x->failures[x->n_failures++] = f;
    return true;
}

static bool expect(struct reader *r, size_t caller, size_t route, unsigned line, bool allow, struct err *e) {
    r->spoken_of[caller * r->m->n_routes + route] = true;
    const struct check_cell *cell = check_matrix_cell(r->m, caller, route);
    if (cell->because != CHECK_SOME && cell->allowed == allow) return true; /* some is neither all nor none */
    return add_failure(r, (struct check_failure){line, caller, route, allow}, e);
}

static bool check_names(struct reader *r, const struct str words[3], struct err *e) {
    size_t caller, route;
    if (!is_all(words[0]) && !check_expect_caller(r->m, words[0], &caller, e)) return false;
    if (!is_all(words[1]) && !is_all(words[2])) return check_expect_route(r->m, words[1], words[2], &route, e);
    for (size_t i = 0; i < r->m->n_routes; i++)
        if (fits_route(&r->m->routes[i], words[1], words[2])) return true;
    return no_route(r->m, words[1], words[2], e);
}

static bool read_line(struct reader *r, struct str text, struct err *e) {
    static const char form[] = "is neither allow|deny CALLER METHOD PATH nor deny everything else";
    struct str verb = next_word(&text), words[3], whole = text;
    bool allow = str_eq(verb, STR("allow"));
    if (!allow && !str_eq(verb, STR("deny"))) return err_set(e, ERR_CONFIG, "the line %s", form);
    for (int i = 0; i < 3; i++) words[i] = next_word(&text);
    if (!allow && str_eq(words[0], STR("everything")) && str_eq(words[1], STR("else")) && !words[2].n) {
        if (r->rest_line) return err_set(e, ERR_CONFIG, "deny everything else is in line %u already", r->rest_line);
        r->rest_line = r->line;
        return true;
    }
    if (!words[2].n || text.n) return err_set(e, ERR_CONFIG, "%.*s %.*s %s", STR_ARG(verb), STR_ARG(whole), form);
    if (!check_names(r, words, e)) return false;
    for (size_t c = 0; c < r->m->n_callers; c++)
        for (size_t i = 0; fits_caller(&r->m->callers[c], words[0]) && i < r->m->n_routes; i++)
            if (fits_route(&r->m->routes[i], words[1], words[2]) && !expect(r, c, i, r->line, allow, e)) return false;
    return true;
}

static bool deny_rest(struct reader *r, struct err *e) {
    for (size_t i = 0; r->rest_line && i < r->m->n_callers * r->m->n_routes; i++)
        if (!r->spoken_of[i] && !expect(r, i / r->m->n_routes, i % r->m->n_routes, r->rest_line, false, e))
            return false;
    return true;
}

bool check_expect_read(struct check_expect *x, const char *path, const struct check_matrix *m, struct err *e) {
    struct reader r = {.x = x, .m = m, .line = 1};
    struct str text, line;
    *x = (struct check_expect){.path = path};
    r.spoken_of = arena_zero(m->arena, m->n_callers * m->n_routes + 1);
    if (!r.spoken_of) return err_set(e, ERR_MEMORY, "%s: out of memory", path);
    if (!input_read(path, MAX_FILE_BYTES, &text, m->arena, e)) return false;
    for (bool more = true; more; r.line++) {
        more = str_cut(&text, '\n', &line);
        struct str comment = line;
        str_cut(&comment, '#', &line);
        if (str_ends(line, STR("\r"))) line.n--;
        if (!str_trim(line).n) continue;
        if (!read_line(&r, line, e)) return err_prefix(e, "%s:%u: ", path, r.line);
        x->n_lines++;
    }
    return deny_rest(&r, e);
}
