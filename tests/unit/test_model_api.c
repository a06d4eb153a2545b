/* SPDX-License-Identifier: Apache-2.0 */
/* local/model_api.c, model_http_api.c, model_url.c, model_path.c, model_event.c, template_made.c: HTTP APIs, function URLs, the
   APIs that SAM makes by itself, paths with parameters, stage variables. */
#include <ctype.h>

#include "check_model.h"

/* What the holes of the template do not have: an HTTP API in line 36 and a function with one event in line 44. */
#define HTTP(api_auth, event) \
    MORE("  H:\n    Type: AWS::Serverless::HttpApi\n    Properties: {" api_auth "}\n" \
         "  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2\n" \
         "      Handler: h\n      Events: {E: " event "}\n")
#define TO_H(more) "{Type: HttpApi, Properties: {ApiId: !Ref H, " more "}}"
#define HTTP_IAM "Auth: {EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM}"
#define HTTP_AUTH(auth) HTTP("Auth: {" auth "}", TO_H("Path: /y, Method: get"))
#define HTTP_EVENT(more) HTTP(HTTP_IAM, TO_H("Path: /y, Method: get, " more))

static void http_api(void **state) {
    (void)state;
    good(HTTP(HTTP_IAM, TO_H("Path: /y, Method: get")));
    const struct model_api *h = api("H");
    assert_int_equal(h->kind, MODEL_HTTP_API);
    check_text(h->stage, "$default");
    check_text(h->name, "demo");
    assert_int_equal(h->api_id.n, 10);
    assert_false(h->has_policy);
    assert_int_equal(h->n_routes, 1);
    check_text(h->routes[0].method, "GET");
    check_text(h->routes[0].path, "/y");
    assert_int_equal(h->routes[0].line, 44);
    assert_true(h->routes[0].aws_iam);
    assert_false(h->routes[0].api_key);
    assert_int_equal(m.n_notices, 0);
    good(HTTP("StageName: dev, Name: web, StageVariables: {V: !Ref Key}, FailOnWarnings: true, Tags: {A: b}",
              TO_H("Path: /y, Method: get, RouteSettings: {ThrottlingBurstLimit: 1}, PayloadFormatVersion: '2.0'")));
    check_text(api("H")->stage, "dev");
    check_text(api("H")->name, "web");
    check_text(http_field_get(&api("H")->stage_variables, STR("V")), "K");
    assert_false(api("H")->routes[0].aws_iam);
    refused(HTTP("StageName: a/b", TO_H("Path: /y, Method: get")), ":38: a StageName is 1 to 128");
    refused(HTTP("StageName: $other", TO_H("Path: /y, Method: get")), ":38: a StageName is 1 to 128");
    refused(HTTP_EVENT("PayloadFormatVersion: '1.0'"), ":44: the PayloadFormatVersion 1.0 is not supported");
    static const char *const names[] = {
        "CorsConfiguration",         "DefinitionBody", "DefinitionUri", "Domain", "Policy",
        "DisableExecuteApiEndpoint", "Whatever"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[4096], start[96];
        snprintf(text, sizeof text, HTTP("%s: x", TO_H("Path: /y, Method: get")), names[i]);
        snprintf(start, sizeof start, ":38: %s of an AWS::Serverless::HttpApi is not supported here", names[i]);
        refused(text, start);
    }
}

static void http_auth(void **state) {
    (void)state;
    good(HTTP_AUTH(""));
    assert_false(api("H")->routes[0].aws_iam);
    good(HTTP_AUTH("EnableIamAuthorizer: false"));
    good(HTTP_AUTH("EnableIamAuthorizer: true"));
    assert_false(api("H")->routes[0].aws_iam);
    assert_true(noticed(":36: EnableIamAuthorizer of H protects nothing by itself"));
    good(HTTP("Auth: {EnableIamAuthorizer: true}", TO_H("Path: /y, Method: get, Auth: {Authorizer: AWS_IAM}")));
    assert_true(api("H")->routes[0].aws_iam);
    assert_int_equal(m.n_notices, 0);
    good(HTTP_EVENT("Auth: {}"));
    assert_true(api("H")->routes[0].aws_iam);
    good(HTTP_EVENT("Auth: {Authorizer: NONE}"));
    assert_false(api("H")->routes[0].aws_iam);
    refused(HTTP_AUTH("DefaultAuthorizer: AWS_IAM"), ":38: DefaultAuthorizer AWS_IAM without EnableIamAuthorizer");
    refused(HTTP_AUTH("EnableIamAuthorizer: false, DefaultAuthorizer: AWS_IAM"), ":38: DefaultAuthorizer AWS_IAM");
    refused(HTTP_AUTH("EnableIamAuthorizer: 'true', DefaultAuthorizer: AWS_IAM"), ":38: EnableIamAuthorizer is true");
    refused(HTTP_AUTH("EnableIamAuthorizer: !Ref Key, DefaultAuthorizer: AWS_IAM"), ":38: EnableIamAuthorizer is true");
    refused(HTTP_AUTH("EnableIamAuthorizer: true, DefaultAuthorizer: NONE"), ":38: the DefaultAuthorizer of an");
    refused(HTTP_AUTH("EnableIamAuthorizer: true, DefaultAuthorizer: !Ref Auth"), ":38: the DefaultAuthorizer of an");
    refused(HTTP_AUTH("EnableIamAuthorizer: true, DefaultAuthorizer: !If [Yes, AWS_IAM, AWS_IAM]"),
            ":38: the DefaultAuthorizer of an");
    refused(HTTP_AUTH("EnableIamAuthorizer: true, InvokeRole: NONE"), ":38: InvokeRole of Auth");
    refused(HTTP("Auth: {EnableIamAuthorizer: true}", TO_H("Path: /y, Method: get, Auth: {Authorizer: NONE}")),
            ":44: Authorizer NONE is an error in SAM");
    refused(HTTP("", TO_H("Path: /y, Method: get, Auth: {Authorizer: AWS_IAM}")),
            ":44: Authorizer AWS_IAM is an error in SAM");
    refused(HTTP_EVENT("Auth: {Authorizer: !Ref Auth}"), ":44: the Authorizer of an event is AWS_IAM or NONE");
    refused(HTTP_EVENT("Auth: {AuthorizationScopes: [a]}"), ":44: AuthorizationScopes of Auth of an event");
}

static void options(void **state) {
    (void)state;
    good(HTTP(HTTP_IAM, TO_H("Path: /y, Method: options")));
    assert_false(api("H")->routes[0].aws_iam);
    assert_true(noticed(":44: OPTIONS /y is open: SAM leaves the DefaultAuthorizer"));
    good(HTTP(HTTP_IAM, TO_H("Path: /y, Method: options, Auth: {Authorizer: AWS_IAM}")));
    assert_true(api("H")->routes[0].aws_iam);
    good(HTTP(HTTP_IAM, TO_H("Path: /y, Method: any")));
    assert_true(api("H")->routes[0].aws_iam);
    good(MORE(
        "  G: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: h, Events: {E: {Type: "
        "Api, Properties: {RestApiId: !Ref A, Path: /y, Method: options}}}}}\n"));
    assert_true(m.apis[0].routes[1].aws_iam); /* a REST API protects it */
}

static void catch_all(void **state) {
    (void)state;
    good(HTTP(HTTP_IAM, "{Type: HttpApi, Properties: {ApiId: !Ref H}}"));
    check_text(api("H")->routes[0].method, "ANY");
    check_text(api("H")->routes[0].path, "$default");
    assert_true(api("H")->routes[0].aws_iam);
    refused(HTTP(HTTP_IAM, TO_H("Path: /y")), ":44: the event has no Method");
    refused(HTTP(HTTP_IAM, TO_H("Method: get")), ":44: the event has no Path");
    refused(HTTP(HTTP_IAM, TO_H("Path: $default, Method: ANY")), ":44: the Path is not a text that begins with '/'");
    refused(HTTP(HTTP_IAM, "{Type: HttpApi, Properties: {ApiId: !Ref A}}"),
            ":44: ApiId is not a !Ref to an AWS::Serverless::HttpApi");
    refused(HTTP(HTTP_IAM, "{Type: Api, Properties: {RestApiId: !Ref H, Path: /y, Method: get}}"),
            ":44: RestApiId is not a !Ref to an AWS::Serverless::Api");
}

static void implicit(void **state) {
    (void)state;
#define IMPLICIT(globals, more) \
    "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function: {Runtime: provided.al2, Handler: h}\n" globals \
    "\nConditions: {Yes: !Equals [a, a], No: !Equals [a, b]}\nResources:\n" \
    "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        E: " more
#define REST "{Type: Api, Properties: {Path: /x, Method: get}}\n"
    good(IMPLICIT(
        "  Api: {OpenApiVersion: 3.0.1, Auth: {DefaultAuthorizer: AWS_IAM, InvokeRole: NONE}, Variables: {V: w}}",
        REST "  G: {Type: AWS::Serverless::Function, Properties: {Environment: {Variables: {AA: !Sub "
             "'${ServerlessRestApi}/${ServerlessRestApi.Stage}/${ServerlessRestApiProdStage}'}}}}\n"));
    const struct model_api *a = api("ServerlessRestApi");
    assert_int_equal(m.n_apis, 1);
    assert_int_equal(a->kind, MODEL_REST_API);
    check_text(a->stage, "Prod");
    assert_true(a->routes[0].aws_iam);
    check_text(http_field_get(&a->stage_variables, STR("V")), "w");
    assert_int_equal(m.n_notices, 0);
    char expected[64];
    snprintf(expected, sizeof expected, "%.*s/Prod/Prod", STR_ARG(a->api_id));
    check_str(http_field_get(&m.functions[1].environment, STR("AA")), str_of(expected));
    good(IMPLICIT("", "{Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref ServerlessRestApi}}\n"));
    assert_int_equal(api("ServerlessRestApi")->n_routes, 1);
    assert_true(noticed("without OpenApiVersion SAM publishes ServerlessRestApi on a second stage"));
    good(IMPLICIT("  HttpApi: {Auth: {EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM}}", "{Type: HttpApi}\n"));
    check_text(api("ServerlessHttpApi")->stage, "$default");
    assert_true(api("ServerlessHttpApi")->routes[0].aws_iam);
    refused(IMPLICIT("  Api: {StageName: dev}", REST), ":4: SAM does not take StageName in Globals.Api");
    refused(IMPLICIT("  HttpApi: {StageName: dev}", REST), ":4: SAM does not take StageName in Globals.HttpApi");
    refused(IMPLICIT("", REST "  ServerlessRestApi: {Type: AWS::Serverless::Api, Properties: {StageName: Prod}}\n"),
            ":12: ServerlessRestApi is the name of the API that SAM makes");
    good(IMPLICIT("", REST "    Condition: No\n"));
    assert_int_equal(m.n_apis, 0);
    refused(IMPLICIT("", REST "    Condition: No\n  G: {Type: AWS::Serverless::Function, Properties: {Environment: "
                              "{Variables: {AA: !Ref ServerlessRestApi}}}}\n"),
            ":13: the resource ServerlessRestApi does not exist");
    refused(IMPLICIT("", "{Type: Schedule, Properties: {}}\n  R: {Type: AWS::IAM::Role, Properties: {RoleName: !Ref "
                         "ServerlessRestApi}}\n"),
            ":12: there is no parameter or resource ServerlessRestApi");
}

static void stage_names(void **state) {
    (void)state;
#define NAMED(id) \
    MORE("  H: {Type: AWS::Serverless::HttpApi}\n  I: {Type: AWS::Serverless::HttpApi, Properties: {StageName: !Ref " \
         "Key}}\n" \
         "  S: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub 'a${" id "}'}}\n")
    static const struct {
        const char *text, *name;
    } table[] = {
        {NAMED("A.Stage"), "adev"}, {NAMED("AdevStage"), "adev"}, {NAMED("IStage"), "aK"}, {NAMED("I.Stage"), "aK"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        good(table[i].text);
        check_str(principal("S")->name, str_of(table[i].name));
    }
    refused(NAMED("HApiGatewayDefaultStage"), ":38: the name of S may hold"); /* its name is $default */
    refused(NAMED("H.Stage"), ":38: the name of S may hold");
    refused(NAMED("AprodStage"), ":38: there is no parameter or resource AprodStage");
    refused(NAMED("AStage"), ":38: there is no parameter or resource AStage");
    refused(NAMED("R.Stage"), ":38: R.Stage is not the stage of an");
}

#define URL(config, more) TEMPLATE(IAM, "", "FunctionUrlConfig: " config, GRANT, more)
#define PERMISSION(properties) \
    URL("{AuthType: AWS_IAM}", \
        "  P:\n    Type: AWS::Lambda::Permission\n    Properties: {FunctionName: !Ref F, " properties "}\n")

static enum policy_decision calls(const char *account, const char *action, const char *key, const char *value) {
    struct http_fields facts = {0};
    const struct policy_caller caller = {.account_id = str_of(account), .arn = STR("arn:aws:iam::222222222222:user/u")};
    const struct policy_request rq = {
        .action = str_of(action), .resource = m.functions[0].arn, .facts = &facts, .caller = &caller, .arena = &arena};
    check_ok(http_field_add(&facts, str_of(key), str_of(value), &arena, &e), e);
    return policy_evaluate(&api("FUrl")->policy, &rq).decision;
}

#define AUTH_TYPE "lambda:FunctionUrlAuthType"
#define VIA "lambda:InvokedViaFunctionUrl"

static void function_url(void **state) {
    (void)state;
    good(URL("{AuthType: AWS_IAM}",
             "  G: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2, Handler: h, "
             "Environment: {Variables: {AA: !GetAtt FUrl.FunctionUrl, BB: !Sub "
             "'${FUrl.FunctionArn}', CC: !Ref FUrl}}}}\n"));
    const struct model_api *u = api("FUrl");
    assert_int_equal(u->kind, MODEL_FUNCTION_URL);
    check_text(u->stage, "$default");
    assert_int_equal(u->api_id.n, 32);
    for (size_t i = 0; i < u->api_id.n; i++) assert_true(islower(u->api_id.p[i]) || isdigit(u->api_id.p[i]));
    assert_int_equal(u->n_routes, 1);
    check_text(u->routes[0].method, "ANY");
    check_text(u->routes[0].path, "$default");
    assert_true(u->routes[0].aws_iam && !u->has_policy && !u->streams);
    assert_ptr_equal(u->routes[0].function, &m.functions[0]);
    assert_int_equal(u->policy.n, 0);
    char expected[128];
    snprintf(expected, sizeof expected, "https://%.*s.lambda-url.eu-central-1.on.aws/", STR_ARG(u->api_id));
    check_str(http_field_get(&m.functions[1].environment, STR("AA")), str_of(expected));
    check_str(http_field_get(&m.functions[1].environment, STR("BB")), m.functions[0].arn);
    check_str(http_field_get(&m.functions[1].environment, STR("CC")), m.functions[0].arn);
    good(URL("{AuthType: NONE, InvokeMode: RESPONSE_STREAM}", ""));
    assert_true(!api("FUrl")->routes[0].aws_iam && api("FUrl")->streams && api("FUrl")->has_policy);
    assert_int_equal(api("FUrl")->policy.n, 2);
    check_text(api("FUrl")->policy.at[0].policy_name, "FUrlPublicPermissions");
    check_text(api("FUrl")->policy.at[1].policy_name, "FURLInvokeAllowPublicAccess");
    assert_int_equal(calls("1", "lambda:InvokeFunctionUrl", AUTH_TYPE, "NONE"), POLICY_ALLOW);
    assert_int_equal(calls("1", "lambda:InvokeFunctionUrl", AUTH_TYPE, "AWS_IAM"), POLICY_IMPLICIT_DENY);
    assert_int_equal(calls("1", "lambda:InvokeFunction", VIA, "true"), POLICY_ALLOW);
    assert_int_equal(calls("1", "lambda:InvokeFunction", AUTH_TYPE, "NONE"), POLICY_IMPLICIT_DENY);
}

static void function_url_refused(void **state) {
    (void)state;
    refused(URL("{AuthType: !Ref Auth}", ""), ":17: AuthType is AWS_IAM or NONE, written out");
    refused(URL("{}", ""), ":17: AuthType is AWS_IAM or NONE");
    refused(URL("{AuthType: none}", ""), ":17: AuthType is AWS_IAM or NONE");
    refused(URL("{AuthType: NONE, Cors: {AllowOrigins: ['*']}}", ""), ":17: Cors of FunctionUrlConfig");
    refused(URL("{AuthType: NONE, InvokeMode: STREAM}", ""), ":17: InvokeMode is neither");
    refused(URL("!If [Yes, {AuthType: NONE}, {AuthType: AWS_IAM}]", ""),
            ":17: FunctionUrlConfig is not a plain mapping");
    refused(URL("{AuthType: NONE}\n      AutoPublishAlias: live", ""),
            ":18: AutoPublishAlias beside FunctionUrlConfig");
    refused(URL("{AuthType: NONE}", "  FUrl: {Type: AWS::Logs::LogGroup}\n"), ":11: SAM makes FUrl of F, but there is");
    refused(URL("{AuthType: NONE}", "  S: {Type: AWS::IAM::Role, Properties: {RoleName: !GetAtt FUrl.Arn}}\n"),
            ":36: FUrl has the attributes FunctionUrl and FunctionArn, and no Arn");
    char path[] = PATH;
    struct model_options o = {.template_path = path, .account_id = STR("123456789012"), .stack_name = STR("demo")};
    write_file(path, STR(URL("{AuthType: NONE}", "")));
    o.region = STR("cn-north-1");
    assert_false(model_read(&o, &m, &arena, &e));
    assert_non_null(strstr(e.msg, ":17: FunctionUrlConfig: there are no function URLs"));
    unlink(path);
}

static void permissions(void **state) {
    (void)state;
    good(PERMISSION("Action: lambda:InvokeFunctionUrl, Principal: '222222222222', FunctionUrlAuthType: AWS_IAM"));
    assert_int_equal(api("FUrl")->policy.n, 1);
    assert_int_equal(api("FUrl")->policy.at[0].line, 36);
    check_text(api("FUrl")->policy.at[0].policy_name, "P");
    assert_int_equal(calls("222222222222", "lambda:InvokeFunctionUrl", AUTH_TYPE, "AWS_IAM"), POLICY_ALLOW);
    assert_int_equal(calls("222222222222", "lambda:InvokeFunctionUrl", AUTH_TYPE, "NONE"), POLICY_IMPLICIT_DENY);
    assert_int_equal(calls("333333333333", "lambda:InvokeFunctionUrl", AUTH_TYPE, "AWS_IAM"), POLICY_IMPLICIT_DENY);
    assert_int_equal(calls("222222222222", "lambda:InvokeFunction", VIA, "true"), POLICY_IMPLICIT_DENY);
    good(PERMISSION("Action: lambda:InvokeFunction, Principal: 'arn:aws:iam::222222222222:user/u', "
                    "InvokedViaFunctionUrl: true"));
    assert_int_equal(calls("222222222222", "lambda:InvokeFunction", VIA, "true"), POLICY_ALLOW);
    assert_int_equal(calls("222222222222", "lambda:InvokeFunction", AUTH_TYPE, "AWS_IAM"), POLICY_IMPLICIT_DENY);
    good(FUNCTION("") "  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !GetAtt F.Arn, Action: "
                      "lambda:InvokeFunction, Principal: '*'}}\n");
    assert_true(noticed(":36: P has no effect here: F has no FunctionUrlConfig"));
    static const struct {
        const char *text, *start;
    } table[] = {
        {PERMISSION("Action: lambda:InvokeFunction, Principal: s3.amazonaws.com"),
         ":38: the Principal is not *, an account"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', SourceArn: x"), ":38: SourceArn of an AWS::Lambda"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', SourceAccount: x"), ":38: SourceAccount of"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', PrincipalOrgID: o-a"), ":38: PrincipalOrgID of"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', EventSourceToken: o"), ":38: EventSourceToken of"},
        {PERMISSION("Action: 'lambda:*', Principal: '*'"), ":38: the Action is neither"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', FunctionUrlAuthType: NONE"),
         ":38: FunctionUrlAuthType"},
        {PERMISSION("Action: lambda:InvokeFunctionUrl, Principal: '*', FunctionUrlAuthType: none"),
         ":38: FunctionUrlAuth"},
        {PERMISSION("Action: lambda:InvokeFunctionUrl, Principal: '*', InvokedViaFunctionUrl: true"),
         ":38: InvokedVia"},
        {PERMISSION("Action: lambda:InvokeFunction, Principal: '*', InvokedViaFunctionUrl: false"), ":38: InvokedVia"},
        {MORE("  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: other, Action: lambda:InvokeFunction, "
              "Principal: '*'}}\n"),
         ":36: FunctionName is not the name or the Arn"},
        {MORE("  P: {Type: AWS::Lambda::Permission}\n"), ":36: P has no Properties"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) refused(table[i].text, table[i].start);
}

/* Two paths of one API, of either kind; the second is in line 50. */
#define TWO(type, id, api, one, other) \
    "Globals: {Function: {Runtime: provided.al2, Handler: h}}\nResources:\n" \
    "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n" \
    "        A: {Type: " type ", Properties: {Path: '" one "', Method: get}}\n" \
    "        B: {Type: " type ", Properties: {Path: '" other "', Method: post}}\n"
#define RESTS(one, other) TWO("Api", "", "", one, other)
#define HTTPS(one, other) TWO("HttpApi", "", "", one, other)

static void paths(void **state) {
    (void)state;
    good(RESTS("/items/{id}", "/items/{id}/parts/{part.no_1-a}"));
    check_text(m.apis[0].routes[1].path, "/items/{id}/parts/{part.no_1-a}");
    good(RESTS("/", "/{proxy+}"));
    good(RESTS("/items/{id}", "/items/new"));
    good(RESTS("/a/{x}/b", "/c/{y}/b"));
    good(HTTPS("/items/{id}", "/items/{proxy+}"));
    good(HTTPS("/a/{x}/b", "/a/{y}/c"));
    refused(RESTS("/items/{id}", "/items/{name}"),
            ":8: /items/{name} and /items/{id} (line 7) of ServerlessRestApi have");
    refused(RESTS("/items/{id}", "/items/{proxy+}"), ":8: /items/{proxy+} and /items/{id}");
    refused(RESTS("/a/{x}/b", "/a/{y}/c"), ":8: /a/{y}/c and /a/{x}/b");
    refused(HTTPS("/a/{x}", "/a/{y}"), ":8: /a/{y} and /a/{x} (line 7) of ServerlessHttpApi have");
    refused(HTTPS("/a/{x}/{z}", "/a/{x}/{y}"), ":8: /a/{x}/{y} and");
    refused(RESTS("/", "/{proxy+}/x"), ":8: nothing can follow {proxy+}");
    good(RESTS("/", "/{rest+}"));
    refused(HTTPS("/", "/{rest+}"), ":8: {rest+} of the Path /{rest+}: SAM permits an HTTP API");
    refused(RESTS("/", "/{+}"), ":8: {+} of the Path");
    refused(RESTS("/", "/x{id}"), ":8: x{id} of the Path /x{id} is not {name}, a part of its own");
    refused(RESTS("/", "/{id}x"), ":8: {id}x of the Path");
    refused(RESTS("/", "/{}"), ":8: {} of the Path");
    refused(RESTS("/", "/{id"), ":8: {id of the Path");
    refused(RESTS("/", "/id}"), ":8: id} of the Path");
    refused(RESTS("/", "/{a b}"), ":8: {a b} of the Path");
    refused(RESTS("/", "/{a}/{a}"), ":8: {a} is there twice in the Path");
    refused(RESTS("/", "//"), ":8: the Path // holds an empty part");
    refused(RESTS("/", "/a/"), ":8: the Path /a/ holds an empty part");
}

static void variables(void **state) {
    (void)state;
    good(API_LINE("Variables: {one: 'a/b?c=d', Two_2: !Sub '${Key}-1'}"));
    assert_int_equal(m.apis[0].stage_variables.n, 2);
    check_text(http_field_get(&m.apis[0].stage_variables, STR("one")), "a/b?c=d");
    check_text(http_field_get(&m.apis[0].stage_variables, STR("Two_2")), "K-1");
    refused(API_LINE("Variables: {a-b: x}"), ":10: the stage variable a-b");
    refused(API_LINE("Variables: {a: 'x y'}"), ":10: the value of the stage variable a");
    refused(API_LINE("Variables: {a: ''}"), ":10: the value of the stage variable a");
    refused(API_LINE("Variables: {a: [x]}"), ":10: the value of the stage variable a");
    refused(API_LINE("Variables: [a]"), ":10: Variables is not a mapping");
}

static void all_kinds(void **state) {
    (void)state;
    good(URL("{AuthType: AWS_IAM}",
             "  H: {Type: AWS::Serverless::HttpApi}\n  G:\n    Type: AWS::Serverless::Function\n    Properties:\n"
             "      Runtime: provided.al2\n      Handler: h\n      FunctionUrlConfig: {AuthType: NONE}\n      Events:\n"
             "        A: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/{id}', Method: get}}\n"
             "        B: {Type: Api, Properties: {Path: /b, Method: get}}\n"
             "        C: {Type: HttpApi, Properties: {Path: /c, Method: get}}\n"
             "        D: {Type: HttpApi, Properties: {ApiId: !Ref H, Path: /d, Method: get}}\n"));
    static const char *const ids[] = {"A", "H", "ServerlessRestApi", "ServerlessHttpApi", "FUrl", "GUrl"};
    assert_int_equal(m.n_apis, 6);
    for (size_t i = 0; i < m.n_apis; i++) {
        assert_true(api(ids[i])->n_routes > 0);
        for (size_t k = 0; k < i; k++) assert_false(str_eq(api(ids[k])->api_id, api(ids[i])->api_id));
    }
    assert_int_equal(api("A")->n_routes, 2);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("an HTTP API is read, and what would change it is refused by name", http_api),
        CASE("AWS_IAM of an HTTP API is what SAM makes of it, or refused", http_auth),
        CASE("OPTIONS of an HTTP API stays open under a DefaultAuthorizer, of a REST API not", options),
        CASE("an event without Path and Method is the catch-all of an HTTP API", catch_all),
        CASE("events that name no API make the implicit ones", implicit),
        CASE("a stage is known by the names that SAM gives it", stage_names),
        CASE("a function URL has its address, its route and its function's policy", function_url),
        CASE("a function URL that would be another one on AWS is refused", function_url_refused),
        CASE("a permission is a statement of the function's policy, or refused", permissions),
        CASE("paths with parameters are exact, and those that API Gateway would not take are refused", paths),
        CASE("a stage has variables", variables),
        CASE("APIs of all kinds stand in one template", all_kinds),
    };
    return cmocka_run_group_tests_name("model_api", cases, open_arena, close_arena);
}
