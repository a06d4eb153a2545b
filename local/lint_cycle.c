/* SPDX-License-Identifier: Apache-2.0 */
/* A graph of who names whom. SAM writes the functions of its events into an API's body, so an API waits for them; the
   permission that an event makes is nobody's business. A branch of !If that is not taken is not there.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html (circular dependencies) */
#include "lint_parts.h"

enum { MAX_PATH_BYTES = 4096, MAX_DEPTH = 128 };

struct graph {
    struct template *t;
    bool *edges; /* n * n: from, to */
    size_t n;
    unsigned depth;
};

static void add_edge(struct graph *g, size_t from, struct str id) {
    struct str rest = id, head;
    str_cut(&rest, '.', &head);
    const struct template_resource *r = template_find(g->t, head);
    if (!r) r = template_made_stage(g->t, id);
    if (r && r->exists) g->edges[from * g->n + (size_t)(r - g->t->resources)] = true;
}

/* ${Name} and ${Name.Attribute}, but not ${!Literal} and the names of the map beside it. */
static void add_sub(struct graph *g, size_t from, struct str text, const struct node *names) {
    for (size_t at; (at = str_find(text, STR("${"))) != SIZE_MAX;) {
        text = (struct str){text.p + at + 2, text.n - at - 2};
        struct str rest = text, name, head;
        if (!str_cut(&rest, '}', &name)) return;
        struct str behind = name;
        str_cut(&behind, '.', &head);
        bool own = false;
        for (size_t i = 0; names && names->kind == NODE_MAPPING && i < names->n; i++)
            own |= str_eq(names->at[i].key, name);
        if (!own && !str_starts(name, STR("!"))) add_edge(g, from, head);
        text = rest;
    }
}

static bool walk(struct graph *g, size_t from, const struct node *n, struct err *e);

static bool walk_members(struct graph *g, size_t from, const struct node *n, struct err *e) {
    for (size_t i = 0; n->kind != NODE_SCALAR && i < n->n; i++)
        if (!walk(g, from, n->at[i].value, e)) return false;
    return true;
}

/* SAM writes these into resources of their own (permissions, the stage), which wait for this one and not the other way. */
static bool is_elsewhere(struct str type, struct str property) {
    static const struct {
        const char *type, *property;
    } table[] = {{"AWS::Serverless::Function", "Events"},
                 {"AWS::Serverless::Function", "EventInvokeConfig"},
                 {"AWS::Serverless::Function", "FunctionUrlConfig"},
                 {"AWS::Serverless::Api", "StageName"},
                 {"AWS::Serverless::Api", "AccessLogSetting"},
                 {"AWS::Serverless::Api", "MethodSettings"},
                 {"AWS::Serverless::Api", "Variables"},
                 {"AWS::Serverless::HttpApi", "StageName"},
                 {"AWS::Serverless::HttpApi", "AccessLogSettings"},
                 {"AWS::Serverless::HttpApi", "DefaultRouteSettings"},
                 {"AWS::Serverless::HttpApi", "RouteSettings"},
                 {"AWS::Serverless::HttpApi", "StageVariables"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_eq(type, str_of(table[i].type)) && str_eq(property, str_of(table[i].property))) return true;
    return false;
}

static bool walk_properties(struct graph *g, size_t from, const struct node *properties, struct err *e) {
    for (size_t i = 0; properties && properties->kind == NODE_MAPPING && i < properties->n; i++)
        if (!is_elsewhere(g->t->resources[from].type, properties->at[i].key) &&
            !walk(g, from, properties->at[i].value, e))
            return false;
    return true;
}

static bool walk_function(struct graph *g, size_t from, const struct node *n, struct err *e) {
    const struct node *arg = n->at[0].value, *taken;
    const struct node *first = arg->kind == NODE_SEQUENCE && arg->n ? arg->at[0].value : arg;
    bool text = first->kind == NODE_SCALAR;
    struct err undecided; /* an !If that cannot be decided counts with both branches */
    if (node_is(n, "Fn::If") && template_resolve_top(g->t, n, &taken, &undecided))
        return !taken || walk(g, from, taken, e);
    if (text && (node_is(n, "Ref") || node_is(n, "Fn::GetAtt"))) add_edge(g, from, first->text);
    else if (text && node_is(n, "Fn::Sub"))
        add_sub(g, from, first->text, arg != first && arg->n > 1 ? arg->at[1].value : NULL);
    else if (node_is(n, "Condition")) return true;
    return walk_members(g, from, arg, e);
}

static bool walk(struct graph *g, size_t from, const struct node *n, struct err *e) {
    if (g->depth == MAX_DEPTH) return node_error(n, e, "the template is nested too deeply");
    g->depth++;
    bool ok = node_is_intrinsic(n) ? walk_function(g, from, n, e) : walk_members(g, from, n, e);
    g->depth--;
    return ok;
}

static void add_event(struct graph *g, size_t function, const struct node *event) {
    const struct node *type = node_get(event, "Type"), *n = node_get(event, "Properties");
    bool http = type && type->kind == NODE_SCALAR && str_eq(type->text, STR("HttpApi"));
    if (!http && !(type && type->kind == NODE_SCALAR && str_eq(type->text, STR("Api")))) return;
    const struct node *id = node_get(n, http ? "ApiId" : "RestApiId"),
                      *name = node_is(id, "Ref") ? id->at[0].value : NULL;
    struct str of = !id                                 ? http ? STR("ServerlessHttpApi") : STR("ServerlessRestApi")
                                                    : name && name->kind == NODE_SCALAR ? name->text
                                                        : STR("");
    const struct template_resource *api = template_find(g->t, of);
    if (api && api->exists) g->edges[(size_t)(api - g->t->resources) * g->n + function] = true;
}

static void add_events(struct graph *g, size_t function, const struct node *properties) {
    const struct node *events = node_get(properties, "Events");
    for (size_t i = 0; events && events->kind == NODE_MAPPING && i < events->n; i++)
        add_event(g, function, events->at[i].value);
}

static void add_depends(struct graph *g, size_t from, const struct node *depends) {
    if (depends && depends->kind == NODE_SCALAR) add_edge(g, from, depends->text);
    for (size_t i = 0; depends && depends->kind == NODE_SEQUENCE && i < depends->n; i++)
        if (depends->at[i].value->kind == NODE_SCALAR) add_edge(g, from, depends->at[i].value->text);
}

static const char *section_of(const struct template_resource *r) {
    static const char *const sections[] = {"Function", "Api", "HttpApi"};
    struct str type = r->type;
    if (!str_starts(type, STR("AWS::Serverless::"))) return NULL;
    struct str name = {type.p + STR("AWS::Serverless::").n, type.n - STR("AWS::Serverless::").n};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (str_eq(name, str_of(sections[i]))) return sections[i];
    return NULL;
}

static bool add_resource(struct graph *g, size_t i, struct err *e) {
    const struct template_resource *r = &g->t->resources[i];
    const char *section = section_of(r);
    const struct node *global = section ? node_get(g->t->globals, section) : NULL;
    if (!r->exists || r->role_of) return true; /* a role that SAM makes is part of its function */
    if (r->url_of) {
        g->edges[i * g->n + (size_t)(r->url_of - g->t->resources)] = true;
        return true;
    }
    add_depends(g, i, node_get(r->node, "DependsOn"));
    if (str_eq(r->type, STR("AWS::Serverless::Function"))) add_events(g, i, r->properties);
    return walk_properties(g, i, global, e) && walk_properties(g, i, r->properties, e);
}

/* The shortest way from `start` back to itself: came[x] is where x was reached from. */
static bool find_cycle(const struct graph *g, size_t start, size_t *came, size_t *queue) {
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < g->n; i++) came[i] = SIZE_MAX;
    queue[tail++] = start;
    while (head < tail) {
        size_t at = queue[head++];
        for (size_t to = 0; to < g->n; to++) {
            if (!g->edges[at * g->n + to] || came[to] != SIZE_MAX) continue;
            came[to] = at;
            if (to == start) return true;
            queue[tail++] = to;
        }
    }
    return false;
}

/* Each resource is in one finding at most. */
static void report(struct graph *g, struct lint *l, size_t start, const size_t *came, bool *told, size_t *way) {
    size_t n = 0;
    struct buf b;
    buf_init(&b, MAX_PATH_BYTES, l->arena);
    for (size_t at = came[start];; at = came[at]) {
        way[n++] = at;
        if (told[at]) return;
        if (at == start) break;
    }
    for (size_t i = n; i-- > 0;) {
        told[way[i]] = true;
        buf_addf(&b, "%.*s needs ", STR_ARG(g->t->resources[way[i]].id));
    }
    buf_add(&b, g->t->resources[start].id);
    const struct node *place = g->t->resources[start].node;
    lint_add(l, LINT_CIRCULAR_REFERENCE, str_of(place->file), place->line,
             "CloudFormation cannot create any of them first: %.*s", STR_ARG(buf_str(&b)));
}

bool lint_cycle_check(struct lint *l, struct template *t, struct err *e) {
    struct graph g = {.t = t, .n = t->n_resources};
    g.edges = arena_zero(l->arena, (g.n * g.n + 1) * sizeof *g.edges);
    size_t *rooms = arena_zero(l->arena, (3 * g.n + 1) * sizeof *rooms);
    bool *told = arena_zero(l->arena, g.n + 1);
    if (!g.edges || !rooms || !told) return err_set(e, ERR_MEMORY, "out of memory for the template");
    for (size_t i = 0; i < g.n; i++)
        if (!add_resource(&g, i, e)) return false;
    for (size_t i = 0; i < g.n; i++)
        if (!told[i] && find_cycle(&g, i, rooms, rooms + g.n)) report(&g, l, i, rooms, told, rooms + 2 * g.n);
    return true;
}
