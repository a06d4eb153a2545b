/* SPDX-License-Identifier: Apache-2.0 */
/* Where keys come from. In Lambda the environment holds the function role's temporary keys, or, when it was restored
   from a snapshot, the address of an endpoint that gives them out.
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
   No error sentence holds a value. */
#ifndef HANDLERS_CREDENTIALS_H
#define HANDLERS_CREDENTIALS_H

#include "credentials_cache.h"

/* What a source calls the three: an error names the missing one so. */
struct credentials_names {
    const char *id, *secret, *token;
    bool long_term; /* keys without token and end are fine */
};

/* A part that is missing; an ASIA key without a token, or with the word "undefined" for one; a control byte: no AWS
   service would take these. ERR_CONFIG. */
bool credentials_check(const struct sigv4_keys *keys, const struct credentials_names *names, struct err *e);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; views into the environment. ERR_CONFIG names what is
   missing or cannot be right, before anything is sent. */
bool credentials_from_environment(struct sigv4_keys *keys, struct err *e);

/* The function's own keys, anew at each call: from the environment, or from the container endpoint when the environment
   has no AWS_ACCESS_KEY_ID and names one. Keys of the endpoint stay in *cache; those handed out are copies in the
   arena. Errors: as credentials_from_environment and container_credentials_keys. */
bool credentials_find(struct credentials_cache *cache, const struct credentials_time *when, struct sigv4_keys *keys,
                      struct arena *a, struct err *e);

/* What credentials_find gave is expired for a service. False: the next would be the same (credentials_cache_drop). */
bool credentials_drop(struct credentials_cache *cache, struct str id, int64_t now_s);

/* --- What the sources answer: {"AccessKeyId", "SecretAccessKey", ..., "Expiration"} ------------------------------- */

struct cJSON;

/* Copies the keys into the arena and wipes those in the tree. Expiration is a number of seconds since 1970 or an
   ISO 8601 text. ERR_PROTOCOL: "there is no SecretAccessKey". */
bool credentials_read_json(const struct cJSON *object, const struct credentials_names *names, struct credentials *found,
                           struct arena *a, struct err *e);

/* "2015-08-30T12:36:00Z", with a fraction and an offset if need be. */
bool credentials_read_time(struct str text, int64_t *unix_s);

/* A peer's error code, if it is a plain word and so fit for a log; else "without a code". */
struct str credentials_word(struct str code);

#endif
