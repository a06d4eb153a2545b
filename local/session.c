/* SPDX-License-Identifier: Apache-2.0 */
/* A table of sessions under one lock. Each has an arena of its own, which goes, wiped, with the last who uses it. */
#include "session.h"

#include <pthread.h>
#include <stdlib.h>

#include "wipe.h"

enum { SESSION_BYTES = 512 * 1024 };

struct session {
    struct keyring_entry entry; /* the first member: what others hold is a pointer to it */
    struct policy_statements policy;
    struct arena arena;
    unsigned users; /* the table is one */
};

struct sessions {
    pthread_mutex_t lock;
    struct session *at[SESSION_MAX]; /* NULL: free */
};

bool session_open(struct sessions **sessions, struct err *e) {
    struct sessions *s = calloc(1, sizeof *s);
    if (!s) return err_set(e, ERR_MEMORY, "out of memory for sessions");
    pthread_mutex_init(&s->lock, NULL);
    *sessions = s;
    return true;
}

static void let_go(struct session *s) {
    if (--s->users > 0) return;
    wipe_str(s->entry.keys.secret);
    wipe_str(s->entry.keys.token);
    arena_close(&s->arena);
    free(s);
}

void session_close(struct sessions *s) {
    if (!s) return;
    for (size_t i = 0; i < SESSION_MAX; i++)
        if (s->at[i]) let_go(s->at[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, the role without its path */
static bool name_session(struct session *s, const struct session_wish *wish, struct err *e) {
    struct buf arn;
    if (!wish->name.p) return true;
    s->entry.session = (struct str){arena_copy(&s->arena, wish->name), wish->name.n};
    buf_init(&arn, 2048, &s->arena);
    buf_addf(&arn, "arn:%.*s:sts::%.*s:assumed-role/%.*s/%.*s", STR_ARG(wish->model->partition),
             STR_ARG(wish->who->account_id), STR_ARG(wish->who->name), STR_ARG(wish->name));
    s->entry.user_arn = buf_str(&arn);
    return buf_ok(&arn, e) && (s->entry.session.p || err_set(e, ERR_MEMORY, "out of memory for a session"));
}

static bool fill(struct session *s, const struct session_wish *wish, struct err *e) {
    s->entry.who = wish->who;
    s->entry.expires_unix_s = wish->expires_unix_s;
    if (!keyring_draw(true, &s->entry.keys, &s->arena, e) || !name_session(s, wish, e)) return false;
    if (!wish->policy.p) return true;
    s->entry.session_policy = &s->policy;
    return model_session_policy(wish->model, wish->policy, &s->policy, &s->arena, e);
}

/* A free place, or that of the session that expired first. */
static struct session **find_place(struct sessions *table, int64_t now_s) {
    struct session **oldest = NULL;
    for (size_t i = 0; i < SESSION_MAX; i++) {
        if (!table->at[i]) return &table->at[i];
        if (!oldest || table->at[i]->entry.expires_unix_s < (*oldest)->entry.expires_unix_s) oldest = &table->at[i];
    }
    return (*oldest)->entry.expires_unix_s <= now_s ? oldest : NULL;
}

bool session_add(struct sessions *table, const struct session_wish *wish, const struct keyring_entry **entry,
                 struct err *e) {
    struct session *s = calloc(1, sizeof *s);
    if (!s) return err_set(e, ERR_MEMORY, "out of memory for a session");
    arena_init(&s->arena, SESSION_BYTES);
    s->users = 2; /* the table, and who gets *entry */
    bool ok = fill(s, wish, e);
    pthread_mutex_lock(&table->lock);
    struct session **place = ok ? find_place(table, wish->now_s) : NULL;
    if (ok && !place) err_set(e, ERR_LIMIT, "%d sessions are alive", SESSION_MAX);
    if (place && *place) let_go(*place);
    if (place) *place = s;
    pthread_mutex_unlock(&table->lock);
    *entry = &s->entry;
    if (place) return true;
    s->users = 1;
    let_go(s);
    return false;
}

const struct keyring_entry *session_find(struct sessions *table, struct str access_key_id) {
    struct session *found = NULL;
    pthread_mutex_lock(&table->lock);
    for (size_t i = 0; i < SESSION_MAX && !found; i++)
        if (table->at[i] && str_eq(table->at[i]->entry.keys.id, access_key_id)) found = table->at[i];
    if (found) found->users++;
    pthread_mutex_unlock(&table->lock);
    return found ? &found->entry : NULL;
}

void session_give_back(struct sessions *table, const struct keyring_entry *entry) {
    pthread_mutex_lock(&table->lock);
    let_go((struct session *)(uintptr_t)entry);
    pthread_mutex_unlock(&table->lock);
}
