/* SPDX-License-Identifier: Apache-2.0 */
/* A record is built in one static buffer, under a lock that is held until all of it is written: a write to a full pipe,
   or one that a signal interrupts, may take several calls, and no other thread's line may come in between. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "json.h"

/* JSON needs up to six bytes for one: 6 * (2 * MESSAGE + TYPE + 3 * ID + STACK), names and quotes fit into RECORD. */
enum {
    MESSAGE_BYTES = 2047,
    TYPE_BYTES = 256,
    ID_BYTES = 256,
    STACK_BYTES = 4096,
    STACK_FRAMES = 64,
    RECORD_BYTES = 64 * 1024,
    FRAME_BYTES = 16,
    RAW_WAIT_MS = 500,
};

static struct {
    enum log_format format;
    enum log_level least;
    int fd;
    bool framed;
} log_to = {LOG_TEXT, LOG_INFO, 1, false};
static _Thread_local struct log_scope log_scope;

static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER;
static char record[RECORD_BYTES];

static const char *const LEVELS[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

void log_open(enum log_format format, enum log_level least, int fd) {
    log_to.format = format;
    log_to.least = least;
    log_to.fd = fd;
    log_to.framed = false;
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

/* The variable and the descriptor are not for programs that this one starts. */
static bool open_frames(struct str text) {
    int64_t fd;
    bool usable = str_read_int64(text, 0, INT_MAX, &fd) && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0;
    if (usable) {
        log_to.fd = (int)fd;
        log_to.framed = true;
    }
    unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
    return usable;
}

void log_open_from_environment(int fd) {
    struct str format_text = str_of(getenv("AWS_LAMBDA_LOG_FORMAT")),
               level_text = str_of(getenv("AWS_LAMBDA_LOG_LEVEL")),
               frames_text = str_of(getenv("_LAMBDA_TELEMETRY_LOG_FD"));
    enum log_format format = LOG_TEXT;
    enum log_level level = LOG_INFO;
    bool format_ok = !format_text.n || log_read_format(format_text, &format);
    bool level_ok = !level_text.n || log_read_level(level_text, &level);
    if (str_of(getenv("AWS_LAMBDA_MAX_CONCURRENCY")).n) format = LOG_JSON;
    log_open(format, level, fd);
    bool frames_ok = !frames_text.p || open_frames(frames_text);
    if (!format_ok)
        log_line(LOG_WARN, "AWS_LAMBDA_LOG_FORMAT is neither JSON nor Text: writing %s",
                 format == LOG_JSON ? "JSON" : "text");
    if (!level_ok) log_line(LOG_WARN, "AWS_LAMBDA_LOG_LEVEL is none of TRACE DEBUG INFO WARN ERROR FATAL: using INFO");
    if (!frames_ok) log_line(LOG_WARN, "_LAMBDA_TELEMETRY_LOG_FD is no open descriptor: writing lines to %d", fd);
}

void log_set_scope(const struct log_scope *scope) {
    log_scope = scope ? *scope : (struct log_scope){0};
}

/* The beginning of a text that may be too long; dots say that the rest is missing. */
struct head {
    struct str text;
    const char *dots;
};

/* Of p no more than limit bytes are read. A cut does not part a UTF-8 character. */
static struct head head_of(const char *p, size_t n, size_t limit) {
    if (n <= limit) return (struct head){{p, n}, ""};
    size_t kept = limit - 3;
    for (int i = 0; i < 3 && ((unsigned char)p[kept] & 0xc0) == 0x80; i++) kept--;
    return (struct head){{p, kept}, "..."};
}

static void add_json_text(struct buf *b, struct head h) {
    json_write_text(b, h.text);
    b->n--; /* the quote comes behind the dots */
    buf_addf(b, "%s\"", h.dots);
}

static void add_json_member(struct buf *b, const char *name, struct str value, size_t limit) {
    if (!value.n) return;
    buf_addf(b, ",\"%s\":", name);
    add_json_text(b, head_of(value.p, value.n, limit));
}

/* How many frames are written; STACK_BYTES is for all of them. */
static size_t frames_of(const struct log_cause *failure) {
    size_t n = 0, left = STACK_BYTES;
    for (; n < failure->stack_trace_n && n < STACK_FRAMES && failure->stack_trace[n].n <= left; n++)
        left -= failure->stack_trace[n].n;
    return n;
}

static void add_json_failure(struct buf *b, const struct log_cause *failure) {
    add_json_member(b, "errorType", failure->error_type, TYPE_BYTES);
    add_json_member(b, "errorMessage", failure->error_message, MESSAGE_BYTES);
    for (size_t i = 0, n = frames_of(failure); i < n; i++) {
        buf_add(b, i ? STR(",") : STR(",\"stackTrace\":["));
        add_json_text(b, (struct head){failure->stack_trace[i].p ? failure->stack_trace[i] : STR(""), ""});
        if (i + 1 == n) buf_add_char(b, ']');
    }
}

static void write_json(struct buf *b, const char *time, enum log_level level, struct head message,
                       const struct log_cause *failure) {
    buf_addf(b, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"message\":", time, LEVELS[level]);
    add_json_text(b, message);
    add_json_member(b, "requestId", log_scope.request_id, ID_BYTES);
    add_json_member(b, "traceId", log_scope.trace_id, ID_BYTES);
    add_json_member(b, "tenantId", log_scope.tenant_id, ID_BYTES);
    if (failure) add_json_failure(b, failure);
    buf_add_char(b, '}');
}

/* A line feed inside would make two records of one: as in AWS's own runtimes it becomes a carriage return. Other control
   bytes could speak to a terminal: they become '?'. */
static void add_plain(struct buf *b, struct head h) {
    for (size_t i = 0; i < h.text.n; i++) {
        unsigned char c = (unsigned char)h.text.p[i];
        buf_add_char(b, c == '\n' ? '\r' : (c < 0x20 && c != '\t' && c != '\r') || c == 0x7f ? '?' : (char)c);
    }
    buf_add(b, str_of(h.dots));
}

static void add_plain_member(struct buf *b, const char *before, struct str value, size_t limit) {
    if (!value.n) return;
    buf_add(b, str_of(before));
    add_plain(b, head_of(value.p, value.n, limit));
}

static void write_text(struct buf *b, const char *time, enum log_level level, struct head message,
                       const struct log_cause *failure) {
    buf_addf(b, "%s\t", time);
    add_plain_member(b, "", log_scope.request_id, ID_BYTES);
    buf_addf(b, "\t%s\t", LEVELS[level]);
    add_plain(b, message);
    if (!failure) return;
    add_plain_member(b, ": ", failure->error_type, TYPE_BYTES);
    add_plain_member(b, ": ", failure->error_message, MESSAGE_BYTES);
    for (size_t i = 0, n = frames_of(failure); i < n; i++)
        add_plain_member(b, "\r    ", failure->stack_trace[i], STACK_BYTES);
}

static void write_all(int fd, struct str s) {
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) { /* half a line is worse than a late one */
            struct pollfd p = {fd, POLLOUT, 0};
            poll(&p, 1, -1);
            continue;
        }
        if (n <= 0) return; /* nobody listens: there is no better place to say so */
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
}

static void time_text(const struct timespec *now, char out[static 32]) {
    struct tm tm;
    gmtime_r(&now->tv_sec, &tm);
    size_t n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, 32 - n, ".%03dZ", (int)(now->tv_nsec / 1000000));
}

static void put_number(char *p, size_t n, uint64_t number) {
    for (; n; n--, number >>= 8) p[n - 1] = (char)(unsigned char)number;
}

/* Before the message: 4 bytes of type (a mark, the level, the format), 4 of length, 8 of microseconds, most significant
   byte first. The length ends the record, not a line feed. */
static void put_frame(char p[static FRAME_BYTES], enum log_level level, size_t n, const struct timespec *now) {
    uint64_t type = 0xa55a0002U | (uint64_t)(level + 1) << 2 | (log_to.format == LOG_TEXT);
    put_number(p, 4, type);
    put_number(p + 4, 4, n);
    put_number(p + 8, 8, (uint64_t)now->tv_sec * 1000000 + (uint64_t)now->tv_nsec / 1000);
}

static void write_record(enum log_level level, struct head message, const struct log_cause *failure) {
    /* All the room there is, already there: it never asks its arena, for it has none. */
    struct buf b = {.p = record, .cap = sizeof record, .limit = sizeof record - 1};
    struct timespec now;
    char time[32];
    pthread_mutex_lock(&record_lock);
    clock_gettime(CLOCK_REALTIME, &now);
    time_text(&now, time);
    if (log_to.framed) buf_room(&b, FRAME_BYTES);
    if (log_to.format == LOG_JSON) write_json(&b, time, level, message, failure);
    else write_text(&b, time, level, message, failure);
    if (log_to.framed) put_frame(record, level, b.n - FRAME_BYTES, &now);
    else buf_add_char(&b, '\n');
    write_all(log_to.fd, buf_str(&b));
    pthread_mutex_unlock(&record_lock);
}

static void write_formatted(enum log_level level, const struct log_cause *failure, const char *fmt, va_list ap) {
    char message[MESSAGE_BYTES + 1];
    int n = vsnprintf(message, sizeof message, fmt, ap);
    write_record(level, head_of(message, n < 0 ? 0 : (size_t)n, MESSAGE_BYTES), failure);
}

void log_line(enum log_level level, const char *fmt, ...) {
    if (level < log_to.least) return;
    va_list ap;
    va_start(ap, fmt);
    write_formatted(level, NULL, fmt, ap);
    va_end(ap);
}

void log_failure(enum log_level level, const struct log_cause *failure, const char *fmt, ...) {
    if (level < log_to.least) return;
    va_list ap;
    va_start(ap, fmt);
    write_formatted(level, failure, fmt, ap);
    va_end(ap);
}

bool log_is_json(void) {
    return log_to.format == LOG_JSON;
}

void log_raw(enum log_level level, struct str text) {
    struct timespec now;
    struct pollfd p = {log_to.fd, POLLOUT, 0};
    char frame[FRAME_BYTES], feed = '\n';
    clock_gettime(CLOCK_REALTIME, &now);
    put_frame(frame, level, text.n, &now);
    struct iovec parts[] = {
        {frame, log_to.framed ? sizeof frame : 0}, {(void *)(uintptr_t)text.p, text.n}, {&feed, log_to.framed ? 0 : 1}};
    if (poll(&p, 1, RAW_WAIT_MS) > 0 && writev(log_to.fd, parts, 3) < 0) return; /* as in write_all */
}
