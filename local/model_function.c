/* SPDX-License-Identifier: Apache-2.0 */
/* AWS::Serverless::Function: what is started, with which role and environment.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html */
#include "model_parts.h"

enum { DEFAULT_TIMEOUT_S = 3, DEFAULT_MEMORY_MB = 128, MAX_NAME = 1024 };

static const struct model_rule function_rules[] = {
    {"Runtime", MODEL_USED, NULL},
    {"Handler", MODEL_USED, NULL},
    {"FunctionName", MODEL_USED, NULL},
    {"Role", MODEL_USED, NULL},
    {"RolePath", MODEL_USED, NULL},
    {"Policies", MODEL_USED, NULL},
    {"PermissionsBoundary", MODEL_USED, NULL},
    {"Timeout", MODEL_USED, NULL},
    {"MemorySize", MODEL_USED, NULL},
    {"Environment", MODEL_USED, NULL},
    {"LoggingConfig", MODEL_USED, NULL},
    {"Events", MODEL_USED, NULL},
    {"FunctionUrlConfig", MODEL_USED, NULL},
    {"PackageType", MODEL_USED, NULL},
    {"CodeUri", MODEL_USED, NULL},
    {"Architectures", MODEL_NO_EFFECT, NULL},
    {"Description", MODEL_NO_EFFECT, NULL},
    {"Tags", MODEL_NO_EFFECT, NULL},
    {"PropagateTags", MODEL_NO_EFFECT, NULL},
    {"Tracing", MODEL_NO_EFFECT, NULL},
    {"AssumeRolePolicyDocument", MODEL_NO_EFFECT, NULL},
    {"VersionDescription", MODEL_NO_EFFECT, NULL},
    {"AutoPublishAlias", MODEL_NOTICE, "there is one version"},
    {"AutoPublishAliasAllProperties", MODEL_NOTICE, "there is one version"},
    {"DeploymentPreference", MODEL_NOTICE, "there is one version"},
    {"VpcConfig", MODEL_NOTICE, "the function has this machine's network"},
    {"Layers", MODEL_NOTICE, "only the bootstrap runs"},
    {"DeadLetterQueue", MODEL_NOTICE, NULL},
    {"EventInvokeConfig", MODEL_NOTICE, NULL},
    {"KmsKeyArn", MODEL_NOTICE, NULL},
    {"ReservedConcurrentExecutions", MODEL_USED, NULL},
    {"ProvisionedConcurrencyConfig", MODEL_NOTICE, NULL},
    {"EphemeralStorage", MODEL_NOTICE, NULL},
    {"FileSystemConfigs", MODEL_NOTICE, NULL},
    {"SnapStart", MODEL_NOTICE, NULL},
    {"CodeSigningConfigArn", MODEL_NOTICE, NULL},
    {"RuntimeManagementConfig", MODEL_NOTICE, NULL},
    {"RecursiveLoop", MODEL_NOTICE, NULL},
    {"InlineCode", MODEL_REFUSED, "only a bootstrap binary runs here"},
    {"ImageUri", MODEL_REFUSED, "only a bootstrap binary runs here"},
    {"ImageConfig", MODEL_REFUSED, "only a bootstrap binary runs here"},
    {NULL, MODEL_USED, NULL},
};

static bool check_runtime(struct model_reader *r, const struct node *n, struct err *e) {
    struct str runtime, package;
    if (!model_parts_text(r, n, "Runtime", &runtime, e) || !model_parts_text(r, n, "PackageType", &package, e))
        return false;
    bool bootstrap = runtime.p && (str_eq(runtime, STR("provided.al2023")) || str_eq(runtime, STR("provided.al2")));
    if (bootstrap && (!package.p || str_eq(package, STR("Zip")))) return true;
    return node_error(n, e, "only zip functions of the runtimes provided.al2023 and provided.al2 run here, not %.*s",
                      STR_ARG(bootstrap   ? package
                              : runtime.p ? runtime
                                          : STR("a function without Runtime")));
}

static struct model_principal *role_by_arn(const struct model_reader *r, struct str arn) {
    for (size_t i = r->first_principal; i < r->model->n_principals; i++)
        if (r->model->principals[i].kind == MODEL_ROLE && str_eq(r->model->principals[i].arn, arn))
            return &r->model->principals[i];
    return NULL;
}

static struct model_principal *made_role(const struct model_reader *r, const struct template_resource *function) {
    for (size_t i = 0; i < r->t->n_resources; i++) {
        if (r->t->resources[i].role_of != function->node) continue;
        for (size_t k = r->first_principal; k < r->model->n_principals; k++)
            if (str_eq(r->model->principals[k].logical_id, r->t->resources[i].id)) return &r->model->principals[k];
    }
    return NULL;
}

/* Without it the stack cannot be deployed. Conditions of the statement are not looked at. */
static bool trusts_lambda(const struct model_principal *role) {
    for (size_t i = 0; i < role->trust.n; i++)
        for (size_t k = 0; k < role->trust.at[i].n_principals; k++) {
            const struct policy_principal *p = &role->trust.at[i].principals[k];
            if (role->trust.at[i].allow && p->kind == POLICY_SERVICE && str_eq(p->name, STR("lambda.amazonaws.com")))
                return true;
        }
    return false;
}

/* As SAM does: with Role, Policies and PermissionsBoundary are not looked at; without, a role is made of them. */
static bool make_role(struct model_reader *r, const struct template_resource *resource, const struct node *n,
                      struct model_function *f, struct err *e) {
    const struct node *policies = node_get(n, "Policies");
    f->role = made_role(r, resource);
    if (!f->role) return node_error(n, e, "the role of %.*s was not found", STR_ARG(f->logical_id));
    return (!policies || model_policy_read_sam(r, policies, f->role, e)) && model_managed_bound(r, n, f->role, e);
}

static bool note_unused(struct model_reader *r, const struct node *n, const char *name, const struct model_function *f,
                        struct err *e) {
    const struct node *found = node_get(n, name);
    return !found || model_parts_notice(r, found, e, "%s of %.*s has no effect beside Role, as in SAM", name,
                                        STR_ARG(f->logical_id));
}

static bool read_role(struct model_reader *r, const struct template_resource *resource, const struct node *n,
                      struct model_function *f, struct err *e) {
    struct str arn;
    if (!node_get(n, "Role")) {
        if (!make_role(r, resource, n, f, e)) return false;
    } else {
        if (!template_resolve_text(r->t, node_get(n, "Role"), "Role", &arn, e)) return false;
        f->role = role_by_arn(r, arn);
        if (!f->role)
            return node_error(node_get(n, "Role"), e,
                              "Role is not the Arn of an AWS::IAM::Role of this template (write !GetAtt "
                              "ROLE.Arn): what another role may do is not known here");
        if (!trusts_lambda(f->role))
            return node_error(node_get(n, "Role"), e,
                              "Lambda cannot assume the role %.*s: its AssumeRolePolicyDocument has no Allow of "
                              "sts:AssumeRole for the Service lambda.amazonaws.com",
                              STR_ARG(f->role->logical_id));
        if (!note_unused(r, n, "Policies", f, e) || !note_unused(r, n, "PermissionsBoundary", f, e)) return false;
    }
    if (!f->role->session.p) f->role->session = f->name;
    return true;
}

static bool is_reserved(struct str name) {
    static const char *const reserved[] = {"_HANDLER",          "_X_AMZN_TRACE_ID",      "AWS_DEFAULT_REGION",
                                           "AWS_REGION",        "AWS_EXECUTION_ENV",     "AWS_ACCESS_KEY",
                                           "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                           "LAMBDA_TASK_ROOT",  "LAMBDA_RUNTIME_DIR"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (str_eq(name, str_of(reserved[i]))) return true;
    return str_starts(name, STR("AWS_LAMBDA_"));
}

static bool is_variable_name(struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], small = (char)(c | 0x20);
        bool letter = small >= 'a' && small <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_'))) return false;
    }
    return s.n > 1;
}

static bool read_environment(struct model_reader *r, const struct node *n, struct model_function *f, struct err *e) {
    static const struct model_rule rules[] = {{"Variables", MODEL_USED, NULL}, {NULL, MODEL_USED, NULL}};
    const struct node *environment, *all;
    if (!model_parts_get(r, n, "Environment", &environment, e)) return false;
    if (!environment) return true;
    if (!model_parts_check(r, environment, "Environment", rules, e)) return false;
    all = node_get(environment, "Variables");
    if (all && all->kind != NODE_MAPPING) return node_error(all, e, "Variables is not a mapping");
    for (size_t i = 0; all && i < all->n; i++) {
        const struct node *v = all->at[i].value;
        struct str name = all->at[i].key;
        if (is_reserved(name) || !is_variable_name(name))
            return node_error(v, e, "the variable %.*s belongs to Lambda or is no name of a variable", STR_ARG(name));
        if (v->kind != NODE_SCALAR || node_is_rewritten(v))
            return node_error(v, e, "the value of the variable %.*s is no plain text: put it in quotes", STR_ARG(name));
        if (!http_field_add(&f->environment, name, v->text, r->arena, e))
            return err_prefix(e, "%s:%u: variables of %.*s: ", v->file, v->line, STR_ARG(f->logical_id));
    }
    return true;
}

static bool read_logging(struct model_reader *r, const struct node *n, struct model_function *f, struct err *e) {
    static const struct model_rule rules[] = {{"LogFormat", MODEL_USED, NULL},
                                              {"ApplicationLogLevel", MODEL_USED, NULL},
                                              {"SystemLogLevel", MODEL_NO_EFFECT, NULL},
                                              {"LogGroup", MODEL_USED, NULL},
                                              {NULL, MODEL_USED, NULL}};
    const struct node *logging;
    struct buf group;
    buf_init(&group, MAX_NAME, r->arena);
    buf_addf(&group, "/aws/lambda/%.*s", STR_ARG(f->name));
    f->log_group = buf_str(&group);
    if (!buf_ok(&group, e) || !model_parts_get(r, n, "LoggingConfig", &logging, e)) return false;
    if (!logging) return true;
    struct str chosen;
    if (!model_parts_check(r, logging, "LoggingConfig", rules, e)) return false;
    if (!model_parts_text(r, logging, "LogFormat", &f->log_format, e) ||
        !model_parts_text(r, logging, "ApplicationLogLevel", &f->log_level, e) ||
        !model_parts_text(r, logging, "LogGroup", &chosen, e))
        return false;
    if (chosen.p) f->log_group = chosen;
    if (f->log_format.p && !str_eq(f->log_format, STR("JSON")) && !str_eq(f->log_format, STR("Text")))
        return node_error(logging, e, "LogFormat is neither JSON nor Text");
    return true;
}

static bool read_names(struct model_reader *r, struct template_resource *resource, const struct node *n,
                       struct model_function *f, struct err *e) {
    struct buf dotted;
    const struct node *arn;
    buf_init(&dotted, MAX_NAME, r->arena);
    buf_addf(&dotted, "%.*s.Arn", STR_ARG(resource->id));
    if (!buf_ok(&dotted, e) || !template_name_of(r->t, resource, &f->name, e)) return false;
    if (!template_name_att(r->t, buf_str(&dotted), resource->node, &arn, e)) return false;
    f->arn = arn->text;
    for (size_t i = 0; i < r->model->n_functions; i++)
        if (str_eq(r->model->functions[i].name, f->name))
            return node_error(n, e, "%.*s and %.*s have the same name", STR_ARG(r->model->functions[i].logical_id),
                              STR_ARG(f->logical_id));
    if (!model_parts_text(r, n, "Handler", &f->handler, e)) return false;
    return f->handler.n || node_error(n, e, "the function %.*s has no Handler", STR_ARG(f->logical_id));
}

bool model_function_read(struct model_reader *r, struct template_resource *resource, struct err *e) {
    struct model_function *f = &r->model->functions[r->model->n_functions];
    int64_t timeouts_s[] = {1, 900}, sizes_mb[] = {128, 10240}, reserved[] = {0, INT32_MAX};
    *f = (struct model_function){
        .logical_id = resource->id, .timeout_s = DEFAULT_TIMEOUT_S, .memory_mb = DEFAULT_MEMORY_MB};
    const struct node *n = model_parts_merged(r, "Function", resource, e);
    if (!n || !model_parts_check(r, n, "an AWS::Serverless::Function", function_rules, e)) return false;
    if (!check_runtime(r, n, e) || !read_names(r, resource, n, f, e) || !read_role(r, resource, n, f, e)) return false;
    if (!model_parts_number(r, n, "Timeout", timeouts_s, &f->timeout_s, e) ||
        !model_parts_number(r, n, "MemorySize", sizes_mb, &f->memory_mb, e) ||
        !model_parts_number(r, n, "ReservedConcurrentExecutions", reserved, &f->reserved_concurrency, e))
        return false;
    const struct node *code = node_get(n, "CodeUri");
    f->is_reserved = node_get(n, "ReservedConcurrentExecutions");
    if (code && code->kind == NODE_SCALAR) f->code_uri = code->text;
    if (!read_environment(r, n, f, e) || !read_logging(r, n, f, e)) return false;
    r->model->n_functions++;
    if (!model_url_read(r, f, n, e)) return false;
    const struct node *events = node_get(n, "Events");
    if (events && (events->kind != NODE_MAPPING || node_is_intrinsic(events)))
        return node_error(events, e, "Events is not a plain mapping");
    for (size_t i = 0; events && i < events->n; i++)
        if (!model_event_read(r, f, events->at[i], e)) return false;
    return true;
}
