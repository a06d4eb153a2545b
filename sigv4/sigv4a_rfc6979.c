/* SPDX-License-Identifier: Apache-2.0 */
/* A scalar and a digest come in; out goes the one DER signature that RFC 6979 gives them. Nonce: section 3.2, with
   HMAC-SHA256. Signature: r = x(kG), s = (z + rd) / k, computed on operands multiplied by a random b, so that the time
   libcrypto's arithmetic takes tells nothing about k and d; b falls out of the quotient. */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#include "sha256.h"
#include "sigv4a_parts.h"

enum { BYTES = SIGV4A_SCALAR_BYTES, MAX_TURNS = 16 }; /* a second turn has a chance of 2^-32 */

/* K and V of HMAC_DRBG. */
struct drbg {
    unsigned char k[BYTES], v[BYTES];
};

static struct str view(const unsigned char *p, size_t n) {
    return (struct str){(const char *)p, n};
}

/* K = HMAC(K, V || tag || seed), V = HMAC(K, V) */
static bool stir(struct drbg *g, unsigned char tag, struct str seed) {
    unsigned char in[BYTES + 1 + 2 * BYTES], next[BYTES];
    if (seed.n > 2 * BYTES) return false;
    memcpy(in, g->v, BYTES);
    in[BYTES] = tag;
    if (seed.n) memcpy(in + BYTES + 1, seed.p, seed.n);
    bool ok = sha256_hmac(next, view(g->k, BYTES), view(in, BYTES + 1 + seed.n)) &&
              sha256_hmac(in, view(next, BYTES), view(g->v, BYTES));
    memcpy(g->k, next, BYTES);
    memcpy(g->v, in, BYTES);
    OPENSSL_cleanse(in, sizeof in);
    OPENSSL_cleanse(next, sizeof next);
    return ok;
}

/* A nonce in 1..n-1; z is the digest modulo n. */
static bool find_nonce(BIGNUM *k, const BIGNUM *order, const unsigned char *d, const BIGNUM *z) {
    struct drbg g;
    unsigned char seed[2 * BYTES], v[BYTES];
    bool found = false;
    memset(g.k, 0, sizeof g.k);
    memset(g.v, 1, sizeof g.v);
    memcpy(seed, d, BYTES);
    bool ok = BN_bn2binpad(z, seed + BYTES, BYTES) == BYTES && stir(&g, 0, view(seed, sizeof seed)) &&
              stir(&g, 1, view(seed, sizeof seed));
    for (int turn = 0; ok && !found && turn < MAX_TURNS; turn++) {
        ok = sha256_hmac(v, view(g.k, BYTES), view(g.v, BYTES)) && BN_bin2bn(v, BYTES, k);
        memcpy(g.v, v, BYTES);
        found = ok && !BN_is_zero(k) && BN_cmp(k, order) < 0;
        if (ok && !found) ok = stir(&g, 0, (struct str){0});
    }
    OPENSSL_cleanse(&g, sizeof g);
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(v, sizeof v);
    return found;
}

/* What is borrowed from one BN_CTX, which wipes it. */
struct numbers {
    BIGNUM *d, *z, *k, *b, *x, *t;
};

static bool take_numbers(struct numbers *u, BN_CTX *ctx) {
    u->d = BN_CTX_get(ctx), u->z = BN_CTX_get(ctx), u->k = BN_CTX_get(ctx);
    u->b = BN_CTX_get(ctx), u->x = BN_CTX_get(ctx), u->t = BN_CTX_get(ctx); /* after a failure all are NULL */
    if (!u->t) return false;
    BN_set_flags(u->d, BN_FLG_CONSTTIME);
    BN_set_flags(u->k, BN_FLG_CONSTTIME);
    return true;
}

/* r = x(kG) mod n */
static bool find_r(BIGNUM *r, struct numbers *u, const EC_GROUP *group, BN_CTX *ctx) {
    EC_POINT *point = EC_POINT_new(group);
    bool ok = point && EC_POINT_mul(group, point, u->k, NULL, NULL, ctx) &&
              EC_POINT_get_affine_coordinates(group, point, u->x, NULL, ctx) &&
              BN_nnmod(r, u->x, EC_GROUP_get0_order(group), ctx) && !BN_is_zero(r);
    EC_POINT_clear_free(point);
    return ok;
}

/* s = (bz + r(bd)) / (bk) mod n */
static bool find_s(BIGNUM *s, const BIGNUM *r, struct numbers *u, const BIGNUM *order, BN_CTX *ctx) {
    do {
        if (!BN_priv_rand_range(u->b, order)) return false;
    } while (BN_is_zero(u->b));
    return BN_mod_mul(u->t, u->b, u->d, order, ctx) && BN_mod_mul(u->t, u->t, r, order, ctx) &&
           BN_mod_mul(u->z, u->b, u->z, order, ctx) && BN_mod_add(u->t, u->t, u->z, order, ctx) &&
           BN_mod_mul(u->k, u->b, u->k, order, ctx) && BN_mod_inverse(u->x, u->k, order, ctx) &&
           BN_mod_mul(s, u->x, u->t, order, ctx) && !BN_is_zero(s);
}

static bool find_signature(BIGNUM *r, BIGNUM *s, const unsigned char *d, const unsigned char *digest, BN_CTX *ctx) {
    struct numbers u;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    const BIGNUM *order = group ? EC_GROUP_get0_order(group) : NULL;
    bool ok = order && take_numbers(&u, ctx) && BN_bin2bn(d, BYTES, u.d) && !BN_is_zero(u.d) &&
              BN_cmp(u.d, order) < 0 && BN_bin2bn(digest, BYTES, u.x) && BN_nnmod(u.z, u.x, order, ctx) &&
              find_nonce(u.k, order, d, u.z) && find_r(r, &u, group, ctx) && find_s(s, r, &u, order, ctx);
    EC_GROUP_free(group);
    return ok;
}

bool sigv4a_rfc6979(unsigned char der[SIGV4A_SIGNATURE_BYTES], size_t *n, const unsigned char d[SIGV4A_SCALAR_BYTES],
                    const unsigned char digest[32]) {
    BN_CTX *ctx = BN_CTX_secure_new();
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_new(), *s = BN_new();
    if (ctx) BN_CTX_start(ctx);
    bool ok = ctx && sig && r && s && find_signature(r, s, d, digest, ctx);
    if (ctx) BN_CTX_end(ctx);
    if (ok && ECDSA_SIG_set0(sig, r, s)) r = s = NULL; /* they are its own now */
    else ok = false;
    int bytes = ok ? i2d_ECDSA_SIG(sig, NULL) : 0;
    ok = bytes > 0 && bytes <= SIGV4A_SIGNATURE_BYTES && i2d_ECDSA_SIG(sig, &der) == bytes;
    if (ok) *n = (size_t)bytes;
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    BN_CTX_free(ctx);
    return ok;
}
