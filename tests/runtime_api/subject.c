/* SPDX-License-Identifier: Apache-2.0 */
/* The function that the conformance server drives. An event "!ORDER ARGUMENTS" says what to do (ORDERS below); any other
   event comes back as it is. Words in _HANDLER give it hooks and say which of them fail; a hook that runs says so on
   standard error. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambda.h"
#include "log.h"

enum { MAX_STACK = 16, PIECE_BYTES = 1024 * 1024 };

typedef bool order(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e);

static bool asked_for(const char *word) {
    struct str rest = str_of(getenv("_HANDLER")), one;
    bool more = rest.p != NULL;
    while (more) {
        more = str_cut(&rest, ',', &one);
        if (str_eq(one, str_of(word))) return true;
    }
    return false;
}

static int64_t take_number(struct str *arguments) {
    struct str word;
    int64_t n = 0;
    str_cut(arguments, ' ', &word);
    if (!str_read_int64(word, 0, INT64_MAX, &n)) exit(3);
    return n;
}

static void show_line(struct buf *reply, const char *name, struct str value) {
    buf_addf(reply, "%s=", name);
    buf_add(reply, value.p ? value : STR("(absent)"));
    buf_add_char(reply, '\n');
}

/* !show: what the invocation holds, a line each */
static bool show(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)arguments, (void)e;
    show_line(reply, "request_id", inv->request_id);
    show_line(reply, "invocation_id", inv->invocation_id);
    show_line(reply, "arn", inv->invoked_function_arn);
    show_line(reply, "trace_id", inv->trace_id);
    show_line(reply, "client_context", inv->client_context);
    show_line(reply, "cognito_identity", inv->cognito_identity);
    show_line(reply, "tenant_id", inv->tenant_id);
    show_line(reply, "content_type", inv->content_type);
    show_line(reply, "variable", str_of(getenv("_X_AMZN_TRACE_ID")));
    buf_addf(reply, "deadline_ms=%lld\n", (long long)inv->deadline_ms);
    buf_addf(reply, "remaining=%s\n", lambda_remaining_ms(inv) > 0 ? "some" : "none");
    return true;
}

static bool fail(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)reply;
    return err_set(e, ERR_HANDLER, "%.*s", STR_ARG(arguments));
}

static bool silent(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)arguments, (void)reply, (void)e;
    return false;
}

/* !failure, then lines "member=value"; members are borrowed until we return, so they live in the event and the arena. */
static bool failure(const struct lambda_invocation *inv, struct str lines, struct buf *reply, struct err *e) {
    struct lambda_failure *f = arena_zero(inv->arena, sizeof *f);
    struct str *stack = arena_take(inv->arena, MAX_STACK * sizeof *stack);
    struct str line;
    (void)reply;
    if (!f || !stack) exit(4);
    f->stack_trace = stack;
    for (bool more = true; more;) {
        struct str name, value;
        more = str_cut(&lines, '\n', &line);
        value = line;
        if (!str_cut(&value, '=', &name)) continue;
        if (str_eq(name, STR("type"))) f->error_type = value;
        if (str_eq(name, STR("message"))) f->error_message = value;
        if (str_eq(name, STR("stack")) && f->stack_trace_n < MAX_STACK) stack[f->stack_trace_n++] = value;
        if (str_eq(name, STR("cause"))) f->xray_error_cause = value;
        if (str_eq(name, STR("body"))) f->body = value;
        if (str_eq(name, STR("content_type"))) f->content_type = value;
    }
    lambda_set_failure(inv, f);
    return err_set(e, ERR_HANDLER, "the sentence of err");
}

/* !big N */
static bool big(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)e;
    size_t n = (size_t)take_number(&arguments);
    char *p = buf_room(reply, n);
    if (p) memset(p, 'x', n);
    return true;
}

/* !type CONTENT-TYPE */
static bool set_type(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)e;
    lambda_set_content_type(inv, arguments);
    buf_add(reply, STR("typed"));
    return true;
}

/* !stream N PIECE CONTENT-TYPE, then the lines of !failure or none */
static bool stream(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    struct str line;
    bool fails = str_cut(&arguments, '\n', &line);
    int64_t left = take_number(&line), piece = take_number(&line);
    char *p = arena_take(inv->arena, PIECE_BYTES);
    if (!p || piece < 1 || piece > PIECE_BYTES) exit(4);
    memset(p, 's', PIECE_BYTES);
    if (!lambda_stream_begin(inv, line, e)) return false;
    for (; left > 0; left -= piece) {
        struct str bytes = {p, (size_t)(left < piece ? left : piece)};
        if (lambda_stream_write(inv, bytes, e)) continue;
        log_line(LOG_WARN, "subject: the stream is broken, kind %d", (int)e->kind);
        return false;
    }
    return fails ? failure(inv, arguments, reply, e) : true;
}

/* !stream-http, then "Name: value" lines, an empty line, and the body in pieces that '|' divides */
static bool stream_http(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    struct http_response head = {.status = 201};
    struct str line;
    (void)reply;
    str_cut(&arguments, '\n', &line);
    while (str_cut(&arguments, '\n', &line) && line.n) {
        struct str name;
        str_cut(&line, ':', &name);
        if (!http_field_add(&head.fields, name, str_trim(line), inv->arena, e)) return false;
    }
    if (!lambda_stream_begin_http(inv, &head, e)) return false;
    for (bool more = arguments.p != NULL; more;) {
        more = str_cut(&arguments, '|', &line);
        if (!lambda_stream_write(inv, line, e)) return false;
    }
    return true;
}

/* !cut N: a stream that ends with the process, after N bytes */
static bool cut(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    int64_t n = take_number(&arguments);
    (void)reply;
    if (!lambda_stream_begin(inv, STR("text/plain"), e)) return false;
    while (n-- > 0 && lambda_stream_write(inv, STR("c"), e)) continue;
    exit(7);
}

/* !wait FIFO: replies what is written into it */
static bool wait_for(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    char text[256];
    ssize_t n;
    const char *path = arena_copy(inv->arena, arguments);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return err_set(e, ERR_CONFIG, "the fifo cannot be opened");
    while ((n = read(fd, text, sizeof text)) > 0) buf_add(reply, (struct str){text, (size_t)n});
    close(fd);
    if (str_starts(buf_str(reply), STR("fail"))) return err_set(e, ERR_HANDLER, "told to fail");
    return true;
}

/* !crash NUMBER: that signal; 0 writes to address 16, which nobody has */
static bool crash(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)reply, (void)e;
    int signal_number = (int)take_number(&arguments);
    volatile uintptr_t address = 16;
    if (signal_number) raise(signal_number);
    else *(volatile int *)address = 1;
    return true;
}

static bool leave(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)reply, (void)e;
    exit((int)take_number(&arguments));
}

static bool hang(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)arguments, (void)reply, (void)e;
    while (pause()) continue;
    return true;
}

static bool log_text(const struct lambda_invocation *inv, struct str arguments, struct buf *reply, struct err *e) {
    (void)inv, (void)reply, (void)e;
    log_line(LOG_WARN, "%.*s", STR_ARG(arguments));
    return true;
}

static const struct {
    const char *name;
    order *run;
} ORDERS[] = {
    {"!show", show},       {"!fail", fail},     {"!silent", silent},
    {"!failure", failure}, {"!big", big},       {"!type", set_type},
    {"!wait", wait_for},   {"!stream", stream}, {"!stream-http", stream_http},
    {"!crash", crash},     {"!exit", leave},    {"!hang", hang},
    {"!log", log_text},    {"!cut", cut},
};

static bool handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct str rest = inv->payload, line = rest, word;
    (void)user;
    str_cut(&line, '\n', &word);
    str_cut(&word, ' ', &line);
    for (size_t i = 0; i < sizeof ORDERS / sizeof *ORDERS; i++) {
        if (!str_eq(line, str_of(ORDERS[i].name))) continue;
        size_t name_n = line.n < rest.n ? line.n + 1 : line.n;
        return ORDERS[i].run(inv, (struct str){rest.p + name_n, rest.n - name_n}, reply, e);
    }
    buf_add(reply, inv->payload);
    return true;
}

/* write, not stdio: a hook may run while another thread holds the stream. */
static bool hook(const char *name, struct err *e) {
    char text[64];
    int n = snprintf(text, sizeof text, "hook %s\n", name);
    if (write(2, text, (size_t)n) != n) exit(5);
    snprintf(text, sizeof text, "%s-crashes", name);
    if (asked_for(text)) raise(SIGSEGV);
    snprintf(text, sizeof text, "%s-hangs", name);
    while (asked_for(text)) pause();
    snprintf(text, sizeof text, "%s-fails", name);
    return asked_for(text) ? err_set(e, ERR_CONFIG, "the hook %s was told to fail", name) : true;
}

static bool init(void *user, struct err *e) {
    (void)user;
    return hook("init", e);
}

static bool before_snapshot(void *user, struct err *e) {
    (void)user;
    return hook("before", e);
}

static bool after_restore(void *user, struct err *e) {
    (void)user;
    return hook("after", e);
}

static void shut_down(void *user) {
    struct err ignored;
    (void)user;
    hook("shutdown", &ignored);
}

int main(void) {
    struct lambda_program program = {.init = init, .handle = handle, .user_agent = str_of(getenv("SUBJECT_AGENT"))};
    if (asked_for("shutdown")) program.shutdown = shut_down;
    if (asked_for("before")) program.before_snapshot = before_snapshot;
    if (asked_for("after")) program.after_restore = after_restore;
    program.deadline_watchdog = asked_for("watchdog");
    return lambda_run(&program);
}
