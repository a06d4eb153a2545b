/* SPDX-License-Identifier: Apache-2.0 */
#include "call_flags.h"

#include <string.h>

enum {
    PRINT = CLIENT_N_FLAGS,
    DATA_BINARY,
    DATA_RAW,
    JSON,
    UPLOAD,
    GET,
    HEAD,
    INCLUDE,
    OUTPUT,
    FAIL,
    FAIL_WITH_BODY,
    SILENT,
    SHOW_ERROR,
    VERBOSE,
    INSECURE,
    MAX_TIME,
    CONNECT_TIMEOUT,
    ROLE_ARN,
    EXPLAIN,
    NO_EXPLAIN,
    HELP,
    FIRST_MISSING, /* curl's, that are missing on purpose: check_missing says why */
    LOCATION = FIRST_MISSING,
    COMPRESSED,
    RETRY,
    USER,
    AWS_SIGV4,
    WRITE_OUT,
    USER_AGENT,
    REFERER,
    COOKIE,
    FORM,
    DATA_URLENCODE,
    CACERT,
    PROXY,
    N_FLAGS
};

static const struct flag FLAGS[] = {
    CLIENT_FLAGS,
    {"--print", 0, true, false},
    {"--data-binary", 0, true, false},
    {"--data-raw", 0, true, false},
    {"--json", 0, true, false},
    {"--upload-file", 'T', true, false},
    {"--get", 'G', false, true},
    {"--head", 'I', false, true},
    {"--include", 'i', false, true},
    {"--output", 'o', true, false},
    {"--fail", 'f', false, true},
    {"--fail-with-body", 0, false, true},
    {"--silent", 's', false, true},
    {"--show-error", 'S', false, true},
    {"--verbose", 'v', false, true},
    {"--insecure", 'k', false, true},
    {"--max-time", 'm', true, false},
    {"--connect-timeout", 0, true, false},
    {"--role-arn", 0, true, false},
    {"--explain", 0, false, true},
    {"--no-explain", 0, false, true},
    {"--help", 'h', false, false},
    {"--location", 'L', false, true},
    {"--compressed", 0, false, true},
    {"--retry", 0, true, true},
    {"--user", 'u', true, true},
    {"--aws-sigv4", 0, true, true},
    {"--write-out", 'w', true, true},
    {"--user-agent", 'A', true, true},
    {"--referer", 'e', true, true},
    {"--cookie", 'b', true, true},
    {"--form", 'F', true, true},
    {"--data-urlencode", 0, true, true},
    {"--cacert", 0, true, true},
    {"--proxy", 'x', true, true},
};
_Static_assert(sizeof FLAGS / sizeof *FLAGS == N_FLAGS, "a row for each flag");

const char *const call_flags_usage =
    "usage: apigw call REQUEST [options]   (man apigw-call tells more)\n" CLIENT_USAGE
    "role:     [--role-arn ARN]: these keys are traded for the role's first\n"
    "body:     -d, --data-binary (both as it is), --data-raw (no @FILE), --json, -T FILE|- (PUT); -G: into the query\n"
    "answer:   [-i] [-I] [-o FILE] [-f | --fail-with-body] [-s] [-S] [-v: secrets hidden]\n"
    "wire:     [-m SECONDS] [--connect-timeout SECONDS] [-k: the certificate is not checked]\n"
    "refusal:  a 403 is explained on a terminal; [--explain]: always, [--no-explain]: never\n"
    "          [--print WHAT] instead of sending\n" CLIENT_PRINT_USAGE
    "exit code: as curl's: 0 answered, 2 bad usage, 3 refused input, 6 no such host, 7 not connected, 22 400 or more "
    "(-f),\n"
    "          23 not written, 26 body not read, 28 too late, 35 and 60 TLS, 52 no answer, 94 no keys of the role\n";

static bool given(const struct client *c, size_t flag) {
    return flags_value(&c->flags, flag) != NULL;
}

static bool check_missing(struct client *c) {
    static const char *const why[N_FLAGS - FIRST_MISSING] = {
        "a signature is for one URL, so redirects are not followed; call the answer's Location yourself",
        "the answer is written as it comes; ask with -H 'Accept-Encoding: gzip' and unpack it",
        "a call is made once (and once more when the clock was wrong); repeat it where you know that it may be",
        "keys on a command line are seen by everybody on the machine; use --profile or the environment",
        "every call is signed; --region and --service say for what",
        "-f turns a status of 400 or more into exit code 22, -i shows the answer's header",
        "use -H 'User-Agent: ...', which is signed",
        "use -H 'Referer: ...', which is signed",
        "use -H 'Cookie: ...', which is signed",
        "a form's parts are not put together here; give the body with -d @FILE and its -H 'Content-Type: ...'",
        "give -d what is encoded already",
        "the certificates to trust are those of AWS_CA_BUNDLE",
        "proxies are not used",
    };
    for (size_t flag = FIRST_MISSING; flag < N_FLAGS; flag++)
        if (given(c, flag)) return err_set(&c->e, ERR_CONFIG, "%s: %s", FLAGS[flag].name, why[flag - FIRST_MISSING]);
    return true;
}

/* "2.5" and the like, to milliseconds. 0 is no limit, so what is shorter than one is one. */
static bool read_seconds(struct client *c, size_t flag, int64_t *ms) {
    const char *text = flags_value(&c->flags, flag);
    struct str whole, part = str_of(text);
    int64_t s = 0, thousandths = 0;
    bool shorter = false;
    if (!text) return true;
    str_cut(&part, '.', &whole);
    bool ok = whole.n + part.n > 0 && (!whole.n || str_read_int64(whole, 0, 1000000, &s));
    for (size_t i = 0; i < part.n || i < 3; i++) {
        int digit = i < part.n ? part.p[i] - '0' : 0;
        ok = ok && digit >= 0 && digit <= 9;
        if (i < 3) thousandths = thousandths * 10 + digit;
        else shorter = shorter || digit != 0;
    }
    *ms = s * 1000 + thousandths;
    if (*ms == 0 && shorter) *ms = 1;
    return ok || err_set(&c->e, ERR_CONFIG, "%s takes seconds, not '%.60s'", FLAGS[flag].name, text);
}

/* At most one of them. */
static bool read_body(struct call_flags *f, struct client *c) {
    static const size_t bodies[] = {CLIENT_DATA, DATA_BINARY, DATA_RAW, JSON, UPLOAD, CLIENT_REQUEST};
    size_t found = CLIENT_N_FLAGS;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const char *value = flags_value(&c->flags, bodies[i]);
        if (!value) continue;
        if (found != CLIENT_N_FLAGS)
            return err_set(&c->e, ERR_CONFIG, "%s and %s both give the body", FLAGS[found].name, FLAGS[bodies[i]].name);
        found = bodies[i];
        if (found == CLIENT_REQUEST) continue;
        bool file = found == UPLOAD || (found != DATA_RAW && value[0] == '@');
        if (file) f->file = found == UPLOAD ? value : value + 1;
        else f->data = str_of(value);
    }
    size_t n_data = 0;
    for (size_t i = 0; i < c->flags.n_given; i++) n_data += c->flags.given[i].flag == CLIENT_DATA;
    f->several = n_data > 1;
    f->json = found == JSON;
    f->upload = found == UPLOAD;
    c->has_body = !f->get && found != CLIENT_N_FLAGS && found != CLIENT_REQUEST;
    if (f->get && (f->upload || f->json || found == CLIENT_REQUEST))
        return err_set(&c->e, ERR_CONFIG, "-G puts -d into the query, and nothing else");
    return !f->head || !c->has_body ||
           err_set(&c->e, ERR_CONFIG, "-I asks for the header, so there is no body; or -G?");
}

static bool read_manners(struct call_flags *f, struct client *c) {
    f->output = flags_value(&c->flags, OUTPUT);
    f->role_arn = flags_value(&c->flags, ROLE_ARN);
    f->include = given(c, INCLUDE) || f->head;
    f->fail = given(c, FAIL);
    f->fail_with_body = given(c, FAIL_WITH_BODY);
    f->silent = given(c, SILENT);
    f->show_error = given(c, SHOW_ERROR);
    f->verbose = given(c, VERBOSE);
    f->insecure = given(c, INSECURE);
    f->dated = given(c, CLIENT_DATE);
    f->explain = given(c, NO_EXPLAIN) ? CALL_EXPLAIN_NEVER : given(c, EXPLAIN) ? CALL_EXPLAIN_ALWAYS : f->explain;
    if (f->fail && f->fail_with_body) return err_set(&c->e, ERR_CONFIG, "--fail and --fail-with-body: one of them");
    if (f->head && given(c, CLIENT_METHOD)) return err_set(&c->e, ERR_CONFIG, "-I is a method of its own: no -X");
    if (given(c, PRINT) && !(f->print = client_print_find(c, flags_value(&c->flags, PRINT)))) return false;
    return read_seconds(c, MAX_TIME, &f->max_time_ms) && read_seconds(c, CONNECT_TIMEOUT, &f->connect_timeout_ms);
}

bool call_flags_read(struct call_flags *f, struct client *c, int argc, char **argv) {
    *f = (struct call_flags){0};
    c->as_curl = true;
    bool ok = client_read_flags(c, FLAGS, N_FLAGS, argc, argv);
    f->help = given(c, HELP);
    if (f->help || !ok) return ok;
    f->get = given(c, GET);
    f->head = given(c, HEAD);
    if (!check_missing(c) || !read_body(f, c) || !read_manners(f, c)) return false;
    c->method = f->head ? "HEAD" : f->upload ? "PUT" : c->has_body ? "POST" : "GET";
    return true;
}
