/* SPDX-License-Identifier: Apache-2.0 */
/* Traps that neither the model nor its notices show. */
#include <stdlib.h>

#include "elf_file.h"
#include "input.h"
#include "lint_parts.h"

enum { MAX_BOOTSTRAP_BYTES = 256 * 1024 * 1024 };

static bool is_type(const struct template_resource *r, const char *type) {
    return r->exists && !r->role_of && !r->url_of && str_eq(r->type, str_of(type));
}

static const struct node *merged(const struct template *t, const struct template_resource *r, const char *section,
                                 const char *property) {
    const struct node *own = node_get(r->properties, property);
    return own ? own : node_get(node_get(t->globals, section), property);
}

static bool is_true(const struct node *n) {
    return n && n->kind == NODE_SCALAR && str_eq_nocase(n->text, STR("true"));
}

static void check_code_uri(struct lint *l, const struct template *t) {
    const struct node *uri = node_get(node_get(t->globals, "Function"), "CodeUri");
    if (uri)
        lint_add(l, LINT_CODE_URI_GLOBAL, str_of(uri->file), uri->line,
                 "sam build rewrites CodeUri at a function only: the one in Globals stays as it is, and sam deploy "
                 "then packs the wrong folder");
}

static void check_builds(struct lint *l, const struct template *t) {
    size_t functions = 0;
    const struct node *method = NULL;
    for (size_t i = 0; i < t->n_resources; i++) {
        if (!is_type(&t->resources[i], "AWS::Serverless::Function")) continue;
        const struct node *n = node_get(node_get(t->resources[i].node, "Metadata"), "BuildMethod");
        functions += n != NULL;
        if (n) method = n;
    }
    if (functions > 1)
        lint_add(l, LINT_BUILT_TWICE, str_of(method->file), method->line,
                 "with BuildMethod SAM runs make once for each of the %zu functions, though they are one binary",
                 functions);
}

static bool holds_if(const struct node *n) {
    if (node_is(n, "Fn::If")) return true;
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->n; i++)
        if (holds_if(n->at[i].value)) return true;
    return false;
}

static void check_api(struct lint *l, const struct template *t, const struct template_resource *r) {
    const struct node *body = node_get(r->properties, "DefinitionBody");
    const struct node *settings = merged(t, r, "Api", "MethodSettings");
    if (body && holds_if(body) && !is_true(merged(t, r, "Api", "AlwaysDeploy")))
        lint_add(l, LINT_NOT_REDEPLOYED, str_of(body->file), body->line,
                 "an !If inside of DefinitionBody of %.*s does not change the id of its Deployment: the stage keeps "
                 "the authorization it had",
                 STR_ARG(r->id));
    for (size_t i = 0; settings && settings->kind == NODE_SEQUENCE && i < settings->n; i++) {
        const struct node *trace = node_get(settings->at[i].value, "DataTraceEnabled");
        if (is_true(trace))
            lint_add(l, LINT_TRACED_HEADERS, str_of(trace->file), trace->line,
                     "DataTraceEnabled writes whole requests of %.*s into the log, x-amz-security-token among them",
                     STR_ARG(r->id));
    }
}

/* The only thing that knows the architecture is the template: make is never told it. */
static bool check_architecture(struct lint *l, struct template *t, const struct template_resource *r,
                               const char *bootstrap, const char *machine, struct err *e) {
    const struct node *n = merged(t, r, "Function", "Architectures"), *resolved = NULL;
    struct str wanted = STR("x86_64");
    if (n && !template_resolve(t, n, &resolved, e)) return false;
    if (resolved && resolved->kind == NODE_SEQUENCE && resolved->n) resolved = resolved->at[0].value;
    if (resolved && resolved->kind == NODE_SCALAR) wanted = resolved->text;
    if (!str_eq(wanted, str_of(machine)))
        lint_add(l, LINT_ARCHITECTURE, str_of(n ? n->file : r->node->file), n ? n->line : r->node->line,
                 "%.*s runs on %.*s, and %s is a program for %s", STR_ARG(r->id), STR_ARG(wanted), bootstrap, machine);
    return true;
}

static bool read_machine(const char *bootstrap, const char **machine, struct arena *a, struct err *e) {
    struct str bytes;
    struct elf elf;
    if (!input_read(bootstrap, MAX_BOOTSTRAP_BYTES, &bytes, a, e)) return false;
    if (!elf_read(bytes, &elf, e)) return err_prefix(e, "%s: ", bootstrap);
    *machine = elf_machine_name(elf.machine);
    if (!*machine) *machine = "another machine";
    return true;
}

static bool check_resources(struct lint *l, struct template *t, const char *bootstrap, const char *machine,
                            struct err *e) {
    check_code_uri(l, t);
    check_builds(l, t);
    for (size_t i = 0; i < t->n_resources; i++) {
        const struct template_resource *r = &t->resources[i];
        if (is_type(r, "AWS::Serverless::Api")) check_api(l, t, r);
        if (machine && is_type(r, "AWS::Serverless::Function") && !check_architecture(l, t, r, bootstrap, machine, e))
            return false;
    }
    return lint_cycle_check(l, t, e);
}

bool lint_template_check(struct lint *l, const struct model_options *o, const char *bootstrap, struct err *e) {
    struct template_stack stack = {.region = o->region, .account_id = o->account_id, .stack_name = o->stack_name};
    struct template t = {.stack = &stack, .arena = l->arena, .n_lenient = o->n_config_parameters};
    struct err unread;
    const char *machine = NULL;
    if (bootstrap && !read_machine(bootstrap, &machine, l->arena, e)) return false;
    if (!template_stack_of(&stack, &unread) || !template_read(&t, o->template_path, o->parameters, &unread))
        return true;
    return check_resources(l, &t, bootstrap, machine, e);
}
