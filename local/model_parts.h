/* SPDX-License-Identifier: Apache-2.0 */
/* What the files model_*.c share among themselves; nobody else includes it. */
#ifndef LOCAL_MODEL_PARTS_H
#define LOCAL_MODEL_PARTS_H

#include "model.h"
#include "template.h"

/* How an API is protected, as far as its methods need to know. */
struct model_auth {
    bool has_default; /* DefaultAuthorizer is there, be it NONE */
    bool aws_iam;
    bool no_invoke_role; /* InvokeRole: NONE */
    bool api_key;        /* ApiKeyRequired, as SAM takes it */
    bool iam_enabled;    /* EnableIamAuthorizer: true of an HTTP API */
};

/* A managed policy of the template or callers file. */
struct model_managed {
    struct str arn;
    struct policy_statements statements;
};

struct model_reader {
    struct model *model;
    struct template *t; /* the file that is being read now */
    struct arena *arena;
    struct model_auth *auth; /* one per API, in the order of model->apis */
    size_t notices_cap;
    size_t first_principal; /* of the file that is being read now: a policy is attached within its own file */
    struct model_managed *managed;
    size_t n_managed, first_managed; /* as first_principal */
    bool no_function_url;            /* nothing in the template has one: statements about lambda cannot matter */
};

/* What becomes of one property. */
enum model_rule_kind { MODEL_USED, MODEL_NO_EFFECT, MODEL_NOTICE, MODEL_REFUSED };
struct model_rule {
    const char *name; /* NULL ends the list */
    enum model_rule_kind kind;
    const char *why; /* for MODEL_NOTICE and MODEL_REFUSED */
};

/* Every member of the mapping has a rule that lets it pass; one without a rule is refused. */
bool model_parts_check(struct model_reader *r, const struct node *mapping, const char *owner,
                       const struct model_rule *rules, struct err *e);
bool model_parts_notice(struct model_reader *r, const struct node *place, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A property resolved; *out is NULL when it is absent or AWS::NoValue. */
bool model_parts_get(struct model_reader *r, const struct node *mapping, const char *name, const struct node **out,
                     struct err *e);
/* The same as one text; absent stays absent. */
bool model_parts_text(struct model_reader *r, const struct node *mapping, const char *name, struct str *out,
                      struct err *e);
bool model_parts_number(struct model_reader *r, const struct node *mapping, const char *name, int64_t range[2],
                        int64_t *out, struct err *e);

/* A list whose items may be !If and AWS::NoValue: *n of the items that remain, unresolved. A single value is a list
   of one. */
bool model_parts_items(struct model_reader *r, const struct node *list, const struct node ***items, size_t *n,
                       struct err *e);

/* The properties of a resource over those of its section in Globals, as SAM merges them. Never NULL. */
const struct node *model_parts_merged(struct model_reader *r, const char *section,
                                      const struct template_resource *resource, struct err *e);

/* ApiKeyRequired of an API (where SAM resolves a !Ref to a parameter) or of an event, by SAM's idea of true. */
bool model_api_key_required(struct model_reader *r, const struct node *n, bool *required, struct err *e);

bool model_api_read(struct model_reader *r, const struct template_resource *resource, struct err *e);
/* What both kinds of API have: api_id, name, stage (absent: none is written), and the variables of the stage. */
bool model_api_read_names(struct model_reader *r, const struct node *properties, struct model_api *api, struct err *e);
bool model_api_read_variables(struct model_reader *r, const struct node *properties, const char *name,
                              struct model_api *api, struct err *e);
bool model_http_api_read(struct model_reader *r, const struct template_resource *resource, struct err *e);
/* Does its DefaultAuthorizer protect this route? */
bool model_http_api_protects(const struct model_auth *auth, const struct model_route *route);
bool model_http_api_note_open(struct model_reader *r, const struct model_api *api, const struct model_auth *auth,
                              struct err *e);
bool model_path_read(const struct node *n, enum model_api_kind kind, struct str *path, const struct node *place,
                     struct err *e);
/* Would API Gateway take both into one API? */
bool model_path_agree(enum model_api_kind kind, struct str a, struct str b);
/* The URL of a function with FunctionUrlConfig; without it nothing. `function`: its properties. */
bool model_url_read(struct model_reader *r, const struct model_function *f, const struct node *function, struct err *e);
bool model_url_read_permission(struct model_reader *r, const struct template_resource *resource, struct err *e);
bool model_function_read(struct model_reader *r, struct template_resource *resource, struct err *e);
bool model_event_read(struct model_reader *r, const struct model_function *f, struct node_member event, struct err *e);
bool usage_plan_read_key(struct model_reader *r, struct template_resource *resource, struct err *e);
bool usage_plan_check(struct model_reader *r, const struct template_resource *resource, struct err *e);
bool usage_plan_join(struct model_reader *r, const struct template_resource *resource, struct err *e);
bool model_principal_read(struct model_reader *r, struct template_resource *resource, struct err *e);
bool model_principal_attach(struct model_reader *r, const struct template_resource *policy, struct err *e);
/* To all that the lists Roles and Users name; `must`: to one at least. */
bool model_principal_attach_to(struct model_reader *r, const struct node *properties, bool must,
                               const struct policy_statements *statements, struct err *e);
bool model_principal_finish(struct model_reader *r, struct err *e);
/* The inline policies of a role or user; those of a function (SAM's Policies) for the role that SAM makes for it. */
bool model_policy_read_list(struct model_reader *r, const struct node *policies, struct model_principal *p,
                            struct err *e);
bool model_policy_read_sam(struct model_reader *r, const struct node *policies, struct model_principal *p,
                           struct err *e);
/* What kind of document it is decides which elements a statement has, and which actions are looked at: those of all
   others could not matter here, and are not read. */
enum model_document {
    MODEL_IDENTITY, /* of a role, user or session: no Principal; execute-api:Invoke, sts:AssumeRole, and for function
                       URLs lambda:InvokeFunctionUrl and lambda:InvokeFunction */
    MODEL_TRUST,    /* who may assume a role: no Resource; sts:AssumeRole */
    MODEL_RESOURCE, /* who may call an API: both; execute-api:Invoke */
};
struct model_document_of {
    enum model_document kind;
    struct str name;             /* of the policy, for the log */
    const struct model_api *api; /* MODEL_RESOURCE: what execute-api:/ at the start of a Resource stands for */
};
bool model_policy_read_document(struct model_reader *r, const struct node *document, const struct model_document_of *of,
                                struct policy_statements *into, struct err *e);
/* Statements without their document, of the newest version. `place`: where they are missed if they are not there. */
bool model_policy_read_statements(struct model_reader *r, const struct node *place, const struct node *statements,
                                  const struct model_document_of *of, struct policy_statements *into, struct err *e);
bool model_condition_read(struct model_reader *r, const struct node *condition, struct policy_statement *s,
                          struct err *e);
bool model_trust_read_one(struct str name, struct policy_principal *p); /* *, account or ARN */
bool model_trust_read(struct model_reader *r, const struct node *principal, struct policy_statement *s, struct err *e);
/* Texts of a statement: one, or a list that is not empty. */
bool model_policy_read_texts(struct model_reader *r, const struct node *n, const char *what, struct str **out,
                             size_t *n_out, struct err *e);
/* Variables are IAM's only where Version says 2012-10-17; a ${ elsewhere is refused. An unknown one gets a notice. */
bool model_policy_check_variables(struct model_reader *r, const struct node *place, const struct policy_statement *s,
                                  struct str text, struct err *e);
/* Appends. `place`: whose file the error names. */
bool model_policy_join(struct model_reader *r, const struct policy_statements *from, struct policy_statements *into,
                       const struct node *place, struct err *e);

/* model_managed.c: each managed policy is read before anything names it, and attached when everybody is there. */
bool model_managed_read(struct model_reader *r, struct template_resource *resource, struct err *e);
bool model_managed_attach(struct model_reader *r, const struct template_resource *resource, struct err *e);
/* ManagedPolicyArns, and one name of SAM's Policies: what is not known grants nothing, and is refused if it could deny. */
bool model_managed_add_list(struct model_reader *r, const struct node *arns, struct model_principal *p, struct err *e);
bool model_managed_add(struct model_reader *r, const struct node *name, bool sam, struct model_principal *p,
                       struct err *e);
/* One of SAM's policy templates, {NAME: parameters}. */
bool model_managed_add_template(struct model_reader *r, const struct node *item, struct str policy_name,
                                struct model_principal *p, struct err *e);
/* PermissionsBoundary, where there is one: what is not known is refused. */
bool model_managed_bound(struct model_reader *r, const struct node *properties, struct model_principal *p,
                         struct err *e);

/* model_action.c: a notice for each action that its service does not have. */
bool model_action_check(struct model_reader *r, const struct node *place, const struct policy_statement *s,
                        struct err *e);

#endif
