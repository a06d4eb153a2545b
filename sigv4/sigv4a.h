/* SPDX-License-Identifier: Apache-2.0 */
/* The asymmetric half of SigV4A: keys and ECDSA P-256 signatures, by libcrypto. For sigv4_sign.c and sigv4_verify.c;
   the canonical request and the string to sign are those of sigv4_stages.h. */
#ifndef SIGV4_SIGV4A_H
#define SIGV4_SIGV4A_H

#include "err.h"
#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SIGV4A_SCALAR_BYTES = 32,
    SIGV4A_POINT_BYTES = 64,     /* X and Y, big-endian */
    SIGV4A_SIGNATURE_BYTES = 72, /* DER, at most */
};

/* The private scalar d of a pair of keys: NIST SP 800-108 in counter mode over HMAC-SHA256, compared with n-2 and
   incremented in constant time. Has no date: it lives as long as the secret. Wipe it. */
bool sigv4a_derive_scalar(unsigned char d[SIGV4A_SCALAR_BYTES], struct str id, struct str secret, struct err *e);

/* Its public point. */
bool sigv4a_public_point(unsigned char xy[SIGV4A_POINT_BYTES], const unsigned char d[SIGV4A_SCALAR_BYTES],
                         struct err *e);

/* A key made ready: the scalar becomes libcrypto's object once, signing then costs one ECDSA. One thread at a time. */
struct sigv4a_signer;
bool sigv4a_signer_open(const unsigned char d[SIGV4A_SCALAR_BYTES], struct sigv4a_signer **signer, struct err *e);
void sigv4a_signer_close(struct sigv4a_signer *signer); /* wipes it; NULL is fine */
/* der gets *n bytes. rfc6979: a deterministic nonce. */
bool sigv4a_sign(struct sigv4a_signer *signer, struct str string_to_sign, bool rfc6979,
                 unsigned char der[SIGV4A_SIGNATURE_BYTES], size_t *n, struct err *e);

/* *valid: the signature (DER bytes) is of that string by that point. False: libcrypto failed; refuse. A point that is
   not on the curve, and DER that is not minimal, are not valid. */
bool sigv4a_verify(struct str xy, struct str string_to_sign, struct str der, bool *valid, struct err *e);

/* Does the region set ("*", "us-east-1", "us-*,eu-west-1") cover the region? */
bool sigv4a_region_in_set(struct str region_set, struct str region);

#ifdef __cplusplus
}
#endif

#endif
