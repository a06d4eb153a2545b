/* SPDX-License-Identifier: Apache-2.0 */
#include "late_tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* The linker (--wrap) leads every call of OPENSSL_init_ssl here. */
int __real_OPENSSL_init_ssl(uint64_t what, const OPENSSL_INIT_SETTINGS *settings);
int __wrap_OPENSSL_init_ssl(uint64_t what, const OPENSSL_INIT_SETTINGS *settings);

static _Thread_local bool held;

int __wrap_OPENSSL_init_ssl(uint64_t what, const OPENSSL_INIT_SETTINGS *settings) {
    return held || __real_OPENSSL_init_ssl(what, settings);
}

void late_tls_hold(void) {
    held = true;
}

void late_tls_release(void) {
    held = false;
}

/* What is left out at the first call stays out. NO_ADD_ALL_DIGESTS must not be among it: no certificate could be checked. */
void late_tls_start(void) {
    __real_OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                                OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_LOAD_CONFIG,
                            NULL);
}
