/* SPDX-License-Identifier: Apache-2.0 */
/* In: statements and a request. Out: the decision and the statement that made it.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (wildcards) */
#include "policy_parts.h"

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

static bool is_wild(const struct policy_pattern *pattern, size_t at, char c) {
    return pattern->text.p[at] == c && !(pattern->literal && pattern->literal[at]);
}

static bool fits_one(const struct policy_pattern *pattern, size_t at, char c, enum policy_text kind) {
    if (is_wild(pattern, at, '?')) return kind == POLICY_TEXT || c != ':';
    return folded(pattern->text.p[at], kind == POLICY_ACTION) == folded(c, kind == POLICY_ACTION);
}

/* Only the last star of each kind is ever widened: an earlier one could give the later one nothing that it cannot take
   itself. `far` ends its segment and may take colons, `near` stands inside one and may not. */
bool policy_pattern_matches(const struct policy_pattern *pattern, struct str text, enum policy_text kind) {
    struct star far = {0}, near = {0};
    struct str whole = pattern->text;
    for (size_t p = 0, t = 0; p < whole.n || t < text.n;) {
        if (p < whole.n && is_wild(pattern, p, '*')) {
            bool ends_segment = kind != POLICY_RESOURCE || p + 1 == whole.n || whole.p[p + 1] == ':';
            near.open = !ends_segment;
            *(ends_segment ? &far : &near) = (struct star){++p, t, true};
        } else if (p < whole.n && t < text.n && fits_one(pattern, p, text.p[t], kind)) {
            p++, t++;
        } else if (!widen(&near, text, false, &p, &t)) {
            near.open = false;
            if (!widen(&far, text, true, &p, &t)) return false;
        }
    }
    return true;
}

bool policy_matches(struct str pattern, struct str text, enum policy_text kind) {
    return policy_pattern_matches(&(struct policy_pattern){.text = pattern}, text, kind);
}

static bool fits_action(const struct policy_statement *s, struct str action) {
    for (size_t i = 0; i < s->n_actions; i++)
        if (policy_matches(s->actions[i], action, POLICY_ACTION)) return true;
    return false;
}

static bool fits_pattern(const struct policy_statement *s, const struct policy_pattern *pattern,
                         const struct policy_request *rq) {
    return rq->range ? policy_range_fits(s, pattern, rq)
                     : policy_pattern_matches(pattern, rq->resource, POLICY_RESOURCE);
}

/* A variable without a value in this request matches nothing. */
static enum policy_truth fits_resource(const struct policy_statement *s, const struct policy_request *rq,
                                       struct str *unclear) {
    enum policy_truth fits = POLICY_NO;
    for (size_t i = 0; i < s->n_resources && fits != POLICY_YES; i++) {
        struct policy_pattern pattern;
        enum policy_truth resolved = policy_expand(s, s->resources[i], rq, &pattern, unclear);
        if (resolved == POLICY_YES && !fits_pattern(s, &pattern, rq)) resolved = POLICY_NO;
        fits = policy_or(fits, resolved);
    }
    return fits;
}

static enum policy_closeness closeness(const struct policy_principal *p, const struct policy_caller *caller) {
    if (p->kind == POLICY_ANYONE) return POLICY_BY_ANYONE;
    if (!caller->account_id.p) return POLICY_BY_NOBODY;
    if (p->kind == POLICY_ACCOUNT) return str_eq(p->name, caller->account_id) ? POLICY_BY_ACCOUNT : POLICY_BY_NOBODY;
    if (p->kind != POLICY_ARN) return POLICY_BY_NOBODY;
    if (str_eq(p->name, caller->arn)) return caller->role_arn.p ? POLICY_BY_SESSION : POLICY_BY_ARN;
    return caller->role_arn.p && str_eq(p->name, caller->role_arn) ? POLICY_BY_ARN : POLICY_BY_NOBODY;
}

static enum policy_closeness closest(const struct policy_statement *s, const struct policy_caller *caller) {
    enum policy_closeness best = POLICY_BY_NOBODY;
    for (size_t i = 0; i < s->n_principals; i++) {
        enum policy_closeness this = closeness(&s->principals[i], caller);
        if (this > best) best = this;
    }
    return best;
}

static enum policy_truth applies(const struct policy_statement *s, const struct policy_request *rq,
                                 struct str *unclear) {
    if (!fits_action(s, rq->action)) return POLICY_NO;
    enum policy_truth truth = fits_resource(s, rq, unclear);
    for (size_t i = 0; i < s->n_conditions && truth != POLICY_NO; i++)
        truth = policy_and(truth, policy_condition_holds(s, &s->conditions[i], rq, unclear));
    return truth;
}

struct policy_result policy_evaluate(const struct policy_statements *s, const struct policy_request *rq) {
    struct policy_result result = {.decision = POLICY_IMPLICIT_DENY};
    for (size_t i = 0; i < s->n; i++) {
        const struct policy_statement *st = &s->at[i];
        enum policy_closeness close = rq->caller ? closest(st, rq->caller) : POLICY_BY_NOBODY;
        struct str unclear = {0};
        if (rq->caller && close == POLICY_BY_NOBODY) continue;
        enum policy_truth truth = applies(st, rq, &unclear);
        if (truth == POLICY_UNCLEAR && !result.unclear) result.unclear = st, result.unclear_key = unclear;
        if (!st->allow && truth != POLICY_NO) {
            result.decision = POLICY_EXPLICIT_DENY;
            result.deciding = st;
            return result;
        }
        if (!st->allow || truth != POLICY_YES) continue;
        if (result.decision == POLICY_ALLOW && close <= result.closeness) continue;
        result.decision = POLICY_ALLOW;
        result.deciding = st;
        result.closeness = close;
    }
    return result;
}
