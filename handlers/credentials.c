/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and checks keys. Read anew for every invocation: nothing is kept. */
#include "credentials.h"

#include <stdlib.h>

static bool present(struct str s) {
    return s.n > 0;
}

bool credentials_check(const struct sigv4_keys *keys, struct err *e) {
    if (!present(keys->id)) return err_set(e, ERR_CONFIG, "AWS_ACCESS_KEY_ID is not set");
    if (!present(keys->secret)) return err_set(e, ERR_CONFIG, "AWS_SECRET_ACCESS_KEY is not set");
    if (str_has_control(keys->id) || str_has_control(keys->secret) || str_has_control(keys->token))
        return err_set(e, ERR_CONFIG, "an access key, secret key or session token holds a control byte (a line end?)");
    if (str_eq(keys->token, STR("undefined")) || str_eq(keys->token, STR("null")))
        return err_set(e, ERR_CONFIG, "AWS_SESSION_TOKEN holds the word a program writes for \"no value\"");
    if (str_starts(keys->id, STR("ASIA")) && !present(keys->token))
        return err_set(e, ERR_CONFIG, "the access key is temporary (ASIA...) but AWS_SESSION_TOKEN is not set");
    return true;
}

bool credentials_from_environment(struct sigv4_keys *keys, struct err *e) {
    *keys = (struct sigv4_keys){str_of(getenv("AWS_ACCESS_KEY_ID")), str_of(getenv("AWS_SECRET_ACCESS_KEY")),
                                str_of(getenv("AWS_SESSION_TOKEN"))};
    if (!present(keys->token))
        keys->token = (struct str){0}; /* empty is absent: an empty field would break the request */
    return credentials_check(keys, e);
}
