/* SPDX-License-Identifier: Apache-2.0 */
/* Makes, saves and forgets the keys of one run. */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random.h"
#include "session.h"
#include "wipe.h"

enum { ID_CHARS = 16, SECRET_CHARS = 40, TOKEN_CHARS = 356, API_KEY_CHARS = 40 };

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char ALPHANUMERIC[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool make_text(struct str prefix, size_t n, const char *alphabet, struct str *out, struct arena *a,
                      struct err *e) {
    char *p = arena_take(a, prefix.n + n + 1);
    if (!p || !random_text(p + prefix.n, n, alphabet))
        return err_set(e, ERR_MEMORY, "no memory or no randomness for keys");
    memcpy(p, prefix.p, prefix.n);
    *out = (struct str){p, prefix.n + n};
    return true;
}

bool keyring_draw(bool temporary, struct sigv4_keys *keys, struct arena *a, struct err *e) {
    *keys = (struct sigv4_keys){0};
    return make_text(temporary ? STR("ASIA") : STR("AKIA"), ID_CHARS, BASE32, &keys->id, a, e) &&
           make_text(STR(""), SECRET_CHARS, BASE64, &keys->secret, a, e) &&
           (!temporary || make_text(STR("IQoJb3JpZ2luX2Vj"), TOKEN_CHARS, BASE64, &keys->token, a, e));
}

/* Copies, so that they can be wiped; a key without Value gets one of its own, as AWS gives it. */
static bool make_api_keys(struct keyring *ring, struct arena *a, struct err *e) {
    const struct model *m = ring->model;
    ring->api_keys = arena_zero(a, (m->n_api_keys + 1) * sizeof *ring->api_keys);
    if (!ring->api_keys) return err_set(e, ERR_MEMORY, "out of memory for keys");
    for (; ring->n_api_keys < m->n_api_keys; ring->n_api_keys++) {
        struct str given = m->api_keys[ring->n_api_keys].value, *value = &ring->api_keys[ring->n_api_keys];
        if (!given.p && !make_text(STR(""), API_KEY_CHARS, ALPHANUMERIC, value, a, e)) return false;
        if (given.p) *value = (struct str){arena_copy(a, given), given.n};
        if (!value->p) return err_set(e, ERR_MEMORY, "out of memory for keys");
    }
    return true;
}

bool keyring_make(struct keyring *ring, const struct model *model, struct arena *a, struct err *e) {
    *ring = (struct keyring){.n = model->n_principals, .model = model, .region = model->region};
    ring->at = arena_zero(a, (ring->n ? ring->n : 1) * sizeof *ring->at);
    if (!ring->at) return err_set(e, ERR_MEMORY, "out of memory for keys");
    for (size_t i = 0; i < ring->n; i++) {
        ring->at[i].who = &model->principals[i];
        if (!keyring_draw(ring->at[i].who->kind == MODEL_ROLE, &ring->at[i].keys, a, e)) return false;
    }
    return make_api_keys(ring, a, e);
}

static bool equal(struct str a, struct str b) {
    unsigned differing = a.n != b.n;
    for (size_t i = 0; i < a.n && i < b.n; i++) differing |= (unsigned char)(a.p[i] ^ b.p[i]);
    return !differing;
}

static bool is_for(const struct model_api_key *key, const struct model_api *api) {
    for (size_t i = 0; i < key->n_opens; i++)
        if (key->opens[i] == api) return key->enabled;
    return false;
}

const struct model_api_key *keyring_opens(const struct keyring *ring, const struct model_api *api, struct str api_key) {
    const struct model_api_key *opens = NULL;
    for (size_t i = 0; i < ring->n_api_keys; i++) {
        bool same = equal(ring->api_keys[i], api_key);
        if (is_for(&ring->model->api_keys[i], api) && same) opens = &ring->model->api_keys[i];
    }
    return opens;
}

const struct keyring_entry *keyring_find(const struct keyring *ring, struct str access_key_id) {
    for (size_t i = 0; i < ring->n; i++)
        if (str_eq(ring->at[i].keys.id, access_key_id)) return &ring->at[i];
    return ring->sessions ? session_find(ring->sessions, access_key_id) : NULL;
}

bool keyring_search_key(void *search, struct str access_key_id, struct sigv4_known_key *key) {
    struct keyring_search *s = search;
    if (!s->found) s->found = keyring_find(s->ring, access_key_id);
    if (s->found)
        *key = (struct sigv4_known_key){.keys = s->found->keys, .token_expires_unix_s = s->found->expires_unix_s};
    return s->found != NULL;
}

void keyring_give_back(const struct keyring *ring, const struct keyring_entry *entry) {
    if (entry && entry->expires_unix_s) session_give_back(ring->sessions, entry);
}

struct str keyring_user_arn(const struct keyring_entry *entry) {
    return entry->user_arn.p ? entry->user_arn : entry->who->user_arn;
}

bool keyring_user_id(const struct keyring_entry *entry, struct str *id, struct arena *a, struct err *e) {
    struct str session = entry->session.p ? entry->session : entry->who->session;
    struct buf b;
    buf_init(&b, 256, a);
    buf_add(&b, entry->who->unique_id);
    if (session.n) buf_addf(&b, ":%.*s", STR_ARG(session));
    *id = buf_str(&b);
    return buf_ok(&b, e);
}

const struct keyring_entry *keyring_of(const struct keyring *ring, const struct model_principal *who) {
    for (size_t i = 0; i < ring->n; i++)
        if (ring->at[i].who == who) return &ring->at[i];
    return NULL;
}

static void write_profile(struct buf *out, const struct keyring_entry *entry, struct str region) {
    buf_addf(out, "[%.*s]\nregion = %.*s\naws_access_key_id = %.*s\naws_secret_access_key = %.*s\n",
             STR_ARG(entry->who->profile), STR_ARG(region), STR_ARG(entry->keys.id), STR_ARG(entry->keys.secret));
    if (entry->keys.token.p) buf_addf(out, "aws_session_token = %.*s\n", STR_ARG(entry->keys.token));
    buf_add_char(out, '\n');
}

/* Leaves the file open. A write that is cut short has no errno of its own: the disk is full. */
static bool write_file(const char *path, struct str text, int *fd) {
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd < 0) return false;
    errno = ENOSPC;
    return write(*fd, text.p, text.n) == (ssize_t)text.n;
}

bool keyring_save(struct keyring *ring, const char *dir, struct arena *a, struct err *e) {
    struct buf text, path, part;
    buf_init(&text, 1024 * 1024, a);
    buf_init(&path, 4096, a);
    buf_init(&part, 4096, a);
    buf_add(&text, STR("# Keys of one run of apigw, of no use anywhere else. This file goes when it stops.\n\n"));
    for (size_t i = 0; i < ring->n; i++) write_profile(&text, &ring->at[i], ring->region);
    for (size_t i = 0; i < ring->n_api_keys; i++)
        buf_addf(&text, "# x-api-key of %.*s: %.*s\n", STR_ARG(ring->model->api_keys[i].logical_id),
                 STR_ARG(ring->api_keys[i]));
    buf_addf(&path, "%s/credentials%c", dir, 0);
    buf_addf(&part, "%s/credentials.%ld%c", dir, (long)getpid(), 0);
    if (!buf_ok(&text, e) || !buf_ok(&path, e) || !buf_ok(&part, e)) return false;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, ERR_CONFIG, "cannot make %s: %s", dir, strerror(errno));
    unlink(part.p);
    int fd;
    if (!write_file(part.p, buf_str(&text), &fd) || rename(part.p, path.p) != 0) {
        err_set(e, ERR_CONFIG, "cannot write %s: %s", path.p, strerror(errno));
        unlink(part.p);
        if (fd >= 0) close(fd);
        return false;
    }
    ring->path = path.p;
    ring->fd = fd;
    return true;
}

bool keyring_lock(struct keyring *ring, const char *dir, struct arena *a, struct err *e) {
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, holder = whole;
    struct buf path;
    buf_init(&path, 4096, a);
    buf_addf(&path, "%s/lock%c", dir, 0);
    if (!buf_ok(&path, e)) return false;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_set(e, ERR_CONFIG, "cannot make %s: %s", dir, strerror(errno));
    int fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return err_set(e, ERR_CONFIG, "cannot open %s: %s", path.p, strerror(errno));
    if (fcntl(fd, F_SETLK, &whole) == 0) {
        ring->lock_fd = fd;
        ring->locked = true;
        return true;
    }
    bool known = fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK;
    close(fd);
    return err_set(e, ERR_CONFIG,
                   "another apigw (process %ld) has its keys in %s/credentials; stop it, or start this one in "
                   "another folder",
                   known ? (long)holder.l_pid : 0L, dir);
}

void keyring_close(struct keyring *ring) {
    struct stat ours, there;
    if (ring->path) {
        bool same = fstat(ring->fd, &ours) == 0 && stat(ring->path, &there) == 0 && ours.st_ino == there.st_ino &&
                    ours.st_dev == there.st_dev;
        if (same) unlink(ring->path);
        close(ring->fd);
    }
    for (size_t i = 0; i < ring->n; i++) {
        wipe_str(ring->at[i].keys.secret);
        wipe_str(ring->at[i].keys.token);
    }
    for (size_t i = 0; i < ring->n_api_keys; i++) wipe_str(ring->api_keys[i]);
    session_close(ring->sessions);
    if (ring->locked) close(ring->lock_fd);
    *ring = (struct keyring){0};
}
