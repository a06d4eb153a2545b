/* SPDX-License-Identifier: Apache-2.0 */
#include "call_watch.h"

#include <stdio.h>

#include "clock.h"
#include "sigv4_explain_parts.h"

enum { QUIET_MS = 1000, STEP_MS = 250, MAX_LINE_BYTES = 256 * 1024 };

/* --- Progress -------------------------------------------------------------------------------------------------------- */

static void show(struct call_progress *p, int64_t now_ms) {
    int64_t ms = now_ms - p->began_ms;
    double mb = 1e6, rate = (double)p->done / (double)ms * 1000 / mb;
    if (p->total > 0)
        fprintf(stderr, "\r%s %.1f MB of %.1f MB, %lld %%, %.1f MB/s \033[K", p->verb, (double)p->done / mb,
                (double)p->total / mb, (long long)(100.0 * (double)p->done / (double)p->total), rate);
    else fprintf(stderr, "\r%s %.1f MB, %.1f MB/s \033[K", p->verb, (double)p->done / mb, rate);
    fflush(stderr);
    p->shown_ms = now_ms;
    p->shown = true;
}

void call_progress_step(struct call_progress *p, size_t bytes) {
    if (!p->on) return;
    int64_t now_ms = clock_monotonic_ms();
    if (!p->began_ms) p->began_ms = now_ms;
    p->done += (int64_t)bytes;
    if (now_ms - p->began_ms >= QUIET_MS && now_ms - p->shown_ms >= STEP_MS) show(p, now_ms);
}

void call_progress_end(struct call_progress *p) {
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = false;
}

/* --- The wire -------------------------------------------------------------------------------------------------------- */

static void add_printable(struct buf *out, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        buf_add_char(out, c == '\t' || (c >= 0x20 && c != 0x7f) ? s.p[i] : '?');
    }
}

static void add_value(struct buf *out, struct str name, struct str value) {
    if (value.n && sigv4_explain_is_private(name)) buf_addf(out, "<hidden, %zu bytes>", value.n);
    else add_printable(out, value);
}

/* Of our Authorization all but the signature is worth seeing. */
static void add_field(struct buf *out, struct str name, struct str value) {
    static const struct str mark = STR_INIT("Signature=");
    struct str shown = str_trim(value);
    size_t at = str_find(shown, mark);
    add_printable(out, name);
    buf_add(out, STR(": "));
    if (str_starts(shown, STR("AWS4-")) && at != SIZE_MAX) {
        add_printable(out, (struct str){shown.p, at + mark.n});
        name = STR("Signature");
        shown = (struct str){shown.p + at + mark.n, shown.n - at - mark.n};
    }
    add_value(out, name, shown);
}

static void add_request_line(struct buf *out, struct str line, size_t query_at) {
    struct str rest = {line.p + query_at, line.n - query_at}, query, pair;
    add_printable(out, (struct str){line.p, query_at});
    bool more = str_cut(&rest, ' ', &query);
    for (bool next = true; next;) {
        next = str_cut(&query, '&', &pair);
        struct str name, value = pair;
        bool has_value = str_cut(&value, '=', &name);
        add_printable(out, name);
        if (has_value) {
            buf_add_char(out, '=');
            add_value(out, name, value);
        }
        if (next) buf_add_char(out, '&');
    }
    if (more) {
        buf_add_char(out, ' ');
        add_printable(out, rest);
    }
}

void call_watch_line(struct buf *out, struct str line) {
    struct str name, value = line;
    size_t query_at = str_find(line, STR("?"));
    if (str_cut(&value, ':', &name) && http_is_token(name)) add_field(out, name, value);
    else if (query_at != SIZE_MAX) add_request_line(out, line, query_at + 1);
    else add_printable(out, line);
}

static void show_lines(struct str text, const char *mark) {
    struct arena a;
    struct buf out;
    struct str line;
    arena_init(&a, 4 * (size_t)MAX_LINE_BYTES);
    buf_init(&out, MAX_LINE_BYTES, &a);
    if (str_ends(text, STR("\n"))) text.n--;
    for (bool more = true; more;) {
        more = str_cut(&text, '\n', &line);
        if (str_ends(line, STR("\r"))) line.n--;
        buf_add(&out, str_of(mark));
        call_watch_line(&out, line);
        buf_add_char(&out, '\n');
    }
    if (!out.failed) fwrite(out.p, 1, out.n, stderr);
    arena_close(&a);
}

void call_watch(struct buf *request, enum http_transfer_event event, struct str text) {
    if (event == HTTP_TRANSFER_NOTE) show_lines(text, "* ");
    if (event == HTTP_TRANSFER_RESPONSE) show_lines(text, "< ");
    if (event != HTTP_TRANSFER_REQUEST) return;
    buf_add(request, text);
    if (!str_ends(buf_str(request), STR("\r\n\r\n"))) return;
    show_lines(buf_str(request), "> ");
    request->n = 0;
}
