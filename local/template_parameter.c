/* SPDX-License-Identifier: Apache-2.0 */
/* In: the section Parameters and the values given from outside. Out: a checked value for each.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html */
#include <regex.h>
#include <string.h>

#include "template.h"

const struct node *template_parameter_find(const struct template *t, struct str name) {
    for (size_t i = 0; i < t->n_parameters; i++)
        if (str_eq(t->parameters[i].name, name)) return t->parameters[i].value;
    return NULL;
}

/* CloudFormation's patterns are Java's. Accepted is what means the same as a POSIX extended expression. */
static bool is_common_pattern(const char *p) {
    bool in_set = false;
    for (; *p; p++) {
        if (*p == '\\') {
            if (in_set || !p[1] || !strchr(".[]{}()*+?^$|\\/-", p[1])) return false;
            p++;
        } else if (in_set) {
            if (*p == '[' || (*p == '&' && p[1] == '&')) return false;
            in_set = *p != ']';
        } else if (*p == '[') {
            in_set = true;
            if (p[1] == '^') p++;
            if (p[1] == ']') return false;
        } else {
            bool repeats = strchr("*+?}", *p) != NULL;
            if ((repeats || *p == '(') && p[1] && strchr(repeats ? "*+?" : "?", p[1])) return false;
        }
    }
    return true;
}

/* The pattern must match the whole value. */
static bool check_pattern(const struct node *pattern, struct str name, const struct node *value, struct err *e) {
    regex_t re;
    regmatch_t whole;
    if (pattern->kind != NODE_SCALAR || !is_common_pattern(pattern->text.p) ||
        regcomp(&re, pattern->text.p, REG_EXTENDED) != 0)
        return node_error(pattern, e,
                          "this AllowedPattern of the parameter %.*s is not supported: write it without "
                          "backslash classes, look-ahead and lazy repetition",
                          STR_ARG(name));
    bool ok =
        regexec(&re, value->text.p, 1, &whole, 0) == 0 && whole.rm_so == 0 && (size_t)whole.rm_eo == value->text.n;
    regfree(&re);
    return ok || node_error(value, e, "the value of the parameter %.*s does not match its AllowedPattern %.*s",
                            STR_ARG(name), STR_ARG(pattern->text));
}

static bool check_allowed(const struct node *allowed, struct str name, const struct node *value, struct err *e) {
    if (allowed->kind != NODE_SEQUENCE) return node_error(allowed, e, "AllowedValues is not a list");
    for (size_t i = 0; i < allowed->n; i++) {
        const struct node *v = allowed->at[i].value;
        if (v->kind != NODE_SCALAR || node_is_rewritten(v))
            return node_error(v, e, "an item of the AllowedValues of %.*s is no plain text: put it in quotes",
                              STR_ARG(name));
        if (str_eq(v->text, value->text)) return true;
    }
    return node_error(value, e, "the value \"%.*s\" of the parameter %.*s is not one of its AllowedValues",
                      STR_ARG(value->text), STR_ARG(name));
}

static bool check_number(const struct node *bound, struct str name, int64_t actual, bool least, struct err *e) {
    int64_t n;
    if (!bound) return true;
    if (bound->kind != NODE_SCALAR || !str_read_int64(bound->text, INT64_MIN, INT64_MAX, &n))
        return node_error(bound, e, "a bound of the parameter %.*s is not a whole number", STR_ARG(name));
    if (least ? actual >= n : actual <= n) return true;
    return node_error(bound, e, "the value of the parameter %.*s is out of its bounds", STR_ARG(name));
}

static bool is_type(const struct node *declared, const char *type) {
    return str_eq(node_get(declared, "Type")->text, str_of(type));
}

static bool check_value(const struct node *declared, struct str name, const struct node *value, struct err *e) {
    const struct node *allowed = node_get(declared, "AllowedValues"), *pattern = node_get(declared, "AllowedPattern");
    const struct node *least = node_get(declared, "MinValue"), *most = node_get(declared, "MaxValue");
    int64_t number = 0;
    if (allowed && !check_allowed(allowed, name, value, e)) return false;
    if (pattern && !check_pattern(pattern, name, value, e)) return false;
    if (!check_number(node_get(declared, "MinLength"), name, (int64_t)value->text.n, true, e) ||
        !check_number(node_get(declared, "MaxLength"), name, (int64_t)value->text.n, false, e))
        return false;
    if (!is_type(declared, "Number")) return true;
    if (!str_read_int64(value->text, INT64_MIN, INT64_MAX, &number))
        return node_error(value, e, "the parameter %.*s is a Number, and only whole numbers are supported",
                          STR_ARG(name));
    return check_number(least, name, number, true, e) && check_number(most, name, number, false, e);
}

static const struct node *split(struct template *t, const struct node *value, struct err *e) {
    struct node *list = node_new(NODE_SEQUENCE, value, t->arena, e);
    struct str rest = value->text, head;
    for (bool more = true; list && more && value->text.n;) {
        more = str_cut(&rest, ',', &head);
        const struct node *item = node_new_text(str_trim(head), value, t->arena, e);
        if (!item || !node_add(list, (struct node_member){.line = value->line, .value = item}, t->arena, e))
            return NULL;
    }
    return list;
}

/* A parameter of the callers file gets what the template has under that name. */
static bool from_beside(struct template *t, struct str name, const struct node *place, const struct node **value,
                        struct err *e) {
    const struct node *theirs = t->beside ? template_parameter_find(t->beside, name) : NULL;
    *value = theirs && theirs->kind == NODE_SCALAR ? node_new_text(theirs->text, place, t->arena, e) : NULL;
    if (theirs && theirs->kind == NODE_SCALAR) return *value != NULL;
    if (!t->beside || !template_find(t->beside, name)) return true;
    return template_name_ref(t->beside, name, place, value, e);
}

static bool given_value(struct template *t, struct node_member m, const struct http_fields *overrides,
                        const struct node **value, struct err *e) {
    const struct node *fallback = node_get(m.value, "Default");
    struct node place = {.file = m.value->file, .line = m.line};
    for (size_t i = 0; overrides && i < overrides->n; i++) {
        if (!str_eq(overrides->at[i].name, m.key)) continue;
        *value = node_new_text(overrides->at[i].value, &place, t->arena, e);
        if (*value && memchr((*value)->text.p, 0, (*value)->text.n))
            return node_error(&place, e, "a NUL in the value of the parameter %.*s", STR_ARG(m.key));
        return *value != NULL;
    }
    if (!from_beside(t, m.key, &place, value, e)) return false;
    if (*value) return true;
    if (!fallback) return node_error(&place, e, "the parameter %.*s has no Default: give it a value", STR_ARG(m.key));
    if (fallback->kind != NODE_SCALAR || node_is_rewritten(fallback))
        return node_error(fallback, e, "the Default of the parameter %.*s is no plain text: put it in quotes",
                          STR_ARG(m.key));
    *value = node_new_text(fallback->text, fallback, t->arena, e);
    return *value != NULL;
}

static bool read_one(struct template *t, struct node_member m, const struct http_fields *overrides, struct err *e) {
    struct node place = {.file = t->root->file, .line = m.line};
    const struct node *type = node_get(m.value, "Type"), *value = NULL;
    if (!type || type->kind != NODE_SCALAR)
        return node_error(&place, e, "the parameter %.*s has no Type", STR_ARG(m.key));
    bool list = is_type(m.value, "CommaDelimitedList") || is_type(m.value, "List<Number>");
    if (!list && !is_type(m.value, "String") && !is_type(m.value, "Number"))
        return node_error(type, e, "the parameter type %.*s is not supported: it needs an AWS account",
                          STR_ARG(type->text));
    if (list && (node_get(m.value, "AllowedValues") || node_get(m.value, "AllowedPattern")))
        return node_error(type, e, "AllowedValues and AllowedPattern of a list (%.*s) are not supported",
                          STR_ARG(m.key));
    if (!given_value(t, m, overrides, &value, e) || !check_value(m.value, m.key, value, e)) return false;
    if (list) value = split(t, value, e);
    if (!value) return false;
    t->parameters[t->n_parameters++] = (struct template_parameter){m.key, value};
    return true;
}

static bool check_overrides(const struct template *t, const struct http_fields *overrides, struct err *e) {
    for (size_t i = 0; overrides && i < overrides->n - t->n_lenient; i++) {
        if (template_parameter_find(t, overrides->at[i].name)) continue;
        struct buf names;
        buf_init(&names, 512, t->arena); /* too many to name: then the rest goes unnamed */
        for (size_t k = 0; k < t->n_parameters && names.n + t->parameters[k].name.n + 2 <= 400; k++)
            buf_addf(&names, "%s%.*s", k ? ", " : "", STR_ARG(t->parameters[k].name));
        return node_error(t->root, e, "there is no parameter %.*s; there is: %.*s", STR_ARG(overrides->at[i].name),
                          STR_ARG(t->n_parameters ? buf_str(&names) : STR("none")));
    }
    return true;
}

bool template_parameter_read(struct template *t, const struct http_fields *overrides, struct err *e) {
    const struct node *all = node_get(t->root, "Parameters");
    size_t n = all ? all->n : 0;
    if (all && all->kind != NODE_MAPPING) return node_error(all, e, "Parameters is not a mapping");
    t->parameters = arena_zero(t->arena, (n + 1) * sizeof *t->parameters);
    if (!t->parameters) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", t->root->file);
    for (size_t i = 0; i < n; i++)
        if (!read_one(t, all->at[i], overrides, e)) return false;
    return check_overrides(t, overrides, e);
}
