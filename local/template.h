/* SPDX-License-Identifier: Apache-2.0 */
/* A CloudFormation template with its parameters, conditions and rules decided; values are resolved when they are
   asked for (an intrinsic function that nobody needs is never looked at).
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html */
#ifndef LOCAL_TEMPLATE_H
#define LOCAL_TEMPLATE_H

#include "buf.h"
#include "http_msg.h"
#include "node.h"

struct template_stack {
    struct str region, account_id, stack_name;
    struct str partition, url_suffix; /* follow from the region: template_stack_of */
};

struct template_parameter {
    struct str name;
    const struct node *value; /* text, or a sequence of texts for a list type */
};

enum template_state { TEMPLATE_UNDECIDED, TEMPLATE_BUSY, TEMPLATE_FALSE, TEMPLATE_TRUE };

struct template_condition {
    struct str name;
    const struct node *node;
    enum template_state state;
};

struct template_resource {
    struct str id, type;
    const struct node *node;                /* everything below the logical id; never NULL */
    const struct node *properties;          /* NULL: none */
    const struct node *role_of;             /* a role that SAM makes for a function: that function's node; else NULL */
    const struct template_resource *url_of; /* of a URL that SAM makes for a function: that function; else NULL */
    bool exists;                            /* its Condition is true or there is none */
    bool busy;                              /* its name is just being resolved */
    struct str name;                        /* known once asked for */
};

struct template {
    const struct template_stack *stack;
    struct template *beside; /* whose parameters and resources this one's parameters may name; may be NULL */
    struct arena *arena;
    const struct node *root, *globals, *mappings; /* the last two may be NULL */
    struct template_parameter *parameters;
    size_t n_parameters;
    struct template_condition *conditions;
    size_t n_conditions;
    struct template_resource *resources;
    size_t n_resources;
    size_t n_lenient; /* the last of the overrides that may name what there is not */
    unsigned depth;   /* of resolving just now */
};

/* Partition and URL suffix of the region; region, account id and stack name are checked. */
bool template_stack_of(struct template_stack *stack, struct err *e);

/* In: path, stack, beside and arena are set. An override without a parameter of that name is an error, but of the last n_lenient. */
bool template_read(struct template *t, const char *path, const struct http_fields *overrides, struct err *e);

struct template_resource *template_find(const struct template *t, struct str id); /* NULL: no such resource */

/* template_made.c: adds what SAM makes of the resources that are written; there is room for two of each and two more. */
bool template_made_add(struct template *t, struct err *e);
/* The API of the stage, which may be API.Stage or the name that SAM makes of both. NULL: no such stage. */
struct template_resource *template_made_stage(const struct template *t, struct str id);

/* template_parameter.c */
bool template_parameter_read(struct template *t, const struct http_fields *overrides, struct err *e);
const struct node *template_parameter_find(const struct template *t, struct str name); /* NULL: no such parameter */

/* template_condition.c */
bool template_condition_read(struct template *t, struct err *e);
bool template_condition_is(struct template *t, struct str name, const struct node *place, bool *is, struct err *e);
bool template_condition_check_rules(struct template *t, struct err *e);

/* template_resolve.c. A tree without intrinsic functions; *out is NULL for AWS::NoValue, whose member or item
   disappears. */
bool template_resolve(struct template *t, const struct node *n, const struct node **out, struct err *e);
/* Only Fn::If and AWS::NoValue at the top are decided: what is below stays as written. */
bool template_resolve_top(struct template *t, const struct node *n, const struct node **out, struct err *e);
/* One text; `what` names it in the error. */
bool template_resolve_text(struct template *t, const struct node *n, const char *what, struct str *out, struct err *e);

/* template_sub.c: Fn::Sub, given its argument */
bool template_sub(struct template *t, const struct node *arg, const struct node **out, struct err *e);

/* template_name.c: physical names, and what Ref and Fn::GetAtt answer */
bool template_name_of(struct template *t, struct template_resource *r, struct str *name, struct err *e);
bool template_name_ref(struct template *t, struct str id, const struct node *place, const struct node **out,
                       struct err *e);
bool template_name_att(struct template *t, struct str dotted, const struct node *place, const struct node **out,
                       struct err *e); /* RESOURCE.ATTRIBUTE */

#endif
