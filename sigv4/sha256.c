/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in, digest out. Both calls stay on libcrypto's supported (not deprecated) one-shot functions. */
#include "sha256.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

static const unsigned char *bytes_of(struct str s) {
    return (const unsigned char *)(s.p ? s.p : "");
}

bool sha256_digest(unsigned char out[static SHA256_BYTES], struct str bytes) {
    return SHA256(bytes_of(bytes), bytes.n, out) != NULL;
}

bool sha256_hmac(unsigned char out[static SHA256_BYTES], struct str key, struct str bytes) {
    unsigned n = 0;
    if (key.n > INT_MAX) return false;
    return HMAC(EVP_sha256(), bytes_of(key), (int)key.n, bytes_of(bytes), bytes.n, out, &n) && n == SHA256_BYTES;
}

void sha256_hex(char hex[static 65], const unsigned char digest[static SHA256_BYTES]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = 0;
}
