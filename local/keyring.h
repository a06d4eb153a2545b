/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of this run: every role and user gets fresh random ones, written to .apigw/credentials in the format of AWS's
   shared credentials file so that any client can be any caller. They are worth nothing anywhere else. */
#ifndef LOCAL_KEYRING_H
#define LOCAL_KEYRING_H

#include "model.h"
#include "sigv4_verify.h"

struct keyring_entry {
    const struct model_principal *who;
    struct sigv4_keys keys; /* AKIA and no token for a user, ASIA and a token for a role or a session */
    /* Of a session that STS has handed out; else 0 and absent. */
    int64_t expires_unix_s;
    struct str session, user_arn; /* absent for a user's session */
    const struct policy_statements *session_policy;
};

struct sessions;

struct keyring {
    int lock_fd; /* once locked */
    bool locked;
    struct keyring_entry *at;
    size_t n;
    struct str *api_keys; /* the values of model->api_keys: the template's own, or drawn */
    size_t n_api_keys;
    const struct model *model;
    struct sessions *sessions; /* NULL: none are handed out */
    struct str region;
    const char *path; /* of the file, once it is written */
    int fd;           /* the file, held open: only our own is removed, and no other can get its inode number */
};

/* Fresh random ones; a temporary key is ASIA and has a token. */
bool keyring_draw(bool temporary, struct sigv4_keys *keys, struct arena *a, struct err *e);

/* As requestContext.identity shows them: the ARN, and AIDA... or AROA...:SESSION. */
struct str keyring_user_arn(const struct keyring_entry *entry);
bool keyring_user_id(const struct keyring_entry *entry, struct str *id, struct arena *a, struct err *e);

bool keyring_make(struct keyring *ring, const struct model *model, struct arena *a, struct err *e);
/* One of the run's keys or of a session's; it stays until it is given back. NULL: unknown. */
const struct keyring_entry *keyring_find(const struct keyring *ring, struct str access_key_id);
void keyring_give_back(const struct keyring *ring, const struct keyring_entry *entry); /* NULL is fine */

/* keyring_find for a sigv4_verifier, whose user is a struct keyring_search; `found` is to be given back. */
struct keyring_search {
    const struct keyring *ring;
    const struct keyring_entry *found;
};
bool keyring_search_key(void *search, struct str access_key_id, struct sigv4_known_key *key);

const struct keyring_entry *keyring_of(const struct keyring *ring, const struct model_principal *who);

/* The enabled key of this value that is in a usage plan of this API's stage, or NULL. Takes the same time for every value
   of one length. */
const struct model_api_key *keyring_opens(const struct keyring *ring, const struct model_api *api, struct str api_key);

/* Makes DIR (0700) when missing and holds DIR/lock until keyring_close: two runs would write over each other's keys.
   ERR_CONFIG names the process that holds it. */
bool keyring_lock(struct keyring *ring, const char *dir, struct arena *a, struct err *e);

/* Writes DIR/credentials with mode 0600, whole or not at all; creates DIR (0700) when missing. */
bool keyring_save(struct keyring *ring, const char *dir, struct arena *a, struct err *e);
void keyring_close(struct keyring *ring); /* removes the file, wipes the keys */

#endif
