/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a YAML tree, and new nodes. The reader of the text is node_read.c. */
#include "node.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct node *node_get(const struct node *mapping, const char *key) {
    if (!mapping || mapping->kind != NODE_MAPPING) return NULL;
    for (size_t i = 0; i < mapping->n; i++)
        if (str_eq(mapping->at[i].key, str_of(key))) return mapping->at[i].value;
    return NULL;
}

bool node_is_intrinsic(const struct node *n) {
    if (!n || n->kind != NODE_MAPPING || n->n != 1) return false;
    struct str key = n->at[0].key;
    return str_eq(key, STR("Ref")) || str_eq(key, STR("Condition")) || str_starts(key, STR("Fn::"));
}

bool node_is(const struct node *n, const char *intrinsic) {
    return node_is_intrinsic(n) && str_eq(n->at[0].key, str_of(intrinsic));
}

static bool matches(const char *pattern, const char *text) {
    regex_t re;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB)) return true; /* no memory: then rather refuse */
    bool found = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

static bool is_plain(const struct node *n) {
    return n && n->kind == NODE_SCALAR && !n->quoted;
}

bool node_is_null(const struct node *n) {
    return is_plain(n) && matches("^(|~|null|Null|NULL)$", n->text.p);
}

/* The implicit types of YAML 1.1 (https://yaml.org/type/): bool, int, float, null. Dates come back as they were. */
bool node_is_rewritten(const struct node *n) {
    static const char words[] =
        "^(|~|null|Null|NULL|y|Y|n|N|yes|Yes|YES|no|No|NO|True|TRUE|False|FALSE|on|On|ON|off|Off|OFF)$";
    static const char numbers[] = "^[-+]?(0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])+([.][0-9_]*)?"
                                  "|[0-9][0-9_]*([.][0-9_]*)?([eE][-+]?[0-9]+)?|[.][0-9_]+([eE][-+]?[0-9]+)?"
                                  "|[.](inf|Inf|INF|nan|NaN|NAN))$";
    static const char same[] = "^(0|-?[1-9][0-9]{0,14}|-?(0|[1-9][0-9]{0,8})[.]([0-9]{0,5}[1-9]|0))$";
    if (!is_plain(n) || !strchr("~nNyYoOtTfF+-.0123456789", n->text.p[0])) return false; /* most texts; "" goes on */
    return matches(words, n->text.p) || (matches(numbers, n->text.p) && !matches(same, n->text.p));
}

struct node *node_new(enum node_kind kind, const struct node *place, struct arena *a, struct err *e) {
    struct node *n = arena_zero(a, sizeof *n);
    if (!n) {
        err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
        return NULL;
    }
    n->kind = kind;
    n->file = place->file;
    n->line = place->line;
    n->text = STR("");
    return n;
}

const struct node *node_new_text(struct str text, const struct node *place, struct arena *a, struct err *e) {
    struct node *n = node_new(NODE_SCALAR, place, a, e);
    char *copy = n ? arena_copy(a, text) : NULL;
    if (n && !copy) err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
    if (!copy) return NULL;
    n->text = (struct str){copy, text.n};
    n->quoted = true;
    return n;
}

bool node_add(struct node *parent, struct node_member member, struct arena *a, struct err *e) {
    if (parent->n == parent->cap) {
        size_t cap = parent->cap ? parent->cap * 2 : 4;
        void *grown = arena_grow(a, parent->at, parent->cap * sizeof member, cap * sizeof member);
        if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", parent->file);
        parent->at = grown;
        parent->cap = cap;
    }
    parent->at[parent->n++] = member;
    return true;
}

bool node_error(const struct node *place, struct err *e, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char sentence[sizeof e->msg];
    int n = vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    return err_set(e, ERR_CONFIG, "%s:%u: %s", place->file, place->line, n < 0 ? "unprintable error" : sentence);
}
