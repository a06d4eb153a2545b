/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 both ways; here because runtime/ needs it and does not link a crypto library. */
#include "base64.h"

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

enum { BLANK = 0xfe, PADDING = 0xfd };

#define N 0xff
static const unsigned char MEANING[128] = {
    N,  N,  N,  N,  N,  N,  N,    N,  N,  0xfe, 0xfe, N,  N,  0xfe, N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,  N,
    N,  N,  N,  N,  N,  N,  0xfe, N,  N,  N,    N,    N,  N,  N,    N,  N,  N,  62, N,  N,  N,  63, 52, 53, 54, 55,
    56, 57, 58, 59, 60, 61, N,    N,  N,  0xfd, N,    N,  N,  0,    1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
    13, 14, 15, 16, 17, 18, 19,   20, 21, 22,   23,   24, 25, N,    N,  N,  N,  N,  N,  26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, 37, 38, 39,   40, 41, 42,   43,   44, 45, 46,   47, 48, 49, 50, 51, N,  N,  N,  N,  N,
};

/* Four signs in a row, and nothing else. */
static bool decode_four(const char *text, unsigned char *bytes) {
    const unsigned char *c = (const unsigned char *)text;
    if ((c[0] | c[1] | c[2] | c[3]) & 0x80) return false;
    unsigned a = MEANING[c[0]], b = MEANING[c[1]], d = MEANING[c[2]], f = MEANING[c[3]];
    if ((a | b | d | f) & 0xc0) return false;
    bytes[0] = (unsigned char)(a << 2 | b >> 4);
    bytes[1] = (unsigned char)(b << 4 | d >> 2);
    bytes[2] = (unsigned char)(d << 6 | f);
    return true;
}

bool base64_decode(struct str text, bool blanks, unsigned char *bytes, size_t room, size_t *at) {
    size_t filled = 0, signs = 0, padding = 0, padding_at = 0; /* signs of the present four */
    unsigned group = 0;
    for (size_t i = 0; i < text.n && filled < room; i++) {
        if (!signs && text.n - i >= 4 && room - filled >= 3 && decode_four(text.p + i, bytes + filled)) {
            filled += 3;
            i += 3;
            continue;
        }
        unsigned char c = (unsigned char)text.p[i], v = c < 128 ? MEANING[c] : N;
        if (v == BLANK && blanks) continue;
        bool pads = v == PADDING && signs >= 2 && signs + padding < 4;
        if (pads && !padding++) padding_at = i;
        if (pads) continue;
        if (v > 63 || padding) {
            *at = padding ? padding_at : i;
            return false;
        }
        group = group << 6 | v;
        if (signs) bytes[filled++] = (unsigned char)(group >> (6 - 2 * signs));
        signs = (signs + 1) % 4;
    }
    /* Bits that no byte needs are zero, or two texts would mean the same. */
    bool left_over = padding && group & (signs == 2 ? 0xf : 3);
    bool ends = (!signs || signs + padding == 4) && !left_over;
    *at = ends || filled == room ? filled : text.n;
    return ends || filled == room;
}
#undef N

bool base64_read(struct str text, struct str *bytes, struct arena *a, struct err *e) {
    size_t room = text.n / 4 * 3, at;
    if (text.n % 4) return err_set(e, ERR_PARSE, "base64 text of %zu characters: not a multiple of 4", text.n);
    char *p = arena_take(a, room);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", text.n);
    if (base64_decode(text, false, (unsigned char *)p, room, &at)) {
        *bytes = (struct str){p, at};
        return true;
    }
    if (at == text.n) return err_set(e, ERR_PARSE, "base64 text has bits left over before its padding");
    return err_set(e, ERR_PARSE, "base64 text has a foreign character at position %zu", at);
}
