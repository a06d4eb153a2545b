/* SPDX-License-Identifier: Apache-2.0 */
/* local/profile_file.c: what counts as a profile in which file, and what is refused. */
#include <stdio.h>

#include "check.h"
#include "profile_file.h"

static struct profile_settings s;
static struct err e;

static bool read_config(const char *text, const char *name) {
    return profile_file_read(str_of(text), "f", PROFILE_CONFIG, str_of(name), &s, &e);
}

static bool read_credentials(const char *text, const char *name) {
    return profile_file_read(str_of(text), "f", PROFILE_CREDENTIALS, str_of(name), &s, &e);
}

static void names_differ(void **state) {
    (void)state;
    static const char text[] = "[default]\nregion=d\n[profile a]\nregion=a\n[ profile \t b ]\nregion=b\n[c]\nregion=c\n"
                               "[profile \"d e\"]\nregion=de\n[profilef]\nregion=f\n[sso-session a]\nregion=z\n";
    static const struct {
        const char *name, *region;
    } config[] = {{"default", "d"}, {"a", "a"},  {"b", "b"},         {"c", NULL},
                  {"d e", "de"},    {"f", NULL}, {"profile a", NULL}};
    for (size_t i = 0; i < sizeof config / sizeof *config; i++) {
        check_ok(read_config(text, config[i].name), e);
        assert_int_equal(s.found, config[i].region != NULL);
        check_str(s.at[PROFILE_REGION].text, str_of(config[i].region));
    }
    check_ok(read_credentials(text, "c"), e);
    check_text(s.at[PROFILE_REGION].text, "c");
    check_ok(read_credentials(text, "a"), e);
    assert_false(s.found);
    check_ok(read_credentials(text, "profile a"), e);
    check_text(s.at[PROFILE_REGION].text, "a");
    check_ok(read_config("[profile default]\nregion=p\n", "default"), e);
    check_text(s.at[PROFILE_REGION].text, "p");
}

static void all_settings(void **state) {
    (void)state;
    char text[2048] = "[profile p]\n";
    for (int i = 0; i < PROFILE_N_SETTINGS; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s = value %d\n", profile_file_name((enum profile_setting)i), i);
    }
    check_ok(read_config(text, "p"), e);
    for (int i = 0; i < PROFILE_N_SETTINGS; i++) {
        char value[32];
        snprintf(value, sizeof value, "value %d", i);
        check_str(s.at[i].text, str_of(value));
        assert_int_equal(s.at[i].line, i + 2);
        assert_string_equal(s.at[i].file, "f");
    }
}

static void forms(void **state) {
    (void)state;
    check_ok(read_config("\r\n[profile p]\r\n \tROLE_ARN : arn:aws:iam::1:role/x=y \r\nregion=a # b\r\n", "p"), e);
    check_text(s.at[PROFILE_ROLE_ARN].text, "arn:aws:iam::1:role/x=y");
    check_text(s.at[PROFILE_REGION].text, "a # b"); /* as AWS's tool reads it */
}

static void nested(void **state) {
    (void)state;
    check_ok(
        read_config("[profile p]\ns3 =\n  region = nested\n\n  # a comment\n  role_arn = nested\nregion = own\n", "p"),
        e);
    check_text(s.at[PROFILE_REGION].text, "own");
    assert_null(s.at[PROFILE_ROLE_ARN].text.p);
    check_ok(
        read_config("[profile q]\nregion = q\n  any words\n[profile p]\n  region = x\n  source_profile = q\n", "p"), e);
    check_text(s.at[PROFILE_SOURCE_PROFILE].text, "q"); /* all are indented alike */
    assert_false(read_config("[profile p]\nregion = x\n  HIDDEN\n", "p"));
    assert_string_equal(e.msg, "f:3: this indented line would be a part of region");
}

static void refused(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"region=HIDDEN\n", "f:1: a setting stands before the first [profile]"},
        {"[profile p]\n[profile p]\n", "f:2: the profile is there a second time"},
        {"[default]\n[profile p]\nregion=HIDDEN\nREGION=HIDDEN\n", "f:4: region is there a second time"},
        {"[profile p]\nsource_profile=\n", "f:2: source_profile has no value"},
        {"[profile p]\nexternal_id=HID\x7f"
         "DEN\n",
         "f:2: a control byte stands in the value of external_id"},
        {"[profile p\n", "f:1: a profile's name has no ']'"},
        {"[profile p]\nHIDDEN\n", "f:2: neither [profile] nor name = value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(read_config(bad[i][0], "p"));
        assert_string_equal(e.msg, bad[i][1]);
        assert_int_equal(e.kind, ERR_CONFIG);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a profile is [profile x] in the config file and [x] in the credentials file", names_differ),
        CASE("every setting is read with its place", all_settings),
        CASE("names have no case, = and : are the same, a # in a value is a part of it", forms),
        CASE("indented lines belong to the setting above", nested),
        CASE("what is malformed, twice or empty is refused with file and line, without its value", refused),
    };
    return cmocka_run_group_tests_name("profile_file", tests, NULL, NULL);
}
