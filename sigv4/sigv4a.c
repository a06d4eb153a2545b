/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and strings come in; out go scalars, points, DER signatures and verdicts. Key derivation: NIST SP 800-108 in
   counter mode, one block. Curve and signature: libcrypto's P-256.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
#include "sigv4a.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>
#include <string.h>

#include "sha256.h"
#include "sigv4a_parts.h"

enum {
    MAX_ID_BYTES = 128, /* AWS's own bound for access key ids */
    MAX_SECRET_BYTES = 1024,
    LAST_COUNTER = 254,
    ENCODED_POINT_BYTES = 1 + SIGV4A_POINT_BYTES, /* 04 X Y */
};

/* n-2 of P-256 */
static const unsigned char ORDER_MINUS_2[SIGV4A_SCALAR_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f};

struct sigv4a_signer {
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx; /* ready to sign, as often as wanted */
    unsigned char d[SIGV4A_SCALAR_BYTES];
};

/* --- The scalar --------------------------------------------------------------------------------------------------- */

/* 1 if a > b, else 0; every byte is looked at, whatever the answer. */
static unsigned greater(const unsigned char *a, const unsigned char *b, size_t n) {
    unsigned gt = 0, eq = 1;
    for (size_t i = 0; i < n; i++) {
        unsigned x = a[i], y = b[i];
        gt |= eq & ((y - x) >> 31);
        eq &= ((x ^ y) - 1) >> 31;
    }
    return gt;
}

bool sigv4a_accept_scalar(unsigned char k[SIGV4A_SCALAR_BYTES]) {
    if (greater(k, ORDER_MINUS_2, SIGV4A_SCALAR_BYTES)) return false;
    unsigned carry = 1;
    for (size_t i = SIGV4A_SCALAR_BYTES; i-- > 0;) {
        carry += k[i];
        k[i] = (unsigned char)carry;
        carry >>= 8;
    }
    return true;
}

/* 00000001 || algorithm || 00 || id || counter || 00000100; returns where the counter stands. */
static size_t write_context(struct str id, unsigned char *out, size_t *n) {
    static const char label[] = "\0\0\0\1AWS4-ECDSA-P256-SHA256"; /* its own NUL is the separator */
    static const unsigned char bits[] = {0, 0, 1, 0};
    memcpy(out, label, sizeof label);
    memcpy(out + sizeof label, id.p, id.n);
    size_t counter = sizeof label + id.n;
    memcpy(out + counter + 1, bits, sizeof bits);
    *n = counter + 1 + sizeof bits;
    return counter;
}

bool sigv4a_derive_scalar(unsigned char d[SIGV4A_SCALAR_BYTES], struct str id, struct str secret, struct err *e) {
    unsigned char context[64 + MAX_ID_BYTES], key[5 + MAX_SECRET_BYTES];
    if (!id.n || id.n > MAX_ID_BYTES || !secret.n || secret.n > MAX_SECRET_BYTES)
        return err_set(e, ERR_PARSE, "the access key id or its secret is empty or longer than any AWS hands out");
    size_t n, counter = write_context(id, context, &n);
    memcpy(key, "AWS4A", 5);
    memcpy(key + 5, secret.p, secret.n);
    bool ok = true, found = false;
    for (unsigned turn = 1; ok && !found && turn <= LAST_COUNTER; turn++) {
        context[counter] = (unsigned char)turn;
        ok = sha256_hmac(d, (struct str){(char *)key, 5 + secret.n}, (struct str){(char *)context, n});
        found = ok && sigv4a_accept_scalar(d);
    }
    OPENSSL_cleanse(key, sizeof key);
    if (!found) OPENSSL_cleanse(d, SIGV4A_SCALAR_BYTES);
    return found || err_set(e, ERR_MEMORY, "libcrypto could not derive the SigV4A key");
}

/* --- Its point, and libcrypto's key ------------------------------------------------------------------------------- */

static bool multiply(unsigned char out[ENCODED_POINT_BYTES], const EC_GROUP *group, const BIGNUM *d, BN_CTX *ctx) {
    EC_POINT *point = EC_POINT_new(group);
    bool ok = point && EC_POINT_mul(group, point, d, NULL, NULL, ctx) &&
              EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, ENCODED_POINT_BYTES, ctx) ==
                  ENCODED_POINT_BYTES;
    EC_POINT_free(point);
    return ok;
}

/* The encoded point of d, and d as libcrypto wants it in a parameter. */
static bool expand(const unsigned char d[SIGV4A_SCALAR_BYTES], unsigned char point[ENCODED_POINT_BYTES],
                   unsigned char native_d[SIGV4A_SCALAR_BYTES], struct err *e) {
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BN_CTX *ctx = BN_CTX_secure_new();
    BIGNUM *scalar = BN_secure_new();
    bool made = group && ctx && scalar && BN_bin2bn(d, SIGV4A_SCALAR_BYTES, scalar);
    if (made) BN_set_flags(scalar, BN_FLG_CONSTTIME);
    bool in_range = made && !BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0;
    bool ok = in_range && multiply(point, group, scalar, ctx) &&
              BN_bn2nativepad(scalar, native_d, SIGV4A_SCALAR_BYTES) == SIGV4A_SCALAR_BYTES;
    BN_clear_free(scalar);
    BN_CTX_free(ctx);
    EC_GROUP_free(group);
    if (made && !in_range) return err_set(e, ERR_PARSE, "the SigV4A key is not a scalar of P-256");
    return ok || err_set(e, ERR_MEMORY, "libcrypto could not compute the public point");
}

bool sigv4a_public_point(unsigned char xy[SIGV4A_POINT_BYTES], const unsigned char d[SIGV4A_SCALAR_BYTES],
                         struct err *e) {
    unsigned char point[ENCODED_POINT_BYTES], native_d[SIGV4A_SCALAR_BYTES];
    bool ok = expand(d, point, native_d, e);
    OPENSSL_cleanse(native_d, sizeof native_d);
    if (ok) memcpy(xy, point + 1, SIGV4A_POINT_BYTES);
    return ok;
}

/* native_d: NULL for a public key. A point that is not on the curve gives NULL too. */
static EVP_PKEY *make_key(unsigned char point[ENCODED_POINT_BYTES], unsigned char *native_d) {
    static char curve[] = SN_X9_62_prime256v1;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                           OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, ENCODED_POINT_BYTES),
                           OSSL_PARAM_END, OSSL_PARAM_END};
    if (native_d) params[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native_d, SIGV4A_SCALAR_BYTES);
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    int selection = native_d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &key, selection, params) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* --- Signing ------------------------------------------------------------------------------------------------------ */

bool sigv4a_signer_open(const unsigned char d[SIGV4A_SCALAR_BYTES], struct sigv4a_signer **signer, struct err *e) {
    unsigned char point[ENCODED_POINT_BYTES], native_d[SIGV4A_SCALAR_BYTES];
    struct sigv4a_signer *s = NULL;
    bool ok = expand(d, point, native_d, e);
    if (ok) {
        s = calloc(1, sizeof *s);
        if (s) s->key = make_key(point, native_d);
        if (s && s->key) s->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL);
        ok = (s && s->ctx && EVP_PKEY_sign_init(s->ctx) == 1) ||
             err_set(e, ERR_MEMORY, "libcrypto could not make the SigV4A key ready");
    }
    OPENSSL_cleanse(native_d, sizeof native_d);
    if (!ok) {
        sigv4a_signer_close(s);
        return false;
    }
    memcpy(s->d, d, sizeof s->d);
    *signer = s;
    return true;
}

void sigv4a_signer_close(struct sigv4a_signer *signer) {
    if (!signer) return;
    EVP_PKEY_CTX_free(signer->ctx);
    EVP_PKEY_free(signer->key); /* wipes the scalar in it */
    OPENSSL_cleanse(signer, sizeof *signer);
    free(signer);
}

bool sigv4a_sign(struct sigv4a_signer *signer, struct str string_to_sign, bool rfc6979,
                 unsigned char der[SIGV4A_SIGNATURE_BYTES], size_t *n, struct err *e) {
    unsigned char digest[SHA256_BYTES];
    size_t size = SIGV4A_SIGNATURE_BYTES;
    bool ok = sha256_digest(digest, string_to_sign);
    if (ok && rfc6979) ok = sigv4a_rfc6979(der, &size, signer->d, digest);
    else if (ok) ok = EVP_PKEY_sign(signer->ctx, der, &size, digest, sizeof digest) == 1;
    if (!ok) return err_set(e, ERR_MEMORY, "libcrypto could not compute the SigV4A signature");
    *n = size;
    return true;
}

/* --- Verifying ---------------------------------------------------------------------------------------------------- */

/* A positive INTEGER of at most 33 bytes, none of them superfluous. */
static bool cut_integer(struct str *der) {
    const unsigned char *p = (const unsigned char *)der->p;
    if (der->n < 3 || p[0] != 2 || p[1] < 1 || p[1] > SIGV4A_SCALAR_BYTES + 1 || (size_t)p[1] + 2 > der->n)
        return false;
    if (p[2] & 0x80 || (p[2] == 0 && (p[1] == 1 || !(p[3] & 0x80)))) return false;
    size_t n = (size_t)p[1] + 2;
    *der = (struct str){der->p + n, der->n - n};
    return true;
}

/* SEQUENCE { r, s } and nothing behind it. */
static bool is_strict_der(struct str der) {
    if (der.n < 8 || der.n > SIGV4A_SIGNATURE_BYTES || der.p[0] != 0x30 || (size_t)der.p[1] != der.n - 2) return false;
    struct str rest = {der.p + 2, der.n - 2};
    return cut_integer(&rest) && cut_integer(&rest) && !rest.n;
}

static bool out_of_memory(void) {
    return ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

bool sigv4a_verify(struct str xy, struct str string_to_sign, struct str der, bool *valid, struct err *e) {
    unsigned char point[ENCODED_POINT_BYTES], digest[SHA256_BYTES];
    *valid = false;
    if (xy.n != SIGV4A_POINT_BYTES || !is_strict_der(der)) return true;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, xy.p, SIGV4A_POINT_BYTES);
    ERR_set_mark(); /* what libcrypto says of a stranger's bytes is nobody's error */
    EVP_PKEY *key = make_key(point, NULL);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    bool ok = key ? ctx && EVP_PKEY_verify_init(ctx) == 1 && sha256_digest(digest, string_to_sign) : !out_of_memory();
    if (key && ok) {
        int verdict = EVP_PKEY_verify(ctx, (const unsigned char *)der.p, der.n, digest, sizeof digest);
        *valid = verdict == 1;
        ok = verdict >= 0;
    }
    ERR_pop_to_mark();
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok || err_set(e, ERR_MEMORY, "libcrypto could not verify the SigV4A signature");
}

/* --- Region sets -------------------------------------------------------------------------------------------------- */

/* '*' stands for any bytes; the last one met is where to go on after a mismatch. */
static bool matches(struct str pattern, struct str s) {
    size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
    while (k < s.n) {
        if (i < pattern.n && pattern.p[i] == '*') {
            star = i++;
            from = k;
        } else if (i < pattern.n && pattern.p[i] == s.p[k]) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++from;
        } else return false;
    }
    while (i < pattern.n && pattern.p[i] == '*') i++;
    return i == pattern.n;
}

bool sigv4a_region_in_set(struct str region_set, struct str region) {
    struct str rest = region_set, one;
    while (region.n && rest.p) {
        str_cut(&rest, ',', &one);
        if (matches(str_trim(one), region)) return true;
    }
    return false;
}
