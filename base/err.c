/* SPDX-License-Identifier: Apache-2.0 */
/* Makes error sentences; a sentence that does not fit is cut visibly, at a UTF-8 boundary. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void mark_cut(char *msg, size_t cap) {
    size_t at = cap - 4;
    while (at > 0 && ((unsigned char)msg[at] & 0xc0) == 0x80) at--;
    memcpy(msg + at, "...", 4);
}

bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    e->kind = kind;
    if (n < 0) memcpy(e->msg, "unprintable error", sizeof "unprintable error");
    if (n >= (int)sizeof e->msg) mark_cut(e->msg, sizeof e->msg);
    return false;
}

bool err_prefix(struct err *e, const char *fmt, ...) {
    struct err old = *e;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);
    va_end(ap);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof e->msg ? (size_t)n : sizeof e->msg - 1;
    size_t room = sizeof e->msg - 1 - used, whole = strlen(old.msg), kept = whole < room ? whole : room;
    memcpy(e->msg + used, old.msg, kept);
    e->msg[used + kept] = 0;
    if (kept < whole || n >= (int)sizeof e->msg) mark_cut(e->msg, sizeof e->msg);
    return false;
}
