/* SPDX-License-Identifier: Apache-2.0 */
/* The policy that comes with a call to STS: JSON of a caller, not of the operator. */
#include "json.h"
#include "model_parts.h"

/* JSON's members are plain here: what looks like a function of CloudFormation is no policy. */
static bool is_plain(const struct node *n) {
    if (node_is_intrinsic(n)) return false;
    for (size_t i = 0; i < n->n; i++)
        if (!is_plain(n->at[i].value)) return false;
    return true;
}

/* YAML wants no tab where JSON may have one; within a text JSON has none. */
static bool without_tabs(struct str *text, struct arena *a, struct err *e) {
    char *copy = arena_copy(a, *text);
    if (!copy) return err_set(e, ERR_MEMORY, "out of memory for a policy");
    for (size_t i = 0; i < text->n; i++)
        if (copy[i] == '\t') copy[i] = ' ';
    text->p = copy;
    return true;
}

bool model_session_policy(const struct model *model, struct str text, struct policy_statements *into, struct arena *a,
                          struct err *e) {
    static const struct model_document_of of = {.kind = MODEL_IDENTITY, .name = STR_INIT("session")};
    struct template_stack stack = {.region = model->region,
                                   .account_id = model->account_id,
                                   .stack_name = model->stack_name,
                                   .partition = model->partition,
                                   .url_suffix = model->url_suffix};
    struct template t = {.stack = &stack, .arena = a};
    struct model notices = {.partition = model->partition}; /* nobody reads them */
    struct model_reader r = {.model = &notices, .t = &t, .arena = a};
    const struct node *document = NULL;
    struct cJSON *json;
    *into = (struct policy_statements){0};
    if (!json_read(text, &json, e)) return false;
    json_close(json);
    if (!without_tabs(&text, a, e)) return false;
    bool ok = node_read_text("Policy", text, &document, a, e) &&
              ((document && is_plain(document)) || err_set(e, ERR_PARSE, "Policy is no policy document")) &&
              model_policy_read_document(&r, document, &of, into, e);
    if (!ok && e->kind == ERR_CONFIG) e->kind = ERR_PARSE;
    return ok;
}
