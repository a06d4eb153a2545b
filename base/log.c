/* SPDX-License-Identifier: Apache-2.0 */
/* Builds a record on the stack and writes it at once, so that lines of several threads never mix. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

enum { MESSAGE_BYTES = 2048, RECORD_BYTES = 64 * 1024 };

static struct {
    enum log_format format;
    enum log_level least;
    int fd;
} log_to = {LOG_TEXT, LOG_INFO, 1};
static _Thread_local struct log_scope log_scope;

static const char *const LEVELS[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

void log_open(enum log_format format, enum log_level least, int fd) {
    log_to.format = format;
    log_to.least = least;
    log_to.fd = fd;
}

bool log_read_format(struct str s, enum log_format *format) {
    bool json = str_eq_nocase(s, STR("JSON"));
    if (!json && !str_eq_nocase(s, STR("Text"))) return false;
    *format = json ? LOG_JSON : LOG_TEXT;
    return true;
}

bool log_read_level(struct str s, enum log_level *level) {
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        if (!str_eq_nocase(s, str_of(LEVELS[i]))) continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

void log_set_scope(const struct log_scope *scope) {
    log_scope = scope ? *scope : (struct log_scope){0};
}

static void add_json_member(struct buf *b, const char *name, struct str value) {
    if (!value.n) return;
    buf_addf(b, ",\"%s\":", name);
    json_write_text(b, value);
}

static void write_json(struct buf *b, const char *time, enum log_level level, struct str message) {
    buf_addf(b, "{\"timestamp\":\"%s\",\"level\":\"%s\"", time, LEVELS[level]);
    add_json_member(b, "message", message);
    add_json_member(b, "requestId", log_scope.request_id);
    add_json_member(b, "traceId", log_scope.trace_id);
    add_json_member(b, "tenantId", log_scope.tenant_id);
    buf_add(b, STR("}\n"));
}

/* A line feed inside would make two records of one: as in AWS's own runtimes it becomes a carriage return. Other control
   bytes could speak to a terminal: they become '?'. */
static void write_text(struct buf *b, const char *time, enum log_level level, struct str message) {
    buf_addf(b, "%s\t", time);
    buf_add(b, log_scope.request_id);
    buf_addf(b, "\t%s\t", LEVELS[level]);
    for (size_t i = 0; i < message.n; i++) {
        unsigned char c = (unsigned char)message.p[i];
        buf_add_char(b, c == '\n' ? '\r' : (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f ? '?' : (char)c);
    }
    buf_add_char(b, '\n');
}

static void write_all(int fd, struct str s) {
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* nobody listens: there is no better place to say so */
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
}

static void time_text(char out[static 32]) {
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

void log_line(enum log_level level, const char *fmt, ...) {
    if (level < log_to.least) return;
    char message[MESSAGE_BYTES], time[32];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct str text = {message, n < 0 ? 0 : (size_t)n};
    if (text.n >= sizeof message) {
        text.n = sizeof message - 1;
        for (size_t i = 4; i > 1; i--) message[sizeof message - i] = '.';
    }
    time_text(time);
    struct arena a;
    struct buf b;
    arena_init(&a, 4 * RECORD_BYTES);
    buf_init(&b, RECORD_BYTES, &a);
    if (log_to.format == LOG_JSON) write_json(&b, time, level, text);
    else write_text(&b, time, level, text);
    write_all(log_to.fd, b.failed ? STR("a log record was too long to write\n") : buf_str(&b));
    arena_close(&a);
}
