/* SPDX-License-Identifier: Apache-2.0 */
/* local/stack_flags.c: the command line, the configuration of SAM, the environment, the defaults, in this order. */
#include "stack_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static const struct flag FLAGS[] = {STACK_FLAGS};
static struct arena arena;
static struct err e;
static struct model_options options;
static struct http_fields parameters;
static struct str taken;
static char folder[] = "/tmp/test_stack_flags-XXXXXX", template_path[64], config_path[64];

static int open_all(void **state) {
    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    unsetenv("AWS_REGION");
    unsetenv("AWS_DEFAULT_REGION");
    if (!mkdtemp(folder)) return -1;
    snprintf(template_path, sizeof template_path, "%s/template.yaml", folder);
    snprintf(config_path, sizeof config_path, "%s/samconfig.toml", folder);
    return 0;
}

static int close_all(void **state) {
    (void)state;
    arena_close(&arena);
    return rmdir(folder);
}

static void write_config(const char *text) {
    FILE *f = fopen(config_path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The flags behind --template. */
static bool try_flags(const char *one, const char *two, const char *three) {
    char *argv[] = {"start", "--template", template_path, (char *)one, (char *)two, (char *)three};
    int argc = 3 + (one ? 1 : 0) + (two ? 1 : 0) + (three ? 1 : 0);
    struct flags flags;
    return flags_read(&flags, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv, &e) &&
           stack_flags_read(&flags, &options, &parameters, &arena, &e) &&
           stack_flags_configure(&flags, &options, &parameters, &taken, &arena, &e);
}

static struct str parameter(const char *name) {
    return http_field_get(&parameters, str_of(name));
}

static void order(void **state) {
    (void)state;
    check_ok(try_flags(NULL, NULL, NULL), e);
    check_text(options.region, "us-east-1");
    check_text(options.stack_name, "lambda-iam-c");
    setenv("AWS_REGION", "eu-north-1", 1);
    check_ok(try_flags(NULL, NULL, NULL), e);
    check_text(options.region, "eu-north-1");
    write_config("[default.deploy.parameters]\nstack_name = 'mine'\nregion = 'eu-west-1'\n"
                 "parameter_overrides = 'A=theirs B=theirs'\n[prod.deploy.parameters]\nregion = 'eu-west-2'\n");
    check_ok(try_flags(NULL, NULL, NULL), e);
    check_text(options.region, "eu-west-1");
    check_text(options.stack_name, "mine");
    check_text(parameter("A"), "theirs");
    check_ok(try_flags("--region=us-west-2", "--stack-name=ours", "--parameter=A=ours"), e);
    check_text(options.region, "us-west-2");
    check_text(options.stack_name, "ours");
    check_text(parameter("A"), "ours");
    check_text(parameter("B"), "theirs");
    assert_int_equal(parameters.n, 2);
    assert_int_equal(options.n_config_parameters, 1); /* the last one */
    assert_string_equal(options.config_path, config_path);
    assert_int_equal(options.config_line, 4);
    assert_true(str_ends(taken, STR("/samconfig.toml [default]: parameter_overrides B")));
    check_ok(try_flags("--config-env", "prod", NULL), e);
    check_text(options.region, "eu-west-2");
    check_text(options.stack_name, "lambda-iam-c");
    unlink(config_path);
    unsetenv("AWS_REGION");
}

static void refusals(void **state) {
    (void)state;
    write_config("a = \n");
    assert_false(try_flags(NULL, NULL, NULL));
    assert_int_equal(strncmp(e.msg, config_path, strlen(config_path)), 0);
    unlink(config_path);
    assert_false(try_flags("--config-file", config_path, NULL));
    assert_false(try_flags("--config-env", "prod", NULL));
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("the command line goes before SAM's configuration, that before the environment", order),
        CASE("a configuration that was asked for, or is there, must be readable", refusals),
    };
    return cmocka_run_group_tests_name("stack_flags", cases, open_all, close_all);
}
