/* SPDX-License-Identifier: Apache-2.0 */
/* What SAM makes of other resources, so that it can be named like them: the role and the URL of a function, the API of events
   that name none, and the stages of APIs.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html */
#include "template.h"

enum { MAX_ID = 1024 };

static const struct implicit {
    const char *id, *type, *event, *property, *stage;
} implicit[] = {{"ServerlessRestApi", "AWS::Serverless::Api", "Api", "RestApiId", "Prod"},
                {"ServerlessHttpApi", "AWS::Serverless::HttpApi", "HttpApi", "ApiId", NULL}};
enum { N_IMPLICIT = sizeof implicit / sizeof *implicit };

static bool is_function(const struct template_resource *r) {
    return str_eq(r->type, STR("AWS::Serverless::Function"));
}

static const struct node *of_function(const struct template *t, const struct template_resource *f, const char *name) {
    const struct node *own = node_get(f->properties, name);
    return own ? own : node_get(node_get(t->globals, "Function"), name);
}

static bool add(struct template *t, const struct template_resource *function, const char *ending,
                struct template_resource made, struct err *e) {
    struct buf id;
    buf_init(&id, MAX_ID, t->arena);
    buf_addf(&id, "%.*s%s", STR_ARG(function->id), ending);
    if (!buf_ok(&id, e)) return false;
    if (template_find(t, buf_str(&id)))
        return node_error(function->node, e, "SAM makes %.*s of %.*s, but there is a resource of that name",
                          STR_ARG(buf_str(&id)), STR_ARG(function->id));
    made.id = buf_str(&id);
    made.node = function->node;
    made.exists = function->exists;
    t->resources[t->n_resources++] = made;
    return true;
}

static bool add_role(struct template *t, const struct template_resource *function, struct err *e) {
    const struct node *path = of_function(t, function, "RolePath");
    struct node *properties = node_new(NODE_MAPPING, function->node, t->arena, e);
    if (!properties) return false;
    if (path && !node_add(properties, (struct node_member){STR("Path"), path->line, path}, t->arena, e)) return false;
    return add(
        t, function, "Role",
        (struct template_resource){.type = STR("AWS::IAM::Role"), .properties = properties, .role_of = function->node},
        e);
}

static bool is_implicit(const struct node *event, const struct implicit *api) {
    const struct node *type = node_get(event, "Type"), *id = node_get(node_get(event, "Properties"), api->property);
    const struct node *name = node_is(id, "Ref") ? id->at[0].value : NULL;
    if (!type || type->kind != NODE_SCALAR || !str_eq(type->text, str_of(api->event))) return false;
    return !id || (name && name->kind == NODE_SCALAR && str_eq(name->text, str_of(api->id)));
}

static const struct node *implicit_event(const struct template_resource *function, const struct implicit *api) {
    const struct node *events = node_get(function->properties, "Events");
    for (size_t i = 0; events && events->kind == NODE_MAPPING && i < events->n; i++)
        if (is_implicit(events->at[i].value, api)) return events->at[i].value;
    return NULL;
}

/* It is there if one of the functions is, of which it is made. */
static bool add_implicit(struct template *t, const struct implicit *api, size_t n_written, struct err *e) {
    const struct template_resource *own = template_find(t, str_of(api->id));
    struct template_resource made = {.id = str_of(api->id), .type = str_of(api->type)};
    if (own)
        return node_error(own->node, e,
                          "%s is the name of the API that SAM makes for events without %s, and it would replace this "
                          "one: choose another",
                          api->id, api->property);
    for (size_t i = 0; i < n_written && !made.exists; i++) {
        const struct node *event = is_function(&t->resources[i]) ? implicit_event(&t->resources[i], api) : NULL;
        if (!event) continue;
        made.node = event;
        made.exists = t->resources[i].exists;
    }
    if (!made.node) return true;
    struct node *properties = node_new(NODE_MAPPING, made.node, t->arena, e);
    if (!properties) return false;
    made.properties = properties;
    t->resources[t->n_resources++] = made;
    if (!api->stage) return true;
    const struct node *stage = node_new_text(str_of(api->stage), made.node, t->arena, e);
    return stage && node_add(properties, (struct node_member){STR("StageName"), stage->line, stage}, t->arena, e);
}

bool template_made_add(struct template *t, struct err *e) {
    size_t n_written = t->n_resources;
    for (size_t i = 0; i < N_IMPLICIT; i++)
        if (!add_implicit(t, &implicit[i], n_written, e)) return false;
    for (size_t i = 0; i < n_written; i++) {
        const struct template_resource *r = &t->resources[i];
        if (!is_function(r)) continue;
        if (!node_get(r->properties, "Role") && !add_role(t, r, e)) return false;
        if (of_function(t, r, "FunctionUrlConfig") &&
            !add(t, r, "Url", (struct template_resource){.type = STR("AWS::Lambda::Url"), .url_of = r}, e))
            return false;
    }
    return true;
}

/* API + stage + Stage; without the stage's name where that is a function. Behind a name with '-' or '_' SAM writes a hash,
   and such a resource is not known here. */
static bool is_stage(const struct template_resource *r, struct str id) {
    static const struct str end = STR_INIT("Stage"), ending = STR_INIT("ApiGatewayDefaultStage");
    bool http = str_eq(r->type, STR("AWS::Serverless::HttpApi"));
    if ((!http && !str_eq(r->type, STR("AWS::Serverless::Api"))) || !str_starts(id, r->id)) return false;
    const struct node *name = node_get(r->properties, "StageName");
    struct str rest = {id.p + r->id.n, id.n - r->id.n}, text = name && name->kind == NODE_SCALAR ? name->text : STR("");
    if (http && (!name || str_eq(text, STR("$default")))) return str_eq(rest, ending);
    if (!str_ends(rest, end) || !str_is_made_of(text, "")) return false;
    return str_eq((struct str){rest.p, rest.n - end.n}, text);
}

struct template_resource *template_made_stage(const struct template *t, struct str id) {
    if (str_ends(id, STR(".Stage"))) return template_find(t, (struct str){id.p, id.n - STR(".Stage").n});
    for (size_t i = 0; i < t->n_resources; i++)
        if (is_stage(&t->resources[i], id)) return &t->resources[i];
    return NULL;
}
