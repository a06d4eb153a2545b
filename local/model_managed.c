/* SPDX-License-Identifier: Apache-2.0 */
/* Managed policies: those of this file, and of AWS's own the ones whose text is known here, as far as it can matter. They
   are attached to roles and users, or bound them.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
   https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html */
#include "model_parts.h"

enum { MAX_RESOURCE = 2048 };

/* The service is that of the resource; NULL: everything. The actions are all Allow, and without a Condition. */
struct known {
    const char *path_and_name, *service;
    const char *actions[5];
};

static const struct known KNOWN[] = {
    {"AdministratorAccess", NULL, {"*"}},
    /* NotAction iam, organizations and account */
    {"PowerUserAccess", NULL, {"execute-api:*", "lambda:*", "sts:*"}},
    {"AmazonAPIGatewayInvokeFullAccess", "execute-api", {"execute-api:Invoke", "execute-api:ManageConnections"}},
    {"AWSLambda_FullAccess", NULL, {"lambda:*"}},
    {"service-role/AWSLambdaRole", NULL, {"lambda:InvokeFunction"}},
    {"AWSLambdaInvocation-DynamoDB", NULL, {"lambda:InvokeFunction"}},
    /* These say nothing of a call or of AssumeRole. */
    {"AWSLambda_ReadOnlyAccess", NULL, {NULL}},
    {"AWSLambdaExecute", NULL, {NULL}},
    {"AWSXRayDaemonWriteAccess", NULL, {NULL}},
    {"AWSXrayWriteOnlyAccess", NULL, {NULL}},
    {"AmazonAPIGatewayAdministrator", NULL, {NULL}},
    {"AmazonDynamoDBFullAccess", NULL, {NULL}},
    {"AmazonDynamoDBReadOnlyAccess", NULL, {NULL}},
    {"AmazonS3FullAccess", NULL, {NULL}},
    {"AmazonS3ReadOnlyAccess", NULL, {NULL}},
    {"AmazonSNSFullAccess", NULL, {NULL}},
    {"AmazonSQSFullAccess", NULL, {NULL}},
    {"AmazonSSMReadOnlyAccess", NULL, {NULL}},
    {"CloudWatchLambdaInsightsExecutionRolePolicy", NULL, {NULL}},
    {"CloudWatchLogsFullAccess", NULL, {NULL}},
    {"service-role/AWSLambdaBasicExecutionRole", NULL, {NULL}},
    {"service-role/AWSLambdaDynamoDBExecutionRole", NULL, {NULL}},
    {"service-role/AWSLambdaENIManagementAccess", NULL, {NULL}},
    {"service-role/AWSLambdaKinesisExecutionRole", NULL, {NULL}},
    {"service-role/AWSLambdaMSKExecutionRole", NULL, {NULL}},
    {"service-role/AWSLambdaSQSQueueExecutionRole", NULL, {NULL}},
    {"service-role/AWSLambdaVPCAccessExecutionRole", NULL, {NULL}},
    {"service-role/AmazonAPIGatewayPushToCloudWatchLogs", NULL, {NULL}},
};

static bool out_of_memory(const struct node *place, struct err *e) {
    return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
}

/* "service-role/AWSLambdaRole" of an ARN of AWS's own; absent for any other. */
static struct str path_of_aws(const struct model_reader *r, struct str arn) {
    struct str rest = arn, head, partition;
    if (!str_cut(&rest, ':', &head) || !str_eq(head, STR("arn")) || !str_cut(&rest, ':', &partition))
        return (struct str){0};
    static const struct str start = STR_INIT("iam::aws:policy/");
    if (!str_eq(partition, r->model->partition) || !str_starts(rest, start)) return (struct str){0};
    return (struct str){rest.p + start.n, rest.n - start.n};
}

/* SAM takes the name alone, and knows the path. */
static bool has_name(const struct known *known, struct str name, bool bare) {
    struct str whole = str_of(known->path_and_name), path;
    return str_eq(whole, name) || (bare && str_cut(&whole, '/', &path) && str_eq(whole, name));
}

static const struct known *find_known(const struct model_reader *r, struct str name) {
    bool bare = !str_starts(name, STR("arn:"));
    struct str wanted = bare ? name : path_of_aws(r, name);
    for (size_t i = 0; wanted.n && i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (has_name(&KNOWN[i], wanted, bare)) return &KNOWN[i];
    return NULL;
}

static bool add_known(struct model_reader *r, const struct known *known, const struct node *place,
                      struct policy_statements *into, struct err *e) {
    struct policy_statement s = {
        .allow = true, .file = place->file, .line = place->line, .policy_name = str_of(known->path_and_name)};
    struct buf resource;
    buf_init(&resource, MAX_RESOURCE, r->arena);
    if (known->service) buf_addf(&resource, "arn:%.*s:%s:*:*:", STR_ARG(r->model->partition), known->service);
    buf_add_char(&resource, '*');
    s.actions = arena_zero(r->arena, sizeof known->actions / sizeof *known->actions * sizeof *s.actions);
    s.resources = arena_zero(r->arena, sizeof *s.resources);
    if (!s.actions || !s.resources) return out_of_memory(place, e);
    for (; known->actions[s.n_actions]; s.n_actions++) s.actions[s.n_actions] = str_of(known->actions[s.n_actions]);
    s.resources[s.n_resources++] = buf_str(&resource);
    return buf_ok(&resource, e) &&
           (!s.n_actions || model_policy_join(r, &(struct policy_statements){&s, 1, 1}, into, place, e));
}

static const struct model_managed *find_own(const struct model_reader *r, struct str arn) {
    for (size_t i = r->first_managed; i < r->n_managed; i++)
        if (str_eq(r->managed[i].arn, arn)) return &r->managed[i];
    return NULL;
}

/* True: found and added, and *known. */
static bool add_found(struct model_reader *r, struct str name, const struct node *place, struct policy_statements *into,
                      bool *found, struct err *e) {
    const struct model_managed *own = find_own(r, name);
    const struct known *known = own ? NULL : find_known(r, name);
    *found = own || known;
    if (own) return model_policy_join(r, &own->statements, into, place, e);
    return !known || add_known(r, known, place, into, e);
}

/* AWS's own policies only grant, but for those that are named after what they do. */
static bool could_deny(const struct model_reader *r, struct str name) {
    static const char *const words[] = {"Deny",       "Quarantine", "Boundary", "AllowList",
                                        "root-task/", "RootUser",   "Unlock"};
    if (str_starts(name, STR("arn:")) && !path_of_aws(r, name).n) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_find(name, str_of(words[i])) != SIZE_MAX) return true;
    return false;
}

bool model_managed_add(struct model_reader *r, const struct node *arn, bool sam, struct model_principal *p,
                       struct err *e) {
    struct str name;
    bool found;
    if (!template_resolve_text(r->t, arn, "the name of a managed policy", &name, e)) return false;
    if (!sam && !str_starts(name, STR("arn:")))
        return node_error(arn, e, "%.*s is not the ARN of a managed policy", STR_ARG(name));
    if (!add_found(r, name, arn, &p->policies, &found, e)) return false;
    if (found) return true;
    if (could_deny(r, name))
        return node_error(
            arn, e,
            "the managed policy %.*s is not supported: a Deny in it could not be seen here; write it as an "
            "AWS::IAM::ManagedPolicy of this file, or its statements inline",
            STR_ARG(name));
    return model_parts_notice(r, arn, e, "the managed policy %.*s grants nothing here", STR_ARG(name));
}

bool model_managed_add_list(struct model_reader *r, const struct node *arns, struct model_principal *p, struct err *e) {
    const struct node **items;
    size_t n;
    if (!model_parts_items(r, arns, &items, &n, e)) return false;
    for (size_t i = 0; i < n; i++)
        if (!model_managed_add(r, items[i], false, p, e)) return false;
    return true;
}

/* Of SAM's templates only LambdaInvokePolicy speaks of a call. */
bool model_managed_add_template(struct model_reader *r, const struct node *item, struct str policy_name,
                                struct model_principal *p, struct err *e) {
    static struct str invoke[] = {STR_INIT("lambda:InvokeFunction")};
    const struct model *m = r->model;
    struct policy_statement s = {.allow = true,
                                 .actions = invoke,
                                 .n_actions = 1,
                                 .n_resources = 1,
                                 .policy_name = policy_name,
                                 .file = item->file,
                                 .line = item->line};
    struct str name;
    struct buf resource;
    if (!str_eq(item->at[0].key, STR("LambdaInvokePolicy")))
        return model_parts_notice(r, item, e, "the SAM policy template %.*s grants nothing here",
                                  STR_ARG(item->at[0].key));
    if (!model_parts_text(r, item->at[0].value, "FunctionName", &name, e)) return false;
    if (!name.n) return node_error(item, e, "LambdaInvokePolicy needs FunctionName");
    buf_init(&resource, MAX_RESOURCE, r->arena);
    buf_addf(&resource, "arn:%.*s:lambda:%.*s:%.*s:function:%.*s*", STR_ARG(m->partition), STR_ARG(m->region),
             STR_ARG(m->account_id), STR_ARG(name));
    s.resources = arena_zero(r->arena, sizeof *s.resources);
    if (!s.resources) return out_of_memory(item, e);
    s.resources[0] = buf_str(&resource);
    return buf_ok(&resource, e) && model_policy_join(r, &(struct policy_statements){&s, 1, 1}, &p->policies, item, e);
}

bool model_managed_bound(struct model_reader *r, const struct node *properties, struct model_principal *p,
                         struct err *e) {
    const struct node *place = node_get(properties, "PermissionsBoundary");
    struct str arn;
    if (!model_parts_text(r, properties, "PermissionsBoundary", &arn, e)) return false;
    p->has_boundary = arn.p;
    bool found = !arn.p;
    if (arn.p && str_starts(arn, STR("arn:")) && !add_found(r, arn, place, &p->boundary, &found, e)) return false;
    return found ||
           node_error(place, e,
                      "the PermissionsBoundary %.*s is not known here: write it as an AWS::IAM::ManagedPolicy of "
                      "this file, and its name as !Ref",
                      STR_ARG(arn));
}

static bool read_document(struct model_reader *r, const struct template_resource *resource,
                          struct model_managed *managed, struct err *e) {
    static const struct model_rule rules[] = {{"ManagedPolicyName", MODEL_USED, NULL},
                                              {"PolicyDocument", MODEL_USED, NULL},
                                              {"Path", MODEL_USED, NULL},
                                              {"Description", MODEL_NO_EFFECT, NULL},
                                              {"Tags", MODEL_NO_EFFECT, NULL},
                                              {"Roles", MODEL_USED, NULL},
                                              {"Users", MODEL_USED, NULL},
                                              {"Groups", MODEL_REFUSED, "attach the policy to roles or users"},
                                              {NULL, MODEL_USED, NULL}};
    const struct node *document = NULL, *properties = resource->properties;
    if (!properties) return node_error(resource->node, e, "%.*s has no Properties", STR_ARG(resource->id));
    if (!model_parts_check(r, properties, "an AWS::IAM::ManagedPolicy", rules, e)) return false;
    if (node_get(properties, "PolicyDocument") &&
        !template_resolve_top(r->t, node_get(properties, "PolicyDocument"), &document, e))
        return false;
    if (!document) return node_error(properties, e, "a managed policy needs a PolicyDocument");
    return model_policy_read_document(r, document, &(struct model_document_of){.name = resource->name},
                                      &managed->statements, e);
}

bool model_managed_read(struct model_reader *r, struct template_resource *resource, struct err *e) {
    struct model_managed managed = {0};
    const struct node *arn;
    if (!template_name_ref(r->t, resource->id, resource->node, &arn, e)) return false;
    managed.arn = arn->text;
    if (find_own(r, managed.arn))
        return node_error(resource->node, e, "another managed policy has the name of %.*s", STR_ARG(resource->id));
    if (!read_document(r, resource, &managed, e)) return false;
    r->managed[r->n_managed++] = managed;
    return true;
}

bool model_managed_attach(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    const struct node *arn;
    if (!template_name_ref(r->t, resource->id, resource->node, &arn, e)) return false;
    return model_principal_attach_to(r, resource->properties, false, &find_own(r, arn->text)->statements, e);
}
