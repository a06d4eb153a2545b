/* SPDX-License-Identifier: Apache-2.0 */
/* Which source the keys come from, and the chain of profiles behind a role. */
#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "assume_role.h"
#include "clock.h"
#include "container_credentials.h"
#include "credentials.h"
#include "input.h"
#include "profile_file.h"
#include "profile_process.h"

enum {
    MAX_FILE_BYTES = 1024 * 1024,
    MAX_CHAIN = 8,
    ASK_TIMEOUT_MS = 10 * 1000,
    PROCESS_TIMEOUT_MS = 60 * 1000, /* it may ask its user something */
    MIN_DURATION_S = 900,
    MAX_DURATION_S = 43200,
};

/* --- One file ----------------------------------------------------------------------------------------------------- */

static bool has_keys(const struct profile_settings *s) {
    return s->at[PROFILE_ACCESS_KEY_ID].text.p || s->at[PROFILE_SECRET_ACCESS_KEY].text.p ||
           s->at[PROFILE_SESSION_TOKEN].text.p;
}

static bool read_keys(const struct profile_settings *s, struct str name, struct sigv4_keys *keys, struct err *e) {
    static const enum profile_setting settings[] = {PROFILE_ACCESS_KEY_ID, PROFILE_SECRET_ACCESS_KEY,
                                                    PROFILE_SESSION_TOKEN};
    struct str *const parts[] = {&keys->id, &keys->secret, &keys->token};
    const char *file = NULL;
    for (size_t i = 0; i < 3; i++) {
        *parts[i] = s->at[settings[i]].text;
        if (parts[i]->p) file = s->at[settings[i]].file;
    }
    for (size_t i = 0; i < 2; i++)
        if (!parts[i]->p)
            return err_set(e, ERR_CONFIG, "%s: profile [%.*s] has no %s", file, STR_ARG(name),
                           profile_file_name(settings[i]));
    return true;
}

bool profile_read(struct str text, const char *file, struct str name, struct profile *profile, struct err *e) {
    struct profile_settings s;
    *profile = (struct profile){0};
    if (!profile_file_read(text, file, PROFILE_CREDENTIALS, name, &s, e)) return false;
    if (!s.found) return err_set(e, ERR_CONFIG, "%s: there is no profile [%.*s]", file, STR_ARG(name));
    if (!has_keys(&s))
        return err_set(e, ERR_CONFIG, "%s: profile [%.*s] has no aws_access_key_id", file, STR_ARG(name));
    profile->region = s.at[PROFILE_REGION].text;
    return read_keys(&s, name, &profile->keys, e);
}

/* --- Both files --------------------------------------------------------------------------------------------------- */

struct file {
    const char *path;
    struct str text; /* absent: there is no such file */
};

struct finder {
    struct file credentials, config;
    struct str chain[MAX_CHAIN]; /* the profiles that lead to the present one */
    size_t n_chain;
    struct str region; /* of the first in the chain: STS is asked there for all of them, as AWS's tools do */
    int64_t now_s;
    struct arena *arena;
    struct err *e;
};

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The variable's path, or name in ~/.aws; "~/" is the home folder in both. */
static bool find_path(const char *named, const char *standard, const char **path, struct arena *a, struct err *e) {
    const char *home = variable("HOME"), *text = variable(named);
    struct buf b;
    if (!text) text = standard;
    if (!str_starts(str_of(text), STR("~/"))) {
        *path = text;
        return true;
    }
    if (!home) return err_set(e, ERR_CONFIG, "HOME is not set: where is %s?", text);
    buf_init(&b, 4096, a);
    buf_addf(&b, "%s%s%c", home, text + 1, 0);
    *path = b.p;
    return buf_ok(&b, e);
}

static bool read_if_there(struct file *file, struct arena *a, struct err *e) {
    if (access(file->path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)) return true;
    return input_read(file->path, MAX_FILE_BYTES, &file->text, a, e);
}

static bool open_files(struct finder *f, const char *given) {
    f->credentials.path = given;
    if (given) return input_read(given, MAX_FILE_BYTES, &f->credentials.text, f->arena, f->e);
    return find_path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", &f->credentials.path, f->arena, f->e) &&
           find_path("AWS_CONFIG_FILE", "~/.aws/config", &f->config.path, f->arena, f->e) &&
           read_if_there(&f->credentials, f->arena, f->e) && read_if_there(&f->config, f->arena, f->e);
}

/* A profile's part in each file, and their sum. */
struct parts {
    struct profile_settings credentials, config, sum;
};

static bool read_parts(struct finder *f, struct str name, struct parts *p) {
    const struct file *files[] = {&f->credentials, &f->config};
    struct profile_settings *parts[] = {&p->credentials, &p->config};
    *p = (struct parts){0};
    for (size_t i = 0; i < 2; i++)
        if (files[i]->text.p && !profile_file_read(files[i]->text, files[i]->path,
                                                   i == 0 ? PROFILE_CREDENTIALS : PROFILE_CONFIG, name, parts[i], f->e))
            return false;
    p->sum.found = p->credentials.found || p->config.found;
    for (size_t i = 0; i < PROFILE_N_SETTINGS; i++)
        p->sum.at[i] = p->credentials.at[i].text.p ? p->credentials.at[i] : p->config.at[i];
    return true;
}

static bool no_profile(const struct finder *f, struct str name) {
    const char *credentials = f->credentials.path, *config = f->config.path;
    if (!config) return err_set(f->e, ERR_CONFIG, "%s: there is no profile [%.*s]", credentials, STR_ARG(name));
    return err_set(f->e, ERR_CONFIG, "there is no profile [%.*s], neither in %s%s nor in %s%s", STR_ARG(name),
                   credentials, f->credentials.text.p ? "" : " (no such file)", config,
                   f->config.text.p ? "" : " (no such file)");
}

/* --- One profile -------------------------------------------------------------------------------------------------- */

static bool at_value(const struct finder *f, const struct profile_value *v) {
    return err_prefix(f->e, "%s:%u: ", v->file, v->line);
}

static bool refuse(const struct finder *f, const struct profile_value *v, const char *sentence) {
    err_set(f->e, ERR_CONFIG, "%s", sentence);
    return at_value(f, v);
}

static bool check_supported(const struct finder *f, struct str name, const struct profile_settings *s) {
    for (size_t i = PROFILE_FIRST_UNSUPPORTED; i < PROFILE_N_SETTINGS; i++) {
        const struct profile_value *v = &s->at[i];
        if (!v->text.p) continue;
        err_set(
            f->e, ERR_CONFIG,
            "%s is not supported here; `aws configure export-credentials --profile %.*s --format env` prints keys for "
            "the environment",
            profile_file_name((enum profile_setting)i), STR_ARG(name));
        return at_value(f, v);
    }
    return true;
}

static bool run_process(const struct finder *f, const struct profile_value *v, struct sigv4_keys *keys) {
    struct credentials_time when = {f->now_s, PROCESS_TIMEOUT_MS};
    if (profile_process_run(v->text, &when, keys, f->arena, f->e)) return true;
    err_prefix(f->e, "credential_process: ");
    return at_value(f, v);
}

static bool find_keys(struct finder *f, struct str name, const struct parts *p, struct sigv4_keys *keys) {
    static const struct credentials_names names = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token",
                                                   true};
    const struct profile_value *process = &p->sum.at[PROFILE_CREDENTIAL_PROCESS];
    const char *file = p->credentials.found ? f->credentials.path : f->config.path;
    bool ok;
    if (has_keys(&p->credentials)) ok = read_keys(&p->credentials, name, keys, f->e);
    else if (process->text.p) ok = run_process(f, process, keys);
    else if (has_keys(&p->config)) ok = read_keys(&p->config, name, keys, f->e);
    else
        return err_set(f->e, ERR_CONFIG,
                       "%s: profile [%.*s] has no keys: no aws_access_key_id, role_arn or "
                       "credential_process",
                       file, STR_ARG(name));
    if (!ok) return false;
    return credentials_check(keys, &names, f->e) || err_prefix(f->e, "profile [%.*s]: ", STR_ARG(name));
}

/* --- Roles -------------------------------------------------------------------------------------------------------- */

static bool ask_container(const struct finder *f, struct sigv4_keys *keys) {
    struct credentials_time when = {f->now_s, ASK_TIMEOUT_MS};
    struct credentials_cache cache;
    if (!credentials_cache_open(&cache, f->e)) return false;
    bool ok = container_credentials_keys(&cache, &when, keys, f->arena, f->e);
    credentials_cache_close(&cache);
    return ok;
}

static bool ask_sts(const struct finder *f, const struct profile_settings *s, const struct sigv4_keys *own,
                    struct sigv4_keys *keys) {
    struct str duration = s->at[PROFILE_DURATION_SECONDS].text;
    struct credentials_time when = {f->now_s, ASK_TIMEOUT_MS};
    struct assume_role role;
    struct assume_role_options options = {.role_arn = s->at[PROFILE_ROLE_ARN].text,
                                          .arn_name = profile_file_name(PROFILE_ROLE_ARN),
                                          .region = f->region,
                                          .session_name = s->at[PROFILE_ROLE_SESSION_NAME].text};
    if (!options.session_name.p) options.session_name = STR("apigw");
    if (!options.region.p) options.region = str_of(variable("AWS_REGION"));
    if (!options.region.p) options.region = str_of(variable("AWS_DEFAULT_REGION"));
    if (!options.region.p) options.region = s->at[PROFILE_REGION].text;
    if (!options.region.p)
        return err_set(f->e, ERR_CONFIG, "there is no region to find STS in: give the profile one, or set AWS_REGION");
    if (duration.p && !str_read_int64(duration, MIN_DURATION_S, MAX_DURATION_S, &options.duration_s))
        return err_set(f->e, ERR_CONFIG, "duration_seconds is not a number from %d to %d", MIN_DURATION_S,
                       MAX_DURATION_S);
    if (!assume_role_open(&role, &options, f->arena, f->e)) return false;
    bool ok = assume_role_keys(&role, own, &when, keys, f->arena, f->e);
    assume_role_close(&role);
    return ok;
}

static bool find_source(const struct finder *f, const struct profile_value *v, struct sigv4_keys *own) {
    if (str_eq(v->text, STR("Environment")))
        return credentials_from_environment(own, f->e) || err_prefix(f->e, "credential_source Environment: ");
    if (str_eq(v->text, STR("EcsContainer"))) {
        if (container_credentials_given()) return ask_container(f, own);
        return err_set(f->e, ERR_CONFIG,
                       "credential_source EcsContainer: AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
    }
    return err_set(f->e, ERR_CONFIG, "credential_source is Environment or EcsContainer here");
}

/* With recursion bounded by MAX_CHAIN. */
static bool find_profile(struct finder *f, struct str name, struct sigv4_keys *keys);

static bool find_own_keys(struct finder *f, struct str name, const struct parts *p, struct sigv4_keys *own) {
    const struct profile_value *profile = &p->sum.at[PROFILE_SOURCE_PROFILE];
    const struct profile_value *source = &p->sum.at[PROFILE_CREDENTIAL_SOURCE];
    if (profile->text.p && source->text.p)
        return refuse(f, source, "source_profile and credential_source exclude each other");
    if (source->text.p) return find_source(f, source, own) || at_value(f, source);
    if (!profile->text.p)
        return refuse(f, &p->sum.at[PROFILE_ROLE_ARN], "role_arn needs a source_profile or a credential_source");
    if (str_eq(profile->text, name) && has_keys(&p->sum)) return find_keys(f, name, p, own);
    return find_profile(f, profile->text, own) || at_value(f, profile);
}

static bool enter(struct finder *f, struct str name) {
    for (size_t i = 0; i < f->n_chain; i++)
        if (str_eq(f->chain[i], name))
            return err_set(f->e, ERR_CONFIG, "the chain of source_profile comes back to [%.*s]", STR_ARG(name));
    if (f->n_chain == MAX_CHAIN)
        return err_set(f->e, ERR_CONFIG, "the chain of source_profile is longer than %d", MAX_CHAIN);
    f->chain[f->n_chain++] = name;
    return true;
}

static bool find_profile(struct finder *f, struct str name, struct sigv4_keys *keys) {
    struct sigv4_keys own;
    struct parts p;
    bool is_source = f->n_chain > 0;
    if (!enter(f, name) || !read_parts(f, name, &p)) return false;
    if (!p.sum.found) return no_profile(f, name);
    if (!check_supported(f, name, &p.sum)) return false;
    if (!is_source) f->region = p.sum.at[PROFILE_REGION].text;
    if (!p.sum.at[PROFILE_ROLE_ARN].text.p || (is_source && has_keys(&p.sum))) return find_keys(f, name, &p, keys);
    if (!find_own_keys(f, name, &p, &own)) return false;
    return ask_sts(f, &p.sum, &own, keys) || at_value(f, &p.sum.at[PROFILE_ROLE_ARN]);
}

/* --- The order ---------------------------------------------------------------------------------------------------- */

/* The profile `default` need not be there. */
static bool find_default(struct finder *f, struct profile *profile) {
    struct parts p;
    if (!open_files(f, NULL)) return err_prefix(f->e, "no keys are given, and ");
    if (!read_parts(f, STR("default"), &p)) return false;
    if (p.sum.found) return find_profile(f, STR("default"), &profile->keys);
    if (container_credentials_given()) return ask_container(f, &profile->keys);
    no_profile(f, STR("default"));
    return err_prefix(f->e, "there is no --profile, AWS_ACCESS_KEY_ID, AWS_PROFILE or "
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI, and ");
}

/* As AWS's tools do it: the environment's keys win over a profile that the environment names. */
static bool find(struct finder *f, const char *name, const char *file, struct profile *profile) {
    if (!name && !file && variable("AWS_ACCESS_KEY_ID")) return credentials_from_environment(&profile->keys, f->e);
    if (!name) name = variable("AWS_PROFILE");
    if (!name && file) name = "default";
    if (name) return open_files(f, file) && find_profile(f, str_of(name), &profile->keys);
    return find_default(f, profile);
}

bool profile_find(const char *name, const char *file, struct profile *profile, struct arena *a, struct err *e) {
    struct finder f = {.now_s = clock_unix_ms() / 1000, .arena = a, .e = e};
    *profile = (struct profile){0};
    if (!find(&f, name, file, profile)) return false;
    profile->region = f.region;
    return true;
}
