/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "assume_role.h"
#include "call_send.h"
#include "clock.h"
#include "percent.h"

enum { PRINT_BODY_BYTES = 64 * 1024 * 1024, MAX_TARGET_BYTES = 64 * 1024, STS_TIMEOUT_MS = 30000 };

static bool fail(struct call *call, int code) {
    call->code = code;
    return false;
}

/* --- The request ----------------------------------------------------------------------------------------------------- */

/* -T into a folder ("/a/"): the file keeps its name. */
static bool add_name(struct call *call) {
    struct client *c = call->c;
    const char *file = call->flags.file;
    struct buf path;
    if (!call->flags.upload || !str_ends(c->rq.path, STR("/")) || strcmp(file, "-") == 0) return true;
    const char *slash = strrchr(file, '/');
    buf_init(&path, MAX_TARGET_BYTES, &c->arena);
    buf_add(&path, c->rq.path);
    percent_write(&path, str_of(slash ? slash + 1 : file), false);
    c->rq.path = buf_str(&path);
    return buf_ok(&path, &c->e);
}

/* Is there an -H of this name, be it one that takes the field away ("Name:")? */
static bool has_header(const struct client *c, struct str name) {
    for (size_t i = 0; i < c->flags.n_given; i++) {
        struct str rest = str_of(c->flags.given[i].value), given;
        if (c->flags.given[i].flag != CLIENT_HEADER) continue;
        str_cut(&rest, ':', &given);
        if (str_ends(given, STR(";"))) given.n--;
        if (str_eq_nocase(given, name)) return true;
    }
    return false;
}

static bool add_json_fields(struct call *call) {
    static const struct str names[] = {STR_INIT("Content-Type"), STR_INIT("Accept")};
    struct client *c = call->c;
    for (size_t i = 0; call->flags.json && i < 2; i++)
        if (!has_header(c, names[i]) &&
            !http_field_add(&c->rq.fields, names[i], STR("application/json"), &c->arena, &c->e))
            return false;
    c->n_given = c->rq.fields.n;
    return true;
}

static bool read_request(struct call *call) {
    struct client *c = call->c;
    if (client_read_request(c) && add_name(call) && add_json_fields(call) && client_read_keys(c)) return true;
    return fail(call, c->e.kind == ERR_MEMORY ? CALL_MEMORY : CALL_REFUSED);
}

static bool add_to_query(struct call *call, struct str data) {
    struct client *c = call->c;
    struct buf query;
    buf_init(&query, MAX_TARGET_BYTES, &c->arena);
    buf_add(&query, c->rq.query);
    if (c->rq.query.n && data.n) buf_add_char(&query, '&');
    buf_add(&query, data);
    if (data.n || c->rq.query.p) c->rq.query = buf_str(&query);
    return buf_ok(&query, &c->e) || fail(call, CALL_REFUSED);
}

static bool read_body(struct call *call) {
    struct client *c = call->c;
    bool whole = call->flags.print || call->flags.get;
    struct str data = call->flags.data;
    if (call->flags.several) {
        if (!client_read_data(c, &data)) return fail(call, c->e.kind == ERR_MEMORY ? CALL_MEMORY : CALL_READ);
    } else if (call->flags.file) {
        size_t memory_bytes = whole ? PRINT_BODY_BYTES : CALL_BODY_MEMORY_BYTES;
        if (!call_body_open(&call->body, call->flags.file, memory_bytes, &c->arena, &c->e))
            return fail(call, c->e.kind == ERR_MEMORY ? CALL_MEMORY : CALL_READ);
        if (whole && call->body.apart) {
            err_set(&c->e, ERR_LIMIT, "%s is longer than %d bytes, too long to be shown", call->body.name,
                    PRINT_BODY_BYTES);
            return fail(call, CALL_READ);
        }
        data = call->body.memory;
    }
    if (call->flags.get) return add_to_query(call, data);
    if (data.p) c->rq.body = data;
    return true;
}

/* --- Keys of a role -------------------------------------------------------------------------------------------------- */

static bool assume(struct call *call, struct assume_role *role) {
    struct client *c = call->c;
    struct assume_role_options options = {
        .role_arn = str_of(call->flags.role_arn), .arn_name = "--role-arn", .region = c->scope.region};
    struct credentials_time when = {clock_unix_ms() / 1000, STS_TIMEOUT_MS};
    struct sigv4_keys own = c->profile.keys;
    int64_t left_ms;
    if (!assume_role_open(role, &options, &c->arena, &c->e)) return fail(call, CALL_REFUSED);
    if (!call_send_time(call, &left_ms)) return false;
    if (left_ms != HTTP_NO_TIMEOUT && left_ms < when.timeout_ms) when.timeout_ms = left_ms;
    if (assume_role_keys(role, &own, &when, &c->profile.keys, &c->arena, &c->e)) return true;
    return fail(call, c->e.kind == ERR_TIMEOUT && call->flags.max_time_ms ? CALL_TIMEOUT : CALL_NO_ROLE);
}

static bool find_role(struct call *call) {
    struct assume_role role = {0};
    if (!call->flags.role_arn) return true;
    bool ok = assume(call, &role);
    assume_role_close(&role);
    return ok;
}

/* --- The command ----------------------------------------------------------------------------------------------------- */

static bool open_http(struct call *call) {
    struct client *c = call->c;
    struct http_options options = {.user_agent = STR("apigw/" LAMBDA_IAM_C_VERSION),
                                   .connect_timeout_ms = call->flags.connect_timeout_ms,
                                   .resend = HTTP_RESEND_IDEMPOTENT};
    if (http_open(&c->url, &options, &call->http, &c->e)) return true;
    return fail(call, c->e.kind == ERR_MEMORY ? CALL_MEMORY : CALL_CA_BUNDLE);
}

static void warn(const struct call *call) {
    const struct url *u = &call->c->url;
    if (call->flags.silent) return;
    if (u->tls && call->flags.insecure)
        fputs("apigw call: warning: -k: the certificate is NOT checked; whoever is on the way can read the request and "
              "its token, and can answer in the service's place\n",
              stderr);
    if (!u->tls && !url_is_loopback(u))
        fprintf(stderr,
                "apigw call: warning: http:// to %.*s: everybody on the way can read the request and its token\n",
                STR_ARG(u->host));
}

static bool print(struct call *call) {
    struct client *c = call->c;
    if (!call_send_sign(call)) return false;
    return client_print(c, call->flags.print, &call->texts) ||
           fail(call, c->e.kind == ERR_PARSE ? CALL_REFUSED : CALL_WRITE);
}

/* libcurl keeps to --max-time by itself and says what it waited for; this is for what blocks elsewhere: standard input,
   a pipe that nobody reads, somebody's credential_process. */
enum { LATER_MS = 50 };
static char late[128];

static void end_late(int number) {
    (void)number;
    if (write(STDERR_FILENO, late, strlen(late)) < 0) _exit(CALL_TIMEOUT);
    _exit(CALL_TIMEOUT);
}

static void limit_time(const struct call *call) {
    int64_t ms = call->flags.max_time_ms + LATER_MS;
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)}};
    if (!call->flags.max_time_ms) return;
    if (!call->flags.silent || call->flags.show_error)
        snprintf(late, sizeof late, "apigw call: the %lld ms of --max-time are over\n",
                 (long long)call->flags.max_time_ms);
    signal(SIGALRM, end_late);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static bool work(struct call *call) {
    struct client *c = call->c;
    limit_time(call);
    call_output_init(&call->output, &c->arena);
    call->output.path = call->flags.output;
    call->output.include = call->flags.include;
    call->output.fail = call->flags.fail;
    call->end_ms = clock_monotonic_ms() + call->flags.max_time_ms;
    if (!read_request(call) || !find_role(call) || !read_body(call)) return false;
    call->query = c->rq.query;
    if (call->flags.print) return print(call);
    if (!open_http(call)) return false;
    warn(call);
    return call_send(call);
}

static int run(struct call *call, int argc, char **argv) {
    struct client *c = call->c;
    bool readable = call_flags_read(&call->flags, c, argc, argv);
    if (call->flags.help) return fputs(call_flags_usage, stdout) < 0 ? CALL_WRITE : CALL_DONE;
    if (!readable) {
        fprintf(stderr, "apigw call: %s\napigw call: --help tells the flags\n", c->e.msg);
        return CALL_USAGE;
    }
    bool done = work(call);
    bool quiet = (call->flags.silent && !call->flags.show_error) || call->output.closed;
    if (!done && !quiet) client_complain(c, "call");
    call_body_close(&call->body);
    http_close(call->http);
    return done ? CALL_DONE : call->code;
}

int call_main(int argc, char **argv) {
    struct call call = {.c = client_open()};
    int code = CALL_MEMORY;
    signal(SIGPIPE, SIG_IGN); /* a write then says so, and the exit code can */
    if (!call.c) fputs("apigw call: out of memory\n", stderr);
    else code = run(&call, argc, argv);
    client_close(call.c);
    return code;
}
