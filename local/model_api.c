/* SPDX-License-Identifier: Apache-2.0 */
/* AWS::Serverless::Api: its stage, and how its methods are protected. SAM looks into Auth before CloudFormation
   resolves anything: DefaultAuthorizer may be written out or be a !Ref to a parameter; any other function there
   makes SAM leave the authorizer out without a word, and the API open.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html */

#include "model_parts.h"

enum { MAX_STAGE = 128 };

static const struct model_rule api_rules[] = {
    {"Name", MODEL_USED, NULL},
    {"StageName", MODEL_USED, NULL},
    {"Variables", MODEL_USED, NULL},
    {"Auth", MODEL_USED, NULL},
    {"BinaryMediaTypes", MODEL_USED, NULL},
    {"EndpointConfiguration", MODEL_USED, NULL},
    {"OpenApiVersion", MODEL_USED, NULL},
    {"MethodSettings", MODEL_NO_EFFECT, NULL},
    {"TracingEnabled", MODEL_NO_EFFECT, NULL},
    {"AccessLogSetting", MODEL_NO_EFFECT, NULL},
    {"Description", MODEL_NO_EFFECT, NULL},
    {"Tags", MODEL_NO_EFFECT, NULL},
    {"PropagateTags", MODEL_NO_EFFECT, NULL},
    {"AlwaysDeploy", MODEL_NO_EFFECT, NULL},
    {"MinimumCompressionSize", MODEL_NOTICE, "replies are not compressed"},
    {"CacheClusterEnabled", MODEL_NOTICE, "replies are not cached"},
    {"CacheClusterSize", MODEL_NOTICE, "replies are not cached"},
    {"Cors", MODEL_REFUSED, "it adds OPTIONS methods; answer them in the function"},
    {"DefinitionBody", MODEL_REFUSED, "write the routes as Events of the functions"},
    {"DefinitionUri", MODEL_REFUSED, "write the routes as Events of the functions"},
    {"Domain", MODEL_REFUSED, "custom domains are not served here; leave it out"},
    {"Policy", MODEL_USED, NULL},
    {"DisableExecuteApiEndpoint", MODEL_REFUSED, "the address that is served here would not exist"},
    {"Mode", MODEL_REFUSED, "it merges definitions that are not in the template"},
    {"CanarySetting", MODEL_REFUSED, "there is one deployment here"},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule auth_rules[] = {
    {"DefaultAuthorizer", MODEL_USED, NULL},
    {"InvokeRole", MODEL_USED, NULL},
    {"ApiKeyRequired", MODEL_USED, NULL},
    {"Authorizers", MODEL_REFUSED, "the authorizers here are AWS_IAM and NONE"},
    {"ResourcePolicy", MODEL_USED, NULL},
    {"UsagePlan", MODEL_REFUSED,
     "SAM's key hides its value: write an AWS::ApiGateway::ApiKey, a UsagePlan and a UsagePlanKey"},
    {NULL, MODEL_USED, NULL},
};

/* The value SAM itself sees: written out, or of the parameter that is named. NULL: something else. */
static const struct node *seen_by_sam(const struct model_reader *r, const struct node *n) {
    if (n->kind == NODE_SCALAR) return n;
    const struct node *name = node_is(n, "Ref") ? n->at[0].value : NULL;
    const struct node *value = name && name->kind == NODE_SCALAR ? template_parameter_find(r->t, name->text) : NULL;
    return value && value->kind == NODE_SCALAR ? value : NULL;
}

static bool read_default(struct model_reader *r, const struct node *n, struct model_auth *auth, struct err *e) {
    if (!n) return true;
    const struct node *value = seen_by_sam(r, n);
    if (!value)
        return node_error(n, e,
                          "DefaultAuthorizer is a function other than !Ref to a parameter: SAM would leave the "
                          "authorizer out silently and deploy the API open; use a parameter of AWS_IAM or NONE");
    auth->has_default = true;
    auth->aws_iam = str_eq(value->text, STR("AWS_IAM"));
    if (auth->aws_iam || str_eq(value->text, STR("NONE"))) return true;
    return node_error(n, e, "the DefaultAuthorizer \"%.*s\" is not supported: AWS_IAM or NONE", STR_ARG(value->text));
}

/* SAM asks whether the value is true as Python sees it: the text "false" is, any function is, an empty text is not. What
   was most likely meant otherwise is said loudly. */
bool model_api_key_required(struct model_reader *r, const struct node *n, bool *required, struct err *e) {
    static const char *const off[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "0"};
    *required = false;
    if (!n || node_is_null(n)) return true;
    const struct node *value = seen_by_sam(r, n);
    if (!value && !node_is_intrinsic(n) && n->n == 0) return true; /* an empty list or mapping */
    bool reads_off = value && value->text.n == 0;
    for (size_t i = 0; value && i < sizeof off / sizeof *off; i++) reads_off |= str_eq(value->text, str_of(off[i]));
    bool is_off = reads_off && (value->quoted ? value->text.n == 0 : value == n);
    *required = !is_off;
    if (is_off || (value && !reads_off)) return true;
    return model_parts_notice(r, n, e,
                              "ApiKeyRequired is ON here: SAM takes any function and any text that is not empty for "
                              "true, \"false\" too; to switch it off write false or an empty text");
}

static bool read_auth(struct model_reader *r, const struct node *n, struct model_auth *auth, struct err *e) {
    if (!n) return true;
    if (!model_parts_check(r, n, "Auth of an AWS::Serverless::Api", auth_rules, e)) return false;
    const struct node *role = node_get(n, "InvokeRole");
    auth->no_invoke_role = role && role->kind == NODE_SCALAR && str_eq(role->text, STR("NONE"));
    if (!read_default(r, node_get(n, "DefaultAuthorizer"), auth, e)) return false;
    if (auth->aws_iam && !auth->no_invoke_role)
        return node_error(role ? role : n, e,
                          "AWS_IAM without InvokeRole: NONE makes API Gateway call the function with the "
                          "caller's credentials, so that callers need lambda:InvokeFunction too: set InvokeRole: NONE");
    return model_api_key_required(r, node_get(n, "ApiKeyRequired"), &auth->api_key, e);
}

static bool is_word(struct str s, const char *more) {
    return s.n && str_is_made_of(s, more);
}

bool model_api_read_names(struct model_reader *r, const struct node *properties, struct model_api *api, struct err *e) {
    if (!template_name_of(r->t, template_find(r->t, api->logical_id), &api->api_id, e) ||
        !model_parts_text(r, properties, "Name", &api->name, e) ||
        !model_parts_text(r, properties, "StageName", &api->stage, e))
        return false;
    if (!api->name.p) api->name = r->model->stack_name;
    bool ok = !api->stage.p || (is_word(api->stage, "_-") && api->stage.n <= MAX_STAGE) ||
              (api->kind == MODEL_HTTP_API && str_eq(api->stage, STR("$default")));
    return ok || node_error(node_get(properties, "StageName"), e, "a StageName is 1 to %d letters, digits, '_' and '-'",
                            MAX_STAGE);
}

bool model_api_read_variables(struct model_reader *r, const struct node *properties, const char *name,
                              struct model_api *api, struct err *e) {
    const struct node *all;
    if (!model_parts_get(r, properties, name, &all, e)) return false;
    if (all && all->kind != NODE_MAPPING) return node_error(all, e, "%s is not a mapping", name);
    for (size_t i = 0; all && i < all->n; i++) {
        const struct node *v = all->at[i].value;
        if (!is_word(all->at[i].key, "_"))
            return node_error(v, e, "the stage variable %.*s: its name is letters, digits and '_'",
                              STR_ARG(all->at[i].key));
        if (v->kind != NODE_SCALAR || node_is_rewritten(v) || !is_word(v->text, "-._~:/?#&=,"))
            return node_error(v, e, "the value of the stage variable %.*s is not letters, digits and -._~:/?#&=,",
                              STR_ARG(all->at[i].key));
        if (!http_field_add(&api->stage_variables, all->at[i].key, v->text, r->arena, e))
            return err_prefix(e, "%s:%u: variables of the stage: ", v->file, v->line);
    }
    return true;
}

static bool read_media_type(struct model_reader *r, const struct node *item, struct str *out, struct err *e) {
    if (item->kind != NODE_SCALAR) return node_error(item, e, "a binary media type is a text");
    struct str rest = item->text;
    struct buf b;
    buf_init(&b, rest.n + 1, r->arena);
    for (size_t at; (at = str_find(rest, STR("~1"))) != SIZE_MAX;) {
        buf_add(&b, (struct str){rest.p, at});
        buf_add_char(&b, '/');
        rest = (struct str){rest.p + at + 2, rest.n - at - 2};
    }
    buf_add(&b, rest);
    *out = buf_str(&b);
    return buf_ok(&b, e);
}

static bool read_media_types(struct model_reader *r, const struct node *properties, struct model_api *api,
                             struct err *e) {
    const struct node *list;
    if (!model_parts_get(r, properties, "BinaryMediaTypes", &list, e)) return false;
    if (!list) return true;
    if (list->kind != NODE_SEQUENCE) return node_error(list, e, "BinaryMediaTypes is not a list");
    api->binary_media_types = arena_zero(r->arena, (list->n + 1) * sizeof *api->binary_media_types);
    if (!api->binary_media_types) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", list->file);
    for (; api->n_binary_media_types < list->n; api->n_binary_media_types++)
        if (!read_media_type(r, list->at[api->n_binary_media_types].value,
                             &api->binary_media_types[api->n_binary_media_types], e))
            return false;
    return true;
}

/* A PRIVATE endpoint can be reached from within a VPC only, which nothing here would enforce. */
static bool check_endpoint(struct model_reader *r, const struct node *properties, struct err *e) {
    const struct node *n;
    struct str type = {0};
    if (!model_parts_get(r, properties, "EndpointConfiguration", &n, e)) return false;
    if (!n) return true;
    if (n->kind == NODE_SCALAR) type = n->text;
    else if (!model_parts_text(r, n, "Type", &type, e)) return false;
    if (!type.p || str_eq(type, STR("REGIONAL")) || str_eq(type, STR("EDGE"))) return true;
    return node_error(n, e, "the endpoint type %.*s is not supported: REGIONAL or EDGE", STR_ARG(type));
}

/* Either SAM's list of statements, or the whole document. A list of its own (of addresses, accounts, VPCs) SAM turns into
   statements that are not written here a second time. */
static bool read_policy(struct model_reader *r, const struct node *properties, struct model_api *api, struct err *e) {
    static const struct model_rule rules[] = {{"CustomStatements", MODEL_USED, NULL}, {NULL, MODEL_USED, NULL}};
    const struct model_document_of of = {.kind = MODEL_RESOURCE, .name = STR("resource policy"), .api = api};
    const struct node *custom = node_get(node_get(properties, "Auth"), "ResourcePolicy");
    const struct node *document = node_get(properties, "Policy");
    if (document && !template_resolve_top(r->t, document, &document, e)) return false;
    if (custom && document) return node_error(custom, e, "ResourcePolicy of Auth stands beside Policy: keep one");
    if (custom && !model_parts_check(r, custom, "ResourcePolicy of Auth", rules, e)) return false;
    api->has_policy = custom || document;
    if (document) return model_policy_read_document(r, document, &of, &api->policy, e);
    return !custom ||
           model_policy_read_statements(r, custom, node_get(custom, "CustomStatements"), &of, &api->policy, e);
}

bool model_api_read(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    struct model_api *api = &r->model->apis[r->model->n_apis];
    const struct node *properties = model_parts_merged(r, "Api", resource, e);
    *api = (struct model_api){.kind = MODEL_REST_API, .logical_id = resource->id};
    if (!properties || !model_parts_check(r, properties, "an AWS::Serverless::Api", api_rules, e)) return false;
    if (!model_api_read_names(r, properties, api, e) ||
        !read_auth(r, node_get(properties, "Auth"), &r->auth[r->model->n_apis], e))
        return false;
    if (!api->stage.p) return node_error(properties, e, "the API %.*s has no StageName", STR_ARG(api->logical_id));
    if (!model_api_read_variables(r, properties, "Variables", api, e) || !read_media_types(r, properties, api, e))
        return false;
    if (!check_endpoint(r, properties, e) || !read_policy(r, properties, api, e)) return false;
    r->model->n_apis++;
    return node_get(properties, "OpenApiVersion") ||
           model_parts_notice(r, resource->node, e,
                              "without OpenApiVersion SAM publishes %.*s on a second stage, named "
                              "Stage, too: it is not served here",
                              STR_ARG(api->logical_id));
}
