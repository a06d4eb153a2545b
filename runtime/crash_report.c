/* SPDX-License-Identifier: Apache-2.0 */
/* In the handler texts are built in bufs that have all their room already: they never ask an arena, and what overflows is
   dropped. Of a buf only buf_add and buf_add_char are used there, for vsnprintf is not async-signal-safe; json_write_text
   keeps to them as long as its text has no control byte. */
#include "crash_report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "log.h"
#include "url.h"

enum {
    POST_MS = 2000,               /* for all of the POST: connect, send, the answer's first bytes */
    NEAR_STACK_BYTES = 64 * 1024, /* a fault this close above the stack pointer is the stack's own */
    RECORD_BYTES = 4000,          /* a pipe with any room takes this much at once */
    FRAME_BYTES = 160,            /* one frame and what is around it, and the end of the text */
};

static struct {
    struct sockaddr_storage address;
    socklen_t address_n; /* 0: not known, nothing is posted */
    char fields[1024];   /* Host and the fields that never change */
} peer;

/* --- Before the crash ---------------------------------------------------------------------------------------------- */

static void resolve(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code == 0) {
        memcpy(&peer.address, found->ai_addr, found->ai_addrlen);
        peer.address_n = found->ai_addrlen;
        freeaddrinfo(found);
        return;
    }
    log_line(LOG_WARN, "crash reports will only be logged: %s of AWS_LAMBDA_RUNTIME_API cannot be resolved: %s", host,
             gai_strerror(code));
}

static void find_address(const struct url *u) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&peer.address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&peer.address;
    char host[256], port[8];
    bool brackets = u->host.p[0] == '[';
    snprintf(host, sizeof host, "%.*s", (int)u->host.n - 2 * brackets, u->host.p + brackets);
    snprintf(port, sizeof port, "%u", (unsigned)u->port);
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 || (!brackets && url_is_loopback(u))) {
        if (inet_pton(AF_INET, host, &v4->sin_addr) != 1) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(u->port);
        peer.address_n = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(u->port);
        peer.address_n = sizeof *v6;
    } else resolve(host, port);
}

bool crash_report_open(struct str host_port, struct str user_agent, struct err *e) {
    char text[320];
    struct url u;
    memset(&peer, 0, sizeof peer);
    int n = snprintf(text, sizeof text, "http://%.*s", STR_ARG(host_port));
    if (n >= (int)sizeof text || !url_read((struct str){text, (size_t)n}, &u, e) || u.query.p || u.path.n > 1)
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_RUNTIME_API is \"%.*s\"; it should be host:port", STR_ARG(host_port));
    if (!user_agent.n) user_agent = STR("lambda-iam-c/" LAMBDA_IAM_C_VERSION);
    n = snprintf(
        peer.fields, sizeof peer.fields,
        " HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: %.*s\r\nContent-Type: application/json\r\nConnection: close\r\n",
        STR_ARG(host_port), STR_ARG(user_agent));
    if (n >= (int)sizeof peer.fields || str_has_control(user_agent))
        return err_set(e, ERR_CONFIG, "the user agent is too long or has a byte that no header field has");
    find_address(&u);
    return true;
}

/* --- Text ---------------------------------------------------------------------------------------------------------- */

#define TEXT(bytes) ((struct buf){.p = (bytes), .cap = sizeof(bytes), .limit = sizeof(bytes) - 1})

/* In base 10 or 16. */
static void add_number(struct buf *b, uintmax_t number, unsigned base) {
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number);
    buf_add(b, (struct str){digits + at, sizeof digits - at});
}

static void add_digits(struct buf *b, size_t n, unsigned number, char after) {
    char digits[4];
    for (size_t i = n; i; i--, number /= 10) digits[i - 1] = (char)('0' + number % 10);
    buf_add(b, (struct str){digits, n});
    buf_add_char(b, after);
}

static void add_address(struct buf *b, uintptr_t address) {
    buf_add(b, STR("0x"));
    add_number(b, address, 16);
}

/* gmtime_r is not async-signal-safe. Days are counted from a 1 March, so that the leap day is a year's last. */
static void add_time(struct buf *b) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    unsigned seconds = (unsigned)(now.tv_sec % 86400), days = (unsigned)(now.tv_sec / 86400) + 719468;
    unsigned era = days / 146097, day = days % 146097;
    unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    unsigned month = (5 * day + 2) / 153;
    add_digits(b, 4, year + era * 400 + (month >= 10), '-');
    add_digits(b, 2, month < 10 ? month + 3 : month - 9, '-');
    add_digits(b, 2, day - (153 * month + 2) / 5 + 1, 'T');
    add_digits(b, 2, seconds / 3600, ':');
    add_digits(b, 2, seconds / 60 % 60, ':');
    add_digits(b, 2, seconds % 60, '.');
    add_digits(b, 3, (unsigned)(now.tv_nsec / 1000000), 'Z');
}

/* --- The crash in words -------------------------------------------------------------------------------------------- */

static bool sent_by_a_process(const siginfo_t *info) {
    return info->si_code <= 0;
}

static bool stack_overflow(const struct crash_facts *c) {
    uintptr_t at = (uintptr_t)c->info->si_addr, sp = c->stack_pointer;
    return c->info->si_signo == SIGSEGV && (c->info->si_code == SEGV_MAPERR || c->info->si_code == SEGV_ACCERR) &&
           at + 4096 >= sp && (at < sp || at - sp < NEAR_STACK_BYTES);
}

static struct str name_of(int signal) {
    switch (signal) {
    case SIGSEGV: return STR("SIGSEGV");
    case SIGABRT: return STR("SIGABRT");
    case SIGBUS: return STR("SIGBUS");
    case SIGFPE: return STR("SIGFPE");
    default: return STR("SIGILL");
    }
}

/* Category.Reason, as the Runtime API passes it on. */
static struct str type_of(const struct crash_facts *c) {
    switch (c->info->si_signo) {
    case SIGSEGV: return stack_overflow(c) ? STR("Runtime.StackOverflow") : STR("Runtime.SegmentationFault");
    case SIGABRT: return STR("Runtime.Aborted");
    case SIGBUS: return STR("Runtime.BusError");
    case SIGFPE: return STR("Runtime.ArithmeticError");
    default: return STR("Runtime.IllegalInstruction");
    }
}

static struct str reason_of(const struct crash_facts *c) {
    if (stack_overflow(c)) return STR("the stack is full");
    switch (c->info->si_signo << 8 | (c->info->si_code & 0xff)) {
    case SIGSEGV << 8 | SEGV_MAPERR: return STR("address not mapped");
    case SIGSEGV << 8 | SEGV_ACCERR: return STR("access not allowed");
    case SIGBUS << 8 | BUS_ADRALN: return STR("address not aligned");
    case SIGBUS << 8 | BUS_ADRERR: return STR("nothing behind the address: past the end of a mapped file?");
    case SIGFPE << 8 | FPE_INTDIV: return STR("integer division by zero");
    case SIGFPE << 8 | FPE_INTOVF: return STR("integer overflow");
    case SIGILL << 8 | ILL_ILLOPC:
    case SIGILL << 8 | ILL_ILLOPN: return STR("illegal instruction");
    default: return STR("no further reason");
    }
}

static void add_message(struct buf *b, const struct crash_facts *c) {
    const siginfo_t *info = c->info;
    buf_add(b, name_of(info->si_signo));
    if (sent_by_a_process(info)) {
        bool own = info->si_pid == getpid();
        buf_add(b, own ? STR(" raised by the program itself") : STR(" sent by process "));
        if (!own) add_number(b, (uintmax_t)info->si_pid, 10);
    } else if (info->si_code == SI_KERNEL) {
        buf_add(b, STR(" (an address that the processor does not have, or a forbidden instruction)"));
    } else {
        buf_add(b, STR(" at address "));
        add_address(b, (uintptr_t)info->si_addr);
        buf_add(b, STR(" ("));
        buf_add(b, reason_of(c));
        buf_add_char(b, ')');
    }
}

/* "bootstrap+0x1234", "bootstrap+0x1234?" if it is guessed, "0x1234" outside of every known file. */
static void add_frame(struct buf *b, const struct crash_frame *f) {
    const char *file;
    uintptr_t at = f->address;
    if (crash_frames_place(at, &file, &at)) {
        buf_add(b, str_of(file));
        buf_add_char(b, '+');
    }
    add_address(b, at);
    if (f->guessed) buf_add_char(b, '?');
}

/* before and after stand around each frame; file names are such that JSON needs no escapes. The last ones may not fit. */
static void add_frames(struct buf *b, const struct crash_facts *c, struct str before, struct str after,
                       struct str comma) {
    for (size_t i = 0; i < c->frames_n && b->limit - b->n > FRAME_BYTES; i++) {
        if (i) buf_add(b, comma);
        buf_add(b, before);
        add_frame(b, &c->frames[i]);
        buf_add(b, after);
    }
}

static void add_json_member(struct buf *b, struct str name, struct str value) {
    if (!value.n) return;
    buf_add(b, STR(",\""));
    buf_add(b, name);
    buf_add(b, STR("\":"));
    json_write_text(b, value);
}

/* errorMessage, errorType, signal, address, buildId, stackTrace: the same in the log and in the body. */
static void add_json_facts(struct buf *b, const struct crash_facts *c) {
    buf_add(b, STR("\"errorMessage\":\""));
    add_message(b, c);
    buf_add_char(b, '"');
    add_json_member(b, STR("errorType"), type_of(c));
    add_json_member(b, STR("signal"), name_of(c->info->si_signo));
    if (!sent_by_a_process(c->info) && c->info->si_code != SI_KERNEL) {
        buf_add(b, STR(",\"address\":\""));
        add_address(b, (uintptr_t)c->info->si_addr);
        buf_add_char(b, '"');
    }
    add_json_member(b, STR("buildId"), crash_frames_build_id());
    buf_add(b, STR(",\"stackTrace\":["));
    add_frames(b, c, STR("\""), STR("\""), STR(","));
    buf_add(b, STR("]}"));
}

/* --- The log record ------------------------------------------------------------------------------------------------ */

static void add_json_record(struct buf *b, const struct crash_facts *c) {
    buf_add(b, STR("{\"timestamp\":\""));
    add_time(b);
    buf_add(b, STR("\",\"level\":\"FATAL\",\"message\":\"crashed: "));
    add_message(b, c);
    buf_add_char(b, '"');
    if (c->ids) {
        add_json_member(b, STR("requestId"), str_of(c->ids->request_id));
        add_json_member(b, STR("traceId"), str_of(c->ids->trace_id));
        add_json_member(b, STR("tenantId"), str_of(c->ids->tenant_id));
    }
    buf_add_char(b, ',');
    add_json_facts(b, c);
}

static void add_text_record(struct buf *b, const struct crash_facts *c) {
    add_time(b);
    buf_add_char(b, '\t');
    if (c->ids) buf_add(b, str_of(c->ids->request_id));
    buf_add(b, STR("\tFATAL\tcrashed: "));
    buf_add(b, type_of(c));
    buf_add(b, STR(": "));
    add_message(b, c);
    if (crash_frames_build_id().n) {
        buf_add(b, STR("; build id "));
        buf_add(b, crash_frames_build_id());
    }
    buf_add(b, STR("; frames"));
    add_frames(b, c, STR(" "), STR(""), STR(""));
}

void crash_report_log(const struct crash_facts *c) {
    static char bytes[RECORD_BYTES];
    struct buf b = TEXT(bytes);
    if (log_is_json()) add_json_record(&b, c);
    else add_text_record(&b, c);
    log_raw(LOG_FATAL, buf_str(&b));
}

/* --- The POST ------------------------------------------------------------------------------------------------------ */

/* One line of JSON for X-Ray; frames are both path and label, for lines are not known here. */
static void add_xray_cause(struct buf *b, const struct crash_facts *c) {
    buf_add(
        b,
        STR("Lambda-Runtime-Function-XRay-Error-Cause: {\"working_directory\":\"\",\"exceptions\":[{\"message\":\""));
    add_message(b, c);
    buf_add(b, STR("\",\"type\":\""));
    buf_add(b, type_of(c));
    buf_add(b, STR("\",\"stack\":["));
    add_frames(b, c, STR("{\"path\":\"\",\"line\":0,\"label\":\""), STR("\"}"), STR(","));
    buf_add(b, STR("]}],\"paths\":[]}\r\n"));
}

static void add_request(struct buf *b, const struct crash_facts *c) {
    static char bytes[8192];
    struct buf body = TEXT(bytes);
    buf_add_char(&body, '{');
    add_json_facts(&body, c);
    buf_add(b, STR("POST "));
    buf_add(b, c->path);
    buf_add(b, str_of(peer.fields));
    buf_add(b, STR("Lambda-Runtime-Function-Error-Type: "));
    buf_add(b, type_of(c));
    buf_add(b, STR("\r\n"));
    add_xray_cause(b, c);
    if (c->ids && *c->ids->invocation_id) {
        buf_add(b, STR("Lambda-Runtime-Invocation-Id: "));
        buf_add(b, str_of(c->ids->invocation_id));
        buf_add(b, STR("\r\n"));
    }
    buf_add(b, STR("Content-Length: "));
    add_number(b, body.n, 10);
    buf_add(b, STR("\r\n\r\n"));
    buf_add(b, buf_str(&body));
}

static bool ready(int fd, short what, int64_t until_ms) {
    struct pollfd p = {fd, what, 0};
    int64_t left = until_ms - clock_monotonic_ms();
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

static bool connected(int fd, int64_t until_ms) {
    int error = 0;
    socklen_t n = sizeof error;
    if (connect(fd, (const struct sockaddr *)&peer.address, peer.address_n) == 0) return true;
    return errno == EINPROGRESS && ready(fd, POLLOUT, until_ms) &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && !error;
}

static bool sent(int fd, struct str s, int64_t until_ms) {
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN && ready(fd, POLLOUT, until_ms)) continue;
        if (n <= 0) return false;
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
    return true;
}

/* What the answer says changes nothing any more; that it came means that the report was read. */
void crash_report_post(const struct crash_facts *c) {
    static char bytes[20 * 1024];
    char answer[64];
    if (!peer.address_n || !c->path.n) return;
    struct buf b = TEXT(bytes);
    add_request(&b, c);
    int64_t until_ms = clock_monotonic_ms() + POST_MS;
    int fd = socket(peer.address.ss_family, SOCK_STREAM, 0);
    if (fd < 0 || b.failed) return;
    if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && connected(fd, until_ms) && sent(fd, buf_str(&b), until_ms) &&
        ready(fd, POLLIN, until_ms) && recv(fd, answer, sizeof answer, 0) < 0)
        return;
    close(fd);
}
