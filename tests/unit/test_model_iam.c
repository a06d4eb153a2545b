/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, users and policies of a template and of a callers file. */
#include "check_model.h"

static void made_roles(void **state) {
    (void)state;
#define MADE(policies) \
    "Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n" \
    "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2\n      Handler: h\n" \
    "      Policies: " policies "\n"
    good(MADE("[AmazonEC2FullAccess, {SQSPollerPolicy: {QueueName: q}}, "
              "{Statement: {Effect: Allow, Action: '*', Resource: !Sub 'arn:aws:execute-api:*:*:${A}/*'}}]"));
    assert_int_equal(may("FRole", "dev/GET/x"), POLICY_ALLOW);
    assert_int_equal(principal("FRole")->policies.n, 1);
    check_text(principal("FRole")->policies.at[0].policy_name, "FRolePolicy2");
    assert_true(noticed("the managed policy AmazonEC2FullAccess grants nothing here"));
    assert_true(noticed("the SAM policy template SQSPollerPolicy grants nothing here"));
    assert_true(noticed("without OpenApiVersion SAM publishes A on a second stage"));
    refused(MADE("AWSDenyAll"), ":8: the managed policy AWSDenyAll is not supported");
    refused(MADE("'arn:aws:iam::123456789012:policy/mine'"),
            ":8: the managed policy arn:aws:iam::123456789012:policy/mine");
    refused(MADE("[{Statement: [], Nope: 1}]"), ":8: Nope of a policy document");
}

static void statements(void **state) {
    (void)state;
    good(STATEMENT("{Effect: Deny, Action: 'execute-api:*', Resource: '*'}"));
    assert_int_equal(may("R", "dev/GET/x"), POLICY_EXPLICIT_DENY);
    good(STATEMENT("{Effect: Allow, Action: [logs:PutLogEvents], Resource: !GetAtt Nobody.Arn, Condition: {}}"));
    assert_int_equal(principal("R")->policies.n, 0);
    good(STATEMENT("!If [No, {Effect: Allow, Action: '*', Resource: '*'}, !Ref AWS::NoValue]\n              - " GRANT));
    assert_int_equal(principal("R")->policies.n, 1);
    refused(STATEMENT("{Effect: Allow, NotAction: 'iam:*', Resource: '*'}"), ":35: NotAction of a policy statement");
    refused(STATEMENT("{Effect: Deny, NotAction: 's3:*', Action: 's3:*', Resource: '*'}"),
            ":35: NotAction of a policy statement");
    refused(STATEMENT("{Effect: Allow, Action: '*', NotResource: '*'}"), ":35: NotResource is not supported");
    refused(STATEMENT("{Effect: Allow, Principal: '*', Action: '*', Resource: '*'}"),
            ":35: Principal of a policy statement");
    refused(STATEMENT("{Effect: allow, Action: '*', Resource: '*'}"), ":35: the Effect of a statement");
    refused(STATEMENT("{Action: '*', Resource: '*'}"), ":35: the Effect of a statement");
    refused(STATEMENT("{Effect: Allow, Action: '*'}"), ":35: a statement without Resource");
    refused(STATEMENT("{Effect: Allow, Action: [], Resource: '*'}"), ":35: Action of a statement is empty");
    refused(STATEMENT("{Effect: Allow, action: '*', Resource: '*'}"), ":35: action of a policy statement");
    refused(STATEMENT("{Effect: Allow, Action: '*', Resource: 'arn:aws:*:x'}"),
            ":35: the Resource arn:aws:*:x is neither");
    refused(STATEMENT("{Effect: Allow, Action: '*', Resource: 'arn:*'}"), ":35: the Resource arn:* is neither");
    refused(STATEMENT("{Effect: Allow, Action: '*', Resource: 'a*'}"), ":35: the Resource a* is neither");
    refused(STATEMENT("{Effect: Allow, Action: {a: b}, Resource: '*'}"), ":35: Action of a statement");
    refused(STATEMENT("text"), ":35: a statement is a mapping");
}

/* A function URL that its Condition takes away is enough: who has none anywhere may write of lambda what he likes. */
static void lambda_statements(void **state) {
    (void)state;
#define LAMBDA "{Effect: Deny, Action: ['lambda:InvokeFunction*'], Resource: !Sub '${F.Arn}'}"
#define URL_ "  U: {Type: AWS::Lambda::Url, Condition: No}\n"
    good(STATEMENT(LAMBDA));
    assert_int_equal(principal("R")->policies.n, 0);
    good(STATEMENT("{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Nobody.Arn}"));
    good(TEMPLATE(IAM, "", "", LAMBDA, URL_));
    assert_int_equal(principal("R")->policies.n, 1);
    check_text(principal("R")->policies.at[0].resources[0], "arn:aws:lambda:eu-central-1:123456789012:function:demo-F");
    refused(TEMPLATE(IAM, "", "", "{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt Nobody.Arn}", URL_),
            ":35: there is no parameter or resource Nobody");
    good(TEMPLATE(IAM, "", "", "{Effect: Allow, Action: lambda:GetFunction, Resource: !GetAtt Nobody.Arn}", URL_));
    good(TEMPLATE(IAM, "", "", GRANT,
                  URL_ "  S: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: {Effect: Allow, "
                       "Action: 'lambda:*', Principal: '*'}}}}\n"));
    assert_int_equal(principal("S")->trust.n, 0);
    struct policy_statements session;
    check_ok(model_session_policy(&m,
                                  STR("{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"lambda:InvokeFunctionUrl\","
                                      "\"Resource\":\"*\"},{\"Effect\":\"Allow\",\"Action\":\"lambda:InvokeFunction\","
                                      "\"Resource\":\"*\"}]}"),
                                  &session, &arena, &e),
             e);
    assert_int_equal(session.n, 2);
}

static void roles_and_policies(void **state) {
    (void)state;
#define POLICY(lines) \
    MORE("  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: q\n" \
         "      PolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*'}}\n      " lines "\n")
    good(POLICY("Roles: [!Ref R]"));
    assert_int_equal(principal("R")->trust.n, 1);
    assert_int_equal(principal("R")->trust.at[0].principals[0].kind, POLICY_SERVICE);
    assert_int_equal(principal("R")->max_session_s, 3600);
    assert_int_equal(may("R", "dev/GET/x"), POLICY_EXPLICIT_DENY);
    refused(POLICY("Roles: [Nobody]"), ":41: the policy is for a role that is not in this file");
    refused(POLICY("Users: [!Ref R]"), ":41: the policy is for a user that is not in this file");
    refused(POLICY("Groups: [g]"), ":41: Groups of an AWS::IAM::Policy");
    refused(POLICY("Roles: []"), ":39: a policy needs a list of Roles or Users");
    refused(MORE("  S:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: DEMO-r}\n"),
            ":36: S and R have the same name");
    refused(MORE("  S:\n    Type: AWS::IAM::User\n    Properties: {Groups: [x]}\n"), ":38: Groups of");
    refused(MORE("  S:\n    Type: AWS::IAM::User\n    Properties: {UserName: a/b}\n"), ":36: the name of S may hold");
}

#define WHEN(condition) STATEMENT("{Effect: Allow, Action: '*', Resource: '*', Condition: " condition "}")

static void conditions(void **state) {
    (void)state;
    good(WHEN("{StringEquals: {aws:username: [a, b]}, 'ForAllValues:NumericLessThanEqualsIfExists': {aws:EpochTime: 5, "
              "aws:MultiFactorAuthAge: '7'}}"));
    const struct policy_statement *s = &principal("R")->policies.at[0];
    assert_int_equal(s->n_conditions, 3);
    assert_int_equal(s->conditions[0].n_values, 2);
    assert_int_equal(s->conditions[1].type, POLICY_NUMERIC);
    assert_int_equal(s->conditions[1].relation, POLICY_AT_MOST);
    assert_int_equal(s->conditions[1].set, POLICY_ALL_VALUES);
    assert_true(s->conditions[1].if_exists && !s->conditions[1].negated);
    good(WHEN("{Bool: {aws:SecureTransport: true}, Null: {aws:username: false}}"));
    assert_int_equal(m.n_notices, 0);
    good(WHEN("{StringEquals: {'aws:PrincipalTag/team': a}}"));
    assert_true(noticed("the condition key aws:PrincipalTag/team is not known here: its statement never allows"));
    good(WHEN("{StringLike: {aws:username: '${aws:PrincipalTag/team}-*'}}"));
    assert_true(noticed("the policy variable ${aws:PrincipalTag/team} is not known here"));
    good(STATEMENT("{Effect: Allow, Action: '*', Resource: !Sub 'arn:aws:execute-api:*:*:${A}/${!aws:username}/*'}"));
    assert_true(str_ends(principal("R")->policies.at[0].resources[0], STR("/${aws:username}/*")));
    assert_true(principal("R")->policies.at[0].has_variables);
    static const struct {
        const char *condition, *start;
    } rows[] = {
        {"{StringEqual: {aws:username: a}}", ":35: the condition operator StringEqual is not supported"},
        {"{stringequals: {aws:username: a}}", ":35: the condition operator stringequals"},
        {"{BinaryEquals: {aws:username: a}}", ":35: the condition operator BinaryEquals"},
        {"{NullIfExists: {aws:username: true}}", ":35: the condition operator NullIfExists"},
        {"{'ForAnyValue:Null': {aws:username: true}}", ":35: the condition operator ForAnyValue:Null"},
        {"{'ForSomeValue:StringEquals': {aws:username: a}}", ":35: the condition operator ForSomeValue:StringEquals"},
        {"{StringEquals: {aws:username: []}}", ":35: a Condition without values"},
        {"{StringEquals: {aws:username: {a: b}}}", ":35: a value of a Condition is no plain text"},
        {"{StringEquals: {aws:username: yes}}", ":35: a value of a Condition is no plain text"},
        {"{StringEquals: {username: a}}", ":35: username is no condition key"},
        {"{StringEquals: aws:username}", ":35: a condition operator takes a mapping"},
        {"text", ":35: a Condition is a mapping"},
        {"{IpAddress: {aws:SourceIp: 10.0.0.0/33}}", ":35: 10.0.0.0/33 cannot be compared"},
        {"{IpAddress: {aws:SourceIp: localhost}}", ":35: localhost cannot be compared"},
        {"{Bool: {aws:SecureTransport: maybe}}", ":35: maybe cannot be compared"},
        {"{Null: {aws:username: x}}", ":35: x cannot be compared"},
        {"{DateLessThan: {aws:EpochTime: '2030'}}", ":35: 2030 cannot be compared"},
        {"{NumericEquals: {aws:EpochTime: 1x}}", ":35: 1x cannot be compared"},
        {"{DateLessThan: {aws:CurrentTime: tomorrow}}", ":35: tomorrow cannot be compared"},
        {"{ArnLike: {aws:PrincipalArn: 'arn:aws:*'}}", ":35: arn:aws:* cannot be compared"},
        {"{NumericEquals: {aws:EpochTime: '${aws:EpochTime}'}}", ":35: ${aws:EpochTime} cannot be compared"},
        {"{StringEquals: {aws:username: '${aws:userid'}}", ":35: ${aws:userid holds a ${ that is no policy variable"},
        {"{StringEquals: {aws:username: '${}'}}", ":35: ${} holds a ${ that is no policy variable"},
        {"{StringEquals: {aws:username: '${aws:userid, x}'}}", ":35: ${aws:userid, x} holds a ${"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[4096];
        snprintf(text, sizeof text, WHEN("%s"), rows[i].condition);
        refused(text, rows[i].start);
    }
}

static void old_version(void **state) {
    (void)state;
#define INLINE(document) \
    MORE("  S: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyName: q, PolicyDocument: " document "}]}}\n")
    refused(INLINE("{Statement: {Effect: Allow, Action: '*', Resource: 'arn:aws:execute-api:*:*:${aws:username}'}}"),
            ":36: the policy variable in arn:aws:execute-api:*:*:${aws:username} needs Version");
    refused(INLINE("{Version: 2012-10-17, Statement: {Effect: Allow, Action: '*', Resource: 'arn:${aws:userid}:x:y'}}"),
            ":36: the Resource");
}

static void trusts(void **state) {
    (void)state;
#define TRUST(statement) \
    MORE("  S: {Type: AWS::IAM::Role, Properties: {MaxSessionDuration: 7200, AssumeRolePolicyDocument: " \
         "{Statement: " statement "}}}\n")
    good(TRUST(
        "{Effect: Allow, Action: sts:AssumeRole, Principal: {AWS: ['123456789012', 'arn:aws:iam::210987654321:root', "
        "!GetAtt R.Arn, 'arn:aws:sts::123456789012:assumed-role/r/s', '*'], Service: x.amazonaws.com}}"));
    const struct policy_statement *s = &principal("S")->trust.at[0];
    assert_int_equal(principal("S")->max_session_s, 7200);
    assert_int_equal(s->n_principals, 6);
    static const enum policy_principal_kind kinds[] = {POLICY_ACCOUNT, POLICY_ACCOUNT, POLICY_ARN,
                                                       POLICY_ARN,     POLICY_ANYONE,  POLICY_SERVICE};
    for (size_t i = 0; i < 6; i++) assert_int_equal(s->principals[i].kind, kinds[i]);
    check_text(s->principals[1].name, "210987654321");
    good(TRUST("{Effect: Allow, Action: sts:AssumeRoleWithSAML, Principal: {Federated: x}}"));
    assert_int_equal(principal("S")->trust.n, 0);
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: {Federated: x}}"), ":36: Federated of a Principal");
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: {AWS: 'arn:aws:iam::123456789012:user/*'}}"),
            ":36: the Principal arn:aws:iam::123456789012:user/* is not");
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: {AWS: 'AIDAEXAMPLE'}}"),
            ":36: the Principal AIDAEXAMPLE");
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: all}"), ":36: a Principal is * or a mapping");
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: {}}"), ":36: an empty Principal");
    refused(TRUST("{Effect: Allow, Action: 'sts:*'}"), ":36: a statement without Principal");
    refused(TRUST("{Effect: Allow, Action: 'sts:*', Principal: '*', Resource: '*'}"),
            ":36: a statement of a trust policy");
    refused(TRUST("{Effect: Deny, Action: 'sts:*', NotPrincipal: {AWS: '*'}}"),
            ":36: NotPrincipal of a policy statement");
    refused(MORE("  S: {Type: AWS::IAM::Role, Properties: {MaxSessionDuration: 60}}\n"),
            ":36: MaxSessionDuration is not");
}

static void resource_policies(void **state) {
    (void)state;
#define CUSTOM(statements) \
    API("DefaultAuthorizer: AWS_IAM, InvokeRole: NONE, ResourcePolicy: {CustomStatements: " statements "}")
#define ALLOW_ALL "{Effect: Allow, Principal: '*', Action: execute-api:Invoke, Resource: 'execute-api:/*'}"
    good(MORE(""));
    assert_false(m.apis[0].has_policy);
    good(CUSTOM("[" ALLOW_ALL ", {Effect: Deny, Principal: {AWS: !GetAtt R.Arn}, Action: 'execute-api:*', Resource: "
                "[execute-api:/dev/GET/x, 'arn:aws:execute-api:*:*:y/${aws:username}'], Condition: {NotIpAddress: "
                "{aws:SourceIp: 10.0.0.0/8}}}]"));
    assert_true(m.apis[0].has_policy);
    assert_int_equal(m.apis[0].policy.n, 2);
    char whole[256];
    snprintf(whole, sizeof whole, "arn:aws:execute-api:eu-central-1:123456789012:%.*s/dev/GET/x",
             STR_ARG(m.apis[0].api_id));
    check_str(m.apis[0].policy.at[1].resources[0], str_of(whole));
    check_text(m.apis[0].policy.at[1].principals[0].name, "arn:aws:iam::123456789012:role/demo-R");
    assert_int_equal(m.apis[0].policy.at[1].n_conditions, 1);
    assert_true(m.apis[0].policy.at[1].has_variables);
    good(API_LINE("Policy: {Version: 2012-10-17, Statement: " ALLOW_ALL "}"));
    assert_int_equal(m.apis[0].policy.n, 1);
    good(API_LINE("Policy: !If [No, {Statement: " ALLOW_ALL "}, !Ref AWS::NoValue]"));
    assert_false(m.apis[0].has_policy);
    refused(CUSTOM("[]"), ":10: the Statement of a policy document is empty");
    refused(CUSTOM("[{Effect: Allow, Action: '*', Resource: '*'}]"), ":10: a statement without Principal");
    refused(CUSTOM("[{Effect: Allow, Principal: '*', Action: '*'}]"), ":10: a statement without Resource");
    refused(CUSTOM("[{Effect: Allow, Principal: '*', Action: '*', Resource: 'dev/GET/x'}]"),
            ":10: the Resource dev/GET/x");
    refused(API("ResourcePolicy: {}"), ":10: a policy document without Statement");
    refused(API("ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}"), ":10: IpRangeWhitelist of ResourcePolicy");
    refused(API("ResourcePolicy: {SourceVpcWhitelist: [vpc-1]}"), ":10: SourceVpcWhitelist of ResourcePolicy");
    refused(API("ResourcePolicy: !If [Yes, {}, {}]"), ":10: ResourcePolicy of Auth is not a plain mapping");
    refused(API_LINE("Policy: {Statement: []}"), ":10: the Statement of a policy document is empty");
    refused(API_LINE("Policy: text"), ":10: a policy document is not a plain mapping");
}

static void other_account(void **state) {
    (void)state;
    char path[] = PATH, callers_path[] = PATH;
    write_file(path, STR(MORE("")));
    write_file(callers_path, STR("Resources:\n  R: {Type: AWS::IAM::User, Properties: {UserName: visitor}}\n"
                                 "  X: {Type: AWS::IAM::Role, Properties: {RoleName: demo-R}}\n"));
    const struct model_options o = {.template_path = path,
                                    .callers_path = callers_path,
                                    .region = STR("eu-central-1"),
                                    .account_id = STR("123456789012"),
                                    .callers_account = STR("210987654321"),
                                    .stack_name = STR("demo")};
    bool ok = model_read(&o, &m, &arena, &e);
    unlink(path);
    unlink(callers_path);
    if (!ok) fail_msg("%s", e.msg);
    check_text(principal("visitor")->arn, "arn:aws:iam::210987654321:user/visitor");
    check_text(principal("visitor")->account_id, "210987654321");
    check_text(principal("X")->user_arn, "arn:aws:sts::210987654321:assumed-role/demo-R/apigw");
    check_text(principal("R")->account_id, "123456789012");
}

static void callers(void **state) {
    (void)state;
#define CALLERS(resources) "Parameters: {A: {Type: String}}\nResources:\n  " resources "\n"
    static const char user[] =
        CALLERS("U: {Type: AWS::IAM::User, Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: "
                "{Effect: Allow, Action: '*', Resource: !Sub 'arn:aws:execute-api:*:*:${A}/*'}}}]}}");
    assert_true(try_text(STR(MORE("")), user));
    assert_int_equal(may("U", "dev/GET/x"), POLICY_ALLOW);
    check_text(principal("U")->name, "U");
    refused_callers(MORE(""), CALLERS("U: {Type: AWS::S3::Bucket}"),
                    ":3: a callers file holds AWS::IAM resources only");
    refused_callers(MORE(""), CALLERS("U: {Type: AWS::Serverless::Function}"),
                    ":3: a callers file holds AWS::IAM resources only");
    refused_callers(MORE(""), CALLERS("R: {Type: AWS::IAM::Role}"), ":3: R and R have the same name");
    refused_callers(MORE(""), CALLERS("U: {Type: AWS::IAM::User, Properties: {UserName: R}}"),
                    ":3: U and R would have the same profile R");
    refused_callers(MORE(""), "Parameters: {Z: {Type: String}}\nResources: {}\n", ":1: the parameter Z has no Default");
    refused_callers(MORE(""), "Globals: {}\nResources: {}\n", ":1: Globals has no place");
    refused_callers(
        MORE(""),
        "Parameters: {R: {Type: String}}\nResources:\n  P: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, "
        "Roles: [!Ref R], PolicyDocument: {Statement: {Effect: Allow, Action: '*', Resource: '*'}}}}\n",
        ":3: the policy is for a role that is not in this file");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a function without Role gets one of its Policies", made_roles),
        CASE("a statement is exact, or has nothing to do with execute-api, or is refused", statements),
        CASE("statements about lambda are read where a function URL is written of", lambda_statements),
        CASE("a condition is exact or refused, a key that is not known is said", conditions),
        CASE("variables need the Version that has them", old_version),
        CASE("a trust policy names whom it means, or is refused", trusts),
        CASE("a resource policy is SAM's statements or a document, its ARNs completed", resource_policies),
        CASE("the callers may be of another account", other_account),
        CASE("policies are attached to what exists", roles_and_policies),
        CASE("a callers file adds users and roles, and changes nothing of the template", callers),
    };
    return cmocka_run_group_tests_name("model_iam", cases, open_arena, close_arena);
}
