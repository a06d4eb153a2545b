/* SPDX-License-Identifier: Apache-2.0 */
/* local/check_*.c and execute_arn.c: parts of an ARN, the nearest miss, the matrix, expectations. What is printed is tested
   in tests/e2e/check.py. */
#include "check_expect.h"
#include "check_model.h"
#include "check_report.h"

enum { NOW = 1700000000 };

static void parts(void **state) {
    (void)state;
    static const struct {
        const char *text, *at[EXECUTE_ARN_PARTS]; /* NULL: absent */
    } table[] = {
        {"arn:aws:execute-api:r:1:api/dev/GET/a/b", {"aws", "execute-api", "r", "1", "api", "dev", "GET", "a/b"}},
        {"arn:aws:execute-api:r:1:api/dev/GET/", {"aws", "execute-api", "r", "1", "api", "dev", "GET", ""}},
        {"arn:aws:execute-api:r:1:api/GET/a", {"aws", "execute-api", "r", "1", "api", "GET", "a", NULL}},
        {"arn:aws:execute-api:r:1:api/*", {"aws", "execute-api", "r", "1", "api", "*", "*", "*"}},
        {"arn:aws:execute-api:*", {"aws", "execute-api", "*", "*", "*", "*", "*", "*"}},
        {"arn:aws:execute-api:r:1:api/d*", {"aws", "execute-api", "r", "1", "api", "d*", "*", "*"}},
        {"*", {"*", "*", "*", "*", "*", "*", "*", "*"}},
        {"arn:aws:execute-api:r:1:api/dev/GET/a:b/*", {"aws", "execute-api", "r", "1", "api", "dev", "GET", "a:b/*"}},
        {"arn:", {"", NULL, NULL, NULL, NULL, NULL, NULL, NULL}},
    };
    struct execute_arn arn;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_true(execute_arn_split(str_of(table[i].text), &arn));
        for (int k = 0; k < EXECUTE_ARN_PARTS; k++) {
            assert_int_equal(arn.at[k].p != NULL, table[i].at[k] != NULL);
            check_str(arn.at[k], str_of(table[i].at[k]));
        }
    }
    assert_false(execute_arn_split(STR("urn:a:b"), &arn));
    assert_false(execute_arn_split(STR(""), &arn));
    assert_false(execute_arn_split((struct str){0}, &arn));
}

#define ASKED "arn:aws:execute-api:r:1:api/dev/GET/a"

static struct check_miss miss_of(const char *resource, struct policy_condition *condition) {
    static struct str action = STR_INIT("execute-api:*"), at;
    static struct policy_statement statement;
    at = str_of(resource);
    statement = (struct policy_statement){.allow = true,
                                          .actions = &action,
                                          .n_actions = 1,
                                          .resources = &at,
                                          .n_resources = 1,
                                          .conditions = condition,
                                          .n_conditions = condition != NULL};
    const struct policy_statements all = {.at = &statement, .n = 1};
    static const struct http_fields none;
    const struct policy_request rq = {
        .action = STR("execute-api:Invoke"), .resource = STR(ASKED), .facts = &none, .arena = &arena};
    return check_miss_nearest(&all, &rq);
}

static void misses(void **state) {
    (void)state;
    static const struct {
        const char *resource;
        enum execute_arn_part part;
        const char *has;
    } table[] = {
        {"arn:aws-cn:execute-api:r:1:api/dev/GET/a", EXECUTE_ARN_PARTITION, "aws-cn"},
        {"arn:aws:s3:r:1:api/dev/GET/a", EXECUTE_ARN_SERVICE, "s3"},
        {"arn:aws:execute-api:q:1:api/dev/GET/a", EXECUTE_ARN_REGION, "q"},
        {"arn:aws:execute-api:r:2:api/dev/GET/a", EXECUTE_ARN_ACCOUNT, "2"},
        {"arn:aws:execute-api:r:1:ipa/dev/GET/a", EXECUTE_ARN_API, "ipa"},
        {"arn:aws:execute-api:r:1:api/GET/a", EXECUTE_ARN_STAGE, "GET"},
        {"arn:aws:execute-api:r:1:api/dev/POST/a", EXECUTE_ARN_METHOD, "POST"},
        {"arn:aws:execute-api:r:1:api/dev/GET/a/", EXECUTE_ARN_PATH, "a/"},
        {"arn:aws:execute-api:r:1:api/dev/GET", EXECUTE_ARN_PATH, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct check_miss miss = miss_of(table[i].resource, NULL);
        assert_int_equal(miss.kind, CHECK_MISS_RESOURCE);
        assert_int_equal(miss.part, table[i].part);
        check_str(miss.has, str_of(table[i].has));
    }
}

static void miss_condition(void **state) {
    (void)state;
    struct str value = STR_INIT("true");
    struct policy_condition condition = {
        .type = POLICY_BOOL, .key = STR("aws:SecureTransport"), .values = &value, .n_values = 1};
    struct check_miss miss = miss_of(ASKED, &condition);
    assert_int_equal(miss.kind, CHECK_MISS_CONDITION);
    check_text(miss.has, "aws:SecureTransport");
    /* where the Resource differs too, that is said first */
    assert_int_equal(miss_of("arn:aws:execute-api:r:1:api/dev/GET/b", &condition).kind, CHECK_MISS_RESOURCE);
}

static struct check_matrix matrix;
static struct keyring ring;

#define TWO_APIS \
    "  B:\n    Type: AWS::Serverless::Api\n    Properties: {StageName: dev, OpenApiVersion: 3.0.1}\n" \
    "  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      {Runtime: provided.al2023, Handler: h, Role: " \
    "!GetAtt R.Arn, Events: {E: {Type: Api, Properties: {RestApiId: !Ref B, Path: /x, Method: GET}}}}\n"

static void make_matrix(const char *text) {
    good(text);
    check_ok(keyring_make(&ring, &m, &arena, &e), e);
    matrix =
        (struct check_matrix){.model = &m, .ring = &ring, .source_ip = STR("127.0.0.1"), .now_s = NOW, .arena = &arena};
    check_ok(check_matrix_make(&matrix, &e), e);
}

static void cells(void **state) {
    (void)state;
    make_matrix(MORE(TWO_APIS));
    assert_int_equal(matrix.n_callers, 2);
    assert_int_equal(matrix.n_routes, 2);
    check_text(matrix.routes[0].label, "GET /dev/x");
    check_text(matrix.routes[0].path, "/dev/x");
    assert_int_equal(check_matrix_cell(&matrix, 0, 0)->because, CHECK_UNSIGNED);
    assert_int_equal(check_matrix_cell(&matrix, 1, 0)->because, CHECK_ALLOWED);
    assert_int_equal(check_matrix_cell(&matrix, 1, 0)->statement->line, 35);
    assert_int_equal(check_matrix_cell(&matrix, 0, 1)->because, CHECK_OPEN);
    assert_int_equal(check_matrix_cell(&matrix, 1, 1)->because, CHECK_OPEN);
    keyring_close(&ring);
}

static void bounded(void **state) {
    (void)state;
    make_matrix(MORE("      PermissionsBoundary: !Ref B\n"
                     "  B: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Allow, "
                     "Action: 'logs:*', Resource: '*'}}}}\n"));
    const struct check_cell *cell = check_matrix_cell(&matrix, 1, 0);
    assert_int_equal(cell->because, CHECK_NOT_FOUND);
    check_text(cell->why, "no statement of the permissions boundary of R allows it");
    assert_null(cell->fix.p);
    keyring_close(&ring);
    make_matrix(MORE("      PermissionsBoundary: !Ref B\n"
                     "  B: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Deny, "
                     "Action: '*', Resource: '*'}}}}\n"));
    cell = check_matrix_cell(&matrix, 1, 0);
    assert_int_equal(cell->because, CHECK_DENIED);
    assert_int_equal(cell->statement->line, 37);
    keyring_close(&ring);
}

static void empty(void **state) {
    (void)state;
    make_matrix("Transform: AWS::Serverless-2016-10-31\nResources: {}\n");
    assert_int_equal(matrix.n_callers, 1);
    assert_int_equal(matrix.n_routes, 0);
    keyring_close(&ring);
}

/* One column for a function URL, seven for ANY, less those that have a route; a sample takes the
   route itself, and is made of what no statement has. */
#define VALUE "_______________________"

static void kinds(void **state) {
    (void)state;
    make_matrix(
        TEMPLATE("Auth: {InvokeRole: NONE}", "", "FunctionUrlConfig: {AuthType: AWS_IAM}",
                 "{Effect: Allow, Action: execute-api:Invoke, Resource: 'arn:aws:execute-api:*:*:*/~'}",
                 "  H: {Type: AWS::Serverless::HttpApi}\n  G:\n    Type: AWS::Serverless::Function\n"
                 "    Properties:\n      Runtime: provided.al2023\n      Handler: h\n      Role: !GetAtt R.Arn\n"
                 "      Events:\n"
                 "        B: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/items/{id}', Method: GET}}\n"
                 "        C: {Type: Api, Properties: {RestApiId: !Ref A, Path: /items/x, Method: GET}}\n"
                 "        D: {Type: Api, Properties: {RestApiId: !Ref A, Path: /items/" VALUE ", Method: GET}}\n"
                 "        E: {Type: HttpApi, Properties: {ApiId: !Ref H}}\n"
                 "        F: {Type: HttpApi, Properties: {ApiId: !Ref H, Path: '/files/{proxy+}', Method: PUT}}\n"));
    static const struct {
        const char *label, *sent, *arn;
    } table[] = {{"GET /dev/x", "/dev/x", "/dev/GET/x"},
                 {"GET /dev/items/{id}", "/dev/items/_" VALUE, "/dev/GET/items/*"},
                 {"GET /dev/items/x", "/dev/items/x", "/dev/GET/items/x"},
                 {"GET /dev/items/" VALUE, "/dev/items/" VALUE, "/dev/GET/items/" VALUE},
                 {"GET $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/GET/*"},
                 {"POST $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/POST/*"},
                 {"PUT $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/PUT/*"},
                 {"DELETE $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/DELETE/*"},
                 {"PATCH $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/PATCH/*"},
                 {"HEAD $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/HEAD/*"},
                 {"OPTIONS $default", "/" VALUE "/" VALUE "/" VALUE, "/$default/OPTIONS/*"},
                 {"PUT /files/{proxy+}", "/files/" VALUE "/" VALUE "/" VALUE, "/$default/PUT/files/*"},
                 {"ANY /", "/", ":function:demo-F"}};
    assert_int_equal(matrix.n_routes, sizeof table / sizeof *table);
    for (size_t i = 0; i < matrix.n_routes; i++) {
        check_str(matrix.routes[i].label, str_of(table[i].label));
        check_str(matrix.routes[i].sent, str_of(table[i].sent));
        assert_true(str_ends(matrix.routes[i].arn, str_of(table[i].arn)));
    }
    keyring_close(&ring);
}

/* The role's statement on a route with one parameter, a literal route beside it, and one that takes all behind it. */
static void ranges(void **state) {
    (void)state;
#define ON(path) "!Sub 'arn:aws:execute-api:eu-central-1:123456789012:${A}/dev/GET/" path "'"
#define SAYS(effect, path) "{Effect: " effect ", Action: 'execute-api:*', Resource: " ON(path) "}"
#define AND "\n              - "
#define ITEMS(statements) \
    TEMPLATE(IAM, "", "", statements, \
             "  G:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n" \
             "      Handler: h\n      Role: !GetAtt R.Arn\n      Events:\n" \
             "        B: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/i/{id}', Method: GET}}\n" \
             "        C: {Type: Api, Properties: {RestApiId: !Ref A, Path: /i/find, Method: GET}}\n" \
             "        D: {Type: Api, Properties: {RestApiId: !Ref A, Path: '/f/{proxy+}', Method: GET}}\n")
    static const struct {
        const char *text;
        enum check_because item, file;
        bool except; /* of the item */
    } table[] = {
        {ITEMS(SAYS("Allow", "*")), CHECK_ALLOWED, CHECK_ALLOWED, false},
        {ITEMS(SAYS("Allow", "i/*")), CHECK_ALLOWED, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "i/x")), CHECK_SOME, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "i/x*")), CHECK_SOME, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "i/~*")), CHECK_SOME, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "i/??*")), CHECK_SOME, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "i/find")), CHECK_NOT_FOUND, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "*/find")), CHECK_NOT_FOUND, CHECK_SOME, false},
        {ITEMS(SAYS("Allow", "i/x/y")), CHECK_NOT_FOUND, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "f/*/*")), CHECK_NOT_FOUND, CHECK_SOME, false},
        {ITEMS(SAYS("Allow", "*") AND SAYS("Deny", "i/x")), CHECK_ALLOWED, CHECK_ALLOWED, true},
        {ITEMS(SAYS("Allow", "*") AND SAYS("Deny", "i/find")), CHECK_ALLOWED, CHECK_ALLOWED, false},
        {ITEMS(SAYS("Allow", "i/x") AND SAYS("Deny", "i/*")), CHECK_DENIED, CHECK_NOT_FOUND, false},
        {ITEMS(SAYS("Allow", "*") AND SAYS("Deny", "f/*/*")), CHECK_ALLOWED, CHECK_SOME, false},
        {ITEMS(SAYS("Deny", "f/*/*")), CHECK_NOT_FOUND, CHECK_DENIED, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        make_matrix(table[i].text);
        assert_int_equal(matrix.n_routes, 4);
        const struct check_cell *item = check_matrix_cell(&matrix, 1, 1), *file = check_matrix_cell(&matrix, 1, 3);
        if (item->because != table[i].item || file->because != table[i].file || !!item->except != table[i].except)
            fail_msg("%zu: %s; %s", i, check_matrix_word(item), item->why.p);
        assert_int_equal(item->allowed, table[i].item == CHECK_ALLOWED);
        assert_int_equal(check_matrix_cell(&matrix, 0, 1)->because, CHECK_UNSIGNED);
        keyring_close(&ring);
    }
}

/* Where two policies must allow it, the one that allows some is named; the boundary allows one value. */
static void bounded_range(void **state) {
    (void)state;
    make_matrix(
        ITEMS(SAYS("Allow", "*") "\n      PermissionsBoundary: !Ref P\n"
                                 "  P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: " SAYS(
                                     "Allow", "i/x") "}}}\n"));
    const struct check_cell *cell = check_matrix_cell(&matrix, 1, 1);
    assert_int_equal(cell->because, CHECK_SOME);
    check_text(cell->statement->policy_name, "demo-P");
    assert_true(str_ends(cell->why, STR("/dev/GET/i/x")));
    assert_int_equal(check_matrix_cell(&matrix, 1, 3)->because, CHECK_NOT_FOUND);
    keyring_close(&ring);
}

static void url_cells(void **state) {
    (void)state;
#define BY_URL(statements) TEMPLATE("", "", "FunctionUrlConfig: {AuthType: AWS_IAM}", statements, "")
#define CALL "{Effect: Allow, Action: 'lambda:InvokeFunctionUrl', Resource: !GetAtt F.Arn}"
#define VIA \
    "{Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt F.Arn, Condition: {Bool: " \
    "{'lambda:InvokedViaFunctionUrl': true}}}"
    make_matrix(BY_URL(CALL "\n              - " VIA));
    const struct check_cell *cell = check_matrix_cell(&matrix, 1, 1);
    assert_int_equal(check_matrix_cell(&matrix, 0, 1)->because, CHECK_UNSIGNED);
    assert_int_equal(cell->because, CHECK_ALLOWED);
    assert_int_equal(cell->statement->line, 35);
    assert_int_equal(cell->second->line, 36);
    keyring_close(&ring);
    make_matrix(BY_URL(CALL));
    cell = check_matrix_cell(&matrix, 1, 1);
    assert_int_equal(cell->because, CHECK_NOT_FOUND);
    check_text(cell->why, "no statement of R allows lambda:InvokeFunction");
    check_text(cell->fix, "{Effect: Allow, Action: lambda:InvokeFunction, Resource: !GetAtt F.Arn, Condition: {Bool: "
                          "{'lambda:InvokedViaFunctionUrl': 'true'}}}");
    keyring_close(&ring);
    make_matrix(BY_URL("{Effect: Deny, Action: 'lambda:*', Resource: '*'}"));
    assert_int_equal(check_matrix_cell(&matrix, 1, 1)->because, CHECK_DENIED);
    assert_int_equal(check_matrix_cell(&matrix, 1, 1)->statement->line, 35);
    keyring_close(&ring);
}

static bool expect(const char *text, struct check_expect *x) {
    char path[] = PATH;
    write_file(path, str_of(text));
    bool ok = check_expect_read(x, path, &matrix, &e);
    unlink(path);
    return ok;
}

static void expectations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t lines, failures;
    } table[] = {
        {"", 0, 0},
        {"# nothing\n\n  \t\r\n", 0, 0},
        {"allow R GET A:/dev/x", 1, 0},
        {"deny\tunsigned   GET A:/dev/x # why\r\n", 1, 0},
        {"deny R GET A:/dev/x\n", 1, 1},
        {"allow * * *\n", 1, 1},
        {"deny everything else\n", 1, 3},
        {"allow * GET B:/dev/x\nallow R GET A:/dev/x\ndeny everything else\n", 3, 0},
        {"deny everything else\nallow * GET B:/dev/x\nallow R GET A:/dev/x\n", 3, 0},
        {"allow * GET B:/dev/x\ndeny everything else\n", 2, 1},
    };
    struct check_expect x;
    make_matrix(MORE(TWO_APIS));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        check_ok(expect(table[i].text, &x), e);
        assert_int_equal(x.n_lines, table[i].lines);
        assert_int_equal(x.n_failures, table[i].failures);
    }
    assert_false(expect("\nallow R GET /dev/x", &x));
    assert_non_null(strstr(e.msg, ":2: GET /dev/x is a route of two APIs: write GET A:/dev/x"));
    assert_false(expect("allow R GET C:/dev/x", &x));
    assert_false(expect("allow R", &x));
    assert_false(expect("deny everything else now", &x));
    keyring_close(&ring);
}

/* A name out of the template cannot steer a terminal or break the JSON. */
static void hostile_names(void **state) {
    (void)state;
    struct lint lint = {.arena = &arena};
    struct buf table, json;
    lint_add(&lint, LINT_WIDE, STR("a\x1b[2J\"b"), 1, "%s", "c\nd\"e");
    const struct check_report r = {.template_path = "t\n", .lint = &lint};
    buf_init(&table, 65536, &arena);
    buf_init(&json, 65536, &arena);
    check_report_write_table(&r, &table);
    check_report_write_json(&r, &json);
    assert_true(buf_ok(&table, &e) && buf_ok(&json, &e));
    assert_int_equal(str_find(buf_str(&table), STR("\x1b")), SIZE_MAX);
    assert_int_not_equal(str_find(buf_str(&table), STR("a?[2J\"b:1: warning: c?d\"e [wide]")), SIZE_MAX);
    assert_int_not_equal(str_find(buf_str(&json), STR("\"reason\":\"c\\nd\\\"e\"")), SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an ARN has eight parts, and a star at its end stands for the rest", parts),
        CASE("the part that differs is named", misses),
        CASE("a condition that does not hold is named, behind a Resource that does not match", miss_condition),
        CASE("a cell says who gets in and by which statement", cells),
        CASE("every kind of route has a column, and a path that takes it", kinds),
        CASE("a parameter is allowed for all values, for some or for none", ranges),
        CASE("what two policies must allow is named by the one that allows some", bounded_range),
        CASE("a function URL is judged by both of its actions", url_cells),
        CASE("a permissions boundary that is in the way is named", bounded),
        CASE("a template without routes has an empty matrix", empty),
        CASE("expectations are counted by line and by cell", expectations),
        CASE("no name steers the terminal", hostile_names),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
