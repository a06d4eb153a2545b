/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and HMAC over it (RFC 2104), by libcrypto. The only file of the room that knows the library's
   hashes. It has two ways, chosen when it is compiled: the low-level functions, which take no heap and start no provider,
   and with SIGV4_EVP the EVP ones, which a FIPS provider can serve. */
#ifndef SIGV4_SHA256_H
#define SIGV4_SHA256_H

#include "str.h"

enum { SHA256_BYTES = 32, SHA256_BLOCK_BYTES = 64 };

/* In pieces. begin, any number of adds, end: a failure on the way is end's to tell, and only end gives everything back. */
struct sha256 {
    _Alignas(8) unsigned char opaque[120];
};
void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, struct str bytes);
bool sha256_end(struct sha256 *h, unsigned char out[static SHA256_BYTES]);

/* False only when libcrypto fails; out is then not to be read. */
bool sha256_digest(unsigned char out[static SHA256_BYTES], struct str bytes);
bool sha256_hmac(unsigned char out[static SHA256_BYTES], struct str key, struct str bytes);

/* A key made ready: the hash's states after the inner and the outer pad, so that each HMAC saves two blocks. With
   SIGV4_EVP, which shows no states, the key itself. Wipe it. */
struct sha256_pads {
    _Alignas(4) unsigned char inner[SHA256_BYTES], outer[SHA256_BYTES];
};
bool sha256_pads_init(struct sha256_pads *pads, struct str key);
bool sha256_pads_hmac(const struct sha256_pads *pads, unsigned char out[static SHA256_BYTES], struct str bytes);

/* 64 lower-case digits and a NUL. */
void sha256_hex(char hex[static 65], const unsigned char digest[static SHA256_BYTES]);

#endif
