/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys that are derived once. A slot is found by its credential ("ID/20150830/us-east-1/iam/aws4_request"; the
   pair of keys of SigV4A by "ID" alone) and holds good only for the secret whose digest it keeps. The lock is held for
   looking up and storing, never while something is derived or signed. */
#include "sigv4_cache.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdalign.h>
#include <string.h>

#include "sigv4_secret.h"
#include "sigv4a.h"

enum { MAX_SECRET_BYTES = 1024, MAX_NAME_BYTES = 256 };

struct slot {
    uint64_t used; /* the cache's turn at the last use; 0: empty */
    size_t n;      /* of name */
    char name[MAX_NAME_BYTES];
    unsigned char secret_digest[SHA256_BYTES];
    struct sha256_pads pads;
    struct sigv4a_signer *signer; /* NULL: none, or a thread is signing with it */
    unsigned char point[SIGV4A_POINT_BYTES];
    bool has_point;
};

struct sigv4_cache {
    pthread_mutex_t lock;
    uint64_t turn, wipes;
    struct slot slots[SIGV4_CACHE_SLOTS];
};

size_t sigv4_cache_bytes(void) {
    return sizeof(struct sigv4_cache);
}

struct sigv4_cache *sigv4_cache_open(void *memory, size_t bytes) {
    struct sigv4_cache *cache = memory;
    if (!memory || bytes < sizeof *cache || (uintptr_t)memory % alignof(struct sigv4_cache)) return NULL;
    memset(cache, 0, sizeof *cache);
    return pthread_mutex_init(&cache->lock, NULL) == 0 ? cache : NULL;
}

static void wipe(struct slot *slot) {
    sigv4a_signer_close(slot->signer);
    OPENSSL_cleanse(slot, sizeof *slot);
}

void sigv4_cache_wipe(struct sigv4_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < SIGV4_CACHE_SLOTS; i++) wipe(&cache->slots[i]);
    cache->wipes++;
    pthread_mutex_unlock(&cache->lock);
}

/* What a lookup goes by. */
struct want {
    struct str name;
    unsigned char secret_digest[SHA256_BYTES];
};

static bool want_init(struct want *want, struct str name, struct str secret) {
    want->name = name;
    return name.n <= MAX_NAME_BYTES && sha256_digest(want->secret_digest, secret);
}

static struct str view(const unsigned char digest[static SHA256_BYTES]) {
    return (struct str){(const char *)digest, SHA256_BYTES};
}

/* The slot of that name and secret, or NULL. One whose secret was rotated is wiped. */
static struct slot *find(struct sigv4_cache *cache, const struct want *want) {
    for (struct slot *s = cache->slots; s < cache->slots + SIGV4_CACHE_SLOTS; s++) {
        if (!s->used || s->n != want->name.n || memcmp(s->name, want->name.p, s->n) != 0) continue;
        if (sigv4_secret_eq(view(s->secret_digest), view(want->secret_digest))) {
            s->used = ++cache->turn;
            return s;
        }
        wipe(s);
        return NULL;
    }
    return NULL;
}

/* The same, or the slot unused for longest, emptied and named. */
static struct slot *find_or_make(struct sigv4_cache *cache, const struct want *want) {
    struct slot *slot = find(cache, want), *oldest = cache->slots;
    if (slot) return slot;
    for (struct slot *s = cache->slots; s < cache->slots + SIGV4_CACHE_SLOTS; s++)
        if (s->used < oldest->used) oldest = s;
    wipe(oldest);
    oldest->used = ++cache->turn;
    oldest->n = want->name.n;
    memcpy(oldest->name, want->name.p, want->name.n);
    memcpy(oldest->secret_digest, want->secret_digest, SHA256_BYTES);
    return oldest;
}

/* --- SigV4 ------------------------------------------------------------------------------------------------------ */

/* HMAC("AWS4" + secret, date), and on with each further part of the credential. */
static bool derive(struct sha256_pads *pads, struct str credential, struct str secret) {
    char first[4 + MAX_SECRET_BYTES] = "AWS4";
    unsigned char key[SHA256_BYTES];
    struct str rest = credential, part;
    if (secret.n > MAX_SECRET_BYTES) return false;
    if (secret.n) memcpy(first + 4, secret.p, secret.n);
    str_cut(&rest, '/', &part); /* the id is no part of the key */
    bool ok = sha256_pads_init(pads, (struct str){first, 4 + secret.n});
    while (ok && rest.p) {
        str_cut(&rest, '/', &part);
        ok = sha256_pads_hmac(pads, key, part) && sha256_pads_init(pads, (struct str){(const char *)key, sizeof key});
    }
    OPENSSL_cleanse(first, 4 + secret.n);
    OPENSSL_cleanse(key, sizeof key);
    return ok;
}

bool sigv4_cache_pads(struct sha256_pads *pads, struct sigv4_cache *cache, struct str credential, struct str secret) {
    struct want want;
    if (!cache || !want_init(&want, credential, secret)) return derive(pads, credential, secret);
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = find(cache, &want);
    if (slot) *pads = slot->pads;
    pthread_mutex_unlock(&cache->lock);
    if (slot) return true;
    if (!derive(pads, credential, secret)) return false;
    pthread_mutex_lock(&cache->lock);
    find_or_make(cache, &want)->pads = *pads;
    pthread_mutex_unlock(&cache->lock);
    return true;
}

bool sigv4_cache_signature(char hex[65], struct sigv4_cache *cache, struct str credential, struct str secret,
                           struct str string_to_sign) {
    struct sha256_pads pads;
    unsigned char signature[SHA256_BYTES];
    bool ok = sigv4_cache_pads(&pads, cache, credential, secret) && sha256_pads_hmac(&pads, signature, string_to_sign);
    if (ok) sha256_hex(hex, signature);
    OPENSSL_cleanse(&pads, sizeof pads);
    return ok;
}

/* --- SigV4A ----------------------------------------------------------------------------------------------------- */

static bool open_signer(const struct sigv4_keys *keys, struct sigv4a_signer **signer, struct err *e) {
    unsigned char d[SIGV4A_SCALAR_BYTES];
    bool ok = sigv4a_derive_scalar(d, keys->id, keys->secret, e) && sigv4a_signer_open(d, signer, e);
    OPENSSL_cleanse(d, sizeof d);
    return ok;
}

/* A signer is for one thread at a time, so it leaves its slot while it signs; a second thread makes one of its own. */
static struct sigv4a_signer *take_signer(struct sigv4_cache *cache, const struct want *want, uint64_t *wipes) {
    struct sigv4a_signer *signer = NULL;
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = find(cache, want);
    *wipes = cache->wipes;
    if (slot) {
        signer = slot->signer;
        slot->signer = NULL;
    }
    pthread_mutex_unlock(&cache->lock);
    return signer;
}

static void give_signer(struct sigv4_cache *cache, const struct want *want, struct sigv4a_signer *signer,
                        uint64_t wipes) {
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = wipes == cache->wipes ? find_or_make(cache, want) : NULL;
    if (slot && !slot->signer) {
        slot->signer = signer;
        signer = NULL;
    }
    pthread_mutex_unlock(&cache->lock);
    sigv4a_signer_close(signer);
}

bool sigv4_cache_ecdsa(struct sigv4_cache *cache, const struct sigv4_keys *keys, struct str string_to_sign,
                       bool rfc6979, unsigned char der[72], size_t *n, struct err *e) {
    struct want want;
    uint64_t wipes = 0;
    bool cached = cache && want_init(&want, keys->id, keys->secret);
    struct sigv4a_signer *signer = cached ? take_signer(cache, &want, &wipes) : NULL;
    if (!signer && !open_signer(keys, &signer, e)) return false;
    bool ok = sigv4a_sign(signer, string_to_sign, rfc6979, der, n, e);
    if (cached) give_signer(cache, &want, signer, wipes);
    else sigv4a_signer_close(signer);
    return ok;
}

bool sigv4_cache_point(struct sigv4_cache *cache, const struct sigv4_keys *keys, unsigned char xy[64], struct err *e) {
    struct want want;
    unsigned char d[SIGV4A_SCALAR_BYTES];
    bool cached = cache && want_init(&want, keys->id, keys->secret), found = false;
    if (cached) {
        pthread_mutex_lock(&cache->lock);
        struct slot *slot = find(cache, &want);
        found = slot && slot->has_point;
        if (found) memcpy(xy, slot->point, SIGV4A_POINT_BYTES);
        pthread_mutex_unlock(&cache->lock);
    }
    if (found) return true;
    bool ok = sigv4a_derive_scalar(d, keys->id, keys->secret, e) && sigv4a_public_point(xy, d, e);
    OPENSSL_cleanse(d, sizeof d);
    if (!ok || !cached) return ok;
    pthread_mutex_lock(&cache->lock);
    struct slot *slot = find_or_make(cache, &want);
    memcpy(slot->point, xy, SIGV4A_POINT_BYTES);
    slot->has_point = true;
    pthread_mutex_unlock(&cache->lock);
    return true;
}
