/* SPDX-License-Identifier: Apache-2.0 */
/* policy_matches agrees with its definition, filled in as a table. The first byte: action or resource; then the pattern,
   a line feed, the text. */
#include "fuzz.h"
#include "policy.h"

enum { MOST = 40 };

static char lower(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* rest[p][t]: does the pattern from p on match the text from t on? */
static bool by_definition(struct str pattern, struct str text, bool action) {
    bool rest[MOST + 1][MOST + 1] = {{false}};
    rest[pattern.n][text.n] = true;
    for (size_t p = pattern.n; p-- > 0;) {
        char c = pattern.p[p];
        bool across = action || p + 1 == pattern.n || pattern.p[p + 1] == ':';
        for (size_t t = text.n + 1; t-- > 0;) {
            bool more = t < text.n, colon = more && text.p[t] == ':';
            if (c == '*') rest[p][t] = rest[p + 1][t] || (more && (across || !colon) && rest[p][t + 1]);
            else if (c == '?') rest[p][t] = more && !colon && rest[p + 1][t + 1];
            else if (action) rest[p][t] = more && lower(c) == lower(text.p[t]) && rest[p + 1][t + 1];
            else rest[p][t] = more && c == text.p[t] && rest[p + 1][t + 1];
        }
    }
    return rest[0][0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct str text = fuzz_text(data + (n > 0), n - (n > 0)), pattern;
    bool action = n && data[0] & 1;
    str_cut(&text, '\n', &pattern);
    if (pattern.n > MOST || text.n > MOST) return -1;
    FUZZ_HOLDS(policy_matches(pattern, text, action ? POLICY_ACTION : POLICY_RESOURCE) ==
               by_definition(pattern, text, action));
    return 0;
}
