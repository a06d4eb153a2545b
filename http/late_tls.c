/* SPDX-License-Identifier: Apache-2.0 */
#include "late_tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>

/* The linker (--wrap) leads every call of OPENSSL_init_ssl to the first, and keeps the second for the real one. */
int late_tls_init(uint64_t what, const OPENSSL_INIT_SETTINGS *settings) __asm__("__wrap_OPENSSL_init_ssl");
int late_tls_real_init(uint64_t what, const OPENSSL_INIT_SETTINGS *settings) __asm__("__real_OPENSSL_init_ssl");

static _Thread_local bool held;

int late_tls_init(uint64_t what, const OPENSSL_INIT_SETTINGS *settings) {
    return held || late_tls_real_init(what, settings);
}

void late_tls_hold(void) {
    held = true;
}

void late_tls_release(void) {
    held = false;
}

/* What is left out at the first call stays out. Not NO_ADD_ALL_DIGESTS: no certificate could be checked. */
void late_tls_start(void) {
    late_tls_real_init(OPENSSL_INIT_NO_LOAD_SSL_STRINGS | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
                           OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_LOAD_CONFIG,
                       NULL);
}
