/* SPDX-License-Identifier: Apache-2.0 */
/* Managed policies: of the template, of AWS, unknown; and permissions boundaries. */
#include "check_model.h"

static const struct policy_statement *only(const struct policy_statements *s) {
    assert_int_equal(s->n, 1);
    return &s->at[0];
}

static enum policy_decision lambda_of(const char *profile, const char *action) {
    const struct policy_request rq = {.action = str_of(action),
                                      .resource = STR("arn:aws:lambda:eu-central-1:123456789012:function:demo-F"),
                                      .arena = &arena};
    return policy_evaluate(&principal(profile)->policies, &rq).decision;
}

#define DOCUMENT(statement) "PolicyDocument: {Version: 2012-10-17, Statement: " statement "}"
#define MANAGED(lines) \
    "  M:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      " DOCUMENT(GRANT) "\n      " lines "\n"
#define ROLE(properties) "  S:\n    Type: AWS::IAM::Role\n    Properties: {" properties "}\n"

static void own_ones(void **state) {
    (void)state;
    good(MORE(MANAGED("Roles: [!Ref S]") ROLE("")));
    assert_int_equal(may("S", "dev/GET/x"), POLICY_ALLOW);
    assert_int_equal(may("S", "dev/GET/y"), POLICY_IMPLICIT_DENY);
    check_text(only(&principal("S")->policies)->policy_name, "demo-M");
    assert_int_equal(only(&principal("S")->policies)->line, 39);
    good(MORE(ROLE("ManagedPolicyArns: [!Ref M]") MANAGED("ManagedPolicyName: mine\n      Path: /of/")));
    assert_int_equal(may("S", "dev/GET/x"), POLICY_ALLOW);
    check_text(only(&principal("S")->policies)->policy_name, "mine");
    good(MORE(ROLE("ManagedPolicyArns: ['arn:aws:iam::123456789012:policy/of/mine', !GetAtt M.PolicyArn]")
                  MANAGED("ManagedPolicyName: mine\n      Path: /of/")));
    assert_int_equal(principal("S")->policies.n, 2);
    good(MORE(MANAGED("Users: [!Ref U]") "  U: {Type: AWS::IAM::User}\n"));
    assert_int_equal(may("U", "dev/GET/x"), POLICY_ALLOW);
    good(MORE(MANAGED("Description: of nobody")));
    assert_int_equal(m.n_notices, 0);
    good(TEMPLATE(
        IAM, "", "", GRANT,
        MANAGED("Description: x") "  G:\n    Type: AWS::Serverless::Function\n"
                                  "    Properties: {Runtime: provided.al2, Handler: h, Policies: [!Ref M]}\n"));
    assert_int_equal(may("GRole", "dev/GET/x"), POLICY_ALLOW);
}

static void bad_ones(void **state) {
    (void)state;
    refused(MORE(MANAGED("Roles: [Nobody]")), ":40: the policy is for a role that is not in this file");
    refused(MORE(MANAGED("Groups: [g]")), ":40: Groups of an AWS::IAM::ManagedPolicy");
    refused(MORE(MANAGED("PolicyName: g")), ":40: PolicyName of an AWS::IAM::ManagedPolicy");
    refused(MORE(MANAGED("Roles: a")), ":39: a policy needs a list");
    refused(MORE(MANAGED("ManagedPolicyName: a/b")), ":36: the name of M may hold");
    refused(MORE("  M: {Type: AWS::IAM::ManagedPolicy}\n"), ":36: M has no Properties");
    refused(MORE("  M: {Type: AWS::IAM::ManagedPolicy, Properties: {Path: /}}\n"), ":36: a managed policy needs");
    refused(MORE("  M: {Type: AWS::IAM::ManagedPolicy, Properties: {" DOCUMENT("{Effect: Allow, NotAction: x, "
                                                                               "Resource: '*'}") "}}\n"),
            ":36: NotAction of");
    refused(MORE(MANAGED("ManagedPolicyName: same") "  N: {Type: AWS::IAM::ManagedPolicy, Properties: "
                                                    "{ManagedPolicyName: same, " DOCUMENT(GRANT) "}}\n"),
            ":41: another managed policy has the name of N");
    refused(MORE(ROLE("ManagedPolicyArns: ['arn:aws:iam::123456789012:policy/other']")),
            ":38: the managed policy arn:aws:iam::123456789012:policy/other is not supported: a Deny in it");
    refused(MORE(ROLE("ManagedPolicyArns: [AdministratorAccess]")), ":38: AdministratorAccess is not the ARN");
    refused(MORE(MANAGED("Path: /x/") ROLE("RoleName: !GetAtt M.Arn")), ":43: the attribute Arn of M is not known");
}

static void of_aws(void **state) {
    (void)state;
    static const struct {
        const char *arn;
        enum policy_decision invoke, url, function;
    } rows[] = {
        {"AdministratorAccess", POLICY_ALLOW, POLICY_ALLOW, POLICY_ALLOW},
        {"PowerUserAccess", POLICY_ALLOW, POLICY_ALLOW, POLICY_ALLOW},
        {"AmazonAPIGatewayInvokeFullAccess", POLICY_ALLOW, POLICY_IMPLICIT_DENY, POLICY_IMPLICIT_DENY},
        {"AWSLambda_FullAccess", POLICY_IMPLICIT_DENY, POLICY_ALLOW, POLICY_ALLOW},
        {"service-role/AWSLambdaRole", POLICY_IMPLICIT_DENY, POLICY_IMPLICIT_DENY, POLICY_ALLOW},
        {"service-role/AWSLambdaBasicExecutionRole", POLICY_IMPLICIT_DENY, POLICY_IMPLICIT_DENY, POLICY_IMPLICIT_DENY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[4096];
        snprintf(text, sizeof text, MORE(ROLE("ManagedPolicyArns: ['arn:aws:iam::aws:policy/%s']")), rows[i].arn);
        good(text);
        assert_int_equal(m.n_notices, 0);
        assert_int_equal(may("S", "dev/GET/x"), rows[i].invoke);
        assert_int_equal(lambda_of("S", "lambda:InvokeFunctionUrl"), rows[i].url);
        assert_int_equal(lambda_of("S", "lambda:InvokeFunction"), rows[i].function);
    }
}

static void unknown_ones(void **state) {
    (void)state;
#define OF_AWS(name) MORE(ROLE("ManagedPolicyArns: ['arn:aws:iam::aws:policy/" name "']"))
    good(OF_AWS("AmazonEC2FullAccess"));
    assert_true(noticed(":38: the managed policy arn:aws:iam::aws:policy/AmazonEC2FullAccess grants nothing here"));
    assert_int_equal(principal("S")->policies.n, 0);
    good(OF_AWS("AWSLambdaRole")); /* it is service-role/AWSLambdaRole */
    assert_true(noticed("AWSLambdaRole grants nothing here"));
    good(OF_AWS("administratoraccess"));
    assert_true(noticed("administratoraccess grants nothing here"));
    static const char *const denying[] = {
        "AWSDenyAll", "AWSCompromisedKeyQuarantineV3", "AmazonDataZoneEnvironmentRolePermissionsBoundary",
        "AWSIAMIdentityCenterAllowListForIdentityContext", "root-task/S3UnlockBucketPolicy"};
    for (size_t i = 0; i < sizeof denying / sizeof *denying; i++) {
        char text[4096];
        snprintf(text, sizeof text, OF_AWS("%s"), denying[i]);
        refused(text, ":38: the managed policy arn:aws:iam::aws:policy/");
    }
    refused(MORE(ROLE("ManagedPolicyArns: ['arn:aws-cn:iam::aws:policy/AdministratorAccess']")),
            ":38: the managed policy arn:aws-cn:");
}

#define SAM(policies, more) \
    MORE("  G:\n    Type: AWS::Serverless::Function\n    Properties: {Runtime: provided.al2, Handler: h, " \
         "Policies: " policies "}\n" more)

static void of_sam(void **state) {
    (void)state;
    good(SAM("[AWSLambdaRole, AmazonAPIGatewayInvokeFullAccess]", ""));
    assert_int_equal(may("GRole", "dev/GET/x"), POLICY_ALLOW);
    assert_int_equal(lambda_of("GRole", "lambda:InvokeFunction"), POLICY_ALLOW);
    good(SAM("[{LambdaInvokePolicy: {FunctionName: !Ref F}}]", ""));
    check_text(only(&principal("GRole")->policies)->resources[0],
               "arn:aws:lambda:eu-central-1:123456789012:function:demo-F*");
    assert_int_equal(lambda_of("GRole", "lambda:InvokeFunction"), POLICY_ALLOW);
    assert_int_equal(lambda_of("GRole", "lambda:InvokeFunctionUrl"), POLICY_IMPLICIT_DENY);
    refused(SAM("[{LambdaInvokePolicy: {}}]", ""), ":38: LambdaInvokePolicy needs FunctionName");
    refused(SAM("[AWSDenyAll]", ""), ":38: the managed policy AWSDenyAll");
    refused(SAM("[S3UnlockBucketPolicy]", ""), ":38: the managed policy S3UnlockBucketPolicy");
}

static void boundaries(void **state) {
    (void)state;
    good(MORE(ROLE("PermissionsBoundary: !Ref M") MANAGED("Path: /x/")));
    assert_true(principal("S")->has_boundary && !principal("R")->has_boundary);
    assert_int_equal(principal("S")->policies.n, 0);
    check_text(only(&principal("S")->boundary)->policy_name, "demo-M");
    good(MORE("  U: {Type: AWS::IAM::User, Properties: {PermissionsBoundary: !Ref M}}\n" MANAGED("Path: /x/")));
    assert_true(principal("U")->has_boundary);
    good(MORE(ROLE("PermissionsBoundary: 'arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess'")));
    assert_true(principal("S")->has_boundary); /* known: it allows nothing that is asked here */
    assert_int_equal(principal("S")->boundary.n, 0);
    good(MORE(ROLE("PermissionsBoundary: !If [No, x, !Ref AWS::NoValue]")));
    assert_false(principal("S")->has_boundary);
    good(SAM("[]\n      , PermissionsBoundary: !Ref M", MANAGED("Path: /x/")));
    assert_true(principal("GRole")->has_boundary);
    good(TEMPLATE(IAM, "", "PermissionsBoundary: nobody", GRANT, ""));
    assert_true(noticed(":17: PermissionsBoundary of F has no effect beside Role"));
    refused(MORE(ROLE("PermissionsBoundary: x")), ":38: the PermissionsBoundary x is not known here");
    refused(MORE(ROLE("PermissionsBoundary: AdministratorAccess")),
            ":38: the PermissionsBoundary AdministratorAccess is");
    refused(MORE(ROLE("PermissionsBoundary: 'arn:aws:iam::123456789012:policy/other'")),
            ":38: the PermissionsBoundary arn:aws:iam::123456789012:policy/other is not known here");
    refused(MORE(ROLE("PermissionsBoundary: !Ref R")), ":38: the PermissionsBoundary demo-R is not known here");
}

/* A callers file has managed policies of its own, and cannot name those of the template. */
static void of_callers(void **state) {
    (void)state;
    static const char callers[] =
        "Resources:\n  U: {Type: AWS::IAM::User, Properties: {PermissionsBoundary: !Ref M, ManagedPolicyArns: [!Ref "
        "M]}}\n"
        "  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Allow, Action: '*', "
        "Resource: '*'}}}}\n";
    if (!try_text(str_of(MORE(MANAGED("Path: /x/"))), callers)) fail_msg("%s", e.msg);
    assert_int_equal(principal("U")->policies.n, 1);
    assert_true(principal("U")->has_boundary);
    refused_callers(MORE(MANAGED("ManagedPolicyName: mine")),
                    "Resources:\n  U: {Type: AWS::IAM::User, Properties: {PermissionsBoundary: "
                    "'arn:aws:iam::123456789012:policy/mine'}}\n",
                    ":2: the PermissionsBoundary");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a managed policy of the template is attached from either side", own_ones),
        CASE("a managed policy that is not exact is refused", bad_ones),
        CASE("what is known of AWS's own policies is granted", of_aws),
        CASE("what is not known grants nothing, and is refused if it could deny", unknown_ones),
        CASE("SAM's names and its LambdaInvokePolicy are known", of_sam),
        CASE("a permissions boundary is known or refused", boundaries),
        CASE("a callers file has managed policies of its own", of_callers),
    };
    return cmocka_run_group_tests_name("model_managed", cases, open_arena, close_arena);
}
