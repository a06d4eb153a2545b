/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 both ways; here because runtime/ needs it and does not link a crypto library. */
#include "base64.h"

#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buf *out, struct str s) {
    if (s.n > SIZE_MAX / 4 * 3 - 3) s.n = SIZE_MAX / 4 * 3 - 3; /* cannot be: memory is smaller; keeps the sum safe */
    char *p = s.n ? buf_room(out, (s.n + 2) / 3 * 4) : NULL;
    if (!p) return;
    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        unsigned v = (unsigned)(unsigned char)s.p[i] << 16;
        if (left > 1) v |= (unsigned)(unsigned char)s.p[i + 1] << 8;
        if (left > 2) v |= (unsigned char)s.p[i + 2];
        *p++ = ALPHABET[v >> 18];
        *p++ = ALPHABET[v >> 12 & 63];
        *p++ = left > 1 ? ALPHABET[v >> 6 & 63] : '=';
        *p++ = left > 2 ? ALPHABET[v & 63] : '=';
    }
}

static int value(char c) {
    const char *at = c ? strchr(ALPHABET, c) : NULL;
    return at ? (int)(at - ALPHABET) : -1;
}

bool base64_read(struct str text, struct str *bytes, struct arena *a, struct err *e) {
    if (text.n % 4) return err_set(e, ERR_PARSE, "base64 text of %zu characters: not a multiple of 4", text.n);
    size_t pad = text.n && text.p[text.n - 1] == '=' ? (text.p[text.n - 2] == '=' ? 2 : 1) : 0;
    char *p = arena_take(a, text.n / 4 * 3);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", text.n);
    size_t n = 0;
    unsigned group = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool padding = i >= text.n - pad;
        int v = padding ? 0 : value(text.p[i]);
        if (v < 0) return err_set(e, ERR_PARSE, "base64 text has a foreign character at position %zu", i);
        group = group << 6 | (unsigned)v;
        if (i % 4 != 3) continue;
        for (int shift = 16; shift >= 0; shift -= 8) p[n++] = (char)(group >> shift & 0xff);
        group = 0;
    }
    for (size_t i = n - pad; i < n; i++) /* bits that no byte needs: two texts would mean the same */
        if (p[i]) return err_set(e, ERR_PARSE, "base64 text has bits left over before its padding");
    *bytes = (struct str){p, n - pad};
    return true;
}
