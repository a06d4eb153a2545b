/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of fields and the query string (WHATWG URL, section 5.1, reads '+' as a space; so do AWS's verifiers). */
#include "http_msg.h"

#include <string.h>

#include "percent.h"

struct str http_field_get(const struct http_fields *f, struct str name) {
    for (size_t i = 0; i < f->n; i++)
        if (f->at[i].name.n == name.n && str_eq_nocase(f->at[i].name, name)) return f->at[i].value;
    return (struct str){0};
}

size_t http_field_count(const struct http_fields *f, struct str name) {
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) n += str_eq_nocase(f->at[i].name, name);
    return n;
}

bool http_field_add(struct http_fields *f, struct str name, struct str value, struct arena *a, struct err *e) {
    if (f->n == HTTP_MAX_FIELDS) return err_set(e, ERR_LIMIT, "more than %d fields or parameters", HTTP_MAX_FIELDS);
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 16;
        struct http_field *at = arena_grow(a, f->at, f->cap * sizeof *at, cap * sizeof *at);
        if (!at) return err_set(e, ERR_MEMORY, "out of memory for %zu fields", cap);
        f->at = at;
        f->cap = cap;
    }
    f->at[f->n++] = (struct http_field){name, value};
    return true;
}

bool http_is_token(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c))) return false;
    }
    return s.n > 0;
}

bool http_query_read(struct str query, struct http_fields *params, struct arena *a, struct err *e) {
    *params = (struct http_fields){0};
    for (struct str rest = query, piece; rest.n;) {
        str_cut(&rest, '&', &piece);
        if (!piece.n) continue;
        struct str name, value = piece;
        if (!str_cut(&value, '=', &name)) value = STR("");
        if (!percent_read(name, true, &name, a, e) || !percent_read(value, true, &value, a, e)) return false;
        if (!http_field_add(params, name, value, a, e)) return false;
    }
    return true;
}
