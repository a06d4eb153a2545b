/* SPDX-License-Identifier: Apache-2.0 */
/* In: statements, an action, a resource. Out: the decision and the statement that made it.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards) */
#include "policy.h"

static unsigned char folded(char c, bool ignore_case) {
    return (unsigned char)(ignore_case && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The place of a '*' that can take one more character: where the pattern goes on, and where the text does. */
struct star {
    size_t p, t;
    bool open;
};

/* Gives the character at star->t to the star and tries again behind it. */
static bool widen(struct star *star, struct str text, bool across_colons, size_t *p, size_t *t) {
    if (!star->open || star->t == text.n || (!across_colons && text.p[star->t] == ':')) return false;
    *p = star->p;
    *t = ++star->t;
    return true;
}

/* Only the last star of each kind is ever widened: an earlier one could give the later one nothing that it cannot take
   itself. `far` ends its segment and may take colons, `near` stands inside one and may not. */
bool policy_matches(struct str pattern, struct str text, enum policy_text kind) {
    struct star far = {0}, near = {0};
    bool action = kind == POLICY_ACTION;
    for (size_t p = 0, t = 0; p < pattern.n || t < text.n;) {
        if (p < pattern.n && pattern.p[p] == '*') {
            bool ends_segment = action || p + 1 == pattern.n || pattern.p[p + 1] == ':';
            near.open = !ends_segment;
            *(ends_segment ? &far : &near) = (struct star){++p, t, true};
        } else if (p < pattern.n && t < text.n &&
                   (pattern.p[p] == '?' ? text.p[t] != ':'
                                        : folded(pattern.p[p], action) == folded(text.p[t], action))) {
            p++, t++;
        } else if (!widen(&near, text, false, &p, &t)) {
            near.open = false;
            if (!widen(&far, text, true, &p, &t)) return false;
        }
    }
    return true;
}

static bool any_matches(const struct str *patterns, size_t n, struct str text, enum policy_text kind) {
    for (size_t i = 0; i < n; i++)
        if (policy_matches(patterns[i], text, kind)) return true;
    return false;
}

enum policy_decision policy_evaluate(const struct policy_statements *s, struct str action, struct str resource,
                                     const struct policy_statement **deciding) {
    const struct policy_statement *allow = NULL, *deny = NULL;
    for (size_t i = 0; i < s->n && !deny; i++) {
        const struct policy_statement *st = &s->at[i];
        bool applies = any_matches(st->actions, st->n_actions, action, POLICY_ACTION) &&
                       any_matches(st->resources, st->n_resources, resource, POLICY_RESOURCE);
        if (applies && !st->allow) deny = st;
        if (applies && st->allow && !allow) allow = st;
    }
    if (deciding) *deciding = deny ? deny : allow;
    return deny ? POLICY_EXPLICIT_DENY : allow ? POLICY_ALLOW : POLICY_IMPLICIT_DENY;
}
