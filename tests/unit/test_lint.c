/* SPDX-License-Identifier: Apache-2.0 */
/* local/lint*.c: which rule speaks, where, and which does not. */
#include "buf.h"
#include "check_model.h"
#include "lint.h"

static struct lint lint;

/* The names of the findings, each with a blank behind it; the model's sentences and the statements are looked at. */
static struct str found(const char *text) {
    struct buf names;
    buf_init(&names, 1024, &arena);
    lint = (struct lint){.arena = &arena};
    good(text);
    lint_said_notices(&lint, &m);
    lint_policy_check(&lint, &m);
    lint_principal_check(&lint, &m);
    lint_route_check(&lint, &m, STR("t.yaml"));
    assert_false(lint.failed);
    for (size_t i = 0; i < lint.n; i++) buf_addf(&names, "%s ", lint_name(lint.at[i].rule));
    check_ok(buf_ok(&names, &e), e);
    return buf_str(&names);
}

#define ARN(tail) "!Sub 'arn:aws:execute-api:eu-central-1:123456789012:" tail "'"
#define ALLOW(resource) STATEMENT("{Effect: Allow, Action: execute-api:Invoke, Resource: " resource "}")
#define DENY(resource) STATEMENT("{Effect: Deny, Action: execute-api:Invoke, Resource: " resource "}")

static void resources(void **state) {
    (void)state;
    static const struct {
        const char *text, *names;
    } table[] = {
        {ALLOW(ARN("${A}/dev/GET/x")), ""},
        {ALLOW(ARN("${A}/dev/*/x")), ""},
        {ALLOW(ARN("${A}/dev/GET/*")), ""},
        {ALLOW(ARN("${A}/GET/x")), "stage-missing "},
        {ALLOW(ARN("${A}/get/x")), "stage-missing "},
        {ALLOW(ARN("${A}/dev/get/x")), "verb-case "},
        {ALLOW(ARN("${A}/dev/GET//x")), "slash "},
        {ALLOW(ARN("${A}/dev/GET/x/")), "slash "},
        {ALLOW(ARN("${A}//GET/x")), "slash "},
        {ALLOW(ARN("${A}/dev/GET/x/{id}")), "path-parameter "},
        {ALLOW(ARN("${A}/dev/GET/y")), "opens-nothing "},
        {ALLOW(ARN("${A}/prod/GET/x")), "opens-nothing "},
        {ALLOW(ARN("abcdefghij/prod/GET/y")), ""}, /* another API, of which nothing is known */
        {ALLOW("'*'"), "wide "},
        {ALLOW(ARN("*")), "wide "},
        {ALLOW(ARN("*/dev/GET/x")), "wide "},
        {ALLOW(ARN("${A}/*")), "wide "},
        {ALLOW(ARN("${A}/dev/*")), "wide "},
        {ALLOW("!Sub 'arn:aws:execute-api:*:*:${A}/dev/GET/x'"), "wide "},
        {DENY("'*'"), ""},
        {DENY(ARN("${A}/dev/get/x")), "verb-case "},
        {STATEMENT("{Effect: Allow, Action: sts:AssumeRole, Resource: '*'}"), ""},
        {ALLOW("arn:aws:s3:::bucket/GET/x"), ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check_str(found(table[i].text), str_of(table[i].names));
}

/* Routes with parameters, and one that takes everything. */
#define ROUTES(resource) \
    TEMPLATE( \
        IAM, "", "", "{Effect: Allow, Action: execute-api:Invoke, Resource: " resource "}", \
        "  H: {Type: AWS::Serverless::HttpApi, Properties: {StageName: dev}}\n" \
        "  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      Handler: " \
        "h\n      Role: !GetAtt R.Arn\n      Events:\n" \
        "        B: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/items/{id}/parts', Method: GET}}\n" \
        "        C: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/files/{proxy+}', Method: GET}}\n" \
        "        D: {Type: HttpApi, Properties: {ApiId: !Ref H}}\n")

static void parameters(void **state) {
    (void)state;
    static const struct {
        const char *text, *names;
    } table[] = {
        {ROUTES(ARN("${A}/dev/GET/items/42/parts")), ""},
        {ROUTES(ARN("${A}/dev/GET/items/*")), ""},
        {ROUTES(ARN("${A}/dev/GET/items/*/parts")), ""},
        {ROUTES(ARN("${A}/dev/GET/?items/*")), "opens-nothing "},
        {ROUTES(ARN("${A}/dev/GET/i*m?/4?/p*s")), ""},
        {ROUTES(ARN("${A}/dev/GET/items/42/part")), "opens-nothing "},
        {ROUTES(ARN("${A}/dev/GET/item/42/parts")), "opens-nothing "},
        {ROUTES(ARN("${A}/dev/GET/files/a/b/c")), ""},
        {ROUTES(ARN("${A}/dev/PUT/files/a")), "opens-nothing "},
        {ROUTES(ARN("${A}/dev/GET/items/{id}/parts")), "path-parameter "},
        {ROUTES(ARN("${H}/dev/PUT/whatever")), ""},
        {ROUTES(ARN("${H}/prod/PUT/whatever")), "opens-nothing "},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str names = found(table[i].text);
        if (!str_eq(names, str_of(table[i].names))) fail_msg("%zu: %.*s, not %s", i, STR_ARG(names), table[i].names);
    }
}

/* GET /x is protected; one more API event, and an HTTP API with two. */
#define WIDER(path, method, auth) \
    MORE("  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n" \
         "      Handler: h\n      Events:\n" \
         "        B: {Type: Api, Properties: {RestApiId: !Ref A, Path: '" path "', Method: " method ", Auth: {" auth \
         "}}}\n")
#define WIDER_HTTP(path, method) \
    MORE("  H: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {EnableIamAuthorizer: true}}}\n" \
         "  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n" \
         "      Handler: h\n      Events:\n" \
         "        B: {Type: HttpApi, Properties: {ApiId: !Ref H, Path: '/y/{a}', Method: " method \
         ", Auth: {Authorizer: AWS_IAM}}}\n" \
         "        C: {Type: HttpApi, Properties: {ApiId: !Ref H" path "}}\n")

static void open_methods(void **state) {
    (void)state;
    static const struct {
        const char *text, *names;
    } table[] = {
        {WIDER("/{proxy+}", "ANY", "Authorizer: NONE"), "wide method-open "},
        {WIDER("/{id}", "post", "Authorizer: NONE"), "wide method-open "},
        {WIDER("/{id}", "get", "Authorizer: NONE"), "wide "}, /* GET /x is closer */
        {WIDER("/x", "post", "Authorizer: NONE"), "wide "},   /* as it is written */
        {WIDER("/y", "post", "Authorizer: NONE"), "wide "},   /* another path */
        {WIDER("/{proxy+}", "ANY", "Authorizer: AWS_IAM"), "wide "},
        {WIDER("/{proxy+}", "ANY", "Authorizer: NONE, ApiKeyRequired: true"), "api-key-closed wide "},
        {WIDER_HTTP("", "GET"), "wide method-open "}, /* $default */
        {WIDER_HTTP(", Path: '/{a}/{b}', Method: PUT", "GET"), "wide method-open "},
        {WIDER_HTTP("", "ANY"), "wide "},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str names = found(table[i].text);
        if (!str_eq(names, str_of(table[i].names))) fail_msg("%zu: %.*s, not %s", i, STR_ARG(names), table[i].names);
    }
}

static void open_methods_place(void **state) {
    (void)state;
    found(WIDER("/{proxy+}", "ANY", "Authorizer: NONE"));
    assert_int_equal(lint.n, 2);
    check_str(lint.at[1].file, STR("t.yaml"));
    assert_int_equal(lint.at[1].line, 19);
    check_str(lint.at[1].reason, STR("A: AWS_IAM protects GET /x, but by ANY /{proxy+} that path is open to POST, "
                                     "PUT, DELETE, PATCH, HEAD, OPTIONS"));
}

#define URL_OF(auth, statement, more) TEMPLATE("", "", "FunctionUrlConfig: {AuthType: " auth "}", statement, more)
#define CALL "{Effect: Allow, Action: 'lambda:InvokeFunctionUrl', Resource: '*'}"
#define INVOKE "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: '*'}"

static void half_of_url(void **state) {
    (void)state;
    check_text(found(URL_OF("AWS_IAM", CALL, "")), "half-of-url ");
    assert_non_null(strstr(lint.at[0].reason.p, "lambda:InvokeFunctionUrl of FUrl alone opens nothing"));
    assert_int_equal(lint.at[0].line, 35);
    check_text(found(URL_OF("AWS_IAM", INVOKE, "")), ""); /* it may be for calls past the URL */
    check_text(found(URL_OF("AWS_IAM", CALL "\n              - " INVOKE, "")), "");
    check_text(found(URL_OF("AWS_IAM", "{Effect: Allow, Action: 'lambda:*', Resource: '*'}", "")), "");
    check_text(found(URL_OF("NONE", CALL, "")), "");
    check_text(found(URL_OF("AWS_IAM", CALL,
                            "  P:\n    Type: AWS::Lambda::Permission\n    Properties: {FunctionName: !Ref F, Action: "
                            "lambda:InvokeFunction, Principal: !GetAtt R.Arn}\n")),
               "");
}

static void actions(void **state) {
    (void)state;
#define ACTION(action) STATEMENT("{Effect: Allow, Action: [" action "], Resource: " ARN("${A}/dev/GET/x") "}")
    static const struct {
        const char *text, *names;
    } table[] = {
        {ACTION("execute-api:Invoke"), ""},
        {ACTION("EXECUTE-API:invoke"), ""},
        {ACTION("'execute-api:In*'"), ""},
        {ACTION("execute-api:ManageConnections"), ""},
        {ACTION("execute-api:InvalidateCache"), ""},
        {ACTION("'execute-api:*'"), ""},
        {ACTION("execute-api:Invok"), "no-action "},
        {ACTION("'execute-api:Invoke?'"), "no-action "},
        {ACTION("execute-api:Invoke, Execute-Api:Get"), "no-action "},
        {ACTION("execute-api:Invoke, 'execute-api:*x'"), "no-action "},
        {ACTION("lambda:Invoke"), "no-action "},
        {ACTION("lambda:InvokeFunctionURL"), ""},
        {ACTION("lambda:InvokeAsync"), ""},
        {ACTION("lambda:GetFunction"), ""},
        {ACTION("sts:AssumeRoles"), "no-action "},
        {ACTION("sts:TagSession"), ""},
        {ACTION("s3:Invok"), ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check_str(found(table[i].text), str_of(table[i].names));
    found(ACTION("execute-api:Invok"));
    check_text(lint.at[0].reason, "policy p: execute-api:Invok names no action of execute-api: Invoke, "
                                  "InvalidateCache, ManageConnections");
    assert_int_equal(lint.at[0].line, 35);
}

static void principals(void **state) {
    (void)state;
#define TRUSTING(principal) \
    MORE("  Q:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {Statement: {Effect: " \
         "Allow, " \
         "Action: 'sts:AssumeRole', Principal: {AWS: " principal "}}}\n")
    check_text(found(TRUSTING("!GetAtt R.Arn")), "wide ");
    check_text(found(TRUSTING("'*'")), "wide ");
    check_text(found(TRUSTING("'123456789012'")), "wide ");
    check_text(found(TRUSTING("'arn:aws:iam::123456789012:root'")), "wide ");
    check_text(found(TRUSTING("'arn:aws:iam::123456789012:role/demo-R'")), "wide ");
    check_text(found(TRUSTING("'arn:aws:sts::123456789012:assumed-role/demo-R/s'")), "wide ");
    check_text(found(TRUSTING("'arn:aws:iam::999999999999:user/eve'")), "wide ");
    check_text(found(TRUSTING("'arn:aws:iam::123456789012:user/eve'")), "wide principal-missing ");
    check_text(found(TRUSTING("'arn:aws:sts::123456789012:assumed-role/eve/s'")), "wide principal-missing ");
    check_text(found(API("DefaultAuthorizer: AWS_IAM, InvokeRole: NONE, ResourcePolicy: {CustomStatements: [{Effect: "
                         "Allow, Principal: {AWS: 'arn:aws:iam::123456789012:role/eve'}, Action: execute-api:Invoke, "
                         "Resource: execute-api:/dev/GET/x}]}")),
               "wide principal-missing ");
    assert_int_equal(lint.at[1].line, 10);
}

static void variables(void **state) {
    (void)state;
    check_text(found(ALLOW(ARN("${A}/dev/GET/${!aws:username}"))), "");
}

static void place(void **state) {
    (void)state;
    found(ALLOW(ARN("${A}/GET/x")));
    assert_int_equal(lint.n, 1);
    assert_int_equal(lint.at[0].line, 35);
    assert_int_equal(lint_level(lint.at[0].rule), LINT_ERROR);
    assert_int_equal(lint_errors(&lint), 1);
}

static void notices(void **state) {
    (void)state;
    check_text(found(API("DefaultAuthorizer: AWS_IAM, InvokeRole: NONE, ApiKeyRequired: 'false'")),
               "api-key-text api-key-closed wide ");
}

static void http_notices(void **state) {
    (void)state;
#define HTTP(auth, event) \
    MORE("  H: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {" auth \
         "}}}\n  G: {Type: AWS::Serverless::Function, " \
         "Properties: {Runtime: provided.al2, Handler: h, Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref H, " \
         "Path: " \
         "/x, " event "}}}}}\n")
    check_text(found(HTTP("EnableIamAuthorizer: true", "Method: GET")), "authorizer-unused wide ");
    check_text(found(HTTP("EnableIamAuthorizer: true", "Method: GET, Auth: {Authorizer: AWS_IAM}")), "wide ");
    check_text(found(HTTP("EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM", "Method: ANY")), "wide ");
    check_text(found(HTTP("EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM", "Method: OPTIONS")),
               "options-open authorizer-unused wide ");
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum lint_rule rule;
        unsigned line;
    } table[] = {
        {API("DefaultAuthorizer: !If [Yes, AWS_IAM, NONE]"), LINT_AUTHORIZER_DROPPED, 10},
        {API("DefaultAuthorizer: AWS_IAM"), LINT_CALLER_CREDENTIALS, 10},
        {EVENT("Auth: {Authorizer: AWS_IAM, InvokeRole: CALLER_CREDENTIALS}"), LINT_RULES, 0},
        {MORE("  H: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {DefaultAuthorizer: AWS_IAM}}}\n"),
         LINT_AUTHORIZER_NOT_ENABLED, 36},
        {MORE("  H: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {EnableIamAuthorizer: 'true'}}}\n"),
         LINT_AUTHORIZER_NOT_ENABLED, 36},
        {FUNCTION("Timeout: &a 3"), LINT_ANCHOR, 17},
        {FUNCTION("Timeout: *a"), LINT_ANCHOR, 17},
        {FUNCTION("Timeout: {&a b: c}"), LINT_ANCHOR, 17},
        {FUNCTION("Timeout: soon"), LINT_RULES, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        lint = (struct lint){.arena = &arena};
        for (int k = 0; k < LINT_RULES; k++) lint.ignored[k] = true;
        assert_false(try_text(str_of(table[i].text), NULL));
        assert_int_equal(lint_said_refusal(&lint, str_of(e.msg)), table[i].rule != LINT_RULES);
        assert_int_equal(lint.n, table[i].rule != LINT_RULES);
        if (!lint.n) continue;
        assert_int_equal(lint.at[0].rule, table[i].rule);
        assert_int_equal(lint.at[0].line, table[i].line);
        assert_int_equal(str_find(lint.at[0].reason, STR(PATH)), SIZE_MAX);
    }
}

static void sentences(void **state) {
    (void)state;
    lint = (struct lint){.arena = &arena};
    assert_true(lint_said_refusal(&lint, STR("a:b:1:c.yaml:7: YAML anchors are not supported")));
    check_str(lint.at[0].file, STR("a:b")); /* the first number between colons is the line */
    assert_false(lint_said_refusal(&lint, STR("YAML anchors are not supported")));
    assert_false(lint_said_refusal(&lint, STR("")));
}

static void rules(void **state) {
    (void)state;
    for (int i = 0; i < LINT_RULES; i++) {
        enum lint_rule again;
        assert_non_null(lint_fix((enum lint_rule)i));
        assert_true(lint_find(str_of(lint_name((enum lint_rule)i)), &again));
        assert_int_equal(again, i);
    }
    assert_false(lint_find(STR("Wide"), &(enum lint_rule){0}));
}

static void once(void **state) {
    (void)state;
    lint = (struct lint){.arena = &arena, .ignored = {[LINT_WIDE] = true}};
    for (unsigned i = 0; i < 100; i++) {
        lint_add(&lint, LINT_SLASH, STR("f"), i / 2, "%s", "the same");
        lint_add(&lint, LINT_WIDE, STR("f"), i, "ignored");
    }
    assert_int_equal(lint.n, 50);
    assert_int_equal(lint_errors(&lint), 50);
}

/* Lines of a template without an API: what is found in it by its resources alone. */
static const char *circle(const char *resources_text) {
    char path[] = PATH;
    struct buf b;
    buf_init(&b, 65536, &arena);
    buf_addf(&b, "Conditions: {Yes: !Equals [a, a], No: !Equals [a, b]}\nResources:\n%s", resources_text);
    write_file(path, buf_str(&b));
    const struct model_options o = {.template_path = path,
                                    .region = STR("eu-central-1"),
                                    .account_id = STR("123456789012"),
                                    .stack_name = STR("demo")};
    lint = (struct lint){.arena = &arena};
    bool ok = lint_template_check(&lint, &o, NULL, &e);
    unlink(path);
    if (!ok) fail_msg("%s", e.msg);
    return lint.n ? lint.at[0].reason.p : "";
}

static void circles(void **state) {
    (void)state;
    static const struct {
        const char *text, *circle;
    } table[] = {
        {"  A: {Type: T, Properties: {X: !Ref B}}\n  B: {Type: T}\n", ""},
        {"  A: {Type: T, Properties: {X: !Ref B}}\n  B: {Type: T, DependsOn: A}\n", "A needs B needs A"},
        {"  A: {Type: T, Properties: {X: !GetAtt B.Arn}}\n  B: {Type: T, DependsOn: [C]}\n  C: {Type: T, Properties: "
         "{Y: [{Z: "
         "!Sub 'x${A.Arn}y'}]}}\n",
         "A needs B needs C needs A"},
        {"  A: {Type: T, Properties: {X: !Ref A}}\n", "A needs A"},
        {"  A: {Type: T, Properties: {X: !Sub ['${B}', {B: x}]}}\n  B: {Type: T, DependsOn: A}\n", ""},
        {"  A: {Type: T, Properties: {X: !Sub '${!B}'}}\n  B: {Type: T, DependsOn: A}\n", ""},
        {"  A: {Type: T, Properties: {X: !Sub ['${N}', {N: !Ref B}]}}\n  B: {Type: T, DependsOn: A}\n",
         "A needs B needs A"},
        {"  A: {Type: T, Properties: {X: !If [No, !Ref B, x]}}\n  B: {Type: T, DependsOn: A}\n", ""},
        {"  A: {Type: T, Properties: {X: !If [Yes, !Ref B, x]}}\n  B: {Type: T, DependsOn: A}\n", "A needs B needs A"},
        {"  A: {Type: T, Properties: {X: !If [Nix, !Ref B, x]}}\n  B: {Type: T, DependsOn: A}\n", "A needs B needs A"},
        {"  A: {Type: T, Properties: {X: !Ref B}}\n  B: {Type: T, Condition: No, DependsOn: A}\n", ""},
        {"  A: {Type: T, Properties: {X: !Ref 'B.Stage'}}\n  B: {Type: T, DependsOn: A}\n", "A needs B needs A"},
        {"  A: {Type: 'AWS::Serverless::Api', Properties: {AccessLogSetting: !Ref B, StageName: !Ref B}}\n  B: {Type: "
         "T, "
         "DependsOn: A}\n",
         ""},
        {"  A: {Type: 'AWS::Serverless::Api', Properties: {Name: !Ref B}}\n  B: {Type: T, DependsOn: A}\n",
         "A needs B needs A"},
        {"  A: {Type: T, Properties: {X: !Ref AWS::Region, Y: !Ref Nix}}\n", ""},
#define FUNCTION_OF(properties) "  F: {Type: 'AWS::Serverless::Function', Properties: {Role: r, " properties "}}\n"
#define NAMES(text) "Environment: {Variables: {U: !Sub '" text "'}}"
        {FUNCTION_OF(NAMES("${ServerlessRestApi}") ", Events: {E: {Type: Api, Properties: {Path: /x, Method: get}}}"),
         "F needs ServerlessRestApi needs F"},
        {FUNCTION_OF(NAMES("${ServerlessRestApiProdStage}") ", Events: {E: {Type: Api, Properties: {Path: /x, Method: "
                                                            "get}}}"),
         "F needs ServerlessRestApi needs F"},
        {FUNCTION_OF(NAMES("${ServerlessHttpApi}") ", Events: {E: {Type: HttpApi}}"),
         "F needs ServerlessHttpApi needs F"},
        {FUNCTION_OF("Events: {E: {Type: HttpApi}}") "  B: {Type: T, Properties: {X: !Ref ServerlessHttpApi}}\n", ""},
        {FUNCTION_OF(NAMES(
             "${H}") ", Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref H}}}") "  H: {Type: "
                                                                                    "'AWS::Serverless::HttpApi'}\n",
         "F needs H needs F"},
        {FUNCTION_OF(
             "Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref H}}}") "  H: {Type: 'AWS::Serverless::HttpApi', "
                                                                          "Properties: {StageVariables: {F: !Ref "
                                                                          "F}}}\n",
         ""},
        {FUNCTION_OF(NAMES("${FUrl.FunctionUrl}") ", FunctionUrlConfig: {AuthType: NONE}"), "F needs FUrl needs F"},
        {FUNCTION_OF("FunctionUrlConfig: {AuthType: NONE}") "  B: {Type: T, Properties: {X: !Ref FUrl}}\n", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *said = circle(table[i].text);
        bool right = *table[i].circle ? strstr(said, table[i].circle) != NULL : !*said;
        if (!right) fail_msg("%s\nfound: %s", table[i].text, said);
        assert_int_equal(lint.n, *table[i].circle != 0);
    }
}

static void two_circles(void **state) {
    (void)state;
    circle("  A: {Type: T, DependsOn: B}\n  B: {Type: T, DependsOn: A}\n"
           "  C: {Type: T, DependsOn: D}\n  D: {Type: T, DependsOn: [C, A]}\n");
    assert_int_equal(lint.n, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an action that its service does not have is an error, wildcards that match none too", actions),
        CASE("a principal of the account that is not in the files is a warning", principals),
        CASE("each mistake in a Resource has one name, and what is right has none", resources),
        CASE("a Resource is compared with routes that have parameters", parameters),
        CASE("methods of a protected path that an open, wider route takes are a finding", open_methods),
        CASE("it names the route, the methods and where they go", open_methods_place),
        CASE("one of the two actions of a function URL is a mistake", half_of_url),
        CASE("a policy variable in a path is no mistake", variables),
        CASE("a finding stands at its statement", place),
        CASE("what the reader notices becomes a finding", notices),
        CASE("an HTTP API that is open though it looks protected is a finding", http_notices),
        CASE("what the reader refuses becomes a finding where a rule knows it, ignored or not", refusals),
        CASE("a sentence without a place is no finding", sentences),
        CASE("every rule has a fix and is found by its name", rules),
        CASE("the same finding is kept once, an ignored one not at all", once),
        CASE("a circle of resources is found, but not through what is not there", circles),
        CASE("two circles are two findings", two_circles),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
