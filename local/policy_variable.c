/* SPDX-License-Identifier: Apache-2.0 */
/* ${aws:username} and its like: a value of the request within a pattern.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
#include <string.h>

#include "buf.h"
#include "policy_parts.h"

enum { MAX_EXPANDED_BYTES = 64 * 1024 };

bool policy_knows_key(struct str key) {
    /* Those of facts.c, and those that no request here can have: it comes from a caller himself, over the internet as it
       were, and not from a service or a VPC endpoint. */
    static const char *const known[] = {"aws:CurrentTime",
                                        "aws:EpochTime",
                                        "aws:MultiFactorAuthAge",
                                        "aws:MultiFactorAuthPresent",
                                        "aws:PrincipalAccount",
                                        "aws:PrincipalArn",
                                        "aws:PrincipalIsAWSService",
                                        "aws:PrincipalType",
                                        "aws:Referer",
                                        "aws:RequestedRegion",
                                        "aws:ResourceAccount",
                                        "aws:SecureTransport",
                                        "aws:SourceAccount",
                                        "aws:SourceArn",
                                        "aws:SourceIp",
                                        "aws:SourceVpc",
                                        "aws:SourceVpce",
                                        "aws:UserAgent",
                                        "aws:ViaAWSService",
                                        "aws:VpcSourceIp",
                                        "aws:userid",
                                        "aws:username",
                                        "lambda:FunctionUrlAuthType",
                                        "lambda:InvokedViaFunctionUrl",
                                        "sts:ExternalId",
                                        "sts:RoleSessionName"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq_nocase(key, str_of(known[i]))) return true;
    return false;
}

/* What stands between ${ and }. */
struct variable {
    char literal;       /* ${*} ${?} ${$}, or 0 */
    struct str key;     /* else */
    struct str instead; /* ${key, 'instead'}; absent: none */
};

static bool is_key(struct str s) {
    return str_is_made_of(s, ":/-_.=+@") && s.n > 0 && memchr(s.p, ':', s.n);
}

static bool read_variable(struct str inside, struct variable *v) {
    *v = (struct variable){0};
    if (inside.n == 1 && strchr("*?$", inside.p[0])) {
        v->literal = inside.p[0];
        return true;
    }
    struct str rest = inside;
    bool more = str_cut(&rest, ',', &v->key);
    v->key = str_trim(v->key);
    if (!more) return is_key(v->key);
    rest = str_trim(rest);
    if (rest.n < 2 || rest.p[0] != '\'' || rest.p[rest.n - 1] != '\'') return false;
    v->instead = (struct str){rest.p + 1, rest.n - 2};
    return is_key(v->key) && (!v->instead.n || !memchr(v->instead.p, '\'', v->instead.n));
}

/* Cuts the text before the next variable, and the variable, off *rest. False: there is none, or none that can be read, and
   then *bad. */
static bool next_variable(struct str *rest, struct str *before, struct variable *v, bool *bad) {
    size_t at = str_find(*rest, STR("${"));
    *bad = false;
    if (at == SIZE_MAX) return false;
    *before = (struct str){rest->p, at};
    struct str behind = {rest->p + at + 2, rest->n - at - 2};
    size_t end = str_find(behind, STR("}"));
    *bad = end == SIZE_MAX || !read_variable((struct str){behind.p, end}, v);
    if (*bad) return false;
    *rest = (struct str){behind.p + end + 1, behind.n - end - 1};
    return true;
}

bool policy_check_variables(struct str text, struct str *unknown) {
    struct str before;
    struct variable v;
    bool bad;
    *unknown = (struct str){0};
    while (next_variable(&text, &before, &v, &bad))
        if (!v.literal && !unknown->p && !policy_knows_key(v.key)) *unknown = v.key;
    return !bad;
}

static enum policy_truth value_of(const struct variable *v, const struct policy_request *rq, struct str *value) {
    size_t n = rq->facts ? http_field_count(rq->facts, v->key) : 0;
    if (n == 1) *value = http_field_get(rq->facts, v->key);
    else if (n == 0 && policy_knows_key(v->key)) *value = v->instead;
    else return POLICY_UNCLEAR;
    return value->p ? POLICY_YES : POLICY_NO;
}

static void add(struct buf *text, struct buf *literal, struct str s, char mark) {
    buf_add(text, s);
    for (size_t i = 0; i < s.n; i++) buf_add_char(literal, mark);
}

enum policy_truth policy_expand(const struct policy_statement *s, struct str whole, const struct policy_request *rq,
                                struct policy_pattern *out, struct str *unclear) {
    *out = (struct policy_pattern){.text = whole};
    if (!s->has_variables || str_find(whole, STR("${")) == SIZE_MAX) return POLICY_YES;
    struct buf text, literal;
    struct str before, rest = whole;
    struct variable v;
    enum policy_truth truth = POLICY_YES;
    bool bad;
    *unclear = whole; /* until another name is known */
    if (!rq->arena) return POLICY_UNCLEAR;
    buf_init(&text, MAX_EXPANDED_BYTES, rq->arena);
    buf_init(&literal, MAX_EXPANDED_BYTES, rq->arena);
    while (truth == POLICY_YES && next_variable(&rest, &before, &v, &bad)) {
        struct str value = {&v.literal, 1};
        if (!v.literal) truth = value_of(&v, rq, &value);
        if (truth == POLICY_UNCLEAR) *unclear = v.key;
        add(&text, &literal, before, 0);
        if (truth == POLICY_YES) add(&text, &literal, value, 1);
    }
    if (truth != POLICY_YES) return truth;
    add(&text, &literal, rest, 0);
    if (bad || text.failed || literal.failed) return POLICY_UNCLEAR;
    *unclear = (struct str){0};
    *out = (struct policy_pattern){buf_str(&text), buf_str(&literal).p};
    return POLICY_YES;
}
