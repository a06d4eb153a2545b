/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters, conditions, rules, intrinsic functions and names of a template. */
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

enum { LIMIT = 64 * 1024 * 1024 };

static struct arena arena;
static struct err e;
static struct template_stack stack;
static struct template t;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, LIMIT);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

#define END "Resources: {}\n"

static size_t lenient; /* of the overrides */

/* Reads the text as a file; the error's path is cut off, so that it begins with ":LINE: ". */
static bool try_read(const char *text, const struct http_fields *overrides) {
    char path[] = "/tmp/test_template-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    stack = (struct template_stack){STR("eu-central-1"), STR("123456789012"), STR("demo"), {0}, {0}};
    check_ok(template_stack_of(&stack, &e), e);
    t = (struct template){.stack = &stack, .arena = &arena, .n_lenient = lenient};
    const char *kept = arena_copy(&arena, str_of(path));
    assert_non_null(kept);
    bool ok = template_read(&t, kept, overrides, &e);
    unlink(path);
    return ok;
}

static void good(const char *text) {
    if (!try_read(text, NULL)) fail_msg("%s", e.msg);
}

static const char *sentence(void) {
    size_t n = sizeof "/tmp/test_template-XXXXXX" - 1;
    return strncmp(e.msg, "/tmp/test_template-", 19) == 0 ? e.msg + n : e.msg;
}

#define refused(text, start) refused_at(text, NULL, start, __LINE__)
#define refused_with(text, overrides, start) refused_at(text, overrides, start, __LINE__)

static void refused_at(const char *text, const struct http_fields *overrides, const char *start, int line) {
    if (try_read(text, overrides)) {
        print_error("not refused: %s\n", text);
        _fail(__FILE__, line);
    }
    if (strncmp(sentence(), start, strlen(start)) == 0) return;
    print_error("expected: %s...\n  actual: %s\n", start, sentence());
    _fail(__FILE__, line);
}

/* The value of Metadata.V, resolved. */
static struct str value(void) {
    struct str s = {0};
    check_ok(template_resolve_text(&t, node_get(node_get(t.root, "Metadata"), "V"), "V", &s, &e), e);
    return s;
}

static struct str value_of(const char *yaml) {
    char text[4096];
    snprintf(text, sizeof text,
             "Metadata:\n  V: %s\n"
             "Parameters: {P: {Type: String, Default: pea}, L: {Type: CommaDelimitedList, Default: 'x, y,z'}}\n"
             "Mappings: {M: {eu-central-1: {k: mapped}}}\n"
             "Conditions: {Yes: !Equals [a, a], No: !Not [!Condition Yes]}\n"
             "Resources:\n"
             "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n"
             "  Fun: {Type: AWS::Serverless::Function}\n"
             "  Rol: {Type: AWS::IAM::Role, Properties: {Path: /a/b/}}\n"
             "  Use: {Type: AWS::IAM::User, Properties: {UserName: 'alice@x'}}\n"
             "  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/l/${AWS::StackName}'}}\n"
             "  Tab: {Type: AWS::DynamoDB::Table}\n"
             "  Off: {Type: AWS::IAM::Role, Condition: No}\n",
             yaml);
    good(text);
    return value();
}

static void no_value_of(const char *yaml, const char *start) {
    struct str s = {0};
    char text[4096];
    (void)value_of("x");
    snprintf(text, sizeof text, "V: %s\n", yaml);
    const struct node *n;
    check_ok(node_read_text("v", str_of(text), &n, &arena, &e), e);
    assert_false(template_resolve_text(&t, node_get(n, "V"), "V", &s, &e));
    if (strncmp(e.msg, start, strlen(start)) != 0) fail_msg("expected: %s actual: %s", start, e.msg);
}

static void intrinsics(void **state) {
    (void)state;
    check_text(value_of("!Ref P"), "pea");
    check_text(value_of("!Sub 'a${P}b${!P}c$d${AWS::Region}'"), "apeab${P}c$deu-central-1");
    check_text(value_of("!Sub ['${v}-${P}', {v: !Ref AWS::AccountId}]"), "123456789012-pea");
    check_text(value_of("!Sub ['${P}', {P: own}]"), "own");
    check_text(value_of("!Join ['-', [a, !Ref P, !If [No, b, !Ref AWS::NoValue], c]]"), "a-pea-c");
    check_text(value_of("!Join ['', !Ref L]"), "xyz");
    check_text(value_of("!If [Yes, !If [No, 1, 2], 3]"), "2");
    check_text(value_of("!Select [1, !Split ['::', 'a::b::c']]"), "b");
    check_text(value_of("!Select ['2', !Ref L]"), "z");
    check_text(value_of("!FindInMap [M, !Ref AWS::Region, k]"), "mapped");
    check_text(value_of("{'Fn::Sub': '${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}'}"),
               "aws amazonaws.com demo");
    check_text(value_of("!Sub '${AWS::StackId}'"),
               "arn:aws:cloudformation:eu-central-1:123456789012:stack/demo/00000000-0000-4000-8000-000000000000");
}

static void names(void **state) {
    (void)state;
    struct str id = value_of("!Ref Api");
    assert_int_equal(id.n, 10);
    assert_int_equal(strspn(id.p, "abcdefghijklmnopqrstuvwxyz0123456789"), 10);
    check_str_at(value_of("!Sub '${Api}'"), id, __FILE__, __LINE__);
    check_text(value_of("!Ref Api.Stage"), "dev");
    check_text(value_of("!Sub '${Api.Stage}'"), "dev");
    check_text(value_of("!Ref Fun"), "demo-Fun");
    check_text(value_of("!GetAtt Fun.Arn"), "arn:aws:lambda:eu-central-1:123456789012:function:demo-Fun");
    check_text(value_of("!Ref FunRole"), "demo-FunRole");
    check_text(value_of("!GetAtt FunRole.Arn"), "arn:aws:iam::123456789012:role/demo-FunRole");
    check_text(value_of("!Sub '${Rol.Arn}'"), "arn:aws:iam::123456789012:role/a/b/demo-Rol");
    check_text(value_of("!GetAtt Use.Arn"), "arn:aws:iam::123456789012:user/alice@x");
    check_text(value_of("!Ref Log"), "/l/demo");
    check_text(value_of("!GetAtt Log.Arn"), "arn:aws:logs:eu-central-1:123456789012:log-group:/l/demo:*");
}

static void unknown_values(void **state) {
    (void)state;
    no_value_of("!ImportValue x", "v:1: Fn::ImportValue is not supported");
    no_value_of("!Ref Nobody", "v:1: there is no parameter or resource Nobody");
    no_value_of("!Ref Tab", "v:1: the value of Tab (AWS::DynamoDB::Table) is not known");
    no_value_of("!GetAtt Tab.Arn", "v:1: the value of Tab");
    no_value_of("!GetAtt Fun.Version", "v:1: the attribute Version of Fun");
    no_value_of("!Ref Off", "v:1: the resource Off does not exist");
    no_value_of("!GetAtt Off.Arn", "v:1: the resource Off does not exist");
    no_value_of("!Ref AWS::NotificationARNs", "v:1: the pseudo parameter");
    no_value_of("!Sub '${P'", "v:1: a ${ in Fn::Sub is not closed");
    no_value_of("!Sub '${}'", "v:1: there is no parameter or resource");
    no_value_of("!Sub '${AWS::NoValue}'", "v:1: ${AWS::NoValue} in Fn::Sub is not one text");
    no_value_of("!Sub '${L}'", "v:1: ${L} in Fn::Sub is not one text");
    no_value_of("!If [Maybe, a, b]", "v:1: there is no condition Maybe");
    no_value_of("!Select [3, !Ref L]", "v:1: the index 3");
    no_value_of("!Select [-1, !Ref L]", "v:1: the index -1");
    no_value_of("!FindInMap [M, x, k]", "v:1: Fn::FindInMap finds nothing for x");
    no_value_of("!Join ['', [{a: b}]]", "v:1: a list of texts");
    no_value_of("!Split ['', a]", "v:1: the delimiter of Fn::Split is empty");
    no_value_of("yes", "v:1: V is no plain text");
    no_value_of("!Join ['', [010]]", "v:1: a list of texts");
    no_value_of("!Ref AWS::NoValue", "v:1: V is no plain text");
    no_value_of("[{Ref: P, x: y}]", "v:1: Ref stands beside other keys");
    no_value_of("!Ref Fun.Stage", "v:1: Fun.Stage is not the stage");
}

static void name_cycles(void **state) {
    (void)state;
    struct str s;
    good("Resources:\n  A: {Type: AWS::IAM::Role, Properties: {RoleName: !Ref B}}\n"
         "  B: {Type: AWS::IAM::Role, Properties: {RoleName: !Ref A}}\n");
    assert_false(template_name_of(&t, template_find(&t, STR("A")), &s, &e));
    assert_non_null(strstr(e.msg, ":2: the name of A depends on itself"));
    good("Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: !Ref A.Stage}}\nMetadata: {V: !Ref "
         "A.Stage}\n");
    assert_false(template_resolve_text(&t, node_get(node_get(t.root, "Metadata"), "V"), "V", &s, &e));
    assert_non_null(strstr(e.msg, "nested deeper than"));
}

static void parameters(void **state) {
    (void)state;
    refused("Parameters:\n  A: {Type: String}\n" END, ":2: the parameter A has no Default: give it a value");
    refused("Parameters:\n  A: {Type: String, Default: yes}\n" END,
            ":2: the Default of the parameter A is no plain text");
    refused("Parameters:\n  A: {Type: 'AWS::SSM::Parameter::Value<String>', Default: x}\n" END,
            ":2: the parameter type AWS::SSM");
    refused("Parameters:\n  A:\n    Type: String\n    Default: c\n    AllowedValues: [a, b]\n" END,
            ":4: the value \"c\" of the parameter A is not one of its AllowedValues");
    refused("Parameters:\n  A: {Type: String, Default: a1, AllowedPattern: '[a-z]*'}\n" END,
            ":2: the value of the parameter A does not match");
    refused("Parameters:\n  A: {Type: String, Default: a1, AllowedPattern: '\\d+'}\n" END, ":2: this AllowedPattern");
    refused("Parameters:\n  A: {Type: String, Default: a1, AllowedPattern: '(?i)a'}\n" END, ":2: this AllowedPattern");
    refused("Parameters:\n  A: {Type: String, Default: a1, AllowedPattern: 'a(b'}\n" END, ":2: this AllowedPattern");
    refused("Parameters:\n  A: {Type: String, Default: a1, AllowedPattern: '[\\w]+'}\n" END, ":2: this AllowedPattern");
    refused("Parameters:\n  A: {Type: Number, Default: x}\n" END, ":2: the parameter A is a Number");
    refused("Parameters:\n  A: {Type: Number, Default: 5, MaxValue: 4}\n" END,
            ":2: the value of the parameter A is out of");
    refused("Parameters:\n  A: {Type: String, Default: '', MinLength: 1}\n" END,
            ":2: the value of the parameter A is out of");
    good("Parameters:\n  A: {Type: String, Default: 'a.b-[1]', AllowedPattern: "
         "'^$|^[A-Za-z0-9._-]{1,4}\\[[^a]+\\]$'}\n" END);
}

static void overrides(void **state) {
    (void)state;
    static const char text[] =
        "Metadata: {V: !Ref A}\nParameters:\n  A: {Type: String, Default: a, AllowedValues: [a, b]}\n"
        "  B: {Type: String, Default: ''}\n" END;
    struct http_field at[] = {{STR("A"), STR("b")}};
    struct http_fields given = {at, 1, 1};
    assert_true(try_read(text, &given));
    check_text(value(), "b");
    at[0].value = STR("c");
    refused_with(text, &given, ":3: the value \"c\" of the parameter A is not one");
    at[0].name = STR("C");
    refused_with(text, &given, ":1: there is no parameter C; there is: A, B");
    lenient = 1;
    assert_true(try_read(text, &given));
    check_text(value(), "a");
    lenient = 0;
}

static void conditions(void **state) {
    (void)state;
    bool is;
    good("Conditions:\n  T: !Equals [a, a]\n  F: !Not [!Condition T]\n  A: !And [!Condition T, !Condition F]\n"
         "  O: !Or [!Condition F, !Condition T]\n  D: {Condition: O}\n" END);
    static const struct {
        const char *name;
        bool is;
    } expected[] = {{"T", true}, {"F", false}, {"A", false}, {"O", true}, {"D", true}};
    for (size_t i = 0; i < 5; i++) {
        check_ok(template_condition_is(&t, str_of(expected[i].name), t.root, &is, &e), e);
        assert_int_equal(is, expected[i].is);
    }
    refused("Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\n" END,
            ":3: the condition A depends on itself");
    refused("Conditions:\n  A: !Condition C\n" END, ":2: there is no condition C");
    refused("Conditions:\n  A: true\n" END, ":2: a condition is one of");
    refused("Conditions:\n  A: !Contains [a, b]\n" END, ":2: Fn::Contains is not supported in a condition");
    refused("Conditions:\n  A: !And [!Equals [a, a]]\n" END, ":2: Fn::And and Fn::Or take");
    refused("Conditions:\n  A: !Equals [a, !Ref Nobody]\n" END, ":2: there is no parameter or resource Nobody");
    refused("Resources:\n  A:\n    Type: AWS::IAM::Role\n    Condition: C\n", ":4: there is no condition C");
}

static void long_chain(void **state) {
    (void)state;
    enum { TEXT_BYTES = 100000 };
    char *text = malloc(TEXT_BYTES);
    size_t n = (size_t)snprintf(text, TEXT_BYTES, "Conditions:\n");
    for (int i = 0; i < 1500; i++) n += (size_t)snprintf(text + n, TEXT_BYTES - n, "  C%d: !Condition C%d\n", i, i + 1);
    snprintf(text + n, TEXT_BYTES - n, "  C1500: !Equals [a, a]\n" END);
    refused(text, ":130: conditions nested deeper than 128");
    free(text);
}

static void rules(void **state) {
    (void)state;
    static const char text[] =
        "Parameters: {M: {Type: String, Default: ''}, V: {Type: String, Default: ''}}\n"
        "Rules:\n  R:\n    RuleCondition: !Equals [!Ref M, 'ON']\n    Assertions:\n"
        "      - Assert: !Not [!Equals [!Ref V, '']]\n        AssertDescription: M needs V\n" END;
    struct http_field at[] = {{STR("M"), STR("ON")}};
    struct http_fields given = {at, 1, 1};
    good(text);
    refused_with(text, &given, ":6: the rule R does not hold: M needs V");
    refused("Rules:\n  R:\n    Assertions:\n      - Assert: {'Fn::Contains': [[a], a]}\n" END,
            ":4: Fn::Contains is not supported");
}

static void sections(void **state) {
    (void)state;
    refused("Resource: {}\n" END, ":1: the section Resource is not supported");
    refused("Description: x\n", ":1: the section Resources is missing");
    refused("- a\n", ":1: a template is a mapping");
    refused("Transform: [AWS::Serverless-2016-10-31, Mine]\n" END, ":1: only the Transform");
    refused("Resources:\n  A:\n    Type: AWS::Serverless::Api\n    IgnoreGlobals: '*'\n",
            ":4: the attribute IgnoreGlobals of the resource A");
    refused("Resources:\n  A:\n    Type: X\n    Connectors: {}\n", ":4: the attribute Connectors");
    refused("Resources:\n  Fn::ForEach::X: [a]\n", ":2: the logical id Fn::ForEach::X");
    refused("Resources:\n  A: {Properties: {}}\n", ":2: the resource A has no Type");
    refused("Resources:\n  A: {Type: AWS::Serverless::Function}\n  ARole: {Type: X}\n",
            ":2: SAM makes ARole of A, but there is a resource of that name");
    good("Outputs: {A: !ImportValue x}\nResources: {A: {Type: X, Properties: {P: !Unknown y}}}\n");
}

static void long_names(void **state) {
    (void)state;
    static char text[80 * 1024], name[70 * 1024];
    memset(name, 'A', sizeof name - 1);
    snprintf(text, sizeof text, "Resources:\n  %.256s: {Type: X}\n", name);
    refused(text, ":2: the logical id AAAA");
    snprintf(text, sizeof text, "Resources:\n  %.255s: {Type: X}\n", name);
    good(text);
    snprintf(text, sizeof text, "Conditions:\n  C: !Equals [a, !GetAtt A.%s]\n" END, name);
    refused(text, ":2: text is longer than its limit");
}

static void partitions(void **state) {
    (void)state;
    static const char *const table[][3] = {{"us-east-1", "aws", "amazonaws.com"},
                                           {"cn-north-1", "aws-cn", "amazonaws.com.cn"},
                                           {"us-gov-west-1", "aws-us-gov", "amazonaws.com"},
                                           {"eusc-de-east-1", "aws-eusc", "amazonaws.eu"}};
    for (size_t i = 0; i < 4; i++) {
        struct template_stack s = {str_of(table[i][0]), STR("123456789012"), STR("demo"), {0}, {0}};
        check_ok(template_stack_of(&s, &e), e);
        check_str(s.partition, str_of(table[i][1]));
        check_str(s.url_suffix, str_of(table[i][2]));
    }
    struct template_stack bad = {STR("Europe"), STR("123456789012"), STR("demo"), {0}, {0}};
    assert_false(template_stack_of(&bad, &e));
    bad.region = STR("eu-west-1"), bad.account_id = STR("1234");
    assert_false(template_stack_of(&bad, &e));
    bad.account_id = STR("123456789012"), bad.stack_name = STR("1demo");
    assert_false(template_stack_of(&bad, &e));
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("intrinsic functions give what CloudFormation gives", intrinsics),
        CASE("resources have names and ARNs, the same at every start", names),
        CASE("a value that is not known is an error where it is needed", unknown_values),
        CASE("a name that depends on itself is an error", name_cycles),
        CASE("a parameter's value is checked, its pattern against all of it", parameters),
        CASE("an override wins, and one without parameter is an error", overrides),
        CASE("conditions are decided, cycles refused", conditions),
        CASE("a long chain of conditions is refused", long_chain),
        CASE("a rule that does not hold refuses to start", rules),
        CASE("unknown sections and attributes are refused, unread ones are not looked at", sections),
        CASE("bug: names that are too long are refused with their line", long_names),
        CASE("partition and URL suffix follow from the region", partitions),
    };
    return cmocka_run_group_tests_name("template", cases, open_arena, close_arena);
}
