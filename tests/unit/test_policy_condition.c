/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and variables as IAM's documentation defines them: each row is the Condition of an Allow and of a Deny.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
#include <stdio.h>

#include "check.h"
#include "model.h"

enum answer { NO, UNCLEAR, YES };

static struct arena arena;
static const struct model MODEL = {.region = STR_INIT("eu-west-1"),
                                   .account_id = STR_INIT("123456789012"),
                                   .stack_name = STR_INIT("s"),
                                   .partition = STR_INIT("aws"),
                                   .url_suffix = STR_INIT("amazonaws.com")};

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 64 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

/* "aws:username=alice|aws:SourceIp=10.0.0.1" */
static struct http_fields facts_of(const char *text) {
    struct http_fields facts = {0};
    struct str rest = str_of(text), one, name;
    struct err e;
    for (bool more = rest.n > 0; more;) {
        more = str_cut(&rest, '|', &one);
        if (!str_cut(&one, '=', &name)) fail_msg("%s", text);
        check_ok(http_field_add(&facts, name, one, &arena, &e), e);
    }
    return facts;
}

static struct policy_result ask(const char *effect, const char *resource, const char *condition, const char *facts_text,
                                const char *asked) {
    char json[4096];
    struct policy_statements s;
    struct err e;
    const struct http_fields facts = facts_of(facts_text);
    snprintf(
        json, sizeof json,
        "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"%s\",\"Action\":\"execute-api:Invoke\",\"Resource\":"
        "\"%s\",\"Condition\":%s}}",
        effect, resource, condition);
    check_ok(model_session_policy(&MODEL, str_of(arena_copy(&arena, str_of(json))), &s, &arena, &e), e);
    const struct policy_request rq = {
        .action = STR("execute-api:Invoke"), .resource = str_of(asked), .facts = &facts, .arena = &arena};
    return policy_evaluate(&s, &rq);
}

struct row {
    const char *condition, *facts;
    enum answer answer;
};

static void check_rows(const struct row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        struct policy_result allow = ask("Allow", "*", r->condition, r->facts, "arn:aws:execute-api:a:b:c"),
                             deny = ask("Deny", "*", r->condition, r->facts, "arn:aws:execute-api:a:b:c");
        enum answer actual = allow.unclear ? UNCLEAR : allow.decision == POLICY_ALLOW ? YES : NO;
        if (actual != r->answer) fail_msg("row %zu: %s with %s: %d", i, r->condition, r->facts, (int)actual);
        assert_int_equal(allow.decision, r->answer == YES ? POLICY_ALLOW : POLICY_IMPLICIT_DENY);
        assert_int_equal(deny.decision, r->answer == NO ? POLICY_IMPLICIT_DENY : POLICY_EXPLICIT_DENY);
        assert_int_equal(deny.unclear != NULL, r->answer == UNCLEAR);
        if (r->answer == UNCLEAR) assert_true(allow.unclear_key.n > 0);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void strings(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"StringEquals\":{\"aws:username\":\"johndoe\"}}", "aws:username=johndoe", YES},
        {"{\"StringEquals\":{\"aws:username\":\"johndoe\"}}", "aws:username=JohnDoe", NO},
        {"{\"StringEquals\":{\"AWS:UserName\":\"johndoe\"}}", "aws:username=johndoe", YES},
        {"{\"StringEquals\":{\"aws:username\":[\"a\",\"b\"]}}", "aws:username=b", YES},
        {"{\"StringEquals\":{\"aws:username\":[\"a\",\"b\"]}}", "aws:username=c", NO},
        {"{\"StringEquals\":{\"aws:username\":\"a*\"}}", "aws:username=ab", NO},
        {"{\"StringEquals\":{\"aws:username\":\"\"}}", "aws:username=", YES},
        {"{\"StringEquals\":{\"aws:username\":\"a\"}}", "", NO},
        {"{\"StringNotEquals\":{\"aws:username\":\"a\"}}", "aws:username=b", YES},
        {"{\"StringNotEquals\":{\"aws:username\":\"a\"}}", "aws:username=a", NO},
        {"{\"StringNotEquals\":{\"aws:username\":[\"a\",\"b\"]}}", "aws:username=b", NO},
        {"{\"StringNotEquals\":{\"aws:username\":[\"a\",\"b\"]}}", "aws:username=c", YES},
        {"{\"StringNotEquals\":{\"aws:username\":\"a\"}}", "", YES},
        {"{\"StringEqualsIgnoreCase\":{\"aws:username\":\"JOHN\"}}", "aws:username=john", YES},
        {"{\"StringNotEqualsIgnoreCase\":{\"aws:username\":\"JOHN\"}}", "aws:username=john", NO},
        {"{\"StringLike\":{\"aws:userid\":\"AROA*:ses?ion\"}}", "aws:userid=AROAX:session", YES},
        {"{\"StringLike\":{\"aws:userid\":\"AROA*:ses?ion\"}}", "aws:userid=AROAX:sesion", NO},
        {"{\"StringLike\":{\"aws:UserAgent\":\"*\"}}", "aws:UserAgent=curl/8", YES},
        {"{\"StringLike\":{\"aws:UserAgent\":\"*\"}}", "", NO},
        {"{\"StringNotLike\":{\"aws:UserAgent\":\"curl*\"}}", "aws:UserAgent=curl/8", NO},
        {"{\"StringNotLike\":{\"aws:UserAgent\":\"curl*\"}}", "", YES},
        {"{\"StringLike\":{\"aws:Referer\":[\"http://www.example.com/*\",\"http://example.com/*\"]}}",
         "aws:Referer=http://example.com/x", YES},
        {"{\"StringEquals\":{\"aws:UserAgent\":\"a\"}}", "aws:UserAgent=a|aws:UserAgent=a", UNCLEAR},
    };
    CHECK(rows);
}

static void together(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"StringEquals\":{\"aws:username\":\"a\",\"aws:PrincipalType\":\"User\"}}",
         "aws:username=a|aws:PrincipalType=User", YES},
        {"{\"StringEquals\":{\"aws:username\":\"a\",\"aws:PrincipalType\":\"User\"}}",
         "aws:username=a|aws:PrincipalType=AssumedRole", NO},
        {"{\"StringEquals\":{\"aws:username\":\"a\"},\"Bool\":{\"aws:SecureTransport\":true}}",
         "aws:username=a|aws:SecureTransport=true", YES},
        {"{\"StringEquals\":{\"aws:username\":\"a\"},\"Bool\":{\"aws:SecureTransport\":true}}", "aws:username=a", NO},
        {"{}", "", YES},
        /* a known No makes the rest unimportant */
        {"{\"StringEquals\":{\"aws:PrincipalTag/x\":\"a\",\"aws:username\":\"a\"}}", "aws:username=b", NO},
        {"{\"StringEquals\":{\"aws:PrincipalTag/x\":\"a\",\"aws:username\":\"a\"}}", "aws:username=a", UNCLEAR},
    };
    CHECK(rows);
}

static void unknown_keys(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"StringEquals\":{\"aws:PrincipalTag/team\":\"a\"}}", "", UNCLEAR},
        {"{\"StringNotEquals\":{\"aws:PrincipalOrgID\":\"o-x\"}}", "", UNCLEAR},
        {"{\"StringEqualsIfExists\":{\"aws:PrincipalOrgID\":\"o-x\"}}", "", UNCLEAR},
        {"{\"Null\":{\"aws:PrincipalOrgID\":true}}", "", UNCLEAR},
        {"{\"ForAllValues:StringEquals\":{\"aws:TagKeys\":\"a\"}}", "", UNCLEAR},
        {"{\"StringNotEquals\":{\"aws:SourceVpce\":\"vpce-1\"}}", "",
         YES}, /* known: nobody comes through an endpoint */
        {"{\"StringEquals\":{\"aws:SourceVpc\":\"vpc-1\"}}", "", NO},
    };
    CHECK(rows);
    struct policy_result r = ask("Allow", "*", "{\"Bool\":{\"s3:x\":true}}", "", "arn:a:b");
    check_text(r.unclear_key, "s3:x");
}

static void if_exists(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"StringEqualsIfExists\":{\"aws:username\":\"a\"}}", "", YES},
        {"{\"StringEqualsIfExists\":{\"aws:username\":\"a\"}}", "aws:username=a", YES},
        {"{\"StringEqualsIfExists\":{\"aws:username\":\"a\"}}", "aws:username=b", NO},
        {"{\"BoolIfExists\":{\"aws:MultiFactorAuthPresent\":false}}", "", YES},
        {"{\"BoolIfExists\":{\"aws:MultiFactorAuthPresent\":false}}", "aws:MultiFactorAuthPresent=true", NO},
        {"{\"Bool\":{\"aws:MultiFactorAuthPresent\":false}}", "", NO},
        {"{\"NotIpAddressIfExists\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}", "", YES},
        {"{\"ForAnyValue:StringEqualsIfExists\":{\"aws:username\":\"a\"}}", "", YES},
    };
    CHECK(rows);
}

static void null_operator(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"Null\":{\"aws:username\":\"true\"}}", "", YES},
        {"{\"Null\":{\"aws:username\":\"true\"}}", "aws:username=a", NO},
        {"{\"Null\":{\"aws:username\":\"false\"}}", "", NO},
        {"{\"Null\":{\"aws:username\":\"false\"}}", "aws:username=a", YES},
        {"{\"Null\":{\"aws:username\":[true,false]}}", "", YES},
    };
    CHECK(rows);
}

static void numbers(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"NumericEquals\":{\"aws:MultiFactorAuthAge\":\"10\"}}", "aws:MultiFactorAuthAge=10", YES},
        {"{\"NumericEquals\":{\"aws:MultiFactorAuthAge\":\"10.0\"}}", "aws:MultiFactorAuthAge=10", YES},
        {"{\"NumericEquals\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=11", NO},
        {"{\"NumericNotEquals\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=11", YES},
        {"{\"NumericNotEquals\":{\"aws:MultiFactorAuthAge\":10}}", "", YES},
        {"{\"NumericLessThan\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=9", YES},
        {"{\"NumericLessThan\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=10", NO},
        {"{\"NumericLessThanEquals\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=10", YES},
        {"{\"NumericGreaterThan\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=100", YES},
        {"{\"NumericGreaterThan\":{\"aws:MultiFactorAuthAge\":10}}", "aws:MultiFactorAuthAge=10", NO},
        {"{\"NumericGreaterThanEquals\":{\"aws:MultiFactorAuthAge\":-1.5}}", "aws:MultiFactorAuthAge=-1.5", YES},
        {"{\"NumericLessThan\":{\"aws:MultiFactorAuthAge\":10}}", "", NO},
        {"{\"NumericEquals\":{\"aws:username\":10}}", "aws:username=ten", UNCLEAR},
    };
    CHECK(rows);
}

static void dates(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"DateGreaterThan\":{\"aws:CurrentTime\":\"2020-04-01T00:00:00Z\"}}", "aws:CurrentTime=2020-04-01T00:00:01Z",
         YES},
        {"{\"DateGreaterThan\":{\"aws:CurrentTime\":\"2020-04-01T00:00:00Z\"}}", "aws:CurrentTime=2020-04-01T00:00:00Z",
         NO},
        {"{\"DateLessThan\":{\"aws:CurrentTime\":\"2020-06-30T23:59:59Z\"}}", "aws:CurrentTime=2020-04-01T00:00:01Z",
         YES},
        {"{\"DateGreaterThan\":{\"aws:CurrentTime\":\"2020-04-01T00:00:00Z\"},\"DateLessThan\":{\"aws:CurrentTime\":"
         "\"2020-06-30T23:59:59Z\"}}",
         "aws:CurrentTime=2020-07-01T00:00:00Z", NO},
        {"{\"DateLessThanEquals\":{\"aws:CurrentTime\":\"2020-04-01\"}}", "aws:CurrentTime=2020-04-01T00:00:00Z", YES},
        {"{\"DateEquals\":{\"aws:CurrentTime\":\"2020-04-01T02:00:00+02:00\"}}", "aws:CurrentTime=2020-04-01T00:00:00Z",
         YES},
        {"{\"DateNotEquals\":{\"aws:CurrentTime\":\"2020-04-01\"}}", "aws:CurrentTime=2020-04-01T00:00:00Z", NO},
        {"{\"DateEquals\":{\"aws:EpochTime\":\"1585699200\"}}", "aws:EpochTime=1585699200", YES},
        {"{\"DateLessThan\":{\"aws:EpochTime\":\"1000\"}}", "aws:EpochTime=1585699200", NO},
        {"{\"DateGreaterThan\":{\"aws:EpochTime\":\"0\"}}", "aws:EpochTime=1585699200", YES},
        {"{\"DateGreaterThan\":{\"aws:EpochTime\":\"01970\"}}", "aws:EpochTime=1585699200", YES},
        {"{\"DateEquals\":{\"aws:EpochTime\":\"2020-04-01T00:00:00.000Z\"}}", "aws:EpochTime=1585699200", YES},
        {"{\"DateGreaterThanEquals\":{\"aws:CurrentTime\":\"1999-02-28T23:59Z\"}}",
         "aws:CurrentTime=2000-02-29T00:00:00Z", YES},
        {"{\"DateLessThan\":{\"aws:CurrentTime\":\"2020-04-01\"}}", "", NO},
        {"{\"DateLessThan\":{\"aws:username\":\"2020-04-01\"}}", "aws:username=2020-02-30", UNCLEAR},
    };
    CHECK(rows);
}

static void flags(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"Bool\":{\"aws:SecureTransport\":\"true\"}}", "aws:SecureTransport=true", YES},
        {"{\"Bool\":{\"aws:SecureTransport\":\"false\"}}", "aws:SecureTransport=true", NO},
        {"{\"Bool\":{\"aws:SecureTransport\":\"TRUE\"}}", "aws:SecureTransport=true", YES},
        {"{\"Bool\":{\"aws:SecureTransport\":\"true\"}}", "", NO},
        {"{\"Bool\":{\"aws:username\":\"true\"}}", "aws:username=yes", UNCLEAR},
    };
    CHECK(rows);
}

static void addresses(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}}", "aws:SourceIp=203.0.113.255", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.0/24\"}}", "aws:SourceIp=203.0.114.0", NO},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.5\"}}", "aws:SourceIp=203.0.113.5", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"203.0.113.5/32\"}}", "aws:SourceIp=203.0.113.4", NO},
        {"{\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"2001:DB8:1234:5678::/64\"]}}",
         "aws:SourceIp=2001:db8:1234:5678:9::1", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"2001:DB8:1234:5678::/64\"}}", "aws:SourceIp=2001:db8:1234:5679::1", NO},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/33\"}}", "aws:SourceIp=2001:db8:7fff::1", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/33\"}}", "aws:SourceIp=2001:db8:8000::1", NO},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}}", "aws:SourceIp=127.0.0.1", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"0.0.0.0/0\"}}", "aws:SourceIp=::1", NO},
        {"{\"NotIpAddress\":{\"aws:SourceIp\":[\"192.0.2.0/24\",\"203.0.113.0/24\"]}}", "aws:SourceIp=203.0.113.1", NO},
        {"{\"NotIpAddress\":{\"aws:SourceIp\":[\"192.0.2.0/24\",\"203.0.113.0/24\"]}}", "aws:SourceIp=127.0.0.1", YES},
        {"{\"NotIpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}}", "", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"192.0.2.0/24\"}}", "", NO},
        {"{\"NotIpAddress\":{\"aws:username\":\"192.0.2.0/24\"}}", "aws:username=x", UNCLEAR},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"10.11.12.13/13\"}}", "aws:SourceIp=10.8.0.1", YES},
        {"{\"IpAddress\":{\"aws:SourceIp\":\"10.11.12.13/13\"}}", "aws:SourceIp=10.16.0.1", NO},
    };
    CHECK(rows);
}

static void arns(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"ArnEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::123456789012:role/a\"}}",
         "aws:PrincipalArn=arn:aws:iam::123456789012:role/a", YES},
        {"{\"ArnEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/team-*\"}}",
         "aws:PrincipalArn=arn:aws:iam::123456789012:role/team-a", YES},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::12345678901?:role/a\"}}",
         "aws:PrincipalArn=arn:aws:iam::123456789012:role/a", YES},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:*::123456789012:role/a\"}}",
         "aws:PrincipalArn=arn:aws:iam::123456789012:role/a", YES},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:i*2:x:y:role/a\"}}",
         "aws:PrincipalArn=arn:aws:iam::123456789012:role/a", NO},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:sns:*:*:topic:*\"}}",
         "aws:PrincipalArn=arn:aws:sns:a:b:topic:c:d", YES},
        {"{\"ArnNotEquals\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:role/a\"}}",
         "aws:PrincipalArn=arn:aws:iam::1:role/a", NO},
        {"{\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:role/a*\"}}", "aws:PrincipalArn=arn:aws:iam::1:role/b",
         YES},
        {"{\"ArnNotLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:role/a*\"}}", "", YES},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::1:role/a*\"}}", "", NO},
        {"{\"ArnNotLike\":{\"aws:username\":\"arn:aws:iam::1:role/a*\"}}", "aws:username=a", UNCLEAR},
        {"{\"StringLike\":{\"aws:PrincipalArn\":\"arn:*role/a\"}}", "aws:PrincipalArn=arn:aws:iam::1:role/a", YES},
    };
    CHECK(rows);
}

/* Several values of one key, as aws:TagKeys has them; here two Referer fields stand for it. */
static void sets(void **state) {
    (void)state;
#define TWO "aws:Referer=a|aws:Referer=b"
    static const struct row rows[] = {
        {"{\"ForAllValues:StringEquals\":{\"aws:Referer\":[\"a\",\"b\",\"c\"]}}", TWO, YES},
        {"{\"ForAllValues:StringEquals\":{\"aws:Referer\":[\"a\",\"c\"]}}", TWO, NO},
        {"{\"ForAllValues:StringEquals\":{\"aws:Referer\":\"a\"}}", "", YES}, /* AWS's own trap */
        {"{\"ForAnyValue:StringEquals\":{\"aws:Referer\":[\"b\",\"c\"]}}", TWO, YES},
        {"{\"ForAnyValue:StringEquals\":{\"aws:Referer\":[\"c\",\"d\"]}}", TWO, NO},
        {"{\"ForAnyValue:StringEquals\":{\"aws:Referer\":\"a\"}}", "", NO},
        {"{\"ForAllValues:StringNotEquals\":{\"aws:Referer\":[\"c\",\"d\"]}}", TWO, YES},
        {"{\"ForAllValues:StringNotEquals\":{\"aws:Referer\":[\"b\",\"d\"]}}", TWO, NO},
        {"{\"ForAnyValue:StringNotEquals\":{\"aws:Referer\":\"a\"}}", TWO, YES},
        {"{\"ForAnyValue:StringNotEquals\":{\"aws:Referer\":[\"a\",\"b\"]}}", TWO, NO},
        {"{\"ForAnyValue:StringNotEquals\":{\"aws:Referer\":\"a\"}}", "", NO},
        {"{\"ForAllValues:StringLike\":{\"aws:Referer\":\"?\"}}", TWO, YES},
        {"{\"ForAnyValue:StringEquals\":{\"aws:Referer\":\"a\"}}", "aws:Referer=a", YES},
    };
    CHECK(rows);
}

static void variables_in_conditions(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:username}\"}}", "aws:username=a|aws:Referer=a", YES},
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:username}\"}}", "aws:username=a|aws:Referer=b", NO},
        {"{\"StringLike\":{\"aws:Referer\":\"home/${aws:username}/*\"}}", "aws:username=a|aws:Referer=home/a/x", YES},
        {"{\"StringLike\":{\"aws:Referer\":\"home/${aws:UserAgent}/*\"}}", "aws:UserAgent=*|aws:Referer=home/a/x", NO},
        {"{\"StringLike\":{\"aws:Referer\":\"home/${aws:UserAgent}/*\"}}", "aws:UserAgent=*|aws:Referer=home/*/x", YES},
        {"{\"StringEquals\":{\"aws:Referer\":\"a${*}b${?}${$}\"}}", "aws:Referer=a*b?$", YES},
        {"{\"StringLike\":{\"aws:Referer\":\"a${*}\"}}", "aws:Referer=ab", NO},
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:username, 'company'}\"}}", "aws:Referer=company", YES},
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:username, 'company'}\"}}", "aws:username=a|aws:Referer=a", YES},
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:username}\"}}", "aws:Referer=a", UNCLEAR},
        {"{\"StringNotEquals\":{\"aws:Referer\":\"${aws:username}\"}}", "aws:Referer=a", UNCLEAR},
        {"{\"StringEquals\":{\"aws:Referer\":\"${aws:PrincipalTag/x}\"}}", "aws:Referer=a", UNCLEAR},
        {"{\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::${aws:PrincipalAccount}:user/*\"}}",
         "aws:PrincipalAccount=1|aws:PrincipalArn=arn:aws:iam::1:user/a", YES},
    };
    CHECK(rows);
}

static void variables_in_resources(void **state) {
    (void)state;
    static const struct {
        const char *resource, *facts, *asked;
        enum answer answer;
    } rows[] = {
        {"arn:aws:x:::a/${aws:username}/*", "aws:username=alice", "arn:aws:x:::a/alice/b", YES},
        {"arn:aws:x:::a/${aws:username}/*", "aws:username=alice", "arn:aws:x:::a/bob/b", NO},
        {"arn:aws:x:::a/${aws:username}/*", "", "arn:aws:x:::a//b", NO},
        {"arn:aws:x:::a/${aws:UserAgent}/*", "aws:UserAgent=*", "arn:aws:x:::a/bob/b", NO},
        {"arn:aws:x:::a/${aws:UserAgent}/*", "aws:UserAgent=?", "arn:aws:x:::a/b/b", NO},
        {"arn:aws:x:::a/${aws:username, 'all'}", "", "arn:aws:x:::a/all", YES},
        {"arn:aws:x:::a/${*}", "", "arn:aws:x:::a/*", YES},
        {"arn:aws:x:::a/${*}", "", "arn:aws:x:::a/b", NO},
        {"arn:aws:x:::a/${aws:PrincipalTag/t}", "", "arn:aws:x:::a/b", UNCLEAR},
        {"arn:aws:x:::${aws:userid}", "aws:userid=AROA:s", "arn:aws:x:::AROA:s", YES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_result allow = ask("Allow", rows[i].resource, "{}", rows[i].facts, rows[i].asked),
                             deny = ask("Deny", rows[i].resource, "{}", rows[i].facts, rows[i].asked);
        if ((allow.decision == POLICY_ALLOW) != (rows[i].answer == YES)) fail_msg("row %zu", i);
        assert_int_equal(deny.decision, rows[i].answer == NO ? POLICY_IMPLICIT_DENY : POLICY_EXPLICIT_DENY);
        assert_int_equal(allow.unclear != NULL, rows[i].answer == UNCLEAR);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("texts are compared by their operator", strings),
        CASE("operators and keys are all needed, values are alternatives", together),
        CASE("a key that is not known neither allows nor lets a Deny pass", unknown_keys),
        CASE("IfExists holds for what is not there", if_exists),
        CASE("Null asks whether a key is there", null_operator),
        CASE("numbers are compared as numbers", numbers),
        CASE("dates are compared as moments", dates),
        CASE("Bool is true or false", flags),
        CASE("addresses are in a network or not, of either family", addresses),
        CASE("ARNs are compared part by part", arns),
        CASE("several values are judged all together or any of them", sets),
        CASE("a variable stands for its value, in which nothing is a wildcard", variables_in_conditions),
        CASE("a variable in a Resource without a value matches nothing", variables_in_resources),
    };
    return cmocka_run_group_tests_name("policy_condition", cases, open_arena, close_arena);
}
