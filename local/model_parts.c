/* SPDX-License-Identifier: Apache-2.0 */
/* The common tools of the model's readers: the list of known properties, notices, resolved properties, SAM's
   Globals.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html (Globals) */
#include "model_parts.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_NOTICE = 1024 };

bool model_parts_notice(struct model_reader *r, const struct node *place, struct err *e, const char *fmt, ...) {
    struct model *m = r->model;
    char sentence[MAX_NOTICE];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof sentence) return node_error(place, e, "a name is too long");
    struct buf b;
    buf_init(&b, 8 * (size_t)MAX_NOTICE, r->arena);
    buf_addf(&b, "%s:%u: %s", place->file, place->line, sentence);
    if (!buf_ok(&b, e)) return false;
    if (m->n_notices == r->notices_cap) {
        size_t cap = r->notices_cap ? 2 * r->notices_cap : 16;
        struct str *grown = arena_grow(r->arena, m->notices, r->notices_cap * sizeof *grown, cap * sizeof *grown);
        if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
        m->notices = grown;
        r->notices_cap = cap;
    }
    m->notices[m->n_notices++] = buf_str(&b);
    return true;
}

static const struct model_rule *rule_of(const struct model_rule *rules, struct str name) {
    while (rules->name && !str_eq(str_of(rules->name), name)) rules++;
    return rules;
}

bool model_parts_check(struct model_reader *r, const struct node *mapping, const char *owner,
                       const struct model_rule *rules, struct err *e) {
    if (mapping->kind != NODE_MAPPING || node_is_intrinsic(mapping))
        return node_error(mapping, e, "%s is not a plain mapping: write it out (SAM does not look into functions here)",
                          owner);
    for (size_t i = 0; i < mapping->n; i++) {
        struct node place = {.file = mapping->at[i].value->file, .line = mapping->at[i].line};
        struct str name = mapping->at[i].key;
        const struct model_rule *rule = rule_of(rules, name);
        if (!rule->name)
            return node_error(&place, e, "%.*s of %s is not supported here: remove it, or test it on AWS",
                              STR_ARG(name), owner);
        if (rule->kind == MODEL_REFUSED)
            return node_error(&place, e, "%.*s of %s is not supported here: %s", STR_ARG(name), owner, rule->why);
        if (rule->kind != MODEL_NOTICE) continue;
        if (!model_parts_notice(r, &place, e, "%.*s of %s has no effect here%s%s", STR_ARG(name), owner,
                                rule->why ? ": " : "", rule->why ? rule->why : ""))
            return false;
    }
    return true;
}

bool model_parts_get(struct model_reader *r, const struct node *mapping, const char *name, const struct node **out,
                     struct err *e) {
    const struct node *n = node_get(mapping, name);
    *out = NULL;
    return !n || template_resolve(r->t, n, out, e);
}

bool model_parts_text(struct model_reader *r, const struct node *mapping, const char *name, struct str *out,
                      struct err *e) {
    const struct node *n;
    *out = (struct str){0};
    if (!model_parts_get(r, mapping, name, &n, e)) return false;
    if (!n) return true;
    if (n->kind != NODE_SCALAR || node_is_rewritten(n))
        return node_error(n, e, "%s is no plain text: put it in quotes", name);
    *out = n->text;
    return true;
}

bool model_parts_number(struct model_reader *r, const struct node *mapping, const char *name, int64_t range[2],
                        int64_t *out, struct err *e) {
    struct str s;
    if (!model_parts_text(r, mapping, name, &s, e)) return false;
    if (!s.p || str_read_int64(s, range[0], range[1], out)) return true;
    return node_error(node_get(mapping, name), e, "%s is not a whole number from %lld to %lld", name,
                      (long long)range[0], (long long)range[1]);
}

bool model_parts_items(struct model_reader *r, const struct node *list, const struct node ***items, size_t *n,
                       struct err *e) {
    const struct node *top = NULL;
    *n = 0;
    *items = NULL;
    if (!list) return true;
    if (!template_resolve_top(r->t, list, &top, e)) return false;
    if (!top) return true;
    size_t most = top->kind == NODE_SEQUENCE ? top->n : 1;
    const struct node **at = arena_zero(r->arena, (most + 1) * sizeof *at);
    if (!at) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", list->file);
    for (size_t i = 0; i < most; i++) {
        const struct node *item = top->kind == NODE_SEQUENCE ? top->at[i].value : top;
        if (!template_resolve_top(r->t, item, &at[*n], e)) return false;
        if (at[*n]) ++*n;
    }
    *items = at;
    return true;
}

static bool is_map(const struct node *n) {
    return n->kind == NODE_MAPPING && !node_is_intrinsic(n);
}

/* As deep as the file, which has a limit. SAM's rule: maps are merged, lists are joined (the global items first),
   anything else is replaced. */
static const struct node *merge(struct model_reader *r, const struct node *global, const struct node *local,
                                struct err *e) {
    bool maps = is_map(global) && is_map(local), lists = global->kind == NODE_SEQUENCE && local->kind == NODE_SEQUENCE;
    if (!maps && !lists) return local;
    struct node *n = node_new(local->kind, local, r->arena, e);
    for (size_t i = 0; n && i < global->n; i++) {
        struct node_member m = global->at[i];
        const struct node *over = NULL;
        for (size_t k = 0; maps && k < local->n && !over; k++) {
            if (!str_eq(local->at[k].key, m.key)) continue;
            over = local->at[k].value;
            m.line = local->at[k].line;
        }
        if (over) m.value = merge(r, m.value, over, e);
        if (!m.value || !node_add(n, m, r->arena, e)) return NULL;
    }
    for (size_t i = 0; n && i < local->n; i++) {
        bool merged = false;
        for (size_t k = 0; maps && k < global->n && !merged; k++) merged = str_eq(global->at[k].key, local->at[i].key);
        if (!merged && !node_add(n, local->at[i], r->arena, e)) return NULL;
    }
    return n;
}

const struct node *model_parts_merged(struct model_reader *r, const char *section,
                                      const struct template_resource *resource, struct err *e) {
    const struct node *global = node_get(r->t->globals, section), *local = resource->properties;
    if (!local) local = node_new(NODE_MAPPING, resource->node, r->arena, e);
    if (!local || !global) return local;
    if (!is_map(global)) {
        node_error(global, e, "Globals.%s is not a plain mapping", section);
        return NULL;
    }
    return merge(r, global, local, e);
}
