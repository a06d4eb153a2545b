/* SPDX-License-Identifier: Apache-2.0 */
/* Physical names of the resources that are known here, and from them Ref, Fn::GetAtt and the pseudo parameters. A
   name that AWS would draw is made from the stack's name and the logical id, so that it is the same at every start.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html */
#include <string.h>

#include "stable_id.h"
#include "template.h"

enum { MAX_TEXT = 2048 };

struct kind {
    const char *type, *name_property; /* NULL: AWS draws it */
    size_t max;                       /* of a name that AWS draws: how long it is */
    const char *more;                 /* what it may hold besides letters and digits */
    bool bare;                        /* without a name of its own: the logical id alone, not STACK-LogicalId */
};

static const struct kind *kind_of(const struct template_resource *r) {
    static const struct kind kinds[] = {
        {"AWS::Serverless::Api", NULL, 10, "", false},
        {"AWS::Serverless::HttpApi", NULL, 10, "", false},
        {"AWS::Lambda::Url", NULL, 32, "", false},
        {"AWS::ApiGateway::ApiKey", NULL, 10, "", false},
        {"AWS::ApiGateway::UsagePlan", NULL, 10, "", false},
        {"AWS::Serverless::Function", "FunctionName", 64, "-_", false},
        {"AWS::IAM::Role", "RoleName", 64, "+=,.@_-", false},
        {"AWS::IAM::User", "UserName", 64, "+=,.@_-", true},
        {"AWS::IAM::ManagedPolicy", "ManagedPolicyName", 128, "+=,.@_-", false},
        {"AWS::Logs::LogGroup", "LogGroupName", 512, "-_/.#", false},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(r->type, str_of(kinds[i].type))) return &kinds[i];
    return NULL;
}

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool check_name(const struct template_resource *r, const struct kind *k, struct str name, struct err *e) {
    bool ok = name.n > 0;
    if (name.n > k->max)
        return node_error(r->node, e, "the name of %.*s (%.*s) is longer than %zu: choose a shorter %s or stack name",
                          STR_ARG(r->id), STR_ARG(name), k->max, k->name_property);
    for (size_t i = 0; i < name.n; i++)
        ok = ok && name.p[i] && (is_letter_or_digit(name.p[i]) || strchr(k->more, name.p[i]));
    return ok ||
           node_error(r->node, e, "the name of %.*s may hold letters, digits and %s only", STR_ARG(r->id), k->more);
}

static bool make_name(struct template *t, struct template_resource *r, const struct kind *k, struct err *e) {
    const struct node *chosen = k->name_property ? node_get(r->properties, k->name_property) : NULL;
    struct str name;
    struct buf b;
    if (chosen && !template_resolve_top(t, chosen, &chosen, e)) return false;
    if (chosen) {
        if (!template_resolve_text(t, chosen, k->name_property, &name, e) || !check_name(r, k, name, e)) return false;
        r->name = name;
        return true;
    }
    buf_init(&b, MAX_TEXT, t->arena);
    if (!k->bare) buf_addf(&b, "%.*s-", STR_ARG(t->stack->stack_name));
    buf_add(&b, r->id);
    if (!buf_ok(&b, e)) return false;
    r->name = buf_str(&b);
    if (k->name_property) return check_name(r, k, r->name, e);
    r->name = str_of(stable_id(r->name, "", k->max, false, t->arena));
    return r->name.p || err_set(e, ERR_MEMORY, "%s: out of memory for the template", r->node->file);
}

bool template_name_of(struct template *t, struct template_resource *r, struct str *name, struct err *e) {
    const struct kind *k = kind_of(r);
    if (!k) return node_error(r->node, e, "%.*s has no name that is known here", STR_ARG(r->id));
    if (r->busy) return node_error(r->node, e, "the name of %.*s depends on itself", STR_ARG(r->id));
    if (!r->name.p) {
        r->busy = true;
        if (!make_name(t, r, k, e)) return false;
        r->busy = false;
    }
    *name = r->name;
    return true;
}

static bool existing(struct template *t, struct str id, const struct node *place, struct template_resource **r,
                     struct err *e) {
    *r = template_find(t, id);
    if (!*r) return node_error(place, e, "there is no parameter or resource %.*s", STR_ARG(id));
    if (!(*r)->exists)
        return node_error(place, e, "the resource %.*s does not exist: its Condition is false", STR_ARG(id));
    if (!kind_of(*r))
        return node_error(place, e, "the value of %.*s (%.*s) is not known here, and it is needed", STR_ARG(id),
                          STR_ARG((*r)->type));
    return true;
}

static bool text_node(struct template *t, struct str s, const struct node *place, const struct node **out,
                      struct err *e) {
    *out = node_new_text(s, place, t->arena, e);
    return *out != NULL;
}

static bool pseudo(struct template *t, struct str id, const struct node *place, const struct node **out,
                   struct err *e) {
    const struct template_stack *s = t->stack;
    struct buf b;
    *out = NULL;
    if (str_eq(id, STR("AWS::NoValue"))) return true;
    if (str_eq(id, STR("AWS::Region"))) return text_node(t, s->region, place, out, e);
    if (str_eq(id, STR("AWS::AccountId"))) return text_node(t, s->account_id, place, out, e);
    if (str_eq(id, STR("AWS::Partition"))) return text_node(t, s->partition, place, out, e);
    if (str_eq(id, STR("AWS::URLSuffix"))) return text_node(t, s->url_suffix, place, out, e);
    if (str_eq(id, STR("AWS::StackName"))) return text_node(t, s->stack_name, place, out, e);
    if (!str_eq(id, STR("AWS::StackId")))
        return node_error(place, e, "the pseudo parameter %.*s is not supported", STR_ARG(id));
    buf_init(&b, MAX_TEXT, t->arena);
    buf_addf(&b, "arn:%.*s:cloudformation:%.*s:%.*s:stack/%.*s/00000000-0000-4000-8000-000000000000",
             STR_ARG(s->partition), STR_ARG(s->region), STR_ARG(s->account_id), STR_ARG(s->stack_name));
    return buf_ok(&b, e) && text_node(t, buf_str(&b), place, out, e);
}

/* A stage that SAM makes is known by its name. */
static bool stage_of(struct template *t, struct str id, const struct node *place, const struct node **out,
                     struct err *e) {
    const struct template_resource *r = template_made_stage(t, id);
    struct str stage = STR("$default");
    if (!r) return node_error(place, e, "there is no parameter or resource %.*s", STR_ARG(id));
    const struct node *name = node_get(r->properties, "StageName");
    bool http = str_eq(r->type, STR("AWS::Serverless::HttpApi"));
    if (!http && (!str_eq(r->type, STR("AWS::Serverless::Api")) || !name))
        return node_error(place, e, "%.*s is not the stage of an AWS::Serverless::Api or HttpApi", STR_ARG(id));
    if (!r->exists)
        return node_error(place, e, "the resource %.*s does not exist: its Condition is false", STR_ARG(r->id));
    return (!name || template_resolve_text(t, name, "StageName", &stage, e)) && text_node(t, stage, place, out, e);
}

static bool function_arn(struct template *t, const struct template_resource *function, const struct node *place,
                         const struct node **out, struct err *e) {
    struct buf dotted;
    buf_init(&dotted, MAX_TEXT, t->arena);
    buf_addf(&dotted, "%.*s.Arn", STR_ARG(function->id));
    return buf_ok(&dotted, e) && template_name_att(t, buf_str(&dotted), place, out, e);
}

static bool is_managed_policy(const struct template_resource *r) {
    return str_eq(r->type, STR("AWS::IAM::ManagedPolicy"));
}

static bool arn_of(struct template *t, struct template_resource *r, const struct node *place, const struct node **out,
                   struct err *e);

/* A managed policy's Ref is its ARN, everything else's its name. */
bool template_name_ref(struct template *t, struct str id, const struct node *place, const struct node **out,
                       struct err *e) {
    const struct node *parameter = template_parameter_find(t, id);
    struct template_resource *r;
    struct str name;
    if (str_starts(id, STR("AWS::"))) return pseudo(t, id, place, out, e);
    if (parameter && parameter->kind == NODE_SCALAR) return text_node(t, parameter->text, place, out, e);
    *out = parameter;
    if (parameter) return true;
    if (!template_find(t, id)) return stage_of(t, id, place, out, e);
    if (!existing(t, id, place, &r, e)) return false;
    if (r->url_of) return function_arn(t, r->url_of, place, out, e);
    if (is_managed_policy(r)) return arn_of(t, r, place, out, e);
    return template_name_of(t, r, &name, e) && text_node(t, name, place, out, e);
}

/* The path of a role, user or policy is part of its ARN: "/" or "/of/parts/". */
static bool iam_path(struct template *t, const struct template_resource *r, struct str *path, struct err *e) {
    const struct node *chosen = node_get(r->properties, "Path");
    *path = STR("/");
    if (!chosen) return true;
    if (!template_resolve_text(t, chosen, "Path", path, e)) return false;
    bool ok = str_starts(*path, STR("/")) && str_ends(*path, STR("/")) && path->n <= 512;
    for (size_t i = 0; i < path->n; i++) ok = ok && path->p[i] > ' ' && path->p[i] < 0x7f;
    return ok || node_error(chosen, e, "the Path of %.*s does not begin and end with '/'", STR_ARG(r->id));
}

static bool write_arn(struct template *t, struct template_resource *r, struct buf *b, struct err *e) {
    const struct template_stack *s = t->stack;
    struct str name, path;
    if (!template_name_of(t, r, &name, e)) return false;
    buf_addf(b, "arn:%.*s:", STR_ARG(s->partition));
    if (str_starts(r->type, STR("AWS::IAM::"))) {
        if (!iam_path(t, r, &path, e)) return false;
        const char *what = is_managed_policy(r) ? "policy" : str_eq(r->type, STR("AWS::IAM::Role")) ? "role" : "user";
        buf_addf(b, "iam::%.*s:%s%.*s%.*s", STR_ARG(s->account_id), what, STR_ARG(path), STR_ARG(name));
        return true;
    }
    bool log = str_eq(r->type, STR("AWS::Logs::LogGroup"));
    buf_addf(b, "%s:%.*s:%.*s:", log ? "logs" : "lambda", STR_ARG(s->region), STR_ARG(s->account_id));
    buf_addf(b, "%s:%.*s%s", log ? "log-group" : "function", STR_ARG(name), log ? ":*" : "");
    return true;
}

static bool arn_of(struct template *t, struct template_resource *r, const struct node *place, const struct node **out,
                   struct err *e) {
    struct buf b;
    buf_init(&b, MAX_TEXT, t->arena);
    return write_arn(t, r, &b, e) && buf_ok(&b, e) && text_node(t, buf_str(&b), place, out, e);
}

static bool url_att(struct template *t, struct template_resource *url, struct str attribute, const struct node *place,
                    const struct node **out, struct err *e) {
    struct str name;
    struct buf b;
    if (str_eq(attribute, STR("FunctionArn"))) return function_arn(t, url->url_of, place, out, e);
    if (!str_eq(attribute, STR("FunctionUrl")))
        return node_error(place, e, "%.*s has the attributes FunctionUrl and FunctionArn, and no %.*s",
                          STR_ARG(url->id), STR_ARG(attribute));
    buf_init(&b, MAX_TEXT, t->arena);
    if (!template_name_of(t, url, &name, e)) return false;
    buf_addf(&b, "https://%.*s.lambda-url.%.*s.on.aws/", STR_ARG(name), STR_ARG(t->stack->region));
    return buf_ok(&b, e) && text_node(t, buf_str(&b), place, out, e);
}

bool template_name_att(struct template *t, struct str dotted, const struct node *place, const struct node **out,
                       struct err *e) {
    struct template_resource *r;
    struct str attribute = dotted, id;
    if (!str_cut(&attribute, '.', &id)) return node_error(place, e, "%.*s names no attribute", STR_ARG(id));
    if (!existing(t, id, place, &r, e)) return false;
    if (r->url_of) return url_att(t, r, attribute, place, out, e);
    if (!str_eq(attribute, is_managed_policy(r) ? STR("PolicyArn") : STR("Arn")) || !kind_of(r)->name_property)
        return node_error(place, e, "the attribute %.*s of %.*s is not known here, and it is needed",
                          STR_ARG(attribute), STR_ARG(id));
    return arn_of(t, r, place, out, e);
}
