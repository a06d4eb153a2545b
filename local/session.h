/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions that STS has handed out in this run: bounded in number, each counted by who uses it just now. */
#ifndef LOCAL_SESSION_H
#define LOCAL_SESSION_H

#include "keyring.h"

enum { SESSION_MAX = 1024 };

struct session_wish {
    const struct model *model;
    const struct model_principal *who;
    struct str name;   /* RoleSessionName; absent: a user's own session */
    struct str policy; /* JSON; absent: none */
    int64_t now_s, expires_unix_s;
};

struct sessions;
bool session_open(struct sessions **sessions, struct err *e);
void session_close(struct sessions *sessions); /* wipes and forgets; nobody uses one any more. NULL is fine */

/* *entry is to be given back. A session that has expired makes room only when there is none. ERR_PARSE: the policy;
   ERR_LIMIT: SESSION_MAX of them are alive. */
bool session_add(struct sessions *sessions, const struct session_wish *wish, const struct keyring_entry **entry,
                 struct err *e);
const struct keyring_entry *session_find(struct sessions *sessions, struct str access_key_id); /* NULL: unknown */
void session_give_back(struct sessions *sessions, const struct keyring_entry *entry);

#endif
