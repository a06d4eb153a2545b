/* SPDX-License-Identifier: Apache-2.0 */
/* Random texts without the bias of a plain modulo. */
#include "random.h"

#include <string.h>
#include <sys/random.h>

bool random_text(char *out, size_t n, const char *alphabet) {
    size_t letters = strlen(alphabet), fair = 256 / letters * letters;
    for (size_t i = 0; i < n;) {
        unsigned char bytes[64];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) return false;
        for (size_t k = 0; k < sizeof bytes && i < n; k++)
            if (bytes[k] < fair) out[i++] = alphabet[bytes[k] % letters];
    }
    out[n] = 0;
    return true;
}

bool random_uuid(char out[static 37]) {
    char hex[33], variant[2];
    if (!random_text(hex, 32, "0123456789abcdef") || !random_text(variant, 1, "89ab")) return false;
    hex[12] = '4';
    hex[16] = variant[0];
    size_t at = 0;
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out[at++] = '-';
        out[at++] = hex[i];
    }
    out[at] = 0;
    return true;
}
