/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in, digest out. Everything that held a secret is wiped here. */

/* SHA256_Init and its like are deprecated in favour of EVP, but not removed. EVP costs 0.6 ms at its first use in a
   process and a heap block at each; who must go through a provider builds with SIGV4_EVP. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "sha256.h"

#include <arpa/inet.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

static const unsigned char *bytes_of(struct str s) {
    return (const unsigned char *)(s.p ? s.p : "");
}

#ifdef SIGV4_EVP

struct state {
    EVP_MD_CTX *ctx; /* NULL: something failed */
};
_Static_assert(sizeof(struct state) <= sizeof(struct sha256), "the opaque bytes must hold the state");

static struct state *state_of(struct sha256 *h) {
    return (struct state *)(void *)h->opaque;
}

static void give_up(struct state *s) {
    EVP_MD_CTX_free(s->ctx);
    s->ctx = NULL;
}

void sha256_begin(struct sha256 *h) {
    struct state *s = state_of(h);
    s->ctx = EVP_MD_CTX_new();
    if (s->ctx && EVP_DigestInit_ex(s->ctx, EVP_sha256(), NULL) != 1) give_up(s);
}

void sha256_add(struct sha256 *h, struct str bytes) {
    struct state *s = state_of(h);
    if (s->ctx && EVP_DigestUpdate(s->ctx, bytes_of(bytes), bytes.n) != 1) give_up(s);
}

bool sha256_end(struct sha256 *h, unsigned char out[static SHA256_BYTES]) {
    struct state *s = state_of(h);
    bool ok = s->ctx && EVP_DigestFinal_ex(s->ctx, out, NULL) == 1;
    give_up(s);
    return ok;
}

bool sha256_hmac(unsigned char out[static SHA256_BYTES], struct str key, struct str bytes) {
    unsigned n = 0;
    if (key.n > INT_MAX) return false;
    return HMAC(EVP_sha256(), bytes_of(key), (int)key.n, bytes_of(bytes), bytes.n, out, &n) && n == SHA256_BYTES;
}

/* A key of less than a block is the same key with zeroes behind it. */
bool sha256_pads_init(struct sha256_pads *pads, struct str key) {
    memset(pads, 0, sizeof *pads);
    if (key.n > sizeof *pads) return sha256_digest(pads->inner, key);
    if (key.n) memcpy(pads, key.p, key.n);
    return true;
}

bool sha256_pads_hmac(const struct sha256_pads *pads, unsigned char out[static SHA256_BYTES], struct str bytes) {
    return sha256_hmac(out, (struct str){(const char *)pads, sizeof *pads}, bytes);
}

#else

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "the opaque bytes must hold the state");
_Static_assert(sizeof((SHA256_CTX){0}.h) == SHA256_BYTES, "a pad is a state");

static SHA256_CTX *state_of(struct sha256 *h) {
    return (SHA256_CTX *)(void *)h->opaque;
}

void sha256_begin(struct sha256 *h) {
    SHA256_Init(state_of(h));
}

void sha256_add(struct sha256 *h, struct str bytes) {
    SHA256_Update(state_of(h), bytes_of(bytes), bytes.n);
}

bool sha256_end(struct sha256 *h, unsigned char out[static SHA256_BYTES]) {
    return SHA256_Final(out, state_of(h)) == 1;
}

/* The digest of what was padded by hand. */
static void write_state(unsigned char out[static SHA256_BYTES], const SHA256_CTX *c) {
    for (size_t i = 0; i < SHA256_BYTES / sizeof(uint32_t); i++) {
        uint32_t word = htonl(c->h[i]);
        memcpy(out + i * sizeof word, &word, sizeof word);
    }
}

static void after_pad(unsigned char state[static SHA256_BYTES], const unsigned char key[static SHA256_BLOCK_BYTES],
                      unsigned char pad) {
    SHA256_CTX c;
    unsigned char block[SHA256_BLOCK_BYTES];
    for (size_t i = 0; i < sizeof block; i++) block[i] = key[i] ^ pad;
    SHA256_Init(&c);
    SHA256_Transform(&c, block);
    memcpy(state, c.h, SHA256_BYTES);
    OPENSSL_cleanse(c.h, sizeof c.h);
    OPENSSL_cleanse(block, sizeof block);
}

bool sha256_pads_init(struct sha256_pads *pads, struct str key) {
    unsigned char block[SHA256_BLOCK_BYTES] = {0};
    bool ok = key.n <= sizeof block || sha256_digest(block, key);
    if (key.n && key.n <= sizeof block) memcpy(block, key.p, key.n);
    after_pad(pads->inner, block, 0x36);
    after_pad(pads->outer, block, 0x5c);
    OPENSSL_cleanse(block, sizeof block);
    return ok;
}

/* One block went through each pad already. The inner state comes back with its length in bits; for the outer one the
   inner digest and its padding are a single block. SHA256_Final wipes what it has buffered; the states stand for the key
   and go too. */
bool sha256_pads_hmac(const struct sha256_pads *pads, unsigned char out[static SHA256_BYTES], struct str bytes) {
    enum { BITS = (SHA256_BLOCK_BYTES + SHA256_BYTES) * 8 };
    unsigned char block[SHA256_BLOCK_BYTES] = {[SHA256_BYTES] = 0x80, [62] = BITS >> 8, [63] = BITS & 0xff};
    SHA256_CTX c;
    SHA256_Init(&c);
    memcpy(c.h, pads->inner, SHA256_BYTES);
    c.Nl = SHA256_BLOCK_BYTES * 8;
    bool ok = SHA256_Update(&c, bytes_of(bytes), bytes.n) == 1 && SHA256_Final(block, &c) == 1;
    memcpy(c.h, pads->outer, SHA256_BYTES);
    SHA256_Transform(&c, block);
    write_state(out, &c);
    OPENSSL_cleanse(c.h, sizeof c.h);
    OPENSSL_cleanse(block, SHA256_BYTES);
    return ok;
}

bool sha256_hmac(unsigned char out[static SHA256_BYTES], struct str key, struct str bytes) {
    struct sha256_pads pads;
    bool ok = sha256_pads_init(&pads, key) && sha256_pads_hmac(&pads, out, bytes);
    OPENSSL_cleanse(&pads, sizeof pads);
    return ok;
}

#endif

bool sha256_digest(unsigned char out[static SHA256_BYTES], struct str bytes) {
    struct sha256 h;
    sha256_begin(&h);
    sha256_add(&h, bytes);
    bool ok = sha256_end(&h, out);
    OPENSSL_cleanse(&h, sizeof h);
    return ok;
}

void sha256_hex(char hex[static 65], const unsigned char digest[static SHA256_BYTES]) {
    unsigned char half[64];
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        half[2 * i] = digest[i] >> 4;
        half[2 * i + 1] = digest[i] & 15;
    }
    for (size_t i = 0; i < sizeof half; i++) hex[i] = (char)(half[i] + '0' + (half[i] > 9) * ('a' - '0' - 10));
    hex[64] = 0;
}
