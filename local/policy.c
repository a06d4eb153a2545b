/* SPDX-License-Identifier: Apache-2.0 */
/* In: statements, an action, a resource. Out: the decision and the statement that made it.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards) */
#include "policy.h"

static unsigned char folded(char c, bool ignore_case) {
    return (unsigned char)(ignore_case && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Only the last '*' is ever widened: an earlier one that could be widened too would find no more than this one
   does. So the work is at most the product of both lengths. */
bool policy_matches(struct str pattern, struct str text, bool ignore_case) {
    size_t p = 0, t = 0, star = SIZE_MAX, resume = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.n &&
                   (pattern.p[p] == '?' || folded(pattern.p[p], ignore_case) == folded(text.p[t], ignore_case))) {
            p++, t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') p++;
    return p == pattern.n;
}

static bool any_matches(const struct str *patterns, size_t n, struct str text, bool ignore_case) {
    for (size_t i = 0; i < n; i++)
        if (policy_matches(patterns[i], text, ignore_case)) return true;
    return false;
}

enum policy_decision policy_evaluate(const struct policy_statements *s, struct str action, struct str resource,
                                     const struct policy_statement **deciding) {
    const struct policy_statement *allow = NULL, *deny = NULL;
    for (size_t i = 0; i < s->n && !deny; i++) {
        const struct policy_statement *st = &s->at[i];
        bool applies = any_matches(st->actions, st->n_actions, action, true) &&
                       any_matches(st->resources, st->n_resources, resource, false);
        if (applies && !st->allow) deny = st;
        if (applies && st->allow && !allow) allow = st;
    }
    if (deciding) *deciding = deny ? deny : allow;
    return deny ? POLICY_EXPLICIT_DENY : allow ? POLICY_ALLOW : POLICY_IMPLICIT_DENY;
}
