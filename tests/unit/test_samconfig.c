/* SPDX-License-Identifier: Apache-2.0 */
/* local/samconfig.c: what is taken from a configuration of SAM CLI, and how it writes parameters. */
#include "samconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static struct arena arena;
static struct err e;
static struct samconfig config;
static char folder[] = "/tmp/test_samconfig-XXXXXX", template_path[64], path[80];

static int open_all(void **state) {
    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    if (!mkdtemp(folder)) return -1;
    snprintf(template_path, sizeof template_path, "%s/template.yaml", folder);
    return 0;
}

static int close_all(void **state) {
    (void)state;
    arena_close(&arena);
    return rmdir(folder);
}

static bool try_file(const char *name, const char *text, const char *file, const char *env) {
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    bool ok = samconfig_read(template_path, file, env, &config, &arena, &e);
    unlink(path);
    return ok;
}

static void good(const char *text) {
    if (!try_file("samconfig.toml", text, NULL, NULL)) fail_msg("%s", e.msg);
}

#define refused(text, start) refused_at(text, start, __LINE__)

/* `start` begins with ":LINE: ". */
static void refused_at(const char *text, const char *start, int line) {
    bool read = try_file("samconfig.toml", text, NULL, NULL);
    if (!read && strncmp(e.msg, path, strlen(path)) == 0 && strncmp(e.msg + strlen(path), start, strlen(start)) == 0)
        return;
    print_error("%s: expected <%s...>, got <%s>\n", text, start, read ? "no error" : e.msg);
    _fail(__FILE__, line);
}

static struct str parameter(const char *name) {
    return http_field_get(&config.parameters, str_of(name));
}

static void sections(void **state) {
    (void)state;
    good("version = 0.1\n[default.global.parameters]\nstack_name = \"all\"\nregion = \"eu-west-1\"\n"
         "[default.deploy.parameters]\nstack_name = \"mine\"\ncapabilities = \"CAPABILITY_IAM\"\nresolve_s3 = true\n"
         "[default.build.parameters]\nregion = \"us-west-2\"\n[prod.deploy.parameters]\nregion = \"us-west-1\"\n");
    check_text(config.stack_name, "mine");
    check_text(config.region, "eu-west-1");
    assert_int_equal(config.parameters.n, 0);
    good("version = 0.1\n");
    assert_null(config.stack_name.p);
    assert_true(samconfig_read(template_path, NULL, NULL, &config, &arena, &e)); /* there is none */
    assert_null(config.path);
    refused("version = 0.2\n", ":1: the version of");
    refused("a = \n", ":1: a value is");
    refused("[default.deploy.parameters]\nstack_name = [\"a\"]", ":2: stack_name is no text");
    refused("[default.deploy.parameters]\nregion = \"\"", ":2: region is no text");
}

static void which_file(void **state) {
    (void)state;
    static const char prod[] = "[prod.deploy.parameters]\nregion = \"eu-west-3\"\n";
    assert_true(try_file("samconfig.toml", prod, NULL, "prod"));
    check_text(config.region, "eu-west-3");
    assert_true(try_file("samconfig.toml", prod, NULL, NULL));
    assert_null(config.region.p);
    assert_false(try_file("samconfig.toml", prod, NULL, "dev"));
    assert_non_null(strstr(e.msg, "there is nothing for --config-env dev"));
    assert_false(samconfig_read(template_path, NULL, "prod", &config, &arena, &e));
    assert_non_null(strstr(e.msg, "--config-env prod: there is no samconfig.toml beside"));
    snprintf(path, sizeof path, "%s/other.toml", folder);
    assert_true(try_file("other.toml", prod, path, "prod"));
    check_text(config.region, "eu-west-3");
    assert_false(samconfig_read(template_path, path, NULL, &config, &arena, &e)); /* it is gone */
    snprintf(path, sizeof path, "%s/other.ini", folder);
    assert_false(try_file("other.ini", "", path, NULL));
    assert_true(
        try_file("samconfig.json", "{\"default\":{\"global\":{\"parameters\":{\"region\":\"a\"}}}}", NULL, NULL));
    check_text(config.region, "a");
    assert_true(try_file("samconfig.yaml",
                         "version: 0.1\ndefault: {deploy: {parameters: {region: eu-west-2, "
                         "parameter_overrides: [A=b, C=d]}}}\n",
                         NULL, NULL));
    check_text(config.region, "eu-west-2");
    check_text(parameter("C"), "d");
    assert_true(samconfig_read("template.yaml.not.here", NULL, NULL, &config, &arena, &e));
}

#define OVERRIDES(value) "[default.deploy.parameters]\nparameter_overrides = " value "\n"

static void overrides(void **state) {
    (void)state;
    good(OVERRIDES("\"PrivateAuth=\\\"NONE\\\" ApiKeyMode=\\\"\\\"  Plain=a,b=c\""));
    check_text(parameter("PrivateAuth"), "NONE");
    check_text(parameter("ApiKeyMode"), "");
    check_text(parameter("Plain"), "a,b=c");
    good(OVERRIDES("'ParameterKey=A,ParameterValue=b ParameterKey=C,ParameterValue=\"d e\"'"));
    check_text(parameter("A"), "b");
    check_text(parameter("C"), "d e");
    good(OVERRIDES("[\"A=b\", 'C=\"d \\\" e\"', 'D=f\\ g', 'E=C:\\dir']"));
    check_text(parameter("C"), "d \" e");
    check_text(parameter("D"), "f g");
    check_text(parameter("E"), "C:\\dir");
    good(OVERRIDES("\"A='b \\\\' c' B=it's\""));
    check_text(parameter("A"), "b ' c");
    check_text(parameter("B"), "it's");
    good("[default.deploy.parameters.parameter_overrides]\nA = 'b c'\nB = 12");
    check_text(parameter("A"), "b c");
    check_text(parameter("B"), "12");
#define TABLE(line) "[default.deploy.parameters.parameter_overrides]\n" line
    refused(TABLE("A = true"), ":2: A of parameter_overrides is no name with a plain text");
    refused(TABLE("A = ['b']"), ":2: A of parameter_overrides");
    refused(TABLE("A = '\"b\"'"), ":2: A of parameter_overrides");
    refused(TABLE("A = 'b\\c'"), ":2: A of parameter_overrides");
    refused(TABLE("'$include' = 'b'"), ":2: $include of parameter_overrides");
    refused(OVERRIDES("[['A=b']]"), ":2: a value is");
    refused(OVERRIDES("'file://x.yaml'"), ":2: parameter_overrides is NAME=VALUE");
    good(OVERRIDES("\"\""));
    assert_int_equal(config.parameters.n, 0);
    good("[default.global.parameters]\nparameter_overrides = \"A=all\"\n" OVERRIDES("\"B=mine\""));
    assert_null(parameter("A").p); /* the nearer section has the whole option */
    check_text(parameter("B"), "mine");
    refused(OVERRIDES("\"A\""), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("\"A=b c\""),
            ":2: parameter_overrides is NAME=VALUE or ParameterKey=NAME,ParameterValue=VALUE, with "
            "blanks between them, and not what stands in character 5");
    refused(OVERRIDES("\"=b\""), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A=\"b'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A=\"b\"c'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A=b\"c'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A=b\\'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'ParameterKey=A,Value=b'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A-b=c'"), ":2: parameter_overrides is NAME=VALUE");
    refused(OVERRIDES("'A=b A=c'"), ":2: parameter_overrides has A twice");
    refused(OVERRIDES("['A=b', 'A=c']"), ":2: parameter_overrides has A twice");
}

static void said(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1000, &arena);
    good("[default.deploy.parameters]\nconfirm_changeset = true");
    samconfig_write_taken(&config, &b);
    assert_int_equal(b.n, 0);
    good(
        "[default.deploy.parameters]\nstack_name = 's'\nregion = 'r'\nparameter_overrides = 'Key=secret Other=secret'");
    samconfig_write_taken(&config, &b);
    assert_true(
        str_ends(buf_str(&b), STR("/samconfig.toml [default]: stack_name s, region r, parameter_overrides Key Other")));
    assert_true(str_find(buf_str(&b), STR("secret")) == SIZE_MAX);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("deploy's options go before the global ones, and no other is taken", sections),
        CASE("the file is the one that was asked for, or the one beside the template", which_file),
        CASE("parameters are written in SAM's two ways, or refused", overrides),
        CASE("what was taken is said, without the parameters' values", said),
    };
    return cmocka_run_group_tests_name("samconfig", cases, open_all, close_all);
}
