/* SPDX-License-Identifier: Apache-2.0 */
/* Intrinsic functions: Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::If, Fn::Select, Fn::Split, Fn::FindInMap. Another
   one is an error as soon as its value is needed.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html */
#include "template.h"

enum { MAX_DEPTH = 256, MAX_TEXT = 64 * 1024 };

bool template_resolve_text(struct template *t, const struct node *n, const char *what, struct str *out, struct err *e) {
    const struct node *v;
    if (!template_resolve(t, n, &v, e)) return false;
    if (!v || v->kind != NODE_SCALAR || node_is_rewritten(v))
        return node_error(n, e, "%s is no plain text (yes, 010 and the like must be in quotes)", what);
    *out = v->text;
    return true;
}

static bool is_list(const struct node *n, size_t items) {
    return n->kind == NODE_SEQUENCE && n->n == items;
}

static bool resolve_ref(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    if (arg->kind != NODE_SCALAR) return node_error(arg, e, "Ref takes one name");
    return template_name_ref(t, arg->text, arg, out, e);
}

static bool resolve_att(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    struct buf dotted;
    if (!is_list(arg, 2) || arg->at[0].value->kind != NODE_SCALAR || arg->at[1].value->kind != NODE_SCALAR)
        return node_error(arg, e, "Fn::GetAtt takes a resource and an attribute, both plain names");
    buf_init(&dotted, MAX_TEXT, t->arena);
    buf_addf(&dotted, "%.*s.%.*s", STR_ARG(arg->at[0].value->text), STR_ARG(arg->at[1].value->text));
    if (!buf_ok(&dotted, e)) return err_prefix(e, "%s:%u: ", arg->file, arg->line);
    return template_name_att(t, buf_str(&dotted), arg, out, e);
}

static bool pick(struct template *t, const struct node *arg, const struct node **branch, struct err *e) {
    bool is;
    if (!is_list(arg, 3) || arg->at[0].value->kind != NODE_SCALAR)
        return node_error(arg, e, "Fn::If takes the name of a condition and two values");
    if (!template_condition_is(t, arg->at[0].value->text, arg, &is, e)) return false;
    *branch = arg->at[is ? 1 : 2].value;
    return true;
}

static bool resolve_if(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    const struct node *branch = NULL;
    return pick(t, arg, &branch, e) && template_resolve(t, branch, out, e);
}

bool template_resolve_top(struct template *t, const struct node *n, const struct node **out, struct err *e) {
    while (node_is(n, "Fn::If"))
        if (!pick(t, n->at[0].value, &n, e)) return false;
    const struct node *arg = node_is(n, "Ref") ? n->at[0].value : NULL;
    *out = arg && arg->kind == NODE_SCALAR && str_eq(arg->text, STR("AWS::NoValue")) ? NULL : n;
    return true;
}

/* Resolves the argument number i, which must be a list of texts. */
static bool list_argument(struct template *t, const struct node *arg, size_t i, const struct node **list,
                          struct err *e) {
    const struct node *n = arg->at[i].value;
    if (!template_resolve(t, n, list, e)) return false;
    bool ok = *list && (*list)->kind == NODE_SEQUENCE;
    for (size_t k = 0; ok && k < (*list)->n; k++)
        ok = (*list)->at[k].value->kind == NODE_SCALAR && !node_is_rewritten((*list)->at[k].value);
    return ok || node_error(n, e, "a list of texts is needed here");
}

static bool resolve_join(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    const struct node *list;
    struct str between;
    struct buf text;
    if (!is_list(arg, 2)) return node_error(arg, e, "Fn::Join takes a delimiter and a list");
    if (!template_resolve_text(t, arg->at[0].value, "the delimiter of Fn::Join", &between, e)) return false;
    if (!list_argument(t, arg, 1, &list, e)) return false;
    buf_init(&text, MAX_TEXT, t->arena);
    for (size_t i = 0; i < list->n; i++) {
        if (i) buf_add(&text, between);
        buf_add(&text, list->at[i].value->text);
    }
    if (!buf_ok(&text, e)) return err_prefix(e, "%s:%u: ", arg->file, arg->line);
    *out = node_new_text(buf_str(&text), arg, t->arena, e);
    return *out != NULL;
}

static bool resolve_select(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    const struct node *list;
    struct str index;
    int64_t i;
    if (!is_list(arg, 2)) return node_error(arg, e, "Fn::Select takes an index and a list");
    if (!template_resolve_text(t, arg->at[0].value, "the index of Fn::Select", &index, e)) return false;
    if (!list_argument(t, arg, 1, &list, e)) return false;
    if (!str_read_int64(index, 0, (int64_t)list->n - 1, &i))
        return node_error(arg, e, "the index %.*s of Fn::Select is not in its list of %zu", STR_ARG(index), list->n);
    *out = list->at[i].value;
    return true;
}

static bool resolve_split(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    struct str between, rest;
    if (!is_list(arg, 2)) return node_error(arg, e, "Fn::Split takes a delimiter and a text");
    if (!template_resolve_text(t, arg->at[0].value, "the delimiter of Fn::Split", &between, e) ||
        !template_resolve_text(t, arg->at[1].value, "the text of Fn::Split", &rest, e))
        return false;
    if (between.n == 0) return node_error(arg, e, "the delimiter of Fn::Split is empty");
    struct node *list = node_new(NODE_SEQUENCE, arg, t->arena, e);
    for (bool more = list != NULL; more;) {
        size_t at = str_find(rest, between);
        more = at != SIZE_MAX;
        struct node_member m = {.line = arg->line};
        m.value = node_new_text((struct str){rest.p, more ? at : rest.n}, arg, t->arena, e);
        if (!m.value || !node_add(list, m, t->arena, e)) return false;
        if (more) rest = (struct str){rest.p + at + between.n, rest.n - at - between.n};
    }
    *out = list;
    return list != NULL;
}

static bool resolve_map(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    const struct node *n = t->mappings;
    if (!is_list(arg, 3)) return node_error(arg, e, "Fn::FindInMap takes the name of a map and two keys");
    for (size_t i = 0; i < 3; i++) {
        struct str key;
        if (!template_resolve_text(t, arg->at[i].value, "a name in Fn::FindInMap", &key, e)) return false;
        n = key.n ? node_get(n, key.p) : NULL; /* every text of a node ends with a NUL */
        if (!n) return node_error(arg, e, "Fn::FindInMap finds nothing for %.*s", STR_ARG(key));
    }
    return template_resolve(t, n, out, e);
}

static bool call(struct template *t, const struct node *n, const struct node **out, struct err *e) {
    static const struct {
        const char *name;
        bool (*resolve)(struct template *, const struct node *, const struct node **, struct err *);
    } table[] = {
        {"Ref", resolve_ref},         {"Fn::GetAtt", resolve_att},    {"Fn::Sub", template_sub},
        {"Fn::Join", resolve_join},   {"Fn::If", resolve_if},         {"Fn::Select", resolve_select},
        {"Fn::Split", resolve_split}, {"Fn::FindInMap", resolve_map},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (node_is(n, table[i].name)) return table[i].resolve(t, n->at[0].value, out, e);
    return node_error(n, e, "%.*s is not supported, and its value is needed", STR_ARG(n->at[0].key));
}

static bool copy(struct template *t, const struct node *n, const struct node **out, struct err *e) {
    struct node *fresh = node_new(n->kind, n, t->arena, e);
    if (!fresh) return false;
    for (size_t i = 0; i < n->n; i++) {
        struct node_member m = n->at[i];
        if (m.key.p && (str_eq(m.key, STR("Ref")) || str_starts(m.key, STR("Fn::"))))
            return node_error(m.value, e, "%.*s stands beside other keys: an intrinsic function stands alone",
                              STR_ARG(m.key));
        if (!template_resolve(t, n->at[i].value, &m.value, e)) return false;
        if (m.value && !node_add(fresh, m, t->arena, e)) return false;
    }
    *out = fresh;
    return true;
}

bool template_resolve(struct template *t, const struct node *n, const struct node **out, struct err *e) {
    bool ok = true;
    if (t->depth >= MAX_DEPTH) return node_error(n, e, "intrinsic functions nested deeper than %d", MAX_DEPTH);
    t->depth++;
    if (n->kind == NODE_SCALAR) *out = n;
    /* {"Condition": ...} is a function in Conditions only; elsewhere it is a member like any other */
    else if (node_is_intrinsic(n) && !node_is(n, "Condition")) ok = call(t, n, out, e);
    else ok = copy(t, n, out, e);
    t->depth--;
    return ok;
}
