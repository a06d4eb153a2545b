/* SPDX-License-Identifier: Apache-2.0 */
/* Failures as JSON. Everything that a function may say is data here: any byte in, well-formed JSON of a bounded size out.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror */
#include "runtime_error.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "log.h"

enum {
    TRAILER_BYTES = 40 * 1024,    /* libcurl 7.88 sends trailers of up to 64 KB, and base64 adds a third */
    BODY_BYTES = 1024 * 1024,     /* Lambda Managed Instances take no more */
    MADE_CAUSE_BYTES = 64 * 1024, /* Lambda crops a cause there, which would break its JSON */
    BODY_MESSAGE_BYTES = 64 * 1024,
    FIELD_MESSAGE_BYTES = 1024, /* in a header or trailer */
    TYPE_BYTES = 256,
    FRAME_BYTES = 1024,
    BODY_FRAMES = 64,
    FIELD_FRAMES = 16,
};

static bool letters(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z'))) return false;
    return true;
}

bool runtime_error_is_type(struct str type) {
    struct str reason = type, category;
    if (!str_cut(&reason, '.', &category)) return false;
    if (!str_eq(category, STR("Runtime")) && !str_eq(category, STR("Function"))) return false;
    return reason.n > 1 && reason.p[0] <= 'Z' && letters(reason);
}

struct str runtime_error_type(const struct lambda_failure *f) {
    return runtime_error_is_type(f->error_type) ? f->error_type : STR("Function.Unknown");
}

/* A quoted string of at most max bytes of s; a cut one ends in "...", never inside of a character. */
static void write_cut(struct buf *out, struct str s, size_t max) {
    size_t n = s.n < max ? s.n : max;
    if (n == s.n) {
        json_write_text(out, s.p ? s : STR(""));
        return;
    }
    for (int i = 0; i < 3 && n && ((unsigned char)s.p[n] & 0xc0) == 0x80; i++) n--;
    json_write_text(out, (struct str){s.p, n});
    if (out->failed) return;
    out->n--; /* the closing quote */
    buf_add(out, STR("...\""));
}

static void write_type(struct buf *out, const struct lambda_failure *f) {
    write_cut(out, f->error_type.n ? f->error_type : STR("Function.Unknown"), TYPE_BYTES);
}

static void write_stack(struct buf *out, const struct lambda_failure *f, size_t most) {
    size_t n = f->stack_trace_n < most ? f->stack_trace_n : most;
    buf_add_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(out, ',');
        write_cut(out, f->stack_trace[i], FRAME_BYTES);
    }
    buf_add_char(out, ']');
}

static bool make_json(struct str *json, const struct lambda_failure *f, size_t max_message, size_t max_frames,
                      size_t limit, struct arena *a, struct err *e) {
    struct buf out;
    buf_init(&out, limit, a);
    buf_add(&out, STR("{\"errorMessage\":"));
    write_cut(&out, f->error_message, max_message);
    buf_add(&out, STR(",\"errorType\":"));
    write_type(&out, f);
    buf_add(&out, STR(",\"stackTrace\":"));
    write_stack(&out, f, max_frames);
    buf_add_char(&out, '}');
    *json = buf_str(&out);
    return buf_ok(&out, e) || err_prefix(e, "the error's JSON: ");
}

bool runtime_error_json(struct str *json, const struct lambda_failure *f, enum runtime_error_place place,
                        struct arena *a, struct err *e) {
    bool trailer = place == RUNTIME_ERROR_TRAILER;
    if (f->body.p && !(trailer && f->body.n > TRAILER_BYTES)) {
        *json = f->body;
        return true;
    }
    if (!trailer) return make_json(json, f, BODY_MESSAGE_BYTES, BODY_FRAMES, BODY_BYTES, a, e);
    return make_json(json, f, FIELD_MESSAGE_BYTES, FIELD_FRAMES, TRAILER_BYTES, a, e) ||
           make_json(json, f, FIELD_MESSAGE_BYTES, 0, TRAILER_BYTES, a, e); /* frames of the most hostile sort */
}

/* "label (path:line)" and "path:line" give path and line; any other frame is a label alone. */
static void read_frame(struct str frame, struct str *path, int64_t *line) {
    struct str text = str_trim(frame);
    size_t colon, from;
    *path = STR("");
    *line = 0;
    if (str_ends(text, STR(")"))) text.n--;
    for (colon = text.n; colon && text.p[colon - 1] != ':';) colon--;
    if (colon < 2 || !str_read_int64((struct str){text.p + colon, text.n - colon}, 1, INT_MAX, line)) return;
    for (from = colon - 1; from && text.p[from - 1] != ' ' && text.p[from - 1] != '(';) from--;
    *path = (struct str){text.p + from, colon - 1 - from};
}

static void write_frame(struct buf *out, struct str frame) {
    struct str path;
    int64_t line;
    read_frame(frame, &path, &line);
    buf_add(out, STR("{\"path\":"));
    write_cut(out, path, FRAME_BYTES);
    buf_addf(out, ",\"line\":%d,\"label\":", (int)line);
    write_cut(out, frame, FRAME_BYTES);
    buf_add_char(out, '}');
}

/* Each path once. */
static void write_paths(struct buf *out, const struct str *frames, size_t n) {
    struct str path, earlier;
    int64_t line;
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        read_frame(frames[i], &path, &line);
        if (!path.n) continue;
        for (; same < i; same++) {
            read_frame(frames[same], &earlier, &line);
            if (str_eq(path, earlier)) break;
        }
        if (same < i) continue;
        if (!first) buf_add_char(out, ',');
        write_cut(out, path, FRAME_BYTES);
        first = false;
    }
}

static struct str make_cause(const struct lambda_failure *f, struct arena *a) {
    size_t n = f->stack_trace_n < FIELD_FRAMES ? f->stack_trace_n : FIELD_FRAMES;
    char folder[PATH_MAX];
    struct buf out;
    buf_init(&out, MADE_CAUSE_BYTES, a);
    buf_add(&out, STR("{\"working_directory\":"));
    json_write_text(&out, getcwd(folder, sizeof folder) ? str_of(folder) : STR(""));
    buf_add(&out, STR(",\"exceptions\":[{\"message\":"));
    write_cut(&out, f->error_message, FIELD_MESSAGE_BYTES);
    buf_add(&out, STR(",\"type\":"));
    write_type(&out, f);
    buf_add(&out, STR(",\"stack\":["));
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(&out, ',');
        write_frame(&out, f->stack_trace[i]);
    }
    buf_add(&out, STR("]}],\"paths\":["));
    write_paths(&out, f->stack_trace, n);
    buf_add(&out, STR("],\"message\":"));
    write_cut(&out, f->error_message, FIELD_MESSAGE_BYTES);
    buf_add_char(&out, '}');
    return out.failed ? (struct str){0} : buf_str(&out);
}

struct str runtime_error_cause(const struct lambda_failure *f, struct arena *a) {
    if (!f->xray_error_cause.n) return make_cause(f, a);
    if (f->xray_error_cause.n <= RUNTIME_MAX_CAUSE_BYTES && !str_has_control(f->xray_error_cause))
        return f->xray_error_cause;
    log_line(LOG_WARN, "an X-Ray error cause of %zu bytes is not sent: it is longer than %d, or has a control byte",
             f->xray_error_cause.n, (int)RUNTIME_MAX_CAUSE_BYTES);
    return (struct str){0};
}
