/* SPDX-License-Identifier: Apache-2.0 */
/* The Principal of a statement: whom a trust or resource policy names.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
#include <string.h>

#include "model_parts.h"

static bool is_account(struct str s) {
    int64_t number;
    return s.n == 12 && str_read_int64(s, 0, INT64_MAX, &number);
}

/* arn:P:iam::ACCOUNT:root, :user/NAME, :role/NAME, or arn:P:sts::ACCOUNT:assumed-role/ROLE/SESSION; no wildcard, as IAM
   wants it. */
static bool read_arn(struct str arn, struct policy_principal *p) {
    struct str rest = arn, part[5];
    for (size_t i = 0; i < 5; i++)
        if (!str_cut(&rest, ':', &part[i])) return false;
    if (!str_eq(part[0], STR("arn")) || !part[1].n || part[3].n || !is_account(part[4])) return false;
    if (memchr(arn.p, '*', arn.n) || memchr(arn.p, '?', arn.n)) return false;
    *p = (struct policy_principal){POLICY_ARN, arn};
    if (str_eq(part[2], STR("sts"))) return str_starts(rest, STR("assumed-role/"));
    if (!str_eq(part[2], STR("iam"))) return false;
    if (!str_eq(rest, STR("root"))) return str_starts(rest, STR("user/")) || str_starts(rest, STR("role/"));
    *p = (struct policy_principal){POLICY_ACCOUNT, part[4]};
    return true;
}

bool model_trust_read_one(struct str name, struct policy_principal *p) {
    *p = (struct policy_principal){POLICY_ANYONE, name};
    if (str_eq(name, STR("*"))) return true;
    *p = (struct policy_principal){POLICY_ACCOUNT, name};
    return is_account(name) || read_arn(name, p);
}

static bool read_names(struct model_reader *r, struct node_member member, struct policy_statement *s, struct err *e) {
    bool service = str_eq(member.key, STR("Service"));
    struct str *names;
    size_t n;
    if (!service && !str_eq(member.key, STR("AWS")))
        return node_error(member.value, e, "%.*s of a Principal is not supported here: AWS or Service",
                          STR_ARG(member.key));
    if (!model_policy_read_texts(r, member.value, "Principal", &names, &n, e)) return false;
    struct policy_principal *grown =
        arena_grow(r->arena, s->principals, s->n_principals * sizeof *grown, (s->n_principals + n) * sizeof *grown);
    if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", member.value->file);
    s->principals = grown;
    for (size_t i = 0; i < n; i++) {
        struct policy_principal *p = &s->principals[s->n_principals++];
        *p = (struct policy_principal){POLICY_SERVICE, names[i]}; /* nobody who calls here is one */
        if (!service && !model_trust_read_one(names[i], p))
            return node_error(
                member.value, e,
                "the Principal %.*s is not *, an account, or the ARN of an account's root, a user, a role "
                "or a role's session, written out",
                STR_ARG(names[i]));
    }
    return true;
}

bool model_trust_read(struct model_reader *r, const struct node *principal, struct policy_statement *s, struct err *e) {
    const struct node *n = NULL;
    if (!template_resolve(r->t, principal, &n, e)) return false;
    if (!n || (n->kind != NODE_MAPPING && !(n->kind == NODE_SCALAR && str_eq(n->text, STR("*")))))
        return node_error(principal, e, "a Principal is * or a mapping of AWS or Service");
    if (n->kind == NODE_SCALAR)
        return read_names(r, (struct node_member){.key = STR("AWS"), .line = n->line, .value = n}, s, e);
    for (size_t i = 0; i < n->n; i++)
        if (!read_names(r, n->at[i], s, e)) return false;
    return n->n > 0 || node_error(principal, e, "an empty Principal");
}
