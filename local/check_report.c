/* SPDX-License-Identifier: Apache-2.0 */
/* Names come out of files that nobody vouches for, so each writer escapes them in its own way. */
#include "check_report.h"

#include "api.h"
#include "json.h"

enum { MAX_WIDTH = 110, GAP = 2 };

size_t check_report_faults(const struct check_report *r) {
    return lint_errors(r->lint) + (r->expect ? r->expect->n_failures : 0);
}

static void add_plain(struct buf *out, struct str s) {
    for (size_t i = 0; i < s.n; i++) buf_add_char(out, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

static void add_padded(struct buf *out, struct str s, size_t width) {
    add_plain(out, s);
    for (size_t i = s.n; i < width; i++) buf_add_char(out, ' ');
}

static size_t longer(size_t a, size_t b) {
    return a > b ? a : b;
}

/* ---- the table ---- */

static size_t width_of(const struct check_matrix *m, size_t route) {
    const struct check_route *r = &m->routes[route];
    size_t width = longer(r->label.n, longer(r->api->logical_id.n, str_of(api_authorization(r->route)).n));
    for (size_t i = 0; i < m->n_callers; i++)
        width = longer(width, str_of(check_matrix_word(check_matrix_cell(m, i, route))).n);
    return width + GAP;
}

/* One line of the columns from..to: a heading (caller SIZE_MAX) or a caller's cells. */
static void write_row(const struct check_matrix *m, size_t first, size_t from, size_t to, int heading, size_t caller,
                      struct buf *out) {
    struct str name = caller < m->n_callers ? m->callers[caller].name : heading == 1 ? STR("caller") : STR("");
    add_padded(out, name, first);
    for (size_t i = from; i < to; i++) {
        const struct check_route *r = &m->routes[i];
        struct str text = caller < m->n_callers ? str_of(check_matrix_word(check_matrix_cell(m, caller, i)))
                          : heading == 0        ? r->api->logical_id
                          : heading == 1        ? r->label
                                                : str_of(api_authorization(r->route));
        add_padded(out, text, i + 1 < to ? width_of(m, i) : 0);
    }
    buf_add_char(out, '\n');
}

/* As many columns beside each other as fit. */
static void write_matrix(const struct check_matrix *m, struct buf *out) {
    size_t first = sizeof "caller" - 1 + GAP;
    for (size_t i = 0; i < m->n_callers; i++) first = longer(first, m->callers[i].name.n + GAP);
    for (size_t from = 0, to; from < m->n_routes; from = to) {
        size_t width = first + width_of(m, from);
        for (to = from + 1; to < m->n_routes && width + width_of(m, to) <= MAX_WIDTH; to++) width += width_of(m, to);
        for (int heading = 0; heading < 3; heading++) write_row(m, first, from, to, heading, SIZE_MAX, out);
        for (size_t i = 0; i < m->n_callers; i++) write_row(m, first, from, to, 0, i, out);
        buf_add_char(out, '\n');
    }
    if (!m->n_routes) buf_add(out, STR("the template has no route\n\n"));
}

/* With its API where two columns would have the same label. */
static void add_label(struct buf *out, const struct check_matrix *m, size_t route) {
    const struct check_route *r = &m->routes[route];
    size_t same = 0;
    for (size_t i = 0; i < m->n_routes; i++) same += str_eq(m->routes[i].label, r->label);
    if (same == 1) buf_add(out, r->label);
    else buf_addf(out, "%.*s %.*s:%.*s", STR_ARG(r->method), STR_ARG(r->api->logical_id), STR_ARG(r->path));
}

static void write_reasons(const struct check_matrix *m, struct buf *out) {
    size_t lines = 0;
    for (size_t c = 0; c < m->n_callers; c++)
        for (size_t i = 0; i < m->n_routes; i++) {
            const struct check_cell *cell = check_matrix_cell(m, c, i);
            if (cell->because == CHECK_OPEN || cell->because == CHECK_UNSIGNED) continue;
            add_plain(out, m->callers[c].name);
            buf_add_char(out, ' ');
            add_label(out, m, i);
            buf_add(out, STR(": "));
            if (!cell->allowed && cell->because != CHECK_DENIED && cell->because != CHECK_SOME)
                buf_add(out, STR("denied: "));
            add_plain(out, cell->why);
            buf_add_char(out, '\n');
            lines++;
        }
    if (lines) buf_add_char(out, '\n');
}

static void write_assumes(const struct check_matrix *m, struct buf *out) {
    size_t lines = 0, n = m->n_callers;
    for (size_t i = 0; m->assumes && i < n * n; i++) {
        if (!m->assumes[i]) continue;
        add_plain(out, m->callers[i / n].name);
        buf_add(out, STR(" may assume "));
        add_plain(out, m->callers[i % n].name);
        buf_add(out, STR(", and then call what that may\n"));
        lines++;
    }
    if (lines) buf_add_char(out, '\n');
}

static void write_lints(const struct lint *l, struct buf *out) {
    for (size_t i = 0; i < l->n; i++) {
        const struct lint_finding *f = &l->at[i];
        add_plain(out, f->file);
        buf_addf(out, ":%u: %s: ", f->line, lint_level(f->rule) == LINT_ERROR ? "error" : "warning");
        add_plain(out, f->reason);
        buf_addf(out, " [%s]\n    -> %s\n", lint_name(f->rule), lint_fix(f->rule));
    }
    if (l->n) buf_add_char(out, '\n');
}

static void write_failures(const struct check_report *r, struct buf *out) {
    const struct check_expect *x = r->expect;
    const struct check_matrix *m = r->matrix;
    for (size_t i = 0; i < x->n_failures; i++) {
        const struct check_failure *f = &x->failures[i];
        add_plain(out, str_of(x->path));
        buf_addf(out, ":%u: expected %s for ", f->line, f->allow ? "allow" : "deny");
        add_plain(out, m->callers[f->caller].name);
        buf_add_char(out, ' ');
        add_label(out, m, f->route);
        const struct check_cell *cell = check_matrix_cell(m, f->caller, f->route);
        if (cell->because == CHECK_SOME) buf_add(out, STR(", but it is "));
        else buf_addf(out, ", but it is %s: ", f->allow ? "denied" : "allowed");
        add_plain(out, cell->why);
        buf_add_char(out, '\n');
    }
    if (x->n_failures) buf_add_char(out, '\n');
}

void check_report_write_table(const struct check_report *r, struct buf *out) {
    size_t errors = lint_errors(r->lint), warnings = r->lint->n - errors;
    if (r->matrix) write_matrix(r->matrix, out);
    if (r->matrix) write_reasons(r->matrix, out);
    if (r->matrix) write_assumes(r->matrix, out);
    write_lints(r->lint, out);
    if (r->expect) write_failures(r, out);
    if (r->refusal.p) buf_add(out, STR("the template was refused, so there is no matrix\n"));
    add_plain(out, str_of(r->template_path));
    buf_addf(out, ": %zu error%s, %zu warning%s", errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    if (r->expect)
        buf_addf(out, ", %zu expectation%s, %zu failure%s", r->expect->n_lines, r->expect->n_lines == 1 ? "" : "s",
                 r->expect->n_failures, r->expect->n_failures == 1 ? "" : "s");
    buf_add_char(out, '\n');
}

void check_report_write_why(const struct check_matrix *m, size_t caller, size_t route, struct buf *out) {
    const struct check_route *r = &m->routes[route];
    const struct check_caller *c = &m->callers[caller];
    const struct check_cell *cell = check_matrix_cell(m, caller, route);
    add_plain(out, c->name);
    buf_addf(out, " %.*s of %.*s: %s, %d%s%.*s\n", STR_ARG(r->label), STR_ARG(r->api->logical_id),
             check_matrix_word(cell), cell->status, cell->error_type.n ? " " : "", STR_ARG(cell->error_type));
    buf_addf(out, "caller    %.*s\n",
             STR_ARG(c->entry ? keyring_user_arn(c->entry) : STR("nobody: the request is not signed")));
    buf_addf(out, "resource  %.*s\n", STR_ARG(r->arn));
    buf_addf(out, "route     %.*s, %s, function %.*s\n", STR_ARG(r->route->method), api_authorization(r->route),
             STR_ARG(r->route->function->logical_id));
    buf_add(out, STR("why       "));
    add_plain(out, cell->why);
    buf_add_char(out, '\n');
    const struct policy_statement *s = cell->statement ? cell->statement : cell->miss.statement;
    if (cell->allowed && !cell->statement) s = NULL;
    for (size_t i = 0; s && i < s->n_resources; i++) {
        buf_add(out, i ? STR("          ") : STR("it names  "));
        add_plain(out, s->resources[i]);
        buf_add_char(out, '\n');
    }
    if (cell->fix.p) buf_addf(out, "to allow  %.*s\n", STR_ARG(cell->fix));
}

/* ---- JSON ---- */

static void add_member(struct buf *out, const char *before, struct str value) {
    buf_add(out, str_of(before));
    json_write_text(out, value);
}

static const char *kind_of(const struct check_caller *c) {
    return !c->entry ? "unsigned" : c->entry->who->kind == MODEL_USER ? "user" : "role";
}

static void write_callers(const struct check_matrix *m, struct buf *out) {
    for (size_t i = 0; i < m->n_callers; i++) {
        const struct check_caller *c = &m->callers[i];
        add_member(out, i ? ",{\"name\":" : "{\"name\":", c->name);
        add_member(out, ",\"kind\":", str_of(kind_of(c)));
        add_member(out, ",\"arn\":", c->entry ? keyring_user_arn(c->entry) : (struct str){0});
        buf_add_char(out, '}');
    }
}

static void add_route(struct buf *out, const struct check_route *r) {
    add_member(out, "\"api\":", r->api->logical_id);
    add_member(out, ",\"method\":", r->method);
    add_member(out, ",\"path\":", r->path);
}

static void write_routes(const struct check_matrix *m, struct buf *out) {
    for (size_t i = 0; i < m->n_routes; i++) {
        const struct check_route *r = &m->routes[i];
        buf_add(out, i ? STR(",{") : STR("{"));
        add_route(out, r);
        add_member(out, ",\"authorization\":", str_of(api_authorization(r->route)));
        add_member(out, ",\"function\":", r->route->function->logical_id);
        add_member(out, ",\"arn\":", r->arn);
        buf_add_char(out, '}');
    }
}

static void write_cell(const struct check_matrix *m, size_t caller, size_t route, struct buf *out) {
    const struct check_cell *c = check_matrix_cell(m, caller, route);
    add_member(out, "{\"caller\":", m->callers[caller].name);
    buf_add_char(out, ',');
    add_route(out, &m->routes[route]);
    const char *allowed = c->because == CHECK_SOME ? "\"some\"" : c->allowed ? "true" : "false";
    buf_addf(out, ",\"allowed\":%s,\"status\":%d", allowed, c->status);
    add_member(out, ",\"errorType\":", c->error_type);
    add_member(out, ",\"because\":", str_of(check_matrix_reason(c->because)));
    add_member(out, ",\"why\":", c->why);
    add_member(out, ",\"fix\":", c->fix);
    const struct policy_statement *s = c->statement                    ? c->statement
                                       : c->because == CHECK_NOT_FOUND ? c->miss.statement
                                                                       : NULL;
    buf_add(out, STR(",\"statement\":"));
    if (s) {
        add_member(out, "{\"file\":", str_of(s->file));
        buf_addf(out, ",\"line\":%u", s->line);
        add_member(out, ",\"policy\":", s->policy_name);
        buf_add(out, STR("}}"));
    } else {
        buf_add(out, STR("null}"));
    }
}

static void write_pairs(const struct check_matrix *m, struct buf *out) {
    bool first = true;
    for (size_t i = 0; m->assumes && i < m->n_callers * m->n_callers; i++) {
        if (!m->assumes[i]) continue;
        add_member(out, first ? "{\"caller\":" : ",{\"caller\":", m->callers[i / m->n_callers].name);
        add_member(out, ",\"role\":", m->callers[i % m->n_callers].name);
        buf_add_char(out, '}');
        first = false;
    }
}

static void write_findings(const struct lint *l, struct buf *out) {
    for (size_t i = 0; i < l->n; i++) {
        const struct lint_finding *f = &l->at[i];
        add_member(out, i ? ",{\"name\":" : "{\"name\":", str_of(lint_name(f->rule)));
        add_member(out, ",\"level\":", lint_level(f->rule) == LINT_ERROR ? STR("error") : STR("warning"));
        add_member(out, ",\"file\":", f->file);
        buf_addf(out, ",\"line\":%u", f->line);
        add_member(out, ",\"reason\":", f->reason);
        add_member(out, ",\"fix\":", str_of(lint_fix(f->rule)));
        buf_add_char(out, '}');
    }
}

static void write_expectations(const struct check_report *r, struct buf *out) {
    const struct check_expect *x = r->expect;
    if (!x) {
        buf_add(out, STR("null"));
        return;
    }
    add_member(out, "{\"file\":", str_of(x->path));
    buf_addf(out, ",\"lines\":%zu,\"failed\":[", x->n_lines);
    for (size_t i = 0; i < x->n_failures; i++) {
        const struct check_failure *f = &x->failures[i];
        buf_addf(out, "%s{\"line\":%u,\"expected\":\"%s\"", i ? "," : "", f->line, f->allow ? "allow" : "deny");
        add_member(out, ",\"caller\":", r->matrix->callers[f->caller].name);
        buf_add_char(out, ',');
        add_route(out, &r->matrix->routes[f->route]);
        buf_add_char(out, '}');
    }
    buf_add(out, STR("]}"));
}

void check_report_write_json(const struct check_report *r, struct buf *out) {
    const struct check_matrix *m = r->matrix;
    add_member(out, "{\"template\":", str_of(r->template_path));
    buf_addf(out, ",\"ok\":%s", check_report_faults(r) || r->refusal.p ? "false" : "true");
    add_member(out, ",\"refusal\":", r->refusal);
    buf_add(out, STR(",\"callers\":["));
    if (m) write_callers(m, out);
    buf_add(out, STR("],\"routes\":["));
    if (m) write_routes(m, out);
    buf_add(out, STR("],\"cells\":["));
    for (size_t i = 0; m && i < m->n_callers * m->n_routes; i++) {
        if (i) buf_add_char(out, ',');
        write_cell(m, i / m->n_routes, i % m->n_routes, out);
    }
    buf_add(out, STR("],\"assumes\":["));
    if (m) write_pairs(m, out);
    buf_add(out, STR("],\"lints\":["));
    write_findings(r->lint, out);
    buf_add(out, STR("],\"expectations\":"));
    write_expectations(r, out);
    buf_add(out, STR("}\n"));
}
