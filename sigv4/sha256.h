/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and HMAC over it (RFC 2104), by libcrypto. The only file of the room that knows the library's
 * hashes. */
#ifndef SIGV4_SHA256_H
#define SIGV4_SHA256_H

#include "str.h"

enum { SHA256_BYTES = 32 };

/* False only when libcrypto fails; out is then not to be read. */
bool sha256_digest(unsigned char out[static SHA256_BYTES], struct str bytes);
bool sha256_hmac(unsigned char out[static SHA256_BYTES], struct str key, struct str bytes);

/* 64 lower-case digits and a NUL. */
void sha256_hex(char hex[static 65], const unsigned char digest[static SHA256_BYTES]);

#endif
