/* SPDX-License-Identifier: Apache-2.0 */
/* Both patterns are walked at once: at[i, k] tells whether what is left of one, from i on, and of the other, from k on, have
   a text in common. Then one such text is written out, as little of it as may be by the letters of the statement, and asked
   whether it belongs. Patterns that are too long for the table are taken to meet. */
#include "policy_range.h"

#include <string.h>

#include "policy_parts.h"

enum { ONE_OF_PART = 1, MORE_OF_PART, ONE, MORE }; /* the bytes of POLICY_RANGE_... */
enum { TABLE_BITS = 256 * 1024, MAX_TEXT = 4096 };

struct walk {
    struct policy_pattern a; /* of the statement */
    struct str b;            /* of the range */
    unsigned char at[TABLE_BITS / 8];
};

struct step {
    bool stays_a, stays_b; /* a star, a MORE */
    char c;                /* that both take here; 0: none */
};

static bool get(const struct walk *w, size_t i, size_t k) {
    size_t bit = i * (w->b.n + 1) + k;
    return w->at[bit / 8] >> bit % 8 & 1;
}

static void set(struct walk *w, size_t i, size_t k) {
    size_t bit = i * (w->b.n + 1) + k;
    w->at[bit / 8] |= (unsigned char)(1u << bit % 8);
}

static bool is_wild(const struct walk *w, size_t i, char c) {
    return i < w->a.text.n && w->a.text.p[i] == c && !(w->a.literal && w->a.literal[i]);
}

/* Of policy.c: a '?' is no colon, and neither is what a '*' takes that does not end its segment. */
static bool takes_colon(const struct walk *w, size_t i) {
    struct str text = w->a.text;
    return is_wild(w, i, '*') && (i + 1 == text.n || text.p[i + 1] == ':');
}

static struct step step_at(const struct walk *w, size_t i, size_t k) {
    struct step s = {is_wild(w, i, '*'), k < w->b.n && (w->b.p[k] == MORE_OF_PART || w->b.p[k] == MORE), 0};
    if (i == w->a.text.n || k == w->b.n) return s;
    bool any_a = s.stays_a || is_wild(w, i, '?'), any_b = w->b.p[k] >= ONE_OF_PART && w->b.p[k] <= MORE;
    char a = w->a.text.p[i], b = w->b.p[k];
    if (any_a && any_b) s.c = POLICY_RANGE_FILLER;
    else if (any_a) s.c = b != ':' || takes_colon(w, i) ? b : 0;
    else if (any_b) s.c = a != '/' || b == ONE || b == MORE ? a : 0;
    else s.c = a == b ? a : 0;
    return s;
}

static bool fill(struct walk *w) {
    size_t n = w->a.text.n, m = w->b.n;
    if (m >= MAX_TEXT || n >= MAX_TEXT || (n + 1) * (m + 1) > TABLE_BITS) return false;
    memset(w->at, 0, ((n + 1) * (m + 1) + 7) / 8);
    for (size_t i = n + 1; i-- > 0;)
        for (size_t k = m + 1; k-- > 0;) {
            struct step s = step_at(w, i, k);
            bool both = s.c && !(s.stays_a && s.stays_b) && get(w, i + !s.stays_a, k + !s.stays_b);
            if ((i == n && k == m) || (s.stays_a && get(w, i + 1, k)) || (s.stays_b && get(w, i, k + 1)) || both)
                set(w, i, k);
        }
    return true;
}

/* Cuts off the letters that both begin with; most patterns differ right behind them. */
static size_t skip_same(struct walk *w) {
    size_t n = 0;
    while (n < w->a.text.n && n < w->b.n && !is_wild(w, n, '*') && !is_wild(w, n, '?') && w->a.text.p[n] == w->b.p[n])
        n++;
    w->a.text = (struct str){w->a.text.p + n, w->a.text.n - n};
    if (w->a.literal) w->a.literal += n;
    w->b = (struct str){w->b.p + n, w->b.n - n};
    return n;
}

/* There is one. Each step but one on the same place goes on in one of the patterns. */
static struct str write_one(const struct walk *w, char text[static 4 * MAX_TEXT]) {
    size_t n = 0, i = 0, k = 0;
    bool widened = false;
    while (i < w->a.text.n || k < w->b.n) {
        struct step s = step_at(w, i, k);
        bool here = s.stays_a && s.stays_b;
        if (here && !widened) {
            text[n++] = s.c;
            widened = true;
            continue;
        }
        widened = false;
        if (s.c && !here && get(w, i + !s.stays_a, k + !s.stays_b)) {
            text[n++] = s.c;
            i += !s.stays_a;
            k += !s.stays_b;
        } else if (s.stays_a && get(w, i + 1, k)) {
            i++;
        } else {
            k++;
        }
    }
    return (struct str){text, n};
}

static bool meets(const struct policy_range *range, const struct policy_pattern *pattern) {
    struct walk w;
    char text[5 * MAX_TEXT];
    if (range->pattern.n >= MAX_TEXT) return true;
    w.a = *pattern;
    w.b = range->pattern;
    size_t same = skip_same(&w);
    struct step first = step_at(&w, 0, 0);
    if ((w.a.text.n || w.b.n) && !first.c && !first.stays_a && !first.stays_b) return false;
    if (!fill(&w)) return true;
    if (!get(&w, 0, 0)) return false;
    memcpy(text, range->pattern.p, same);
    struct str rest = write_one(&w, text + same);
    return !range->belongs || range->belongs(range->of, (struct str){text, same + rest.n});
}

bool policy_range_meets(const struct policy_range *range, struct str pattern) {
    return meets(range, &(struct policy_pattern){.text = pattern});
}

bool policy_range_fits(const struct policy_statement *s, const struct policy_pattern *pattern,
                       const struct policy_request *rq) {
    const struct policy_range *range = rq->range;
    if (s->allow == range->best) return meets(range, pattern);
    if (s->allow) return policy_pattern_matches(pattern, rq->resource, POLICY_RESOURCE);
    return policy_pattern_matches(pattern, range->samples[0], POLICY_RESOURCE) &&
           policy_pattern_matches(pattern, range->samples[1], POLICY_RESOURCE);
}

struct str policy_range_resource(const struct policy_statement *s, const struct policy_request *rq) {
    struct policy_pattern pattern;
    struct str unclear;
    for (size_t i = 0; i < s->n_resources; i++)
        if (policy_expand(s, s->resources[i], rq, &pattern, &unclear) == POLICY_YES && meets(rq->range, &pattern))
            return s->resources[i];
    return (struct str){0};
}
