/* SPDX-License-Identifier: Apache-2.0 */
#include "client_print.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT_BYTES = 80 * 1024 * 1024 };

struct printer {
    struct client *c;
    const struct sigv4_texts *texts;
};

static bool print_headers(struct printer *s, struct buf *out) {
    const struct http_fields *fields = &s->c->rq.fields;
    if (s->c->n_given == fields->n)
        return err_set(&s->c->e, ERR_PARSE, "with --presign no header is added; --print url prints the link");
    for (size_t i = s->c->n_given; i < fields->n; i++)
        buf_addf(out, "%s%.*s: %.*s", i > s->c->n_given ? "\n" : "", STR_ARG(fields->at[i].name),
                 STR_ARG(fields->at[i].value));
    return true;
}

static bool print_canonical(struct printer *s, struct buf *out) {
    buf_add(out, s->texts->canonical_request);
    return true;
}

static bool print_string_to_sign(struct printer *s, struct buf *out) {
    buf_add(out, s->texts->string_to_sign);
    return true;
}

static bool print_signature(struct printer *s, struct buf *out) {
    buf_add(out, s->texts->signature);
    return true;
}

static void add_target(struct printer *s, struct buf *out) {
    const struct http_request *rq = &s->c->rq;
    buf_add(out, rq->path);
    if (rq->query.p) buf_add_char(out, '?');
    buf_add(out, rq->query);
}

static bool print_url(struct printer *s, struct buf *out) {
    struct str host;
    if (!url_host_field(&s->c->url, &host, &s->c->arena, &s->c->e)) return false;
    buf_addf(out, "%s://%.*s", s->c->url.tls ? "https" : "http", STR_ARG(host));
    add_target(s, out);
    return true;
}

static bool print_request(struct printer *s, struct buf *out) {
    const struct http_request *rq = &s->c->rq;
    buf_addf(out, "%.*s ", STR_ARG(rq->method));
    add_target(s, out);
    buf_add(out, STR(" HTTP/1.1\r\n"));
    for (size_t i = 0; i < rq->fields.n; i++)
        buf_addf(out, "%.*s: %.*s\r\n", STR_ARG(rq->fields.at[i].name), STR_ARG(rq->fields.at[i].value));
    if (rq->body.n && !http_field_count(&rq->fields, STR("Content-Length")))
        buf_addf(out, "Content-Length: %zu\r\n", rq->body.n);
    buf_add(out, STR("\r\n"));
    buf_add(out, rq->body);
    return true;
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

static void quote_header(struct printer *s, struct buf *out, const struct http_field *f) {
    struct buf line;
    buf_init(&line, MAX_TEXT_BYTES, &s->c->arena);
    buf_add(&line, f->name);
    buf_add(&line, f->value.n ? STR(": ") : STR(";")); /* curl drops "Name:" and sends "Name;" as an empty field */
    buf_add(&line, f->value);
    buf_add(out, STR(" -H "));
    quote(out, buf_str(&line));
}

/* -g and --path-as-is: curl sends the URL that was signed. -I: with -X HEAD it would wait for a body. An empty -H takes
   away the content type that curl adds to data by itself. */
static bool print_curl(struct printer *s, struct buf *out) {
    const struct http_request *rq = &s->c->rq;
    bool data = s->c->has_body || rq->body.n;
    bool head = str_eq(rq->method, STR("HEAD")) && !data;
    struct buf url;
    if (memchr(rq->body.n ? rq->body.p : "", 0, rq->body.n))
        return err_set(&s->c->e, ERR_PARSE,
                       "the body holds a NUL byte, which no command line can; use --print request");
    buf_init(&url, MAX_TEXT_BYTES, &s->c->arena);
    buf_add(out, STR("curl -g --path-as-is "));
    buf_add(out, head ? STR("-I") : STR("-X "));
    if (!head) quote(out, rq->method);
    for (size_t i = 0; i < rq->fields.n; i++)
        if (i != s->c->host_added) quote_header(s, out, &rq->fields.at[i]);
    if (data && !http_field_count(&rq->fields, STR("Content-Type"))) buf_add(out, STR(" -H 'Content-Type:'"));
    if (data) {
        buf_add(out, STR(" --data-binary "));
        quote(out, rq->body);
    }
    buf_add_char(out, ' ');
    if (!print_url(s, &url)) return false;
    quote(out, buf_str(&url));
    return buf_ok(&url, &s->c->e);
}

static const struct client_print {
    const char *name;
    bool (*write)(struct printer *, struct buf *);
    bool exact; /* no line feed is added */
} PRINTS[] = {{"headers", print_headers, false},
              {"canonical", print_canonical, false},
              {"string-to-sign", print_string_to_sign, false},
              {"signature", print_signature, false},
              {"request", print_request, true},
              {"url", print_url, false},
              {"curl", print_curl, false}};

const struct client_print *client_print_find(struct client *c, const char *wanted) {
    if (!wanted) wanted = c->scope.placement == SIGV4_IN_QUERY ? "url" : "headers";
    for (size_t i = 0; i < sizeof PRINTS / sizeof *PRINTS; i++)
        if (strcmp(wanted, PRINTS[i].name) == 0) return &PRINTS[i];
    err_set(&c->e, ERR_CONFIG, "--print does not know '%.60s'", wanted);
    return NULL;
}

bool client_print(struct client *c, const struct client_print *what, const struct sigv4_texts *texts) {
    struct printer s = {c, texts};
    struct buf out;
    buf_init(&out, MAX_TEXT_BYTES, &c->arena);
    if (!what->write(&s, &out)) return false;
    if (!what->exact) buf_add_char(&out, '\n');
    if (!buf_ok(&out, &c->e)) return false;
    if (fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0) return true;
    return err_set(&c->e, ERR_CONFIG, "standard output cannot be written");
}
