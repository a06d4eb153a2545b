/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of this run: every role and user gets fresh random ones, written to .apigw/credentials in the format of AWS's
   shared credentials file so that any client can be any caller. They are worth nothing anywhere else. */
#ifndef LOCAL_KEYRING_H
#define LOCAL_KEYRING_H

#include "model.h"
#include "sigv4.h"

struct keyring_entry {
    const struct model_principal *who;
    struct sigv4_keys keys; /* AKIA and no token for a user, ASIA and a token for a role */
};

struct keyring {
    int lock_fd; /* once locked */
    bool locked;
    struct keyring_entry *at;
    size_t n;
    struct str region;
    const char *path; /* of the file, once it is written */
    int fd;           /* the file, held open: only our own is removed, and no other can get its inode number */
};

bool keyring_make(struct keyring *ring, const struct model *model, struct arena *a, struct err *e);
const struct keyring_entry *keyring_find(const struct keyring *ring, struct str access_key_id);
const struct keyring_entry *keyring_of(const struct keyring *ring, const struct model_principal *who);

/* Makes DIR (0700) when missing and holds DIR/lock until keyring_close: two runs would write over each other's keys.
   ERR_CONFIG names the process that holds it. */
bool keyring_lock(struct keyring *ring, const char *dir, struct arena *a, struct err *e);

/* Writes DIR/credentials with mode 0600, whole or not at all; creates DIR (0700) when missing. */
bool keyring_save(struct keyring *ring, const char *dir, struct arena *a, struct err *e);
void keyring_close(struct keyring *ring); /* removes the file, wipes the keys */

#endif
