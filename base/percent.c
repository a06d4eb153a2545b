/* SPDX-License-Identifier: Apache-2.0 */
/* Both directions of percent-encoding, on bytes. */
#include "percent.h"

static bool unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.' || c == '~';
}

void percent_write(struct buf *out, struct str s, bool keep_slash) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (unreserved(s.p[i]) || (keep_slash && c == '/')) {
            buf_add_char(out, s.p[i]);
            continue;
        }
        buf_add(out, (struct str){(char[]){'%', digits[c >> 4], digits[c & 15]}, 3});
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static bool plain(struct str s, bool plus_is_space) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '%' || (plus_is_space && s.p[i] == '+')) return false;
    return true;
}

bool percent_read(struct str s, bool plus_is_space, struct str *out, struct arena *a, struct err *e) {
    *out = s;
    if (plain(s, plus_is_space)) return true;
    char *p = arena_take(a, s.n);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '%') {
            p[n++] = plus_is_space && s.p[i] == '+' ? ' ' : s.p[i];
            continue;
        }
        bool room = s.n - i > 2;
        int hi = room ? hex_value(s.p[i + 1]) : -1;
        int lo = room ? hex_value(s.p[i + 2]) : -1;
        if (hi < 0 || lo < 0) return err_set(e, ERR_PARSE, "bad %%-escape at byte %zu of an encoded text", i);
        p[n++] = (char)(hi << 4 | lo);
        i += 2;
    }
    *out = (struct str){p, n};
    return true;
}
