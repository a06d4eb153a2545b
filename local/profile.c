/* SPDX-License-Identifier: Apache-2.0 */
/* A small INI reader, strict where a slip would mean other keys than the file's author thinks: a profile or a key that
   is there twice is refused, not chosen from. */
#include "profile.h"

#include <stdlib.h>

#include "credentials.h"
#include "input.h"

enum { MAX_FILE_BYTES = 1024 * 1024 };

struct reader {
    const char *file;
    unsigned line;
    struct str wanted;
    bool inside, found; /* in the wanted profile; seen at all */
    struct profile *profile;
    struct err *e;
};

static bool at_line(const struct reader *r, const char *what) {
    return err_set(r->e, ERR_CONFIG, "%s:%u: %s", r->file, r->line, what);
}

static bool read_section(struct reader *r, struct str line) {
    struct str name, rest = {line.p + 1, line.n - 1};
    if (!str_cut(&rest, ']', &name)) return at_line(r, "a profile's name has no ']'");
    rest = str_trim(rest);
    if (rest.n && rest.p[0] != '#' && rest.p[0] != ';') return at_line(r, "there is text behind a profile's ']'");
    r->inside = str_eq(str_trim(name), r->wanted);
    if (r->inside && r->found) return at_line(r, "the profile is there a second time");
    r->found = r->found || r->inside;
    return true;
}

static bool read_setting(struct reader *r, struct str line) {
    struct str name, value = line;
    if (!str_cut(&value, '=', &name)) return at_line(r, "neither [profile] nor name = value");
    if (!r->inside) return true;
    const struct {
        struct str name;
        struct str *at;
    } known[] = {{STR("aws_access_key_id"), &r->profile->keys.id},
                 {STR("aws_secret_access_key"), &r->profile->keys.secret},
                 {STR("aws_session_token"), &r->profile->keys.token},
                 {STR("region"), &r->profile->region}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_eq_nocase(str_trim(name), known[i].name)) continue;
        if (known[i].at->p) return at_line(r, "this key is there a second time");
        *known[i].at = str_trim(value);
        if (!known[i].at->n) return at_line(r, "this key has no value");
        if (str_has_control(*known[i].at)) return at_line(r, "a control byte stands in a value");
    }
    return true;
}

static bool read_line(struct reader *r, struct str line) {
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    line = str_trim(line);
    if (!line.n || line.p[0] == '#' || line.p[0] == ';') return true;
    return line.p[0] == '[' ? read_section(r, line) : read_setting(r, line);
}

bool profile_read(struct str text, const char *file, struct str name, struct profile *profile, struct err *e) {
    struct reader r = {.file = file, .wanted = name, .profile = profile, .e = e};
    const struct sigv4_keys *keys = &profile->keys;
    *profile = (struct profile){0};
    for (struct str rest = text, line; rest.p;) {
        str_cut(&rest, '\n', &line);
        r.line++;
        if (!read_line(&r, line)) return false;
    }
    if (!r.found) return err_set(e, ERR_CONFIG, "%s: there is no profile [%.*s]", file, STR_ARG(name));
    const char *missing = !keys->id.p ? "aws_access_key_id" : !keys->secret.p ? "aws_secret_access_key" : NULL;
    if (missing) return err_set(e, ERR_CONFIG, "%s: profile [%.*s] has no %s", file, STR_ARG(name), missing);
    return true;
}

static bool read_file(const char *name, const char *file, struct profile *profile, struct arena *a, struct err *e) {
    struct str text;
    struct buf path;
    const char *home = getenv("HOME");
    if (!file) file = getenv("AWS_SHARED_CREDENTIALS_FILE");
    if (!file || !*file) {
        if (!home || !*home) return err_set(e, ERR_CONFIG, "HOME is not set: where is the credentials file?");
        buf_init(&path, 4096, a);
        buf_addf(&path, "%s/.aws/credentials%c", home, 0);
        if (!buf_ok(&path, e)) return false;
        file = path.p;
    }
    return input_read(file, MAX_FILE_BYTES, &text, a, e) && profile_read(text, file, str_of(name), profile, e);
}

bool profile_find(const char *name, const char *file, struct profile *profile, struct arena *a, struct err *e) {
    *profile = (struct profile){0};
    if (!name) return credentials_from_environment(&profile->keys, e) || err_prefix(e, "no profile is named, and ");
    if (!read_file(name, file, profile, a, e)) return false;
    if (!str_starts(profile->keys.id, STR("ASIA")) || profile->keys.token.n) return true;
    return err_set(e, ERR_CONFIG,
                   "profile [%s] has no aws_session_token: a temporary key (ASIA...) is worth nothing without it",
                   name);
}
