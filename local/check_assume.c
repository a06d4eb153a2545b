/* SPDX-License-Identifier: Apache-2.0 */
#include "check_assume.h"

#include "access.h"
#include "facts.h"

static bool decide(const struct check_matrix *m, size_t caller, size_t role, bool *may, struct err *e) {
    struct http_field agent = {STR("User-Agent"), m->user_agent};
    const struct http_request rq = {.fields = {&agent, m->user_agent.p != NULL, 1}};
    const struct keyring_entry *who = m->callers[caller].entry, *whom = m->callers[role].entry;
    *may = false;
    if (!who || !whom || who == whom || whom->who->kind != MODEL_ROLE) return true;
    const struct model_principal *wanted = whom->who;
    const struct facts facts = {.caller = who,
                                .rq = &rq,
                                .peer_ip = m->source_ip,
                                .region = m->model->region,
                                .owner_account = wanted->account_id,
                                .now_s = m->now_s};
    struct http_fields known = {0};
    struct access_answer answer;
    const struct access_question question = {.caller = who,
                                             .action = STR("sts:AssumeRole"),
                                             .resource = wanted->arn,
                                             .owner_account = wanted->account_id,
                                             .facts = &known,
                                             .resource_policy = &wanted->trust,
                                             .suffices = POLICY_BY_ARN};
    if (!facts_add(&facts, &known, m->arena, e) ||
        !http_field_add(&known, STR("sts:RoleSessionName"), m->callers[caller].name, m->arena, e) ||
        !access_decide(&question, &answer, m->arena, e))
        return false;
    *may = answer.allowed;
    return true;
}

bool check_assume_fill(struct check_matrix *m, struct err *e) {
    size_t n = m->n_callers;
    m->assumes = arena_zero(m->arena, n * n + 1);
    if (!m->assumes) return err_set(e, ERR_MEMORY, "out of memory for the matrix");
    for (size_t i = 0; i < n * n; i++)
        if (!decide(m, i / n, i % n, &m->assumes[i], e)) return false;
    return true;
}
