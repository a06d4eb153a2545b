/* SPDX-License-Identifier: Apache-2.0 */
/* Actions that are none: IAM takes a statement with them, and it never applies. Of the services whose actions are looked at
   here, execute-api is listed whole, and of the others what begins like an action that is looked at.
   https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigateway.html
   https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
   https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html */
#include "model_parts.h"

static const struct {
    const char *start, *names[5];
} KNOWN[] = {
    {"execute-api:", {"Invoke", "InvalidateCache", "ManageConnections"}},
    {"lambda:Invoke", {"InvokeFunction", "InvokeFunctionUrl", "InvokeAsync"}},
    {"sts:AssumeR", {"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "AssumeRoot"}},
};
enum { SERVICES = sizeof KNOWN / sizeof *KNOWN, MAX_NAMES_BYTES = 128 };

static bool is_of(struct str action, size_t service) {
    size_t n = str_of(KNOWN[service].start).n;
    return action.n >= n && str_eq_nocase((struct str){action.p, n}, str_of(KNOWN[service].start));
}

static struct str service_of(struct str action) {
    struct str service;
    str_cut(&action, ':', &service);
    return service;
}

static bool exists(struct str action, size_t service, struct buf *names) {
    struct str pattern = action, head;
    if (!str_cut(&pattern, ':', &head)) return true;
    for (size_t i = 0; KNOWN[service].names[i]; i++) {
        if (policy_matches(pattern, str_of(KNOWN[service].names[i]), POLICY_ACTION)) return true;
        buf_addf(names, "%s%s", i ? ", " : "", KNOWN[service].names[i]);
    }
    return false;
}

bool model_action_check(struct model_reader *r, const struct node *place, const struct policy_statement *s,
                        struct err *e) {
    for (size_t i = 0; i < s->n_actions; i++)
        for (size_t k = 0; k < SERVICES; k++) {
            struct buf names;
            buf_init(&names, MAX_NAMES_BYTES, r->arena);
            if (!is_of(s->actions[i], k) || exists(s->actions[i], k, &names)) continue;
            if (!buf_ok(&names, e) ||
                !model_parts_notice(r, place, e, "policy %.*s: %.*s names no action of %.*s: %.*s",
                                    STR_ARG(s->policy_name), STR_ARG(s->actions[i]),
                                    STR_ARG(service_of(str_of(KNOWN[k].start))), STR_ARG(buf_str(&names))))
                return false;
        }
    return true;
}
