/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a session policy or refused, and one that was read decides about a request whose facts stand in the first
   line, as a query. The order of its statements changes nothing; a Deny without a condition ends everything; without its
   Denies it allows at least as much; what decides is of the kind that decides. */
#include "fuzz.h"
#include "model.h"

static const struct model MODEL = {.region = STR_INIT("eu-central-1"),
                                   .account_id = STR_INIT("123456789012"),
                                   .stack_name = STR_INIT("demo"),
                                   .partition = STR_INIT("aws"),
                                   .url_suffix = STR_INIT("amazonaws.com")};

static struct policy_result decide(const struct policy_statements *s, const struct http_fields *facts,
                                   struct arena *a) {
    struct policy_request rq = {
        .action = STR("execute-api:Invoke"),
        .resource = STR("arn:aws:execute-api:eu-central-1:123456789012:a1b2c3/dev/GET/private"),
        .facts = facts,
        .arena = a,
    };
    return policy_evaluate(s, &rq);
}

static void check_result(struct policy_result r) {
    FUZZ_HOLDS((r.deciding != NULL) == (r.decision != POLICY_IMPLICIT_DENY));
    FUZZ_HOLDS(!r.deciding || r.deciding->allow == (r.decision == POLICY_ALLOW));
}

static struct policy_statements room_for(size_t n, struct arena *a) {
    struct policy_statements s = {.at = arena_take(a, n * sizeof *s.at), .cap = n};
    FUZZ_HOLDS(s.at);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str rest = fuzz_text(data, n), line;
    struct policy_statements all, allows, reversed, denied;
    struct http_fields facts;
    struct err e;
    str_cut(&rest, '\n', &line);
    if (!rest.p || !http_query_read(line, &facts, a, &e)) return 0;
    if (!model_session_policy(&MODEL, rest, &all, a, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        return 0;
    }
    static struct str any = STR_INIT("*");
    const struct policy_statement deny = {.actions = &any, .n_actions = 1, .resources = &any, .n_resources = 1};
    reversed = room_for(all.n + 1, a);
    allows = room_for(all.n + 1, a);
    denied = room_for(all.n + 1, a);
    for (size_t i = 0; i < all.n; i++) {
        reversed.at[reversed.n++] = all.at[all.n - 1 - i];
        denied.at[denied.n++] = all.at[i];
        if (all.at[i].allow) allows.at[allows.n++] = all.at[i];
    }
    denied.at[denied.n++] = deny;
    struct policy_result r = decide(&all, &facts, a), open = decide(&allows, &facts, a);
    check_result(r);
    check_result(open);
    FUZZ_HOLDS(decide(&reversed, &facts, a).decision == r.decision);
    FUZZ_HOLDS(decide(&denied, &facts, a).decision == POLICY_EXPLICIT_DENY);
    FUZZ_HOLDS(open.decision != POLICY_EXPLICIT_DENY);
    FUZZ_HOLDS(r.decision == POLICY_EXPLICIT_DENY || r.decision == open.decision);
    return 0;
}
