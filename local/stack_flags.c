/* SPDX-License-Identifier: Apache-2.0 */
#include "stack_flags.h"

#include <stdlib.h>

#include "buf.h"
#include "samconfig.h"
#include "template.h"

enum { MAX_TAKEN_BYTES = 64 * 1024 };

static bool read_parameter(const char *text, struct http_fields *parameters, struct arena *a, struct err *e) {
    struct str name, value = str_of(text);
    if (!str_cut(&value, '=', &name) || !name.n)
        return err_set(e, ERR_CONFIG, "--parameter wants NAME=VALUE, not %.100s", text);
    if (!value.p) value = STR("");
    if (http_field_count(parameters, name))
        return err_set(e, ERR_CONFIG, "--parameter is given twice for %.*s", STR_ARG(name));
    return http_field_add(parameters, name, value, a, e);
}

/* The flag's value, or the first variable that is set and not empty, or `otherwise`. */
static struct str value_of(const struct flags *f, size_t flag, const char *const variables[], const char *otherwise) {
    const char *given = flags_value(f, flag);
    for (; !given && *variables; variables++) {
        const char *value = getenv(*variables);
        if (value && *value) given = value;
    }
    return str_of(given ? given : otherwise);
}

/* The reader of the template checks them too, but here they are wrong usage. */
static bool check_names(const struct model_options *o, struct err *e) {
    struct template_stack stack = {.region = o->region, .account_id = o->account_id, .stack_name = o->stack_name};
    if (!template_stack_of(&stack, e)) return false;
    if (o->callers_account.p) stack.account_id = o->callers_account;
    return template_stack_of(&stack, e) || err_prefix(e, "--callers-account: ");
}

bool stack_flags_read(const struct flags *f, struct model_options *options, struct http_fields *parameters,
                      struct arena *a, struct err *e) {
    static const char *const regions[] = {"AWS_REGION", "AWS_DEFAULT_REGION", NULL}, *const none[] = {NULL};
    *parameters = (struct http_fields){0};
    *options = (struct model_options){
        .template_path = value_of(f, STACK_TEMPLATE, none, "template.yaml").p,
        .callers_path = flags_value(f, STACK_CALLERS),
        .callers_account = str_of(flags_value(f, STACK_CALLERS_ACCOUNT)),
        .region = value_of(f, STACK_REGION, regions, "us-east-1"),
        .account_id = value_of(f, STACK_ACCOUNT, none, "123456789012"),
        .stack_name = value_of(f, STACK_NAME, none, "lambda-iam-c"),
        .parameters = parameters,
    };
    if (options->callers_account.p && !options->callers_path)
        return err_set(e, ERR_CONFIG, "--callers-account wants --callers");
    if (!check_names(options, e)) return false;
    for (size_t i = 0; i < f->n_given; i++)
        if (f->given[i].flag == STACK_PARAMETER && !read_parameter(f->given[i].value, parameters, a, e)) return false;
    return true;
}

/* Leaves in *config what was taken, and changes something. */
static bool take(const struct flags *f, struct samconfig *config, struct model_options *options,
                 struct http_fields *parameters, struct arena *a, struct err *e) {
    const struct http_fields theirs = config->parameters;
    config->parameters = (struct http_fields){0};
    if (flags_value(f, STACK_NAME) || str_eq(config->stack_name, options->stack_name)) config->stack_name.p = NULL;
    if (flags_value(f, STACK_REGION) || str_eq(config->region, options->region)) config->region.p = NULL;
    if (config->stack_name.p) options->stack_name = config->stack_name;
    if (config->region.p) options->region = config->region;
    for (size_t i = 0; i < theirs.n; i++) {
        const struct http_field *p = &theirs.at[i];
        if (http_field_count(parameters, p->name)) continue;
        if (!http_field_add(parameters, p->name, p->value, a, e) ||
            !http_field_add(&config->parameters, p->name, p->value, a, e))
            return false;
    }
    options->n_config_parameters = config->parameters.n;
    options->config_path = config->path;
    options->config_line = config->parameters_line;
    return true;
}

bool stack_flags_configure(const struct flags *f, struct model_options *options, struct http_fields *parameters,
                           struct str *taken, struct arena *a, struct err *e) {
    struct samconfig config;
    struct buf text;
    buf_init(&text, MAX_TAKEN_BYTES, a);
    if (!samconfig_read(options->template_path, flags_value(f, STACK_CONFIG_FILE), flags_value(f, STACK_CONFIG_ENV),
                        &config, a, e) ||
        !take(f, &config, options, parameters, a, e))
        return false;
    samconfig_write_taken(&config, &text);
    if (taken) *taken = buf_str(&text);
    return buf_ok(&text, e);
}

bool stack_flags_function(const struct model *m, const char *template_path, struct str name,
                          const struct model_function **function, struct arena *a, struct err *e) {
    struct buf names;
    buf_init(&names, 400, a);
    for (size_t i = 0; i < m->n_functions; i++) {
        const struct model_function *f = &m->functions[i];
        buf_addf(&names, " %.*s", STR_ARG(f->logical_id));
        if (!str_eq(f->logical_id, name) && !str_eq(f->name, name)) continue;
        *function = f;
        return true;
    }
    return err_set(e, ERR_CONFIG, "%s has no function %.*s; it has%.*s", template_path, STR_ARG(name),
                   STR_ARG(buf_str(&names)));
}
