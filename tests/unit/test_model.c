/* SPDX-License-Identifier: Apache-2.0 */
/* From a whole template to APIs, routes, functions: what is read exactly, and what refuses to start, by line. */
#include "check_model.h"

static void project(const struct http_fields *parameters, const char *callers) {
    if (!try_path("template.yaml", callers, parameters)) fail_msg("%s", e.msg);
}

static void own_template(void **state) {
    (void)state;
    project(NULL, NULL);
    assert_int_equal(m.n_apis, 2);
    assert_int_equal(m.n_functions, 2);
    assert_int_equal(m.n_principals, 2);
    const struct model_api *private_api = api("PrivateApi"), *public_api = api("PublicApi");
    check_text(private_api->name, "demo-private");
    check_text(private_api->stage, "dev");
    assert_int_equal(private_api->n_routes, 2);
    assert_int_equal(public_api->n_routes, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(private_api->routes[i].aws_iam);
        check_text(private_api->routes[i].path, "/private");
        check_text(private_api->routes[i].function->handler, "private");
        assert_false(public_api->routes[i].aws_iam);
        check_text(public_api->routes[i].function->handler, "public");
    }
    check_text(private_api->routes[0].method, "GET");
    check_text(private_api->routes[1].method, "POST");
    assert_int_equal(may("PublicFunctionRole", "dev/GET/private"), POLICY_ALLOW);
    assert_int_equal(may("PublicFunctionRole", "dev/POST/private"), POLICY_ALLOW);
    assert_int_equal(may("PublicFunctionRole", "dev/PUT/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(may("PublicFunctionRole", "prod/GET/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(may("PrivateFunctionRole", "dev/GET/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(principal("PrivateFunctionRole")->policies.n, 0);
}

static void own_functions(void **state) {
    (void)state;
    project(NULL, NULL);
    const struct model_function *f = m.functions[0].handler.n == 6 ? &m.functions[0] : &m.functions[1];
    char url[128];
    snprintf(url, sizeof url, "https://%.*s.execute-api.eu-central-1.amazonaws.com/dev/private",
             STR_ARG(api("PrivateApi")->api_id));
    check_text(f->name, "demo-PublicFunction");
    check_str(http_field_get(&f->environment, STR("PRIVATE_API_URL")), str_of(url));
    assert_null(http_field_get(&f->environment, STR("PRIVATE_API_KEY")).p);
    assert_int_equal(f->timeout_s, 15);
    assert_int_equal(f->memory_mb, 128);
    check_text(f->log_format, "JSON");
    check_text(f->log_level, "INFO");
    check_text(f->log_group, "/aws/lambda/demo-public");
    const struct model_principal *role = f->role;
    check_text(role->arn, "arn:aws:iam::123456789012:role/demo-PublicFunctionRole");
    check_text(role->user_arn, "arn:aws:sts::123456789012:assumed-role/demo-PublicFunctionRole/demo-PublicFunction");
    assert_int_equal(role->unique_id.n, 21);
    assert_true(str_starts(role->unique_id, STR("AROA")));
}

static void own_switches(void **state) {
    (void)state;
    struct http_field at[] = {{STR("PrivateAuth"), STR("NONE")}, {STR("UseAccessRole"), STR("true")}};
    struct http_fields given = {at, 1, 1};
    project(&given, NULL);
    assert_false(api("PrivateApi")->routes[0].aws_iam);
    given = (struct http_fields){at + 1, 1, 1};
    project(&given, NULL);
    assert_true(api("PrivateApi")->routes[0].aws_iam);
    assert_int_equal(m.n_principals, 3);
    assert_int_equal(may("PublicFunctionRole", "dev/GET/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(may("ApiAccessRole", "dev/GET/private"), POLICY_ALLOW);
    check_text(principal("ApiAccessRole")->session, "apigw");
    struct http_field key[] = {{STR("ApiKeyMode"), STR("REQUIRED")},
                               {STR("ApiKeyValue"), STR("0123456789012345678901234567890")}};
    given = (struct http_fields){key, 2, 2};
    project(&given, NULL);
    assert_true(api("PrivateApi")->routes[0].api_key && api("PrivateApi")->routes[0].aws_iam);
    assert_false(api("PublicApi")->routes[0].api_key);
    assert_int_equal(m.n_api_keys, 1);
    check_str(m.api_keys[0].value, key[1].value);
    assert_true(m.api_keys[0].enabled);
    assert_int_equal(m.api_keys[0].n_opens, 1);
    assert_ptr_equal(m.api_keys[0].opens[0], api("PrivateApi"));
    given.n = 1;
    assert_false(try_path("template.yaml", NULL, &given));
    assert_non_null(strstr(e.msg, "ApiKeyMode=REQUIRED needs ApiKeyValue"));
    at[0].value = STR("aws_iam");
    given = (struct http_fields){at, 1, 1};
    assert_false(try_path("template.yaml", NULL, &given));
}

static void own_callers(void **state) {
    (void)state;
    struct http_field at[] = {{STR("StageName"), STR("prod")}};
    struct http_fields given = {at, 1, 1};
    project(&given, "local/callers.yaml");
    assert_int_equal(may("alice", "prod/GET/private"), POLICY_ALLOW);
    assert_int_equal(may("alice", "prod/POST/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(may("bob", "prod/POST/private"), POLICY_ALLOW);
    assert_int_equal(may("bob", "dev/POST/private"), POLICY_IMPLICIT_DENY);
    assert_int_equal(may("mallory", "prod/GET/private"), POLICY_IMPLICIT_DENY);
    const struct model_principal *bob = principal("bob");
    check_text(bob->user_arn, "arn:aws:iam::123456789012:user/bob");
    assert_true(str_starts(bob->unique_id, STR("AIDA")));
    assert_null(bob->session.p);
    assert_true(str_ends(str_of(bob->policies.at[0].file), STR("local/callers.yaml")));
}

static void base_case(void **state) {
    (void)state;
    good(MORE(""));
    assert_true(m.apis[0].routes[0].aws_iam);
    check_text(m.apis[0].routes[0].method, "GET");
    assert_int_equal(m.apis[0].routes[0].line, 19);
    assert_int_equal(m.n_notices, 0);
    assert_int_equal(may("R", "dev/GET/x"), POLICY_ALLOW);
    assert_int_equal(principal("R")->policies.at[0].line, 35);
    check_text(principal("R")->policies.at[0].policy_name, "p");
    check_text(principal("R")->session, "demo-F");
    assert_int_equal(m.functions[0].timeout_s, 3);
}

static void authorizer(void **state) {
    (void)state;
    good(API("DefaultAuthorizer: !Ref Auth, InvokeRole: NONE"));
    assert_true(m.apis[0].routes[0].aws_iam);
    good(API("DefaultAuthorizer: NONE"));
    assert_false(m.apis[0].routes[0].aws_iam);
    refused(API("DefaultAuthorizer: !If [Yes, AWS_IAM, NONE], InvokeRole: NONE"),
            ":10: DefaultAuthorizer is a function");
    refused(API("DefaultAuthorizer: !Sub '${Auth}', InvokeRole: NONE"), ":10: DefaultAuthorizer is a function");
    refused(API("DefaultAuthorizer: !Join ['', [AWS_IAM]], InvokeRole: NONE"), ":10: DefaultAuthorizer is a function");
    refused(API("DefaultAuthorizer: !Ref AWS::Region, InvokeRole: NONE"), ":10: DefaultAuthorizer is a function");
    refused(API("DefaultAuthorizer: !Ref Key, InvokeRole: NONE"), ":10: the DefaultAuthorizer \"K\"");
    refused(API("DefaultAuthorizer: aws_iam, InvokeRole: NONE"), ":10: the DefaultAuthorizer \"aws_iam\"");
    refused(API("DefaultAuthorizer: none"), ":10: the DefaultAuthorizer \"none\"");
    refused(API("DefaultAuthorizer: , InvokeRole: NONE"), ":10: the DefaultAuthorizer \"\"");
    refused(API("DefaultAuthorizer: Mine"), ":10: the DefaultAuthorizer \"Mine\"");
    refused(API_LINE("Auth: !If [Yes, {DefaultAuthorizer: AWS_IAM, InvokeRole: NONE}, {}]"),
            ":10: Auth of an AWS::Serverless::Api is not a plain");
    refused(API_LINE("Auth:"), ":10: Auth of an AWS::Serverless::Api is not a plain");
}

static void invoke_role(void **state) {
    (void)state;
    refused(API("DefaultAuthorizer: AWS_IAM"), ":10: AWS_IAM without InvokeRole: NONE");
    refused(API("DefaultAuthorizer: AWS_IAM, InvokeRole: CALLER_CREDENTIALS"), ":10: AWS_IAM without InvokeRole: NONE");
    refused(API("DefaultAuthorizer: AWS_IAM, InvokeRole: none"), ":10: AWS_IAM without InvokeRole: NONE");
    refused(API("DefaultAuthorizer: AWS_IAM, InvokeRole: !If [Yes, NONE, NONE]"),
            ":10: AWS_IAM without InvokeRole: NONE");
}

static void check_key(const char *text, bool required, bool said) {
    good(text);
    assert_int_equal(m.apis[0].routes[0].api_key, required);
    assert_int_equal(noticed("ApiKeyRequired is ON here"), said);
}

static void api_key(void **state) {
    (void)state;
    check_key(API("ApiKeyRequired: false"), false, false);
    check_key(API("ApiKeyRequired: ''"), false, false);
    check_key(API("ApiKeyRequired: ~"), false, false);
    check_key(API("ApiKeyRequired: []"), false, false);
    check_key(API("ApiKeyRequired: !Ref Off"), false, false);
    check_key(API("ApiKeyRequired: true"), true, false);
    check_key(API("ApiKeyRequired: REQUIRED"), true, false);
    check_key(API("ApiKeyRequired: !Ref Key"), true, false);
    check_key(API("ApiKeyRequired: 'false'"), true, true);
    check_key(API("ApiKeyRequired: 'no'"), true, true);
    check_key(API("ApiKeyRequired: !If [No, true, false]"), true, true);
    check_key(API("ApiKeyRequired: !Sub ''"), true, true);
    assert_true(noticed("no enabled API key is in a usage plan of A: nobody gets in"));
    check_key(EVENT("Auth: {ApiKeyRequired: true}"), true, false);
    check_key(EVENT("Auth: {ApiKeyRequired: 'false'}"), true, true);
    check_key(TEMPLATE("Auth: {ApiKeyRequired: true}", "Auth: {ApiKeyRequired: false}", "", GRANT, ""), false, false);
    refused(EVENT("Auth: {ApiKeyRequired: false}"), ":25: ApiKeyRequired false is an error in SAM");
    refused(EVENT("Auth: {ApiKeyRequired: !Ref Key}"), ":25: ApiKeyRequired of an event is true or false");
    refused(EVENT("Auth: {ApiKeyRequired: }"), ":25: ApiKeyRequired of an event is true or false");
}

#define KEY(properties) "  K:\n    Type: AWS::ApiGateway::ApiKey\n    Properties: " properties "\n" /* 36 to 38 */
#define PLAN(properties) "  U:\n    Type: AWS::ApiGateway::UsagePlan\n    Properties: " properties "\n"
#define JOIN(properties) "  J:\n    Type: AWS::ApiGateway::UsagePlanKey\n    Properties: " properties "\n"
#define VALUE "Value: abcdefghijklmnopqrst"
#define STAGES "{ApiStages: [{ApiId: !Ref A, Stage: !Ref A.Stage}]}"
#define JOINED "{KeyId: !Ref K, KeyType: API_KEY, UsagePlanId: !Ref U}"

static void usage_plans(void **state) {
    (void)state;
    good(MORE(KEY("{Enabled: true, " VALUE "}") PLAN(STAGES) JOIN(JOINED)));
    assert_int_equal(m.api_keys[0].n_opens, 1);
    assert_ptr_equal(m.api_keys[0].opens[0], &m.apis[0]);
    assert_int_equal(m.n_notices, 0);
    good(MORE(KEY("{Enabled: true}") PLAN(STAGES)));
    assert_null(m.api_keys[0].value.p);
    assert_int_equal(m.api_keys[0].n_opens, 0);
    good(MORE(KEY("{" VALUE "}") PLAN("{Quota: {Limit: 1, Period: DAY}}") JOIN(JOINED)));
    assert_false(m.api_keys[0].enabled);
    assert_true(noticed(":36: the API key K is not Enabled") || noticed("the API key K is not Enabled"));
    assert_true(noticed("Quota of an AWS::ApiGateway::UsagePlan has no effect here: requests are not counted"));
    refused(MORE(KEY("{Value: short}")), ":38: the Value of an API key is 20 to 128");
    refused(MORE(KEY("{Value: 'abcdefghijklmnopqrs '}")), ":38: the Value of an API key is 20 to 128");
    refused(MORE(KEY("{Enabled: 'yes'}")), ":38: Enabled of an API key");
    refused(MORE(KEY("{StageKeys: []}")), ":38: StageKeys of an AWS::ApiGateway::ApiKey");
    refused(MORE(KEY("{Whatever: x}")), ":38: Whatever of an AWS::ApiGateway::ApiKey");
    refused(MORE(KEY("{" VALUE "}") "  L: {Type: AWS::ApiGateway::ApiKey, Properties: {" VALUE "}}\n"),
            ":39: K and L have the same value");
    refused(MORE(PLAN("{ApiStages: [{ApiId: !Ref A, Stage: prod}]}")), ":38: ApiId and Stage are not those");
    refused(MORE(PLAN("{ApiStages: [{ApiId: abc, Stage: dev}]}")), ":38: ApiId and Stage are not those");
    refused(MORE(JOIN("{KeyId: k, KeyType: API_KEY, UsagePlanId: u}")), ":38: KeyId is not a !Ref");
    refused(MORE(KEY("{" VALUE "}") JOIN("{KeyId: !Ref K, KeyType: API_KEY, UsagePlanId: u}")),
            ":41: UsagePlanId is not a !Ref");
    refused(MORE(KEY("{" VALUE "}") PLAN("{}") JOIN("{KeyId: !Ref K, KeyType: OTHER, UsagePlanId: !Ref U}")),
            ":44: the KeyType");
    refused(MORE("  X: {Type: AWS::ApiGateway::RestApi}\n"), ":36: the resource X of type AWS::ApiGateway::RestApi");
    refused(MORE("  K: {Type: AWS::ApiGateway::ApiKey}\n  W: {Type: AWS::IAM::Role, Properties: {RoleName: !GetAtt "
                 "K.Arn}}\n"),
            ":37: the attribute Arn of K is not known here");
}

static void api_features(void **state) {
    (void)state;
    refused(API("Authorizers: {}"), ":10: Authorizers of Auth");
    refused(API("UsagePlan: {}"), ":10: UsagePlan of Auth");
    refused(API("AddDefaultAuthorizerToCorsPreflight: false"), ":10: AddDefaultAuthorizerToCorsPreflight of Auth");
    static const char *const names[] = {"Cors",          "DefinitionBody",
                                        "DefinitionUri", "Domain",
                                        "Models",        "GatewayResponses",
                                        "Mode",          "FailOnWarnings",
                                        "CanarySetting", "DisableExecuteApiEndpoint",
                                        "Whatever"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[4096], start[64];
        snprintf(text, sizeof text, API_LINE("%s: x"), names[i]);
        snprintf(start, sizeof start, ":10: %s of an AWS::Serverless::Api is not supported", names[i]);
        refused(text, start);
    }
    refused(API_LINE("EndpointConfiguration: {Type: PRIVATE}"), ":10: the endpoint type PRIVATE");
    refused(API_LINE("EndpointConfiguration: PRIVATE"), ":10: the endpoint type PRIVATE");
    good(API_LINE("BinaryMediaTypes: [image~1png, '*~1*', !Sub 'a~1${Key}']"));
    assert_int_equal(m.apis[0].n_binary_media_types, 3);
    check_text(m.apis[0].binary_media_types[0], "image/png");
    check_text(m.apis[0].binary_media_types[1], "*/*");
    check_text(m.apis[0].binary_media_types[2], "a/K");
}

static void events(void **state) {
    (void)state;
    good(EVENT("Auth: {Authorizer: NONE}"));
    assert_false(m.apis[0].routes[0].aws_iam);
    good(TEMPLATE("Auth: {InvokeRole: NONE}", "Auth: {Authorizer: AWS_IAM}", "", GRANT, ""));
    assert_true(m.apis[0].routes[0].aws_iam);
    good(TEMPLATE("", "Auth: {Authorizer: AWS_IAM, InvokeRole: NONE}", "", GRANT, ""));
    assert_true(m.apis[0].routes[0].aws_iam);
    refused(TEMPLATE("", "Auth: {Authorizer: AWS_IAM}", "", GRANT, ""), ":25: AWS_IAM without InvokeRole: NONE");
    refused(TEMPLATE("", "Auth: {Authorizer: NONE}", "", GRANT, ""), ":25: Authorizer NONE is an error in SAM");
    refused(EVENT("Auth: {Authorizer: !Ref Auth}"), ":25: the Authorizer of an event is AWS_IAM or NONE, written out");
    refused(EVENT("Auth: {Authorizer: Mine}"), ":25: the Authorizer of an event");
    refused(EVENT("Auth: {OverrideApiAuth: true}"), ":25: OverrideApiAuth of Auth of an event");
    refused(EVENT("Auth: {InvokeRole: CALLER_CREDENTIALS}"), ":25: the InvokeRole of an event");
    refused(EVENT("RequestParameters: []"), ":25: RequestParameters of an event");
}

/* A second function, whose event is in line 42. */
#define SECOND(properties) \
    MORE("  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2\n      Handler: " \
         "h\n      Events:\n" \
         "        E: " properties "\n")

static void trusted_by_lambda(void **state) {
    (void)state;
#define OTHER(trust) \
    MORE("  S: {Type: AWS::IAM::Role, Properties: {" trust "}}\n  G:\n    Type: AWS::Serverless::Function\n" \
         "    Properties: {Runtime: provided.al2, Handler: h, Role: !GetAtt S.Arn}\n")
#define BY(effect, principal) \
    OTHER("AssumeRolePolicyDocument: {Statement: {Effect: " effect ", Action: sts:AssumeRole, Principal: " principal \
          "}}")
    good(BY("Allow", "{Service: [edge.amazonaws.com, lambda.amazonaws.com]}"));
    refused(BY("Allow", "{Service: edge.amazonaws.com}"), ":39: Lambda cannot assume the role S");
    refused(BY("Allow", "{AWS: '*'}"), ":39: Lambda cannot assume the role S");
    refused(BY("Deny", "{Service: lambda.amazonaws.com}"), ":39: Lambda cannot assume the role S");
    refused(OTHER(""), ":39: Lambda cannot assume the role S");
}

static void routes(void **state) {
    (void)state;
    good(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /, Method: Any}}"));
    assert_int_equal(m.apis[0].n_routes, 2);
    check_text(m.apis[0].routes[1].method, "ANY");
    check_text(principal("GRole")->user_arn, "arn:aws:sts::123456789012:assumed-role/demo-GRole/demo-G");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /x, Method: GET}}"),
            ":42: GET /x of A is already there in line 19");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: x, Method: GET}}"), ":42: the Path is not");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /x/, Method: GET}}"), ":42: the Path /x/");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /a//b, Method: GET}}"), ":42: the Path /a//b");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: '/a*', Method: GET}}"), ":42: the Path /a*");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: !Ref Key, Method: GET}}"),
            ":42: the Path is not");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /y, Method: '*'}}"), ":42: the Method is not");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref A, Path: /y, Method: !Ref Key}}"),
            ":42: the Method is not");
    refused(SECOND("{Type: Api, Properties: {RestApiId: A, Path: /y, Method: get}}"), ":42: RestApiId is not a !Ref");
    refused(SECOND("{Type: Api, Properties: {RestApiId: !Ref R, Path: /y, Method: get}}"),
            ":42: RestApiId is not a !Ref");
    good(SECOND("{Type: Schedule, Properties: {Schedule: rate(1 day)}}"));
    assert_true(noticed(":42: the event E of type Schedule is never triggered here"));
}

static void functions(void **state) {
    (void)state;
    good(FUNCTION("Environment: {Variables: {AB: 1, CD: !If [No, x, !Ref AWS::NoValue], EF: !Sub '${A}'}}"));
    check_text(http_field_get(&m.functions[0].environment, STR("AB")), "1");
    assert_int_equal(m.functions[0].environment.n, 2);
    refused(FUNCTION("Environment: {Variables: {AB: yes}}"), ":17: the value of the variable AB is no plain text");
    refused(FUNCTION("Environment: {Variables: {AB: [x]}}"), ":17: the value of the variable AB");
    refused(FUNCTION("Environment: {Variables: {AWS_ACCESS_KEY_ID: x}}"), ":17: the variable AWS_ACCESS_KEY_ID");
    refused(FUNCTION("Environment: {Variables: {_HANDLER: x}}"), ":17: the variable _HANDLER");
    refused(FUNCTION("Timeout: 901"), ":17: Timeout is not a whole number from 1 to 900");
    refused(FUNCTION("Timeout: 010"), ":17: Timeout is no plain text");
    refused(FUNCTION("MemorySize: 64"), ":17: MemorySize is not a whole number from 128");
    refused(FUNCTION("MemorySize: 1e3"), ":17: MemorySize is no plain text");
    refused(FUNCTION("PackageType: Image"), ":14: only zip functions");
    refused(FUNCTION("InlineCode: x"), ":17: InlineCode of");
    refused(FUNCTION("Nonsense: x"), ":17: Nonsense of");
    good(FUNCTION("VpcConfig: {}"));
    assert_true(noticed(":17: VpcConfig of an AWS::Serverless::Function has no effect here"));
    good(FUNCTION("Policies: [{Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}]"));
    assert_true(noticed(":17: Policies of F has no effect beside Role"));
    assert_int_equal(may("R", "dev/POST/x"), POLICY_IMPLICIT_DENY);
    refused("Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: h}}\n",
            ":2: only zip functions of the runtimes provided.al2023 and provided.al2 run here, not python3.12");
    refused("Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2}}\n",
            ":2: the function F has no Handler");
    refused("Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: h, "
            "Role: 'arn:aws:iam::123456789012:role/admin'}}\n",
            ":2: Role is not the Arn of an AWS::IAM::Role of this template");
}

static void resource_types(void **state) {
    (void)state;
    static const char *const types[] = {
        "AWS::IAM::UserPolicy",   "AWS::IAM::Group",  "AWS::ApiGateway::Method",      "AWS::ApiGateway::Authorizer",
        "AWS::ApiGatewayV2::Api", "AWS::Lambda::Url", "AWS::WAFv2::WebACLAssociation"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char text[4096], start[128];
        snprintf(text, sizeof text, MORE("  X:\n    Condition: Yes\n    Type: %s\n"), types[i]);
        snprintf(start, sizeof start, ":38: the resource X of type %s is not supported here", types[i]);
        refused(text, start);
        snprintf(text, sizeof text, MORE("  X:\n    Condition: No\n    Type: %s\n"), types[i]);
        good(text);
    }
    good(MORE("  X:\n    Type: AWS::DynamoDB::Table\n"));
    assert_true(noticed(":37: the resource X of type AWS::DynamoDB::Table is not there here"));
}

static void code_and_concurrency(void **state) {
    (void)state;
    good("Resources:\n"
         "  F:\n    Type: AWS::Serverless::Function\n"
         "    Properties: {Runtime: provided.al2023, Handler: h, CodeUri: build/F, ReservedConcurrentExecutions: 0}\n"
         "  G:\n    Type: AWS::Serverless::Function\n"
         "    Properties: {Runtime: provided.al2023, Handler: h, CodeUri: {Bucket: b, Key: k}}\n");
    check_text(m.functions[0].code_uri, "build/F");
    assert_true(m.functions[0].is_reserved);
    assert_int_equal(m.functions[0].reserved_concurrency, 0);
    assert_null(m.functions[1].code_uri.p);
    assert_false(m.functions[1].is_reserved);
    refused("Resources:\n"
            "  F:\n    Type: AWS::Serverless::Function\n"
            "    Properties: {Runtime: provided.al2023, Handler: h, ReservedConcurrentExecutions: -1}\n",
            ":4: ReservedConcurrentExecutions is not a whole number");
}

static void globals_merge(void **state) {
    (void)state;
    good("Globals:\n  Function: {Runtime: provided.al2, Timeout: 9, MemorySize: 256, Environment: {Variables: {AA: x, "
         "BB: y}}}\n"
         "  Api: {Auth: {DefaultAuthorizer: AWS_IAM, InvokeRole: NONE}, BinaryMediaTypes: [a~1b]}\n"
         "Resources:\n"
         "  A: {Type: AWS::Serverless::Api, Properties: {StageName: dev, BinaryMediaTypes: [c~1d]}}\n"
         "  B: {Type: AWS::Serverless::Api, Properties: {StageName: dev, Auth: {DefaultAuthorizer: NONE}}}\n"
         "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Handler: h\n      Timeout: 4\n"
         "      Environment: {Variables: {BB: z, CC: w}}\n      Events:\n"
         "        E: {Type: Api, Properties: {RestApiId: !Ref A, Path: /x, Method: get}}\n"
         "        G: {Type: Api, Properties: {RestApiId: !Ref B, Path: /x, Method: get}}\n");
    const struct model_function *f = &m.functions[0];
    assert_int_equal(f->timeout_s, 4);
    assert_int_equal(f->memory_mb, 256);
    assert_int_equal(f->environment.n, 3);
    check_text(http_field_get(&f->environment, STR("AA")), "x");
    check_text(http_field_get(&f->environment, STR("BB")), "z");
    assert_true(m.apis[0].routes[0].aws_iam);
    assert_false(m.apis[1].routes[0].aws_iam);
    assert_int_equal(m.apis[0].n_binary_media_types, 2);
    check_text(m.apis[0].binary_media_types[0], "a/b");
    check_text(m.apis[0].binary_media_types[1], "c/d");
    refused(
        "Globals: {Api: {Cors: '*'}}\nResources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n",
        ":1: Cors of an AWS::Serverless::Api");
    refused("Globals:\n  Function: {Role: x}\nResources: {}\n", ":2: SAM does not take Role in Globals.Function");
    refused("Globals:\n  Functions: {}\nResources: {}\n", ":2: Globals.Functions is not supported");
}

static void stages(void **state) {
    (void)state;
    refused("Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {Name: x}}\n", ":2: the API A has no StageName");
    refused("Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: a/b}}\n", ":2: a StageName is");
    good("Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: dev}}\n");
    assert_true(noticed("the API A has no route"));
}

static void existence(void **state) {
    (void)state;
    refused(MORE("  P:\n    Type: AWS::IAM::Policy\n    Properties:\n      PolicyName: q\n      PolicyDocument: "
                 "{Statement: {Effect: Allow, "
                 "Action: '*', Resource: '*'}}\n      Roles: [!Ref S]\n  S: {Type: AWS::IAM::Role, Condition: No}\n"),
            ":41: the resource S does not exist: its Condition is false");
    good(MORE("  S: {Type: AWS::IAM::Role, Condition: No}\n"));
    assert_int_equal(m.n_principals, 1);
    refused(MORE("  B: {Type: AWS::Serverless::Api, Condition: No, Properties: {StageName: x}}\n"
                 "  G: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: h, Events: {E: "
                 "{Type: Api, "
                 "Properties: {RestApiId: !Ref B, Path: /x, Method: get}}}}}\n"),
            ":37: RestApiId is not a !Ref");
}

static void prefixes(void **state) {
    (void)state;
    static const char text[] =
        MORE("  P: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, Roles: [!Ref R], PolicyDocument: "
             "{Statement: {Effect: Deny, Action: 'execute-api:*', Resource: '*'}}}}\n");
    for (size_t n = 0; n < sizeof text; n++) {
        (void)try_text((struct str){text, n}, NULL);
        arena_reset(&arena);
    }
}

/* One byte of the project's own template changed: read or refused, never a crash. */
static void changed_bytes(void **state) {
    (void)state;
    static char text[64 * 1024];
    FILE *f = fopen("template.yaml", "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    uint32_t seed = 7;
    for (int round = 0; round < 600; round++) {
        seed = seed * 1664525 + 1013904223;
        size_t at = (seed >> 8) % n;
        char was = text[at];
        text[at] = "{}[]:,-!&*'\"\n #a0$"[(seed >> 3) % 18];
        (void)try_text((struct str){text, n}, NULL);
        text[at] = was;
        arena_reset(&arena);
    }
}

static void little_memory(void **state) {
    (void)state;
    for (size_t limit = 0; limit < 300000; limit += 4096) {
        struct arena small;
        struct model_options o = {.template_path = "template.yaml",
                                  .region = STR("eu-central-1"),
                                  .account_id = STR("123456789012"),
                                  .stack_name = STR("demo")};
        arena_init(&small, limit);
        (void)model_read(&o, &m, &small, &e);
        arena_close(&small);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("the project's template is read: routes, their auth, who may call", own_template),
        CASE("the project's functions have their environment, role and log group", own_functions),
        CASE("the project's switches change what they say", own_switches),
        CASE("the sample callers may do what their file says, on the stage of the template", own_callers),
        CASE("a small template is read completely", base_case),
        CASE("a DefaultAuthorizer that SAM would drop or not know is refused", authorizer),
        CASE("AWS_IAM without InvokeRole NONE is refused", invoke_role),
        CASE("ApiKeyRequired is on where SAM takes it for true, and a trap is named", api_key),
        CASE("an API key opens the stages of its usage plans, or is refused", usage_plans),
        CASE("unsupported features of an API are refused by name", api_features),
        CASE("an event may open or protect its own method", events),
        CASE("a function's role trusts Lambda, or nothing starts", trusted_by_lambda),
        CASE("a route is exact or refused", routes),
        CASE("a function is started as written or refused", functions),
        CASE("resource types that touch who gets in are refused when they exist", resource_types),
        CASE("CodeUri and ReservedConcurrentExecutions are read", code_and_concurrency),
        CASE("Globals are merged as SAM merges them", globals_merge),
        CASE("an API has a stage", stages),
        CASE("what a condition removes is not there", existence),
        CASE("every prefix of a template is read or refused", prefixes),
        CASE("a changed byte is read or refused", changed_bytes),
        CASE("too little memory is an error", little_memory),
    };
    return cmocka_run_group_tests_name("model", cases, open_arena, close_arena);
}
