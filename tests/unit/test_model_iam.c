/* SPDX-License-Identifier: Apache-2.0 */
/* Roles, users and policies of a template and of a callers file. */
#include "check_model.h"

static void made_roles(void **state) {
    (void)state;
#define MADE(policies) \
    "Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n" \
    "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2\n      Handler: h\n" \
    "      Policies: " policies "\n"
    good(MADE("[AWSXrayWriteOnlyAccess, {SQSPollerPolicy: {QueueName: q}}, "
              "{Statement: {Effect: Allow, Action: '*', Resource: !Sub 'arn:aws:execute-api:*:*:${A}/*'}}]"));
    assert_int_equal(may("FRole", "dev/GET/x"), POLICY_ALLOW);
    assert_int_equal(principal("FRole")->policies.n, 1);
    check_text(principal("FRole")->policies.at[0].policy_name, "FRolePolicy2");
    assert_true(noticed("the managed policy AWSXrayWriteOnlyAccess grants nothing here"));
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
    refused(STATEMENT("{Effect: Allow, Action: 'Execute-api:inv?ke', Resource: '*', Condition: {}}"),
            ":35: the Condition of a statement");
    refused(STATEMENT("{Effect: Deny, Action: ['s3:*', '*'], Resource: '*', Condition: {}}"),
            ":35: the Condition of a statement");
    refused(STATEMENT("{Effect: Allow, Principal: '*', Action: '*', Resource: '*'}"),
            ":35: Principal of a policy statement");
    refused(STATEMENT("{Effect: Allow, Action: '*', Resource: !Sub 'arn:aws:execute-api:*:*:${A}/${!aws:username}/*'}"),
            ":35: the policy variable in the Resource");
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

static void roles_and_policies(void **state) {
    (void)state;
#define POLICY(lines) \
    MORE("  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: q\n" \
         "      PolicyDocument: {Statement: {Effect: Deny, Action: '*', Resource: '*'}}\n      " lines "\n")
    good(POLICY("Roles: [!Ref R]"));
    assert_int_equal(may("R", "dev/GET/x"), POLICY_EXPLICIT_DENY);
    refused(POLICY("Roles: [Nobody]"), ":41: the policy is for a role that is not in this file");
    refused(POLICY("Users: [!Ref R]"), ":41: the policy is for a user that is not in this file");
    refused(POLICY("Groups: [g]"), ":41: Groups of an AWS::IAM::Policy");
    refused(POLICY("Roles: []"), ":39: a policy needs a list of Roles or Users");
    refused(MORE("  S:\n    Type: AWS::IAM::Role\n    Properties: {RoleName: DEMO-r}\n"),
            ":36: S and R have the same name");
    refused(MORE("  S:\n    Type: AWS::IAM::Role\n    Properties: {PermissionsBoundary: x}\n"),
            ":38: PermissionsBoundary of");
    refused(MORE("  S:\n    Type: AWS::IAM::User\n    Properties: {Groups: [x]}\n"), ":38: Groups of");
    refused(MORE("  S:\n    Type: AWS::IAM::User\n    Properties: {UserName: a/b}\n"), ":36: the name of S may hold");
    refused(MORE("  S:\n    Type: AWS::IAM::Role\n    Properties: {ManagedPolicyArns: "
                 "['arn:aws:iam::aws:policy/AWSDenyAll']}\n"),
            ":38: the managed policy arn:aws:iam::aws:policy/AWSDenyAll");
    good(MORE("  S:\n    Type: AWS::IAM::Role\n    Properties: {ManagedPolicyArns: "
              "['arn:aws:iam::aws:policy/AdministratorAccess']}\n"));
    assert_true(noticed("AdministratorAccess grants nothing here"));
    assert_int_equal(may("S", "dev/GET/x"), POLICY_IMPLICIT_DENY);
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
        CASE("policies are attached to what exists", roles_and_policies),
        CASE("a callers file adds users and roles, and changes nothing of the template", callers),
    };
    return cmocka_run_group_tests_name("model_iam", cases, open_arena, close_arena);
}
