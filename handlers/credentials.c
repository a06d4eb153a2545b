/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks the function's own keys. The environment is read anew for every invocation: nothing is kept. */
#include "credentials.h"

#include <stdlib.h>

#include "container_credentials.h"

static bool no_value(struct str s) {
    return str_eq(s, STR("undefined")) || str_eq(s, STR("null")) || str_eq(s, STR("None"));
}

bool credentials_check(const struct sigv4_keys *keys, const struct credentials_names *names, struct err *e) {
    const struct {
        struct str value;
        const char *name;
    } parts[] = {{keys->id, names->id}, {keys->secret, names->secret}, {keys->token, names->token}};
    for (size_t i = 0; i < 3; i++) {
        if (i < 2 && !parts[i].value.n) return err_set(e, ERR_CONFIG, "%s is not set", parts[i].name);
        if (str_has_control(parts[i].value))
            return err_set(e, ERR_CONFIG, "%s holds a control byte (a line end?)", parts[i].name);
        if (no_value(parts[i].value))
            return err_set(e, ERR_CONFIG, "%s holds the word a program writes for \"no value\"", parts[i].name);
    }
    if (str_starts(keys->id, STR("ASIA")) && !keys->token.n)
        return err_set(e, ERR_CONFIG, "the access key is temporary (ASIA...) but %s is not set", names->token);
    return true;
}

bool credentials_from_environment(struct sigv4_keys *keys, struct err *e) {
    static const struct credentials_names names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                                   true};
    *keys = (struct sigv4_keys){str_of(getenv(names.id)), str_of(getenv(names.secret)), str_of(getenv(names.token))};
    if (!keys->token.n) keys->token = (struct str){0}; /* empty is absent: an empty field would break the request */
    return credentials_check(keys, &names, e);
}

static bool in_environment(void) {
    return str_of(getenv("AWS_ACCESS_KEY_ID")).n || !container_credentials_given();
}

bool credentials_find(struct credentials_cache *cache, const struct credentials_time *when, struct sigv4_keys *keys,
                      struct arena *a, struct err *e) {
    if (in_environment()) return credentials_from_environment(keys, e);
    return container_credentials_keys(cache, when, keys, a, e);
}

bool credentials_drop(struct credentials_cache *cache, struct str id, int64_t now_s) {
    return !in_environment() && credentials_cache_drop(cache, id, now_s);
}
