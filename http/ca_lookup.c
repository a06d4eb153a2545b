/* SPDX-License-Identifier: Apache-2.0 */
/* The index holds a number for each owner's name and the certificate's place in the file, which stays open: a bundle that is
   replaced does not disturb, and its 220 KB are not kept in memory. */
#include "ca_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base64.h"
#include "ca_bundle.h"
#include "log.h"

enum {
    WINDOW_BYTES = 64 * 1024, /* read at once; a longer certificate is not read */
    DER_BYTES = WINDOW_BYTES / 4 * 3,
    BEGINNING_BYTES = 448, /* enough for the owner's name, as a rule */
    MAX_BUNDLE_BYTES = 64 * 1024 * 1024,
};

struct entry {
    uint64_t owner;
    off_t at; /* of its base64, n bytes */
    uint32_t n;
    bool trusted, bad;
    X509 *x509; /* parsed when it was asked for */
};

struct ca_lookup {
    struct ca_lookup *next;
    char *path;
    struct stat file;
    int fd, users;
    pthread_mutex_t lock; /* the entries' x509 and bad */
    struct entry *entries;
    size_t n, room, unreadable;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the two below, and the members `next` and `users` */
static struct ca_lookup *all;
static X509_LOOKUP_METHOD *method;

/* --- Building the index ------------------------------------------------------------------------------------------- */

struct window {
    char text[WINDOW_BYTES + 1]; /* the last line may want a line feed */
    unsigned char der[DER_BYTES];
};

static bool add(struct ca_lookup *l, const struct entry *entry) {
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 256;
        struct entry *entries = realloc(l->entries, room * sizeof *entries);
        if (!entries) return false;
        l->entries = entries;
        l->room = room;
    }
    l->entries[l->n++] = *entry;
    return true;
}

static bool owner_of(struct str base64, unsigned char *der, uint64_t *owner) {
    static const size_t rooms[] = {BEGINNING_BYTES, DER_BYTES};
    size_t n;
    for (size_t i = 0; i < 2; i++) {
        if (!base64_decode(base64, true, der, rooms[i], &n)) return false;
        if (ca_bundle_owner_key((struct str){(char *)der, n}, owner)) return true;
        if (n < rooms[i]) return false;
    }
    return false;
}

/* What of the window is done, or SIZE_MAX: no memory. */
static size_t add_all(struct ca_lookup *l, struct window *w, size_t n, off_t at) {
    struct str rest = {w->text, n};
    struct ca_block block;
    while (ca_bundle_next(&rest, &block)) {
        struct entry entry = {.n = (uint32_t)block.base64.n, .trusted = block.trusted};
        if (!block.base64.p || !owner_of(block.base64, w->der, &entry.owner)) {
            l->unreadable++;
            continue;
        }
        entry.at = at + (block.base64.p - w->text);
        if (!add(l, &entry)) return SIZE_MAX;
    }
    if (rest.n == WINDOW_BYTES) rest.n = 0; /* one line, or one certificate, without an end */
    return n - rest.n;
}

static bool no_memory(const char *path, struct err *e) {
    return err_set(e, ERR_MEMORY, "out of memory for the index of the CA bundle %s", path);
}

static bool read_all(struct ca_lookup *l, struct window *w, struct err *e) {
    size_t have = 0;
    off_t at = 0;
    for (bool ended = false; !ended;) {
        ssize_t got = pread(l->fd, w->text + have, WINDOW_BYTES - have, at + (off_t)have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return err_set(e, ERR_CONFIG, "the CA bundle %s cannot be read: %s", l->path, strerror(errno));
        have += (size_t)got;
        ended = got == 0;
        if (ended) w->text[have++] = '\n';
        size_t done = add_all(l, w, have, at);
        if (done == SIZE_MAX) return no_memory(l->path, e);
        have -= done;
        memmove(w->text, w->text + done, have);
        at += (off_t)done;
        if (at > MAX_BUNDLE_BYTES) return err_set(e, ERR_CONFIG, "the CA bundle %s is larger than 64 MB", l->path);
    }
    l->unreadable += have != 0; /* begun, and not ended */
    return true;
}

static bool read_index(struct ca_lookup *l, struct err *e) {
    l->fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (l->fd < 0 || fstat(l->fd, &l->file) != 0)
        return err_set(e, ERR_CONFIG, "the CA bundle %s cannot be read: %s", l->path, strerror(errno));
    if (!S_ISREG(l->file.st_mode)) return err_set(e, ERR_CONFIG, "the CA bundle %s is not a file", l->path);
    struct window *w = malloc(sizeof *w);
    bool ok = w ? read_all(l, w, e) : no_memory(l->path, e);
    free(w);
    if (!ok) return false;
    if (!l->n) return err_set(e, ERR_CONFIG, "the CA bundle %s holds no certificate in PEM that can be read", l->path);
    if (l->unreadable)
        log_line(LOG_WARN, "%zu certificates of the CA bundle %s cannot be read; they are not trusted", l->unreadable,
                 l->path);
    return true;
}

static void discard(struct ca_lookup *l) {
    for (size_t i = 0; i < l->n; i++) X509_free(l->entries[i].x509);
    if (l->fd >= 0) close(l->fd);
    pthread_mutex_destroy(&l->lock);
    free(l->entries);
    free(l->path);
    free(l);
}

static struct ca_lookup *make(const char *path, struct err *e) {
    struct ca_lookup *l = calloc(1, sizeof *l);
    if (l) {
        l->fd = -1;
        pthread_mutex_init(&l->lock, NULL);
        l->path = strdup(path);
        if (l->path && read_index(l, e)) return l;
    }
    if (!l || !l->path) no_memory(path, e);
    if (l) discard(l);
    return NULL;
}

/* --- OpenSSL asks ------------------------------------------------------------------------------------------------- */

static X509 *read_x509(const struct ca_lookup *l, const struct entry *entry) {
    char *text = malloc(entry->n);
    unsigned char *der = malloc(entry->n);
    X509 *x509 = NULL;
    size_t n;
    if (text && der && pread(l->fd, text, entry->n, entry->at) == (ssize_t)entry->n &&
        base64_decode((struct str){text, entry->n}, true, der, entry->n, &n)) {
        const unsigned char *p = der;
        x509 = entry->trusted ? d2i_X509_AUX(NULL, &p, (long)n) : d2i_X509(NULL, &p, (long)n);
    }
    free(text);
    free(der);
    return x509;
}

static X509 *x509_of(struct ca_lookup *l, struct entry *entry) {
    if (entry->x509 || entry->bad) return entry->x509;
    ERR_set_mark();
    entry->x509 = read_x509(l, entry);
    ERR_pop_to_mark();
    entry->bad = !entry->x509;
    if (entry->bad)
        log_line(LOG_WARN, "the certificate at byte %lld of the CA bundle %s cannot be read; it is not trusted",
                 (long long)entry->at, l->path);
    return entry->x509;
}

/* All of that name go into the store, for OpenSSL tries them in turn; one of them is the answer, which the store keeps. */
static int by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name, X509_OBJECT *answer) {
    struct ca_lookup *l = X509_LOOKUP_get_method_data(lookup);
    X509_STORE *store = X509_LOOKUP_get_store(lookup);
    X509 *found = NULL;
    const unsigned char *der;
    size_t n;
    uint64_t owner;
    if (type != X509_LU_X509 || !l || !X509_NAME_get0_der(name, &der, &n)) return 0;
    if (!ca_bundle_name_key((struct str){(const char *)der, n}, &owner)) return 0;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < l->n; i++) {
        X509 *x509 = l->entries[i].owner == owner ? x509_of(l, &l->entries[i]) : NULL;
        if (x509 && X509_NAME_cmp(name, X509_get_subject_name(x509)) == 0 && X509_STORE_add_cert(store, x509))
            found = x509;
    }
    pthread_mutex_unlock(&l->lock);
    if (!found || !X509_OBJECT_set1_X509(answer, found)) return 0;
    X509_free(found); /* whoever asked counts it again */
    return 1;
}

bool ca_lookup_attach(struct ca_lookup *l, X509_STORE *store) {
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, method);
    return lookup && X509_LOOKUP_set_method_data(lookup, l);
}

/* --- One for all -------------------------------------------------------------------------------------------------- */

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct ca_lookup *find(const char *path) {
    struct stat now;
    if (stat(path, &now) != 0) return NULL;
    for (struct ca_lookup *l = all; l; l = l->next)
        if (same_file(&l->file, &now) && strcmp(l->path, path) == 0) return l;
    return NULL;
}

static struct ca_lookup *find_or_make(const char *path, struct err *e) {
    if (!method && (method = X509_LOOKUP_meth_new("CA bundle")) &&
        !X509_LOOKUP_meth_set_get_by_subject(method, by_subject)) {
        X509_LOOKUP_meth_free(method);
        method = NULL;
    }
    if (!method) {
        no_memory(path, e);
        return NULL;
    }
    struct ca_lookup *l = find(path);
    if (l || !(l = make(path, e))) return l;
    l->next = all;
    all = l;
    return l;
}

bool ca_lookup_open(const char *path, struct ca_lookup **lookup, struct err *e) {
    pthread_mutex_lock(&lock);
    struct ca_lookup *l = find_or_make(path, e);
    if (l) l->users++;
    pthread_mutex_unlock(&lock);
    *lookup = l;
    return l != NULL;
}

void ca_lookup_close(struct ca_lookup *l) {
    if (!l) return;
    pthread_mutex_lock(&lock);
    if (--l->users == 0) {
        struct ca_lookup **at = &all;
        while (*at != l) at = &(*at)->next;
        *at = l->next;
        discard(l);
    }
    pthread_mutex_unlock(&lock);
}
