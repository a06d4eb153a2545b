/* SPDX-License-Identifier: Apache-2.0 */
/* In: a file. Out: a struct template, everything that decides which resources exist already decided. Sections that
   could change what is deployed and are not known here are refused by name.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html */
#include "template.h"

#include <string.h>

enum { MAX_LOGICAL_ID = 255 }; /* CloudFormation's limit */

static bool of_bytes(struct str s, const char *bytes) {
    for (size_t i = 0; i < s.n; i++)
        if (!strchr(bytes, s.p[i]) || s.p[i] == 0) return false;
    return s.n > 0;
}

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool template_stack_of(struct template_stack *stack, struct err *e) {
    static const struct {
        const char *region, *partition, *suffix;
    } table[] = {
        {"cn-", "aws-cn", "amazonaws.com.cn"},
        {"us-gov-", "aws-us-gov", "amazonaws.com"},
        {"eusc-", "aws-eusc", "amazonaws.eu"},
        {"us-iso-", "aws-iso", "c2s.ic.gov"},
        {"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
        {"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
        {"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
        {"eu-isof-", "aws-iso-f", "csp.hci.ic.gov"},
        {"", "aws", "amazonaws.com"},
    };
    struct str s = stack->stack_name;
    if (!of_bytes(stack->region, LOWER DIGITS "-"))
        return err_set(e, ERR_CONFIG, "the region \"%.*s\" is not the name of one", STR_ARG(stack->region));
    if (stack->account_id.n != 12 || !of_bytes(stack->account_id, DIGITS))
        return err_set(e, ERR_CONFIG, "the account id \"%.*s\" is not 12 digits", STR_ARG(stack->account_id));
    if (!of_bytes(s, LOWER UPPER DIGITS "-") || s.n > 128 || s.p[0] == '-' || (s.p[0] >= '0' && s.p[0] <= '9'))
        return err_set(e, ERR_CONFIG, "the stack name \"%.*s\" is not letters, digits and '-', beginning with a letter",
                       STR_ARG(s));
    size_t i = 0;
    while (!str_starts(stack->region, str_of(table[i].region))) i++;
    stack->partition = str_of(table[i].partition);
    stack->url_suffix = str_of(table[i].suffix);
    return true;
}

struct template_resource *template_find(const struct template *t, struct str id) {
    for (size_t i = 0; i < t->n_resources; i++)
        if (str_eq(t->resources[i].id, id)) return &t->resources[i];
    return NULL;
}

static bool check_transform(const struct node *n, struct err *e) {
    if (n->kind == NODE_SEQUENCE && n->n == 1) n = n->at[0].value;
    if (n->kind == NODE_SCALAR && str_eq(n->text, STR("AWS::Serverless-2016-10-31"))) return true;
    return node_error(n, e,
                      "only the Transform AWS::Serverless-2016-10-31 is supported: another one (a macro, "
                      "AWS::LanguageExtensions, AWS::Include) could rewrite the template");
}

static bool check_sections(const struct template *t, struct err *e) {
    static const char *const known[] = {"AWSTemplateFormatVersion",
                                        "Description",
                                        "Metadata",
                                        "Parameters",
                                        "Rules",
                                        "Mappings",
                                        "Conditions",
                                        "Transform",
                                        "Globals",
                                        "Resources",
                                        "Outputs"};
    const struct node *root = t->root;
    if (root->kind != NODE_MAPPING) return node_error(root, e, "a template is a mapping with a section Resources");
    for (size_t i = 0; i < root->n; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++)
            found = str_eq(root->at[i].key, str_of(known[k]));
        struct node place = {.file = root->file, .line = root->at[i].line};
        if (!found)
            return node_error(&place, e, "the section %.*s is not supported: remove it", STR_ARG(root->at[i].key));
    }
    const struct node *transform = node_get(root, "Transform");
    if (!node_get(root, "Resources")) return node_error(root, e, "the section Resources is missing");
    return !transform || check_transform(transform, e);
}

/* Only known attributes: Connectors grants permissions, IgnoreGlobals changes what is inherited. */
static bool check_attributes(struct str id, const struct node *n, struct err *e) {
    static const char *const known[] = {"Type",        "Properties",     "Condition",           "DependsOn",
                                        "Metadata",    "DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy",
                                        "UpdatePolicy"};
    for (size_t i = 0; i < n->n; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++)
            found = str_eq(n->at[i].key, str_of(known[k]));
        struct node place = {.file = n->file, .line = n->at[i].line};
        if (!found)
            return node_error(&place, e, "the attribute %.*s of the resource %.*s is not supported: remove it",
                              STR_ARG(n->at[i].key), STR_ARG(id));
    }
    return true;
}

static bool read_resource(struct template *t, struct node_member m, struct template_resource *r, struct err *e) {
    const struct node *n = m.value, *type = node_get(n, "Type"), *condition = node_get(n, "Condition");
    struct node place = {.file = n->file, .line = m.line};
    if (!of_bytes(m.key, LOWER UPPER DIGITS))
        return node_error(&place, e, "the logical id %.*s is not letters and digits", STR_ARG(m.key));
    if (m.key.n > MAX_LOGICAL_ID)
        return node_error(&place, e, "the logical id %.*s is longer than %d", STR_ARG(m.key), MAX_LOGICAL_ID);
    if (!type || type->kind != NODE_SCALAR)
        return node_error(&place, e, "the resource %.*s has no Type", STR_ARG(m.key));
    struct node *named = node_new(n->kind, &place, t->arena, e); /* the same, but it stands at the logical id */
    if (!named) return false;
    named->at = n->at;
    named->n = n->n;
    *r = (struct template_resource){.id = m.key, .type = type->text, .node = named, .exists = true};
    r->properties = node_get(n, "Properties");
    if (!check_attributes(m.key, n, e)) return false;
    if (r->properties && r->properties->kind != NODE_MAPPING)
        return node_error(r->properties, e, "the Properties of %.*s are not a mapping", STR_ARG(m.key));
    if (!condition) return true;
    if (condition->kind != NODE_SCALAR) return node_error(condition, e, "Condition is not the name of a condition");
    return template_condition_is(t, condition->text, condition, &r->exists, e);
}

static bool read_resources(struct template *t, struct err *e) {
    const struct node *all = node_get(t->root, "Resources");
    if (all->kind != NODE_MAPPING) return node_error(all, e, "Resources is not a mapping");
    t->resources = arena_zero(t->arena, (3 * all->n + 2) * sizeof *t->resources);
    if (!t->resources) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", all->file);
    for (size_t i = 0; i < all->n; i++, t->n_resources++)
        if (!read_resource(t, all->at[i], &t->resources[t->n_resources], e)) return false;
    return template_made_add(t, e);
}

bool template_read(struct template *t, const char *path, const struct http_fields *overrides, struct err *e) {
    if (!node_read(path, &t->root, t->arena, e) || !check_sections(t, e)) return false;
    t->globals = node_get(t->root, "Globals");
    t->mappings = node_get(t->root, "Mappings");
    return template_parameter_read(t, overrides, e) && template_condition_read(t, e) &&
           template_condition_check_rules(t, e) && read_resources(t, e);
}
