/* SPDX-License-Identifier: Apache-2.0 */
/* In: the template and, if there is one, the callers file. Out: the model of what is served and who may call it.
   Every resource type that could let someone in or keep someone out is either read or refused; all others get a
   notice.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html */
#include "model_parts.h"

enum verdict { READ, IGNORED, REFUSED, NOTICED };

/* The first line that fits decides; a '*' at the end stands for the rest. */
static const struct {
    const char *type;
    enum verdict verdict;
    const char *why;
} types[] = {
    {"AWS::Serverless::Api", READ, NULL},
    {"AWS::Serverless::HttpApi", READ, NULL},
    {"AWS::Serverless::Function", READ, NULL},
    {"AWS::Lambda::Permission", READ, NULL},
    {"AWS::IAM::Role", READ, NULL},
    {"AWS::IAM::User", READ, NULL},
    {"AWS::IAM::Policy", READ, NULL},
    {"AWS::IAM::ManagedPolicy", READ, NULL},
    {"AWS::Logs::LogGroup", IGNORED, NULL},
    {"AWS::IAM::*", REFUSED, "write its statements as Policies of a role or as an AWS::IAM::Policy"},
    {"AWS::ApiGateway::ApiKey", READ, NULL},
    {"AWS::ApiGateway::UsagePlan", READ, NULL},
    {"AWS::ApiGateway::UsagePlanKey", READ, NULL},
    {"AWS::ApiGateway::*", REFUSED, "declare the API as AWS::Serverless::Api"},
    {"AWS::ApiGatewayV2::*", REFUSED, "declare the API as AWS::Serverless::HttpApi"},
    {"AWS::Lambda::Url", REFUSED, "write it as FunctionUrlConfig of its function"},
    {"AWS::WAFv2::WebACLAssociation", REFUSED, "it keeps callers out, which nothing here does"},
    {"AWS::WAFRegional::WebACLAssociation", REFUSED, "it keeps callers out, which nothing here does"},
    {"AWS::Organizations::Policy", REFUSED, "it takes rights away, which could not be evaluated here"},
    {"*", NOTICED, NULL},
};

static size_t row_of(struct str type) {
    size_t i = 0;
    while (!policy_matches(str_of(types[i].type), type, POLICY_RESOURCE)) i++;
    return i;
}

static bool is_type(const struct template_resource *r, const char *type) {
    return r->exists && str_eq(r->type, str_of(type));
}

static bool check_types(struct model_reader *r, bool callers, struct err *e) {
    for (size_t i = 0; i < r->t->n_resources; i++) {
        const struct template_resource *resource = &r->t->resources[i];
        const struct node *type = node_get(resource->node, "Type");
        size_t row = row_of(resource->type);
        if (callers && !str_starts(resource->type, STR("AWS::IAM::")))
            return node_error(type, e, "a callers file holds AWS::IAM resources only, not %.*s",
                              STR_ARG(resource->type));
        if (!resource->exists || resource->url_of) continue;
        if (types[row].verdict == REFUSED)
            return node_error(type, e, "the resource %.*s of type %.*s is not supported here: %s",
                              STR_ARG(resource->id), STR_ARG(resource->type), types[row].why);
        if (types[row].verdict != NOTICED) continue;
        if (!model_parts_notice(r, type, e, "the resource %.*s of type %.*s is not there here", STR_ARG(resource->id),
                                STR_ARG(resource->type)))
            return false;
    }
    return true;
}

static bool check_not_global(const struct node *globals, struct err *e) {
    static const struct {
        const char *section, *property;
    } none[] = {{"Function", "Role"},        {"Function", "Policies"},
                {"Function", "Events"},      {"Function", "FunctionName"},
                {"Function", "PackageType"}, {"Function", "VersionDescription"},
                {"Api", "StageName"},        {"Api", "Policy"},
                {"Api", "Description"},      {"Api", "Tags"},
                {"HttpApi", "StageName"},    {"HttpApi", "Name"},
                {"HttpApi", "Description"}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const struct node *found = node_get(node_get(globals, none[i].section), none[i].property);
        if (found) return node_error(found, e, "SAM does not take %s in Globals.%s", none[i].property, none[i].section);
    }
    return true;
}

static bool check_globals(const struct template *t, struct err *e) {
    static const char *const known[] = {"Function",     "Api",          "HttpApi",         "SimpleTable",
                                        "StateMachine", "LayerVersion", "CapacityProvider"};
    const struct node *n = t->globals;
    if (!n) return true;
    if (n->kind != NODE_MAPPING) return node_error(n, e, "Globals is not a mapping");
    for (size_t i = 0; i < n->n; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++)
            found = str_eq(n->at[i].key, str_of(known[k]));
        struct node place = {.file = n->file, .line = n->at[i].line};
        if (!found) return node_error(&place, e, "Globals.%.*s is not supported: remove it", STR_ARG(n->at[i].key));
    }
    return check_not_global(n, e);
}

static bool read_keys(struct model_reader *r, struct err *e) {
    struct template_resource *all = r->t->resources;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::ApiGateway::ApiKey") && !usage_plan_read_key(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::ApiGateway::UsagePlan") && !usage_plan_check(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::ApiGateway::UsagePlanKey") && !usage_plan_join(r, &all[i], e)) return false;
    return true;
}

/* Each kind needs the ones before it: a role its managed policies, a function its role and its APIs, a policy its roles. */
static bool read_resources(struct model_reader *r, struct err *e) {
    struct template_resource *all = r->t->resources;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if ((is_type(&all[i], "AWS::Serverless::Api") && !model_api_read(r, &all[i], e)) ||
            (is_type(&all[i], "AWS::Serverless::HttpApi") && !model_http_api_read(r, &all[i], e)))
            return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::IAM::ManagedPolicy") && !model_managed_read(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if ((is_type(&all[i], "AWS::IAM::Role") || is_type(&all[i], "AWS::IAM::User")) &&
            !model_principal_read(r, &all[i], e))
            return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::Serverless::Function") && !model_function_read(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::Lambda::Permission") && !model_url_read_permission(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::IAM::Policy") && !model_principal_attach(r, &all[i], e)) return false;
    for (size_t i = 0; i < r->t->n_resources; i++)
        if (is_type(&all[i], "AWS::IAM::ManagedPolicy") && !model_managed_attach(r, &all[i], e)) return false;
    return read_keys(r, e);
}

/* Arrays that nothing moves: routes point to functions, functions to roles. */
static bool make_room(struct model_reader *r, size_t n, struct err *e) {
    struct model *m = r->model;
    m->apis = arena_zero(r->arena, (n + 1) * sizeof *m->apis);
    m->functions = arena_zero(r->arena, (n + 1) * sizeof *m->functions);
    m->principals = arena_zero(r->arena, (n + 1) * sizeof *m->principals);
    m->api_keys = arena_zero(r->arena, (n + 1) * sizeof *m->api_keys);
    r->managed = arena_zero(r->arena, (n + 1) * sizeof *r->managed);
    r->auth = arena_zero(r->arena, (n + 1) * sizeof *r->auth);
    return (m->apis && m->functions && m->principals && m->api_keys && r->managed && r->auth) ||
           err_set(e, ERR_MEMORY, "out of memory for the template");
}

static bool note_apis(struct model_reader *r, struct err *e) {
    for (size_t i = 0; i < r->model->n_apis; i++) {
        const struct model_api *api = &r->model->apis[i];
        const struct template_resource *resource = template_find(r->t, api->logical_id);
        if (api->n_routes == 0 &&
            !model_parts_notice(r, resource->node, e, "the API %.*s has no route", STR_ARG(api->logical_id)))
            return false;
        if (!model_http_api_note_open(r, api, &r->auth[i], e)) return false;
    }
    return true;
}

static bool note_unopened_routes(struct model_reader *r, struct err *e) {
    for (size_t i = 0; i < r->model->n_apis; i++) {
        const struct model_api *api = &r->model->apis[i];
        bool wanted = false, opened = false;
        for (size_t k = 0; k < api->n_routes; k++) wanted |= api->routes[k].api_key;
        for (size_t k = 0; k < r->model->n_api_keys; k++)
            for (size_t p = 0; p < r->model->api_keys[k].n_opens; p++)
                opened |= r->model->api_keys[k].enabled && r->model->api_keys[k].opens[p] == api;
        if (wanted && !opened &&
            !model_parts_notice(r, template_find(r->t, api->logical_id)->node, e,
                                "no enabled API key is in a usage plan of %.*s: nobody gets in where one is required",
                                STR_ARG(api->logical_id)))
            return false;
    }
    return true;
}

static bool has_function_url(const struct template *t) {
    bool has = node_get(node_get(t->globals, "Function"), "FunctionUrlConfig") != NULL;
    for (size_t i = 0; i < t->n_resources; i++)
        has |= str_eq(t->resources[i].type, STR("AWS::Lambda::Url")) ||
               node_get(t->resources[i].properties, "FunctionUrlConfig");
    return has;
}

static bool read_template(struct model_reader *r, struct err *e) {
    const struct node *root = r->t->root;
    if (!node_get(root, "Transform") &&
        !model_parts_notice(r, root, e, "without Transform: AWS::Serverless-2016-10-31 nothing of SAM exists on AWS"))
        return false;
    r->no_function_url = !has_function_url(r->t);
    return check_globals(r->t, e) && check_types(r, false, e) && read_resources(r, e) && note_apis(r, e) &&
           note_unopened_routes(r, e);
}

static bool read_callers(struct model_reader *r, struct template *callers, struct err *e) {
    r->t = callers;
    r->first_principal = r->model->n_principals;
    r->first_managed = r->n_managed;
    if (callers->globals) return node_error(callers->globals, e, "Globals has no place in a callers file");
    return check_types(r, true, e) && read_resources(r, e);
}

static bool copy_text(struct str *s, struct arena *a, struct err *e) {
    s->p = arena_copy(a, *s);
    return s->p || err_set(e, ERR_MEMORY, "out of memory for the template");
}

/* The model outlives its options. */
static bool copy_options(struct model_options *o, struct template_stack *stack, struct arena *a, struct err *e) {
    struct str path = str_of(o->template_path), callers = str_of(o->callers_path);
    *stack = (struct template_stack){.region = o->region, .account_id = o->account_id, .stack_name = o->stack_name};
    if (!copy_text(&path, a, e) || (callers.p && !copy_text(&callers, a, e))) return false;
    o->template_path = path.p;
    o->callers_path = callers.p;
    return copy_text(&stack->region, a, e) && copy_text(&stack->account_id, a, e) &&
           copy_text(&stack->stack_name, a, e) && template_stack_of(stack, e);
}

/* As SAM CLI does with what its configuration says and the template does not have. */
static bool notice_ignored(struct model_reader *r, const struct model_options *o, struct err *e) {
    const struct node place = {.file = o->config_path, .line = o->config_line};
    for (size_t n = o->n_config_parameters; n > 0; n--) {
        struct str name = o->parameters->at[o->parameters->n - n].name;
        if (!template_parameter_find(r->t, name) &&
            !model_parts_notice(r, &place, e, "%.*s of parameter_overrides is no parameter of the template: ignored",
                                STR_ARG(name)))
            return false;
    }
    return true;
}

bool model_read(const struct model_options *options, struct model *model, struct arena *a, struct err *e) {
    struct model_options o = *options;
    struct template_stack stack, theirs;
    struct template t = {.stack = &stack, .arena = a, .n_lenient = o.n_config_parameters},
                    callers = {.stack = &theirs, .beside = &t, .arena = a};
    struct model_reader r = {.model = model, .t = &t, .arena = a};
    *model = (struct model){0};
    if (!copy_options(&o, &stack, a, e)) return false;
    theirs = stack;
    if (o.callers_account.p) theirs.account_id = o.callers_account;
    if (!copy_text(&theirs.account_id, a, e) || !template_stack_of(&theirs, e)) return false;
    *model = (struct model){.region = stack.region,
                            .account_id = stack.account_id,
                            .stack_name = stack.stack_name,
                            .partition = stack.partition,
                            .url_suffix = stack.url_suffix};
    if (!template_read(&t, o.template_path, o.parameters, e)) return false;
    if (o.callers_path && !template_read(&callers, o.callers_path, NULL, e)) return false;
    if (!make_room(&r, t.n_resources + callers.n_resources, e) || !read_template(&r, e)) return false;
    if (o.callers_path && !read_callers(&r, &callers, e)) return false;
    return model_principal_finish(&r, e) && notice_ignored(&r, &o, e);
}
