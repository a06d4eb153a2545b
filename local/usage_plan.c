/* SPDX-License-Identifier: Apache-2.0 */
/* API keys and the usage plans that let them into a stage; throttles and quotas are not kept here.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html */
#include "model_parts.h"

enum { MIN_VALUE = 20, MAX_VALUE = 128 }; /* of a key, as API Gateway takes it */

static bool read_enabled(struct model_reader *r, const struct node *properties, bool *enabled, struct err *e) {
    const struct node *n;
    *enabled = false;
    if (!model_parts_get(r, properties, "Enabled", &n, e)) return false;
    if (!n) return true;
    bool text = n->kind == NODE_SCALAR;
    *enabled = text && str_eq(n->text, STR("true"));
    return *enabled || (text && str_eq(n->text, STR("false"))) ||
           node_error(n, e, "Enabled of an API key is true or false");
}

static bool check_value(const struct node *properties, struct str value, struct err *e) {
    if (!value.p) return true;
    const struct node *place = node_get(properties, "Value");
    bool ok = value.n >= MIN_VALUE && value.n <= MAX_VALUE;
    for (size_t i = 0; i < value.n; i++) ok = ok && value.p[i] > ' ' && value.p[i] < 0x7f;
    return ok || node_error(place, e, "the Value of an API key is %d to %d printable characters without spaces",
                            MIN_VALUE, MAX_VALUE);
}

static bool is_new(const struct model *m, const struct model_api_key *key, const struct node *place, struct err *e) {
    for (size_t i = 0; i < m->n_api_keys; i++)
        if (key->value.p && str_eq(m->api_keys[i].value, key->value))
            return node_error(place, e, "%.*s and %.*s have the same value", STR_ARG(m->api_keys[i].logical_id),
                              STR_ARG(key->logical_id));
    return true;
}

bool usage_plan_read_key(struct model_reader *r, struct template_resource *resource, struct err *e) {
    static const struct model_rule rules[] = {{"Name", MODEL_NO_EFFECT, NULL},
                                              {"Enabled", MODEL_USED, NULL},
                                              {"Value", MODEL_USED, NULL},
                                              {"Description", MODEL_NO_EFFECT, NULL},
                                              {"CustomerId", MODEL_NO_EFFECT, NULL},
                                              {"GenerateDistinctId", MODEL_NO_EFFECT, NULL},
                                              {"Tags", MODEL_NO_EFFECT, NULL},
                                              {"StageKeys", MODEL_REFUSED, "write a UsagePlan and a UsagePlanKey"},
                                              {NULL, MODEL_USED, NULL}};
    struct model_api_key *key = &r->model->api_keys[r->model->n_api_keys];
    const struct node *properties = resource->properties;
    *key = (struct model_api_key){.logical_id = resource->id};
    if (!template_name_of(r->t, resource, &key->id, e)) return false;
    if (properties &&
        (!model_parts_check(r, properties, "an AWS::ApiGateway::ApiKey", rules, e) ||
         !read_enabled(r, properties, &key->enabled, e) || !model_parts_text(r, properties, "Value", &key->value, e) ||
         !check_value(properties, key->value, e) || !is_new(r->model, key, resource->node, e)))
        return false;
    r->model->n_api_keys++;
    return key->enabled || model_parts_notice(r, resource->node, e, "the API key %.*s is not Enabled: it opens nothing",
                                              STR_ARG(key->logical_id));
}

/* ---- usage plans ---- */

static const struct model_api *api_of_stage(struct model_reader *r, const struct node *item, struct err *e) {
    static const struct model_rule rules[] = {{"ApiId", MODEL_USED, NULL},
                                              {"Stage", MODEL_USED, NULL},
                                              {"Throttle", MODEL_NO_EFFECT, NULL},
                                              {NULL, MODEL_USED, NULL}};
    struct str api_id, stage;
    if (!model_parts_check(r, item, "a stage of a usage plan", rules, e) ||
        !model_parts_text(r, item, "ApiId", &api_id, e) || !model_parts_text(r, item, "Stage", &stage, e))
        return NULL;
    for (size_t i = 0; i < r->model->n_apis; i++)
        if (r->model->apis[i].kind == MODEL_REST_API && str_eq(r->model->apis[i].api_id, api_id) &&
            str_eq(r->model->apis[i].stage, stage))
            return &r->model->apis[i];
    node_error(item, e, "ApiId and Stage are not those of an AWS::Serverless::Api that exists in this template");
    return NULL;
}

/* Its stages, into the key when there is one. */
static bool read_stages(struct model_reader *r, const struct template_resource *plan, struct model_api_key *key,
                        struct err *e) {
    const struct node **items;
    size_t n;
    if (!model_parts_items(r, node_get(plan->properties, "ApiStages"), &items, &n, e)) return false;
    const struct model_api **opens = NULL;
    size_t n_opens = key ? key->n_opens : 0;
    if (key) opens = arena_zero(r->arena, (n_opens + n + 1) * sizeof *opens);
    if (key && !opens) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", plan->node->file);
    for (size_t i = 0; i < n_opens; i++) opens[i] = key->opens[i];
    for (size_t i = 0; i < n; i++) {
        const struct model_api *api = api_of_stage(r, items[i], e);
        if (!api) return false;
        if (key) opens[n_opens++] = api;
    }
    if (key) key->opens = opens, key->n_opens = n_opens;
    return true;
}

bool usage_plan_check(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    static const struct model_rule rules[] = {{"UsagePlanName", MODEL_NO_EFFECT, NULL},
                                              {"Description", MODEL_NO_EFFECT, NULL},
                                              {"ApiStages", MODEL_USED, NULL},
                                              {"Throttle", MODEL_NO_EFFECT, NULL},
                                              {"Tags", MODEL_NO_EFFECT, NULL},
                                              {"Quota", MODEL_NOTICE, "requests are not counted"},
                                              {NULL, MODEL_USED, NULL}};
    return !resource->properties ||
           (model_parts_check(r, resource->properties, "an AWS::ApiGateway::UsagePlan", rules, e) &&
            read_stages(r, resource, NULL, e));
}

static struct model_api_key *key_by_id(const struct model *m, struct str id) {
    for (size_t i = 0; i < m->n_api_keys; i++)
        if (str_eq(m->api_keys[i].id, id)) return &m->api_keys[i];
    return NULL;
}

static const struct template_resource *plan_by_id(struct model_reader *r, struct str id, struct err *e) {
    for (size_t i = 0; i < r->t->n_resources; i++) {
        struct template_resource *resource = &r->t->resources[i];
        struct str name;
        if (!resource->exists || !str_eq(resource->type, STR("AWS::ApiGateway::UsagePlan"))) continue;
        if (!template_name_of(r->t, resource, &name, e)) return NULL;
        if (str_eq(name, id)) return resource;
    }
    return NULL;
}

bool usage_plan_join(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    static const struct model_rule rules[] = {{"KeyId", MODEL_USED, NULL},
                                              {"KeyType", MODEL_USED, NULL},
                                              {"UsagePlanId", MODEL_USED, NULL},
                                              {NULL, MODEL_USED, NULL}};
    const struct node *n = resource->properties;
    struct str key_id, type, plan_id;
    if (!n) return node_error(resource->node, e, "%.*s has no Properties", STR_ARG(resource->id));
    if (!model_parts_check(r, n, "an AWS::ApiGateway::UsagePlanKey", rules, e) ||
        !model_parts_text(r, n, "KeyId", &key_id, e) || !model_parts_text(r, n, "KeyType", &type, e) ||
        !model_parts_text(r, n, "UsagePlanId", &plan_id, e))
        return false;
    if (!type.p || !str_eq(type, STR("API_KEY")))
        return node_error(n, e, "the KeyType of a usage plan's key is API_KEY");
    struct model_api_key *key = key_by_id(r->model, key_id);
    if (!key) return node_error(n, e, "KeyId is not a !Ref to an AWS::ApiGateway::ApiKey that exists in this template");
    const struct template_resource *plan = plan_by_id(r, plan_id, e);
    if (!plan)
        return node_error(n, e,
                          "UsagePlanId is not a !Ref to an AWS::ApiGateway::UsagePlan that exists in this template");
    return read_stages(r, plan, key, e);
}
