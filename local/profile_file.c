/* SPDX-License-Identifier: Apache-2.0 */
/* A small INI reader, line by line. An indented line goes on with the setting above it. */
#include "profile_file.h"

static const struct str NAMES[PROFILE_N_SETTINGS] = {
    [PROFILE_ACCESS_KEY_ID] = STR_INIT("aws_access_key_id"),
    [PROFILE_SECRET_ACCESS_KEY] = STR_INIT("aws_secret_access_key"),
    [PROFILE_SESSION_TOKEN] = STR_INIT("aws_session_token"),
    [PROFILE_REGION] = STR_INIT("region"),
    [PROFILE_ROLE_ARN] = STR_INIT("role_arn"),
    [PROFILE_SOURCE_PROFILE] = STR_INIT("source_profile"),
    [PROFILE_CREDENTIAL_SOURCE] = STR_INIT("credential_source"),
    [PROFILE_ROLE_SESSION_NAME] = STR_INIT("role_session_name"),
    [PROFILE_DURATION_SECONDS] = STR_INIT("duration_seconds"),
    [PROFILE_CREDENTIAL_PROCESS] = STR_INIT("credential_process"),
    [PROFILE_WEB_IDENTITY_TOKEN_FILE] = STR_INIT("web_identity_token_file"),
    [PROFILE_SSO_SESSION] = STR_INIT("sso_session"),
    [PROFILE_SSO_START_URL] = STR_INIT("sso_start_url"),
    [PROFILE_SSO_ACCOUNT_ID] = STR_INIT("sso_account_id"),
    [PROFILE_MFA_SERIAL] = STR_INIT("mfa_serial"),
    [PROFILE_EXTERNAL_ID] = STR_INIT("external_id"),
};

const char *profile_file_name(enum profile_setting setting) {
    return NAMES[setting].p;
}

struct reader {
    const char *file;
    unsigned line;
    enum profile_format format;
    struct str wanted;
    bool any_section, inside; /* in the wanted profile */
    bool in_setting;          /* an indented line would belong to the one at `indent` */
    size_t indent;
    const char *known; /* the wanted profile's setting above, if it is one of ours */
    struct profile_settings *settings;
    struct err *e;
};

static bool at_line(const struct reader *r, const char *name, const char *what) {
    return err_set(r->e, ERR_CONFIG, "%s:%u: %s%s", r->file, r->line, name, what);
}

static struct str unquoted(struct str s) {
    bool quoted = s.n > 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0];
    return quoted ? (struct str){s.p + 1, s.n - 2} : s;
}

static bool is_wanted(const struct reader *r, struct str section) {
    struct str word = STR("profile");
    if (r->format == PROFILE_CREDENTIALS) return str_eq(section, r->wanted);
    if (str_eq(section, STR("default"))) return str_eq(r->wanted, section);
    if (!str_starts(section, word) || section.n == word.n) return false;
    struct str name = {section.p + word.n, section.n - word.n};
    return (name.p[0] == ' ' || name.p[0] == '\t') && str_eq(unquoted(str_trim(name)), r->wanted);
}

static bool read_section(struct reader *r, struct str line) {
    struct str name, rest = {line.p + 1, line.n - 1};
    if (!str_cut(&rest, ']', &name)) return at_line(r, "", "a profile's name has no ']'");
    rest = str_trim(rest);
    if (rest.n && rest.p[0] != '#' && rest.p[0] != ';') return at_line(r, "", "there is text behind a profile's ']'");
    r->any_section = true;
    r->inside = is_wanted(r, str_trim(name));
    if (r->inside && r->settings->found) return at_line(r, "", "the profile is there a second time");
    r->settings->found = r->settings->found || r->inside;
    r->in_setting = false;
    return true;
}

static bool take(struct reader *r, size_t setting, struct str text) {
    struct profile_value *value = &r->settings->at[setting];
    r->known = NAMES[setting].p;
    if (value->text.p) return at_line(r, r->known, " is there a second time");
    if (!text.n) return at_line(r, r->known, " has no value");
    if (str_has_control(text)) return at_line(r, "a control byte stands in the value of ", r->known);
    *value = (struct profile_value){text, r->file, r->line};
    return true;
}

static bool read_setting(struct reader *r, struct str line) {
    size_t end = 0;
    while (end < line.n && line.p[end] != '=' && line.p[end] != ':') end++;
    if (end == line.n) return at_line(r, "", "neither [profile] nor name = value");
    if (!r->any_section) return at_line(r, "", "a setting stands before the first [profile]");
    struct str name = str_trim((struct str){line.p, end}), text = {line.p + end + 1, line.n - end - 1};
    r->in_setting = true;
    r->known = NULL;
    for (size_t i = 0; r->inside && i < PROFILE_N_SETTINGS; i++)
        if (str_eq_nocase(name, NAMES[i])) return take(r, i, str_trim(text));
    return true;
}

static bool read_line(struct reader *r, struct str line) {
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    struct str text = str_trim(line);
    if (!text.n || text.p[0] == '#' || text.p[0] == ';') return true;
    size_t indent = (size_t)(text.p - line.p);
    if (r->in_setting && indent > r->indent)
        return !r->known || at_line(r, "this indented line would be a part of ", r->known);
    r->indent = indent;
    return text.p[0] == '[' ? read_section(r, text) : read_setting(r, text);
}

bool profile_file_read(struct str text, const char *file, enum profile_format format, struct str name,
                       struct profile_settings *settings, struct err *e) {
    struct reader r = {.file = file, .format = format, .wanted = name, .settings = settings, .e = e};
    *settings = (struct profile_settings){0};
    for (struct str rest = text, line; rest.p;) {
        str_cut(&rest, '\n', &line);
        r.line++;
        if (!read_line(&r, line)) return false;
    }
    return true;
}
