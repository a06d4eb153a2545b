/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and environment in, text on standard output. The flags are curl's where curl has them. What is printed
   is exact, token included: it was asked for, and a masked signature would be of no use. */
#include "sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "input.h"
#include "profile.h"
#include "sigv4_endpoint.h"
#include "sigv4_stages.h"
#include "url.h"

enum { MAX_BODY_BYTES = 64 * 1024 * 1024, MAX_TEXT_BYTES = 1024 * 1024 };
static const size_t ARENA_BYTES = (size_t)512 * 1024 * 1024;

enum flag { METHOD, HEADER, DATA, PROFILE, CREDENTIALS, REGION, SERVICE, DATE, PRINT, FLAGS };

static const struct {
    const char *name, *brief;
} flag_names[FLAGS] = {
    [METHOD] = {"--request", "-X"},
    [HEADER] = {"--header", "-H"},
    [DATA] = {"--data", "-d"},
    [PROFILE] = {"--profile", ""},
    [CREDENTIALS] = {"--credentials", ""},
    [REGION] = {"--region", ""},
    [SERVICE] = {"--service", ""},
    [DATE] = {"--date", ""},
    [PRINT] = {"--print", ""},
};

struct sign {
    const char *url_text;
    const char *values[FLAGS]; /* all but HEADER */
    const char *headers[HTTP_MAX_FIELDS];
    size_t n_headers;
    struct url url;
    struct profile profile;
    struct sigv4_scope scope;
    struct http_request rq;
    size_t n_given; /* fields before signing: the caller's, then Host unless it gave one */
    bool host_given;
    struct arena arena;
    struct err e;
};

static const char USAGE[] =
    "usage: apigw sign URL [-X METHOD] [-H 'Name: value']... [-d DATA|@FILE|@-]\n"
    "                  [--profile NAME] [--credentials FILE] [--region R] [--service S] [--date YYYYMMDDThhmmssZ]\n"
    "                  [--print headers|canonical|string-to-sign|signature|curl]\n"
    "keys: --profile NAME, else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN\n";

/* "--name value", "--name=value", "-Xvalue" and "-X value"; *value is NULL when it is the next argument. */
static enum flag find_flag(const char *arg, const char **value) {
    for (enum flag f = 0; f < FLAGS; f++) {
        size_t n = strlen(flag_names[f].name), brief = strlen(flag_names[f].brief);
        *value = NULL;
        if (strcmp(arg, flag_names[f].name) == 0) return f;
        if (strncmp(arg, flag_names[f].name, n) == 0 && arg[n] == '=') {
            *value = arg + n + 1;
            return f;
        }
        if (!brief || strncmp(arg, flag_names[f].brief, brief) != 0) continue;
        if (arg[brief]) *value = arg + brief;
        return f;
    }
    return FLAGS;
}

static bool keep_flag(struct sign *s, enum flag f, const char *value) {
    if (f == HEADER) {
        if (s->n_headers == HTTP_MAX_FIELDS) return err_set(&s->e, ERR_LIMIT, "more than %d headers", HTTP_MAX_FIELDS);
        s->headers[s->n_headers++] = value;
        return true;
    }
    if (s->values[f]) return err_set(&s->e, ERR_CONFIG, "%s is given twice", flag_names[f].name);
    s->values[f] = value;
    return true;
}

static bool read_arguments(struct sign *s, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (argv[i][0] != '-') {
            if (s->url_text) return err_set(&s->e, ERR_CONFIG, "more than one URL");
            s->url_text = argv[i];
            continue;
        }
        enum flag f = find_flag(argv[i], &value);
        if (f == FLAGS) return err_set(&s->e, ERR_CONFIG, "unknown flag %s", argv[i]);
        if (!value && ++i == argc) return err_set(&s->e, ERR_CONFIG, "%s needs a value", flag_names[f].name);
        if (!keep_flag(s, f, value ? value : argv[i])) return false;
    }
    if (!s->url_text) return err_set(&s->e, ERR_CONFIG, "there is no URL");
    if (!s->values[DATE]) s->scope.unix_s = time(NULL);
    else if (!sigv4_date_read(str_of(s->values[DATE]), &s->scope.unix_s))
        return err_set(&s->e, ERR_CONFIG, "--date is not of the form 20150830T123600Z");
    return true;
}

static bool read_header(struct sign *s, const char *text) {
    struct str name, value = str_of(text);
    if (!str_cut(&value, ':', &name)) return err_set(&s->e, ERR_PARSE, "-H '%s' has no ':'", text);
    s->host_given = s->host_given || str_eq_nocase(name, STR("Host"));
    return http_field_add(&s->rq.fields, name, str_trim(value), &s->arena, &s->e);
}

static bool read_body(struct sign *s) {
    const char *data = s->values[DATA];
    if (!data) return true;
    if (data[0] == '@') return input_read(data + 1, MAX_BODY_BYTES, &s->rq.body, &s->arena, &s->e);
    s->rq.body = str_of(data);
    return true;
}

static bool read_request(struct sign *s) {
    struct str host;
    if (!url_read(str_of(s->url_text), &s->url, &s->e)) return err_prefix(&s->e, "the URL: ");
    const char *method = s->values[METHOD] ? s->values[METHOD] : s->values[DATA] ? "POST" : "GET";
    s->rq = (struct http_request){.method = str_of(method), .path = s->url.path, .query = s->url.query};
    for (size_t i = 0; i < s->n_headers; i++)
        if (!read_header(s, s->headers[i])) return false;
    if (!url_host_field(&s->url, &host, &s->arena, &s->e)) return false;
    if (!s->host_given && !http_field_add(&s->rq.fields, STR("Host"), host, &s->arena, &s->e)) return false;
    s->n_given = s->rq.fields.n;
    return read_body(s);
}

/* A flag wins over the host's name, that over the profile and the environment. A service is never guessed. */
static bool read_scope(struct sign *s) {
    struct str service = {0}, region = {0};
    bool inferred = sigv4_endpoint_infer(s->url.host, &service, &region);
    if (!inferred && url_is_loopback(&s->url)) service = STR("execute-api");
    if (s->values[SERVICE]) service = str_of(s->values[SERVICE]);
    if (s->values[REGION]) region = str_of(s->values[REGION]);
    if (!region.n) region = s->profile.region;
    if (!region.n) region = str_of(getenv("AWS_REGION"));
    if (!region.n) region = str_of(getenv("AWS_DEFAULT_REGION"));
    if (!service.n) return err_set(&s->e, ERR_CONFIG, "the host does not say which service it is; give --service");
    if (!region.n) return err_set(&s->e, ERR_CONFIG, "the host does not say which region it is in; give --region");
    s->scope.service = service;
    s->scope.region = region;
    return true;
}

static bool print_headers(struct sign *s, struct buf *out) {
    for (size_t i = s->n_given; i < s->rq.fields.n; i++)
        buf_addf(out, "%.*s: %.*s\n", STR_ARG(s->rq.fields.at[i].name), STR_ARG(s->rq.fields.at[i].value));
    return buf_ok(out, &s->e);
}

/* The text behind "NAME=" in the Authorization that was just written. */
static struct str authorization_part(const struct sign *s, struct str name) {
    struct str rest = http_field_get(&s->rq.fields, STR("Authorization")), part;
    size_t at = str_find(rest, name);
    if (at == SIZE_MAX) return (struct str){0};
    rest = (struct str){rest.p + at + name.n, rest.n - at - name.n};
    str_cut(&rest, ',', &part);
    return part;
}

static bool print_canonical(struct sign *s, struct buf *out) {
    char hash[65];
    struct str given = str_trim(http_field_get(&s->rq.fields, STR("X-Amz-Content-Sha256")));
    if (!sigv4_hash(hash, s->rq.body)) return err_set(&s->e, ERR_MEMORY, "libcrypto could not hash the body");
    return sigv4_canonical_request(out, &s->rq, authorization_part(s, STR("SignedHeaders=")),
                                   given.n ? given : str_of(hash), s->scope.path, &s->e);
}

static bool print_string_to_sign(struct sign *s, struct buf *out) {
    struct buf canonical;
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, &s->arena);
    if (!print_canonical(s, &canonical)) return false;
    return sigv4_string_to_sign(out, buf_str(&canonical), http_field_get(&s->rq.fields, STR("X-Amz-Date")),
                                s->scope.region, s->scope.service) ||
           err_set(&s->e, ERR_MEMORY, "libcrypto could not hash the canonical request");
}

static bool print_signature(struct sign *s, struct buf *out) {
    buf_add(out, authorization_part(s, STR("Signature=")));
    return buf_ok(out, &s->e);
}

/* For a POSIX shell: nothing is special between single quotes but the quote itself. */
static void quote(struct buf *out, struct str text) {
    buf_add_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\'') buf_add(out, STR("'\\''"));
        else buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '\'');
}

static void quote_header(struct sign *s, struct buf *out, const struct http_field *f) {
    struct buf line;
    buf_init(&line, MAX_TEXT_BYTES, &s->arena);
    buf_add(&line, f->name);
    buf_add(&line, f->value.n ? STR(": ") : STR(";")); /* curl drops "Name:" and sends "Name;" as an empty field */
    buf_add(&line, f->value);
    buf_add(out, STR(" -H "));
    quote(out, buf_str(&line));
}

/* -g and --path-as-is: curl sends the URL that was signed. -I: with -X HEAD it would wait for a body. An empty -H takes
   away the content type that curl adds to data by itself. */
static bool print_curl(struct sign *s, struct buf *out) {
    bool head = str_eq(s->rq.method, STR("HEAD")) && !s->values[DATA];
    buf_add(out, STR("curl -g --path-as-is "));
    buf_add(out, head ? STR("-I") : STR("-X "));
    if (!head) quote(out, s->rq.method);
    for (size_t i = 0; i < s->rq.fields.n; i++)
        if (s->host_given || i + 1 != s->n_given) quote_header(s, out, &s->rq.fields.at[i]);
    if (s->values[DATA] && !http_field_count(&s->rq.fields, STR("Content-Type")))
        buf_add(out, STR(" -H 'Content-Type:'"));
    if (s->values[DATA]) {
        buf_add(out, STR(" --data-binary "));
        quote(out, str_of(s->values[DATA]));
    }
    buf_add_char(out, ' ');
    quote(out, str_of(s->url_text));
    return buf_ok(out, &s->e);
}

static const struct {
    const char *name;
    bool (*print)(struct sign *, struct buf *);
} prints[] = {{"headers", print_headers},
              {"canonical", print_canonical},
              {"string-to-sign", print_string_to_sign},
              {"signature", print_signature},
              {"curl", print_curl}};

static bool print(struct sign *s, bool (*write)(struct sign *, struct buf *)) {
    struct buf out;
    buf_init(&out, MAX_TEXT_BYTES, &s->arena);
    if (!write(s, &out)) return false;
    if (write != print_headers) buf_add_char(&out, '\n');
    if (!buf_ok(&out, &s->e)) return false;
    if (fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0) return true;
    return err_set(&s->e, ERR_CONFIG, "standard output cannot be written");
}

static int run(struct sign *s, int argc, char **argv) {
    bool (*write)(struct sign *, struct buf *) = NULL;
    bool readable = read_arguments(s, argc, argv);
    const char *wanted = s->values[PRINT] ? s->values[PRINT] : "headers";
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++)
        if (strcmp(wanted, prints[i].name) == 0) write = prints[i].print;
    if (readable && !write) readable = err_set(&s->e, ERR_CONFIG, "--print does not know '%s'", wanted);
    if (!readable) {
        fprintf(stderr, "apigw sign: %s\n%s", s->e.msg, USAGE);
        return SIGN_USAGE;
    }
    if (read_request(s) && profile_find(s->values[PROFILE], s->values[CREDENTIALS], &s->profile, &s->arena, &s->e) &&
        read_scope(s) && sigv4_sign(&s->rq, &s->profile.keys, &s->scope, &s->arena, &s->e) && print(s, write))
        return SIGN_DONE;
    fprintf(stderr, "apigw sign: %s\n", s->e.msg);
    return SIGN_REFUSED;
}

int sign_main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(USAGE, stdout) < 0;
    struct sign *s = calloc(1, sizeof *s);
    if (!s) {
        fputs("apigw sign: out of memory\n", stderr);
        return SIGN_REFUSED;
    }
    arena_init(&s->arena, ARENA_BYTES);
    int code = run(s, argc, argv);
    arena_close(&s->arena);
    free(s);
    return code;
}
