/* SPDX-License-Identifier: Apache-2.0 */
/* policy_matches agrees with its definition, filled in as a table. The first byte: action or resource; then the pattern,
   a line feed, the text. Or (its second bit) any text is a policy document or refused, and the order of its statements
   changes no decision. */
#include "fuzz.h"
#include "model.h"

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

static void reverse(struct policy_statements *s) {
    for (size_t i = 0; i < s->n / 2; i++) {
        struct policy_statement other = s->at[i];
        s->at[i] = s->at[s->n - 1 - i];
        s->at[s->n - 1 - i] = other;
    }
}

static void evaluate(struct str document, struct arena *a) {
    static const struct model model = {.region = STR_INIT("eu-west-1"),
                                       .account_id = STR_INIT("123456789012"),
                                       .stack_name = STR_INIT("s"),
                                       .partition = STR_INIT("aws"),
                                       .url_suffix = STR_INIT("amazonaws.com")};
    static struct http_field known[] = {{STR_INIT("aws:username"), STR_INIT("alice")},
                                        {STR_INIT("aws:PrincipalArn"), STR_INIT("arn:aws:iam::1:user/alice")},
                                        {STR_INIT("aws:SourceIp"), STR_INIT("192.0.2.1")},
                                        {STR_INIT("aws:CurrentTime"), STR_INIT("2020-01-01T00:00:00Z")},
                                        {STR_INIT("aws:SecureTransport"), STR_INIT("true")},
                                        {STR_INIT("aws:Referer"), STR_INIT("a")},
                                        {STR_INIT("aws:Referer"), STR_INIT("b")}};
    static const struct http_fields facts = {known, sizeof known / sizeof *known, sizeof known / sizeof *known};
    static const struct str actions[] = {STR_INIT("execute-api:Invoke"), STR_INIT("lambda:InvokeFunctionUrl"),
                                         STR_INIT("lambda:InvokeFunction"), STR_INIT("sts:AssumeRole")};
    struct policy_statements s;
    struct err e;
    if (!model_session_policy(&model, document, &s, a, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT || e.kind == ERR_MEMORY);
        return;
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        const struct policy_request rq = {actions[i], STR("arn:aws:lambda:eu-west-1:123456789012:function:f"), &facts,
                                          NULL, a};
        enum policy_decision decision = policy_evaluate(&s, &rq).decision;
        reverse(&s);
        FUZZ_HOLDS(policy_evaluate(&s, &rq).decision == decision);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct str text = fuzz_text(data + (n > 0), n - (n > 0)), pattern;
    bool action = n && data[0] & 1;
    if (n && data[0] & 2) {
        evaluate(text, fuzz_arena());
        return 0;
    }
    str_cut(&text, '\n', &pattern);
    if (pattern.n > MOST || text.n > MOST) return -1;
    FUZZ_HOLDS(policy_matches(pattern, text, action ? POLICY_ACTION : POLICY_RESOURCE) ==
               by_definition(pattern, text, action));
    return 0;
}
