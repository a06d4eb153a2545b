/* SPDX-License-Identifier: Apache-2.0 */
/* Fn::Sub, both forms. `${!x}` is the text `${x}`; a name that is not known is an error, never an empty text.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-sub.html */
#include <string.h>

#include "template.h"

enum { MAX_TEXT = 64 * 1024 };

static bool lookup(struct template *t, struct str name, const struct node *vars, const struct node *arg,
                   struct buf *text, struct err *e) {
    const struct node *value = NULL;
    char *z = arena_copy(t->arena, name);
    if (!z) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", arg->file);
    const struct node *own = name.n ? node_get(vars, z) : NULL;
    bool is_att = memchr(z, '.', name.n) && !str_ends(name, STR(".Stage"));
    if (own      ? !template_resolve(t, own, &value, e)
        : is_att ? !template_name_att(t, name, arg, &value, e)
                 : !template_name_ref(t, name, arg, &value, e))
        return false;
    if (!value || value->kind != NODE_SCALAR)
        return node_error(arg, e, "${%.*s} in Fn::Sub is not one text", STR_ARG(name));
    buf_add(text, value->text);
    return true;
}

static bool expand(struct template *t, struct str rest, const struct node *vars, const struct node *arg,
                   struct buf *text, struct err *e) {
    for (;;) {
        size_t at = str_find(rest, STR("${"));
        buf_add(text, (struct str){rest.p, at == SIZE_MAX ? rest.n : at});
        if (at == SIZE_MAX) return true;
        rest = (struct str){rest.p + at + 2, rest.n - at - 2};
        size_t end = str_find(rest, STR("}"));
        if (end == SIZE_MAX) return node_error(arg, e, "a ${ in Fn::Sub is not closed");
        struct str name = {rest.p, end};
        rest = (struct str){rest.p + end + 1, rest.n - end - 1};
        if (name.n && name.p[0] == '!') buf_addf(text, "${%.*s}", STR_ARG(((struct str){name.p + 1, name.n - 1})));
        else if (!lookup(t, name, vars, arg, text, e)) return false;
    }
}

bool template_sub(struct template *t, const struct node *arg, const struct node **out, struct err *e) {
    const struct node *format = arg, *vars = NULL;
    struct buf text;
    if (arg->kind == NODE_SEQUENCE && arg->n == 2) format = arg->at[0].value, vars = arg->at[1].value;
    if (format->kind != NODE_SCALAR || (vars && (vars->kind != NODE_MAPPING || node_is_intrinsic(vars))))
        return node_error(arg, e, "Fn::Sub takes a text, or a text and a mapping of variables");
    buf_init(&text, MAX_TEXT, t->arena);
    if (!expand(t, format->text, vars, arg, &text, e)) return false;
    if (!buf_ok(&text, e)) return err_prefix(e, "%s:%u: ", arg->file, arg->line);
    *out = node_new_text(buf_str(&text), arg, t->arena, e);
    return *out != NULL;
}
