/* SPDX-License-Identifier: Apache-2.0 */
/* local/profile.c: AWS's shared files, the environment, and the order in which they are asked. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "profile.h"
#include "scripted_server.h"
#include "with_arena.h"

#define SAMPLE \
    "# a comment\n; another\n\n[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key = s=e/c+r \n" \
    "[ bob ] # with a word\r\n\taws_access_key_id = ASIABOB\r\nregion = x\r\nAWS_SECRET_ACCESS_KEY=bobs\r\n" \
    "aws_session_token = tok==\r\n[empty]\n[last]\naws_secret_access_key=l\naws_access_key_id=AKIALAST"

static void reads_profiles(void **state) {
    (void)state;
    struct profile k;
    struct err e;
    check_ok(profile_read(STR(SAMPLE), "f", STR("default"), &k, &e), e);
    check_text(k.keys.id, "AKIADEFAULT");
    check_text(k.keys.secret, "s=e/c+r");
    assert_null(k.keys.token.p);
    check_ok(profile_read(STR(SAMPLE), "f", STR("bob"), &k, &e), e);
    check_text(k.keys.id, "ASIABOB");
    check_text(k.keys.secret, "bobs");
    check_text(k.keys.token, "tok==");
    check_ok(profile_read(STR(SAMPLE), "f", STR("last"), &k, &e), e);
    check_text(k.keys.id, "AKIALAST");
}

static void names_place(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"[p]\naws_access_key_id=A\n", "f: profile [p] has no aws_secret_access_key"},
        {"[p]\naws_secret_access_key=HIDDEN\n", "f: profile [p] has no aws_access_key_id"},
        {"[P]\n", "f: there is no profile [p]"},
        {"", "f: there is no profile [p]"},
        {"[p]\n\nHIDDEN\n", "f:3: neither [profile] nor name = value"},
        {"[q]\nHIDDEN", "f:2: neither [profile] nor name = value"},
        {"[p\n", "f:1: a profile's name has no ']'"},
        {"[p] HIDDEN\n", "f:1: there is text behind a profile's ']'"},
        {"[p]\n[q]\n[p]\n", "f:3: the profile is there a second time"},
        {"[p]\naws_access_key_id=HIDDEN\naws_access_key_id=HIDDEN\n", "f:3: aws_access_key_id is there a second time"},
        {"[p]\naws_session_token=\n", "f:2: aws_session_token has no value"},
        {"[p]\naws_access_key_id=HID\x01"
         "DEN\n",
         "f:2: a control byte stands in the value of aws_access_key_id"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct profile k;
        struct err e = {0};
        assert_false(profile_read(str_of(bad[i][0]), "f", STR("p"), &k, &e));
        assert_string_equal(e.msg, bad[i][1]);
        assert_int_equal(e.kind, ERR_CONFIG);
    }
}

static void every_prefix(void **state) {
    (void)state;
    struct str text = STR(SAMPLE);
    for (size_t n = 0; n <= text.n; n++) {
        struct profile k;
        struct err e;
        char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a byte too far */
        assert_non_null(exact);
        memcpy(exact, text.p, n);
        profile_read((struct str){exact, n}, "f", STR("last"), &k, &e);
        free(exact);
    }
}

/* --- Files and environment of a case ------------------------------------------------------------------------------ */

static char home[64];
static struct profile k;
static struct err e;

static void set(const char *name, const char *value) {
    if (value) assert_int_equal(setenv(name, value, 1), 0);
    else unsetenv(name);
}

/* In ~/.aws; NULL: no such file. */
static void write_file(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/.aws/%s", home, name);
    unlink(path);
    if (!text) return;
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state) {
    (void)state;
    static const char *const unset[] = {"AWS_PROFILE",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_CONFIG_FILE",
                                        "AWS_REGION",
                                        "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ENDPOINT_URL_STS",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"};
    char dir[128];
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    snprintf(home, sizeof home, "/tmp/test_profile_XXXXXX");
    assert_non_null(mkdtemp(home));
    snprintf(dir, sizeof dir, "%s/.aws", home);
    assert_int_equal(mkdir(dir, 0700), 0);
    set("HOME", home);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    return open_arena(state);
}

static int tear_down(void **state) {
    char dir[128];
    write_file("config", NULL);
    write_file("credentials", NULL);
    snprintf(dir, sizeof dir, "%s/.aws", home);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rmdir(home), 0);
    return close_arena(state);
}

static bool find(const char *name) {
    return profile_find(name, NULL, &k, &arena, &e);
}

static void refused(const char *name, const char *sentence) {
    if (find(name)) fail_msg("taken: %s", name ? name : "no name");
    if (!strstr(e.msg, sentence)) fail_msg("%s\n  has not: %s", e.msg, sentence);
    assert_null(strstr(e.msg, "HIDDEN"));
}

#define KEYS(id) "aws_access_key_id=" id "\naws_secret_access_key=HIDDEN" id "\n"

static void environment(void **state) {
    (void)state;
    set("AWS_ACCESS_KEY_ID", "AKIA1");
    refused(NULL, "AWS_SECRET_ACCESS_KEY is not set");
    set("AWS_SECRET_ACCESS_KEY", "s");
    check_ok(find(NULL), e);
    check_text(k.keys.id, "AKIA1");
    assert_int_equal(k.keys.token.n, 0);
    set("AWS_ACCESS_KEY_ID", "ASIA1");
    refused(NULL, "AWS_SESSION_TOKEN");
    set("AWS_SESSION_TOKEN", "t");
    check_ok(find(NULL), e);
    check_text(k.keys.token, "t");
}

static void order(void **state) {
    (void)state;
    char container[80];
    const struct scripted_step step = {
        .bytes = scripted_answer("200 OK", "",
                                 STR("{\"AccessKeyId\":\"ASIACONTAINER\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                                     "\"Expiration\":\"2999-01-01T00:00:00Z\"}"),
                                 &arena)};
    struct scripted_server server;
    scripted_start(&server, &step, 1);
    snprintf(container, sizeof container, "http://%s/", server.host_port);
    write_file("credentials",
               "[default]\n" KEYS("AKIADEFAULT") "[named]\n" KEYS("AKIANAMED") "[var]\n" KEYS("AKIAVAR"));
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container);
    check_ok(find(NULL), e);
    check_text(k.keys.id, "AKIADEFAULT");
    set("AWS_PROFILE", "var");
    check_ok(find(NULL), e);
    check_text(k.keys.id, "AKIAVAR");
    set("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT");
    set("AWS_SECRET_ACCESS_KEY", "s");
    check_ok(find(NULL), e);
    check_text(k.keys.id, "AKIAENVIRONMENT");
    check_ok(find("named"), e);
    check_text(k.keys.id, "AKIANAMED");
    set("AWS_ACCESS_KEY_ID", NULL);
    set("AWS_PROFILE", NULL);
    write_file("credentials", "[named]\n" KEYS("AKIANAMED"));
    check_ok(find(NULL), e);
    check_text(k.keys.id, "ASIACONTAINER");
    scripted_stop(&server);
    scripted_close(&server);
}

static void nothing(void **state) {
    (void)state;
    refused(NULL,
            "there is no --profile, AWS_ACCESS_KEY_ID, AWS_PROFILE or AWS_CONTAINER_CREDENTIALS_FULL_URI, and there is "
            "no profile [default], neither in /tmp/test_profile_");
    refused(NULL, "/.aws/credentials (no such file) nor in /tmp/test_profile_");
    write_file("config", "[profile x]\nregion=y\n");
    refused("b", "there is no profile [b], neither in");
    refused("x", "profile [x] has no keys: no aws_access_key_id, role_arn or credential_process");
    set("HOME", NULL);
    refused("b", "HOME is not set");
    set("HOME", home);
}

static void places(void **state) {
    (void)state;
    char path[128];
    write_file("credentials", "[a]\n" KEYS("ASIA1") "[b]\n" KEYS("AKIA2") "[default]\n" KEYS("AKIA3"));
    write_file("config", "[profile b]\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=a\n");
    snprintf(path, sizeof path, "%s/.aws/credentials", home);
    check_ok(profile_find("b", path, &k, &arena, &e), e); /* that file, and nothing else */
    check_text(k.keys.id, "AKIA2");
    check_ok(profile_find(NULL, path, &k, &arena, &e), e);
    check_text(k.keys.id, "AKIA3");
    assert_false(profile_find("c", path, &k, &arena, &e));
    assert_non_null(strstr(e.msg, "/.aws/credentials: there is no profile [c]"));
    assert_false(profile_find("b", "/nonexistent", &k, &arena, &e));
    assert_non_null(strstr(e.msg, "/nonexistent: No such file"));
    refused("a", "the access key is temporary (ASIA...) but aws_session_token is not set");
    set("AWS_CONFIG_FILE", "/nonexistent");
    check_ok(find("b"), e);
    check_text(k.keys.id, "AKIA2");
    set("HOME", NULL);
    set("AWS_SHARED_CREDENTIALS_FILE", path);
    check_ok(find("b"), e);
    set("HOME", home);
    set("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    check_ok(find("b"), e);
}

static void merged(void **state) {
    (void)state;
    write_file("credentials", "[both]\n" KEYS("AKIACREDENTIALS") "[process]\nregion=r\n");
    write_file(
        "config",
        "[profile both]\n" KEYS(
            "ASIACONFIG") "aws_session_token=HIDDEN\nregion=r\n"
                          "[profile process]\n" KEYS(
                              "AKIACONFIG") "credential_process=sh -c 'echo \"$0\"' "
                                            "'{\"Version\":1,\"AccessKeyId\":\"AKIAPROCESS\",\"SecretAccessKey\":\"s\"}"
                                            "'\n"
                                            "[profile config]\n" KEYS(
                                                "AKIACONFIG") "[profile half]\naws_access_key_id=AKIA\n[profile "
                                                              "fails]\nregion=x\ncredential_process = false HIDDEN\n");
    check_ok(find("both"), e);
    check_text(k.keys.id, "AKIACREDENTIALS");
    assert_null(k.keys.token.p); /* the three are of one file */
    check_text(k.region, "r");
    check_ok(find("process"), e);
    check_text(k.keys.id, "AKIAPROCESS");
    check_ok(find("config"), e);
    check_text(k.keys.id, "AKIACONFIG");
    refused("half", "/config: profile [half] has no aws_secret_access_key");
    refused("fails", "/config:17: credential_process: it failed (exit status 1)");
}

static void unsupported(void **state) {
    (void)state;
    static const char *const names[] = {"sso_session", "sso_start_url", "sso_account_id", "web_identity_token_file",
                                        "mfa_serial",  "external_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[256], sentence[64];
        snprintf(text, sizeof text, "[profile x]\n" KEYS("AKIA") "%s = HIDDEN\n", names[i]);
        snprintf(sentence, sizeof sentence, "/config:4: %s is not supported here", names[i]);
        write_file("config", text);
        refused("x", sentence);
        assert_non_null(strstr(e.msg, "export-credentials --profile x"));
    }
}

/* --- Roles -------------------------------------------------------------------------------------------------------- */

static struct scripted_server sts;

static struct scripted_step role_keys(const char *id) {
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":"
        "\"s\",\"SessionToken\":\"t\",\"Expiration\":32472144000}}}}",
        id);
    return (struct scripted_step){.bytes = scripted_answer("200 OK", "", str_of(body), &arena)};
}

static void start_sts(const struct scripted_step *steps, size_t n) {
    char url[80];
    scripted_start(&sts, steps, n);
    snprintf(url, sizeof url, "http://%s", sts.host_port);
    set("AWS_ENDPOINT_URL_STS", url);
}

static bool signed_by(int request, const char *credential) {
    return str_find(scripted_field(sts.request[request], "Authorization"), str_of(credential)) != SIZE_MAX;
}

static void chain(void **state) {
    (void)state;
    const struct scripted_step steps[] = {role_keys("ASIAMIDDLE"), role_keys("ASIATOP"), role_keys("ASIASELF")};
    write_file("credentials", "[base]\n" KEYS("AKIABASE") "[self]\n" KEYS("AKIASELF"));
    write_file("config",
               "[profile top]\nrole_arn=arn:aws:iam::1:role/top\nsource_profile=middle\nregion=eu-west-1\n"
               "[profile middle]\nrole_arn=arn:aws:iam::1:role/middle\nsource_profile=base\nregion=eu-west-2\n"
               "role_session_name=me@here\nduration_seconds=1200\n"
               "[profile base]\nrole_arn=arn:aws:iam::1:role/base\nsource_profile=top\n"
               "[profile self]\nrole_arn=arn:aws:iam::1:role/self\nsource_profile=self\n");
    start_sts(steps, 3);
    check_ok(find("top"), e);
    check_text(k.keys.id, "ASIATOP");
    check_text(k.keys.token, "t");
    check_text(k.region, "eu-west-1");
    set("AWS_REGION", "eu-west-3");
    check_ok(find("self"), e); /* its own keys are the source */
    check_text(k.keys.id, "ASIASELF");
    scripted_stop(&sts);
    assert_int_equal(sts.requests, 3);
    assert_true(signed_by(0, "Credential=AKIABASE/")); /* a source's keys go before its role */
    assert_true(signed_by(0, "/eu-west-1/sts/"));      /* the region of the one that was asked for */
    assert_true(signed_by(1, "Credential=ASIAMIDDLE/"));
    assert_true(signed_by(1, "/eu-west-1/sts/"));
    assert_true(signed_by(2, "Credential=AKIASELF/"));
    assert_true(signed_by(2, "/eu-west-3/sts/"));
    assert_true(str_ends(scripted_body(sts.request[0]), STR("&RoleSessionName=me%40here&DurationSeconds=1200")));
    assert_true(str_ends(scripted_body(sts.request[1]), STR("&RoleSessionName=apigw&DurationSeconds=900")));
    scripted_close(&sts);
}

static void sources(void **state) {
    (void)state;
    const struct scripted_step steps[] = {role_keys("ASIAROLE")};
    write_file("config", "[default]\nregion=eu-west-1\nrole_arn=arn:aws:iam::1:role/x\ncredential_source=Environment\n"
                         "[profile ecs]\nrole_arn=arn:aws:iam::1:role/x\ncredential_source=EcsContainer\n"
                         "[profile ec2]\nrole_arn=arn:aws:iam::1:role/x\ncredential_source=Ec2InstanceMetadata\n");
    start_sts(steps, 1);
    refused("default", "/config:4: credential_source Environment: AWS_ACCESS_KEY_ID is not set");
    refused("ecs", "/config:7: credential_source EcsContainer: AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
    refused("ec2", "/config:10: credential_source is Environment or EcsContainer here");
    set("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT");
    set("AWS_SECRET_ACCESS_KEY", "s");
    check_ok(find("default"), e);
    check_text(k.keys.id, "ASIAROLE");
    scripted_stop(&sts);
    assert_true(signed_by(0, "Credential=AKIAENVIRONMENT/"));
    scripted_close(&sts);
}

static void bad_chains(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"source_profile=x\n", "/config:3: the chain of source_profile comes back to [x]"},
        {"source_profile=loop\n", "the chain of source_profile comes back to [x]"},
        {"source_profile=none\n", "/config:3: there is no profile [none], neither in"},
        {"source_profile=long1\n", "the chain of source_profile is longer than 8"},
        {"source_profile=empty\n", "profile [empty] has no keys"},
        {"region=r\n", "/config:2: role_arn needs a source_profile or a credential_source"},
        {"source_profile=k\ncredential_source=Environment\n",
         "/config:4: source_profile and credential_source exclude"},
        {"source_profile=k\n", "/config:2: there is no region to find STS in"},
        {"source_profile=k\nregion=r\nduration_seconds=60\n", "/config:2: duration_seconds is not a number from 900"},
        {"source_profile=k\nregion=r\nrole_session_name=a b\n", "/config:2: a role session name is 2 to 64"},
        {"source_profile=y\nregion=r\n", "/config:2: role_arn is no role ARN"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[2048];
        bool arn = !strstr(bad[i][0], "=y");
        int n =
            snprintf(text, sizeof text,
                     "[profile x]\nrole_arn=%s\n%s[profile loop]\nrole_arn=arn:aws:iam::1:role/l\nsource_profile=x\n"
                     "[profile k]\n" KEYS("AKIA") "[profile y]\n" KEYS("AKIA") "[profile empty]\n",
                     arn ? "arn:aws:iam::1:role/x" : "HIDDEN", bad[i][0]);
        for (int l = 1; l < 10; l++)
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "[profile long%d]\nrole_arn=arn:aws:iam::1:role/l\nsource_profile=long%d\n", l, l + 1);
        write_file("config", text);
        refused("x", bad[i][1]);
    }
}

static void sts_says_no(void **state) {
    (void)state;
    const struct scripted_step step = {
        .bytes = scripted_answer("403 Forbidden", "", STR("{\"Error\":{\"Code\":\"AccessDenied\"}}"), &arena)};
    write_file("config",
               "[profile x]\nregion=eu-west-1\nrole_arn=arn:aws:iam::1:role/x\nsource_profile=x\n" KEYS("AKIA"));
    start_sts(&step, 1);
    refused("x", "/config:3: assuming role_arn: STS answered 403 AccessDenied for arn:aws:iam::1:role/x: the policy");
    assert_int_equal(e.kind, ERR_REFUSED);
    scripted_stop(&sts);
    scripted_close(&sts);
}

#define HOME_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("comments, CRLF, indents and other settings are read past", reads_profiles),
        CASE("an error names file and line, never a value", names_place),
        CASE("any prefix of a file is read without harm", every_prefix),
        HOME_CASE("the environment has keys, whole ones", environment),
        HOME_CASE("the name wins over the environment, that over AWS_PROFILE, `default` and the endpoint", order),
        HOME_CASE("when there are no keys, what was looked at is listed", nothing),
        HOME_CASE("the files are the given one, the variables', or the home's", places),
        HOME_CASE("the credentials file's keys go before a process, that before the config file's keys", merged),
        HOME_CASE("what would mean other keys and is not supported is refused by name", unsupported),
        HOME_CASE("a chain of roles is assumed from its end", chain),
        HOME_CASE("a role's source can be the environment or the endpoint", sources),
        HOME_CASE("loops, long chains and missing or wrong settings are refused with their place", bad_chains),
        HOME_CASE("a refusal of STS says which line asked it", sts_says_no),
    };
    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
