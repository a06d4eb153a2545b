/* SPDX-License-Identifier: Apache-2.0 */
/* local/lambda_env.c: the variables a function sees, all of them and no others.
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
#include "lambda_env.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "log.h"

#define AWS_URL "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
#define LOCAL_URL "http://a1b2c3d4e5.execute-api.eu-west-1.localhost:3001"

static struct arena arena;
static struct model_api apis[] = {{.api_id = STR_INIT("zzzzzzzzzz")}, {.api_id = STR_INIT("a1b2c3d4e5")}};
static const uint16_t PORTS[] = {3000, 3001};
static const struct model MODEL = {
    .region = STR_INIT("eu-west-1"), .url_suffix = STR_INIT("amazonaws.com"), .apis = apis, .n_apis = 2};
static const struct sigv4_keys ROLE = {STR_INIT("ASIAROLE"), STR_INIT("s3cret+/"), STR_INIT("tok+en/==")};
static struct model_function function;

static int open_arena(void **state) {
    (void)state;
    log_open(LOG_TEXT, LOG_FATAL, 1);
    arena_init(&arena, 64 * 1024 * 1024);
    function = (struct model_function){
        .logical_id = STR("PublicFunction"),
        .name = STR("stack-PublicFunction"),
        .handler = STR("public"),
        .memory_mb = 128,
        .log_group = STR("/aws/lambda/stack-public"),
        .log_format = STR("JSON"),
        .log_level = STR("INFO"),
    };
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void set(const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&function.environment, str_of(name), str_of(value), &arena, &e), e);
}

static bool make(char *const **variables, struct err *e) {
    const struct lambda_env env = {.model = &MODEL,
                                   .function = &function,
                                   .keys = &ROLE,
                                   .task_root = "/srv/task",
                                   .api_ports = PORTS,
                                   .sts_port = 9002};
    return lambda_env_make(&env, variables, &arena, e);
}

static char *const *made(void) {
    char *const *variables;
    struct err e;
    check_ok(make(&variables, &e), e);
    return variables;
}

static struct str get(char *const *variables, const char *name) {
    struct str value = {0};
    for (; *variables; variables++) {
        struct str head, rest = str_of(*variables);
        str_cut(&rest, '=', &head);
        if (!str_eq(head, str_of(name))) continue;
        assert_null(value.p); /* each name once */
        value = rest;
    }
    return value;
}

static void contract(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
    } expected[] = {
        {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9002"},
        {"_HANDLER", "public"},
        {"AWS_LAMBDA_FUNCTION_NAME", "stack-PublicFunction"},
        {"AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"},
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"},
        {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
        {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/stack-public"},
        {"AWS_LAMBDA_LOG_FORMAT", "JSON"},
        {"AWS_LAMBDA_LOG_LEVEL", "INFO"},
        {"LAMBDA_TASK_ROOT", "/srv/task"},
        {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
        {"AWS_REGION", "eu-west-1"},
        {"AWS_DEFAULT_REGION", "eu-west-1"},
        {"PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"},
        {"LANG", "en_US.UTF-8"},
        {"TZ", ":UTC"},
    };
    char *const *variables = made();
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        check_str(get(variables, expected[i].name), str_of(expected[i].value));
}

static void role_keys(void **state) {
    (void)state;
    char *const *variables = made();
    check_text(get(variables, "AWS_ACCESS_KEY_ID"), "ASIAROLE");
    check_text(get(variables, "AWS_SECRET_ACCESS_KEY"), "s3cret+/");
    check_text(get(variables, "AWS_SESSION_TOKEN"), "tok+en/==");
}

static void no_level(void **state) {
    (void)state;
    function.log_level = (struct str){0};
    assert_null(get(made(), "AWS_LAMBDA_LOG_LEVEL").p);
}

/* On Lambda they come with an image, with each invocation, or not at all for an OS-only runtime. */
static void not_set(void **state) {
    (void)state;
    char *const *variables = made();
    assert_null(get(variables, "AWS_EXECUTION_ENV").p);
    assert_null(get(variables, "_X_AMZN_TRACE_ID").p);
    assert_null(get(variables, "AWS_LAMBDA_MAX_CONCURRENCY").p);
}

static void no_leak(void **state) {
    (void)state;
    assert_int_equal(setenv("PLANTED", "ours", 1), 0);
    assert_int_equal(setenv("AWS_PROFILE", "ours", 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", "ours", 1), 0);
    assert_int_equal(setenv("LD_PRELOAD_OURS", "ours", 1), 0);
    char *const *variables = made();
    assert_null(get(variables, "PLANTED").p);
    assert_null(get(variables, "AWS_PROFILE").p);
    assert_null(get(variables, "HOME").p);
    for (size_t i = 0; variables[i]; i++) assert_true(str_find(str_of(variables[i]), STR("ours")) == SIZE_MAX);
    unsetenv("PLANTED");
    unsetenv("AWS_PROFILE");
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("LD_PRELOAD_OURS");
}

static void sanitizers(void **state) {
    (void)state;
    const char *before = getenv("UBSAN_OPTIONS");
    char *kept = before ? arena_copy(&arena, str_of(before)) : NULL;
    assert_int_equal(setenv("UBSAN_OPTIONS", "print_stacktrace=1", 1), 0);
    check_text(get(made(), "UBSAN_OPTIONS"), "print_stacktrace=1");
    unsetenv("UBSAN_OPTIONS");
    assert_null(get(made(), "UBSAN_OPTIONS").p);
    if (kept) setenv("UBSAN_OPTIONS", kept, 1);
}

static void template_variables(void **state) {
    (void)state;
    set("PLAIN", "a=b c");
    set("EMPTY", "");
    char *const *variables = made();
    check_text(get(variables, "PLAIN"), "a=b c");
    check_text(get(variables, "EMPTY"), "");
    assert_non_null(get(variables, "EMPTY").p);
}

static void local_address(void **state) {
    (void)state;
    set("PRIVATE_API_URL", AWS_URL "/dev/private");
    set("BARE", AWS_URL);
    set("TWICE", AWS_URL "/a," AWS_URL "?b");
    set("BOTH", "https://zzzzzzzzzz.execute-api.eu-west-1.amazonaws.com/x " AWS_URL "/y");
    char *const *variables = made();
    check_text(get(variables, "PRIVATE_API_URL"), LOCAL_URL "/dev/private");
    check_text(get(variables, "BARE"), LOCAL_URL);
    check_text(get(variables, "TWICE"), LOCAL_URL "/a," LOCAL_URL "?b");
    check_text(get(variables, "BOTH"), "http://zzzzzzzzzz.execute-api.eu-west-1.localhost:3000/x " LOCAL_URL "/y");
}

static void url_address(void **state) {
    (void)state;
    apis[0].kind = MODEL_FUNCTION_URL;
    apis[1].kind = MODEL_HTTP_API;
    set("PRIVATE_API_URL", "https://zzzzzzzzzz.lambda-url.eu-west-1.on.aws/");
    set("BOTH", AWS_URL "/x https://zzzzzzzzzz.lambda-url.eu-west-1.on.aws");
    set("OTHER",
        "https://zzzzzzzzzz.execute-api.eu-west-1.amazonaws.com https://zzzzzzzzzz.lambda-url.eu-west-2.on.aws "
        "https://zzzzzzzzzz.lambda-url.eu-west-1.on.aws.example");
    char *const *variables = made();
    check_text(get(variables, "PRIVATE_API_URL"), "http://zzzzzzzzzz.lambda-url.eu-west-1.localhost:3000/");
    check_text(get(variables, "BOTH"), LOCAL_URL "/x http://zzzzzzzzzz.lambda-url.eu-west-1.localhost:3000");
    check_str(get(variables, "OTHER"), http_field_get(&function.environment, STR("OTHER")));
    apis[0].kind = apis[1].kind = MODEL_REST_API;
}

static void log_without_values(void **state) {
    (void)state;
    char said[512] = "";
    FILE *log = tmpfile();
    assert_non_null(log);
    log_open(LOG_TEXT, LOG_INFO, fileno(log));
    set("CONFIG", "{\"url\": \"" AWS_URL "/dev\", \"password\": \"hidden\"}");
    set("OTHER", AWS_URL ".example.org");
    made();
    log_open(LOG_TEXT, LOG_FATAL, 1);
    rewind(log);
    assert_true(fread(said, 1, sizeof said - 1, log) > 0);
    fclose(log);
    assert_non_null(strstr(said, "PublicFunction: in CONFIG stands " LOCAL_URL));
    assert_null(strstr(said, "hidden"));
    assert_null(strstr(said, "OTHER"));
}

static void check_untouched(const char *const *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        function.environment = (struct http_fields){0};
        set("URL", values[i]);
        check_str(get(made(), "URL"), str_of(values[i]));
    }
}

static void other_address(void **state) {
    (void)state;
    static const char *const values[] = {
        "https://a1b2c3d4e6.execute-api.eu-west-1.amazonaws.com/dev/private",
        "https://a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com/dev/private",
        "https://xa1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/dev/private",
        "http://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/dev/private",
        "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
    };
    check_untouched(values, sizeof values / sizeof *values);
}

static void longer_host(void **state) {
    (void)state;
    static const char *const values[] = {AWS_URL ".cn/dev/private", AWS_URL ".example.org", AWS_URL "x/dev/private",
                                         AWS_URL "-x/", AWS_URL ":8443/dev/private"};
    check_untouched(values, sizeof values / sizeof *values);
    set("MIXED", AWS_URL ".cn," AWS_URL "/dev");
    check_text(get(made(), "MIXED"), AWS_URL ".cn," LOCAL_URL "/dev");
}

static void limits(void **state) {
    (void)state;
    char *const *variables;
    struct err e;
    char *value = arena_zero(&arena, 70000);
    memset(value, 'v', 60000);
    set("LONG", value);
    assert_int_equal(get(made(), "LONG").n, 60000);
    memset(value, 'v', 69999);
    set("LONGER", value);
    assert_false(make(&variables, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_string_equal(e.msg, "the environment of PublicFunction is too large");
}

static void long_before_an_address(void **state) {
    (void)state;
    char *const *variables;
    struct err e;
    char *value = arena_zero(&arena, 70000);
    memset(value, 'v', 66000);
    memcpy(value + 66000, AWS_URL "/x", sizeof AWS_URL "/x");
    set("LONG", value);
    assert_false(make(&variables, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void too_many(void **state) {
    (void)state;
    char *const *variables;
    struct err e;
    for (int i = 0; i < 200; i++) {
        char *name = arena_take(&arena, 8);
        name[0] = 'V';
        name[1] = (char)('0' + i / 100);
        name[2] = (char)('0' + i / 10 % 10);
        name[3] = (char)('0' + i % 10);
        name[4] = 0;
        set(name, "x");
    }
    assert_false(make(&variables, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void no_memory(void **state) {
    (void)state;
    char *const *variables;
    struct err e;
    arena_close(&arena);
    arena_init(&arena, 64);
    assert_false(make(&variables, &e));
    arena_close(&arena);
    arena_init(&arena, 4096); /* enough for the table, not for the texts */
    assert_false(make(&variables, &e));
}

#define WITH_ARENA(sentence, function) \
    { sentence, function, open_arena, close_arena, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("every variable of Lambda's contract is there, once", contract),
        WITH_ARENA("the keys are those of the function's role", role_keys),
        WITH_ARENA("a log level that is not configured is not set", no_level),
        WITH_ARENA("what an OS-only runtime is not given is not set", not_set),
        WITH_ARENA("nothing of our own environment leaks", no_leak),
        WITH_ARENA("a sanitizer's options are passed on", sanitizers),
        WITH_ARENA("the template's variables are there, empty ones too", template_variables),
        WITH_ARENA("an API's address becomes its local one, wherever it stands and however often", local_address),
        WITH_ARENA("a function URL's address becomes a local one of its own form", url_address),
        WITH_ARENA("another host, region or scheme is not touched", other_address),
        WITH_ARENA("bug: a host that only begins like an API's is not touched", longer_host),
        WITH_ARENA("a value that is too long is an error, never a cut", limits),
        WITH_ARENA("too many variables are an error", too_many),
        WITH_ARENA("a full arena is an error", no_memory),
        WITH_ARENA("bug: the log names a localized address, and no more of the variable's value", log_without_values),
        WITH_ARENA("bug: a value that is too long before an address is refused, not cut", long_before_an_address),
    };
    return cmocka_run_group_tests_name("lambda_env", cases, NULL, NULL);
}
