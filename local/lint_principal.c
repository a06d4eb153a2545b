/* SPDX-License-Identifier: Apache-2.0 */
/* Whom trust and resource policies name, and who is not there. IAM and Lambda refuse a principal that does not exist.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
#include "lint_parts.h"

/* Behind arn:P:iam::ACCOUNT: or arn:P:sts::ACCOUNT:, where ACCOUNT is the stack's; absent: it is another's. */
static struct str inside_account(const struct model *m, struct str arn) {
    struct str rest = arn, part = {0};
    for (int i = 0; i < 5; i++)
        if (!str_cut(&rest, ':', &part)) return (struct str){0};
    return str_eq(part, m->account_id) ? rest : (struct str){0};
}

static bool is_here(const struct model *m, struct str arn, struct str inside) {
    struct str rest = inside, kind, name;
    bool session = str_cut(&rest, '/', &kind) && str_eq(kind, STR("assumed-role"));
    if (session) str_cut(&rest, '/', &name);
    for (size_t i = 0; i < m->n_principals; i++) {
        const struct model_principal *p = &m->principals[i];
        bool role = session && p->kind == MODEL_ROLE && str_eq(p->account_id, m->account_id);
        if (role ? str_eq(p->name, name) : str_eq(p->arn, arn)) return true;
    }
    return false;
}

static void check_statement(struct lint *l, const struct model *m, const struct policy_statement *s) {
    for (size_t i = 0; i < s->n_principals; i++) {
        const struct policy_principal *p = &s->principals[i];
        struct str inside = p->kind == POLICY_ARN ? inside_account(m, p->name) : (struct str){0};
        if (inside.p && !is_here(m, p->name, inside))
            lint_add(l, LINT_PRINCIPAL_MISSING, str_of(s->file), s->line,
                     "policy %.*s: the Principal %.*s is not in this template or callers file", STR_ARG(s->policy_name),
                     STR_ARG(p->name));
    }
}

static void check_statements(struct lint *l, const struct model *m, const struct policy_statements *s) {
    for (size_t i = 0; i < s->n; i++) check_statement(l, m, &s->at[i]);
}

void lint_principal_check(struct lint *l, const struct model *m) {
    for (size_t i = 0; i < m->n_principals; i++) check_statements(l, m, &m->principals[i].trust);
    for (size_t i = 0; i < m->n_apis; i++) check_statements(l, m, &m->apis[i].policy);
}
