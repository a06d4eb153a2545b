/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "http.h"
#include "http_text.h"
#include "input.h"
#include "json.h"
#include "sigv4_verify.h"

enum { MAX_RESPONSE_BYTES = 16 * 1024 * 1024, MAX_TEXT_BYTES = 4 * 1024 * 1024, RESPONSE = CLIENT_N_FLAGS, JSON, HELP };

static const struct flag FLAGS[] = {
    CLIENT_FLAGS, {"--response", 0, true, false}, {"--json", 0, false, false}, {"--help", 'h', false, false}};

static const char USAGE[] =
    "usage: apigw explain REQUEST [--response FILE] [--json]\n"
    "request:  --request FILE: the raw HTTP/1.1 request as it was sent, or URL [-X METHOD] [-H 'Name: value']...\n"
    "          [-d DATA|@FILE|@-] with the Authorization and X-Amz-Date that were sent among the -H\n"
    "response: as `curl -i` shows it, or its body alone; standard input without --response\n"
    "keys:     --profile NAME [--credentials FILE], or the environment's: not needed; with them the signature is "
    "checked\n"
    "exit code: 0 explained, 1 no cause found, 2 bad usage, 3 refused input\n";

/* --- The explanation ------------------------------------------------------------------------------------------------- */

static struct str error_type(const struct http_response *rs) {
    struct str rest = http_field_get(&rs->fields, STR("x-amzn-ErrorType")), word;
    str_cut(&rest, ':', &word); /* a URL may follow */
    return str_trim(word);
}

bool explain_texts(const struct sigv4_texts *texts, const struct http_response *rs, const struct sigv4_keys *keys,
                   struct sigv4_explanation *explanation, struct arena *a, struct err *e) {
    struct sigv4_refused refused = {.canonical_request = texts->canonical_request,
                                    .string_to_sign = texts->string_to_sign,
                                    .status = rs->status,
                                    .error_type = error_type(rs),
                                    .body = rs->body};
    if (keys) refused.secret = keys->secret;
    if (!http_date_read(http_field_get(&rs->fields, STR("Date")), &refused.date_unix_s)) refused.date_unix_s = 0;
    return sigv4_explain(&refused, explanation, a, e);
}

/* A signed name that the request lacks: the sender signed a field that did not go out, or was taken away. */
static bool lost_field(const struct http_request *rq, struct str canonical, struct str *lost) {
    struct str rest = canonical, line = {0}, before = {0};
    while (rest.p) { /* the names are the last line but one */
        before = line;
        str_cut(&rest, '\n', &line);
    }
    for (rest = before; rest.p;) {
        str_cut(&rest, ';', lost);
        if (lost->n && !http_field_count(&rq->fields, *lost)) return true;
    }
    return false;
}

bool explain_answer(const struct http_request *rq, const struct http_response *rs, const struct sigv4_keys *keys,
                    struct sigv4_explanation *explanation, struct arena *a, struct err *e) {
    struct sigv4_texts texts = {0};
    struct err unsigned_or_malformed = {0};
    if (!sigv4_verify_texts(rq, &texts, a, &unsigned_or_malformed) && unsigned_or_malformed.kind == ERR_MEMORY) {
        *e = unsigned_or_malformed;
        return false;
    }
    struct str lost;
    if (!explain_texts(&texts, rs, keys, explanation, a, e)) return false;
    if (explanation->cause != SIGV4_CAUSE_SECRET || !lost_field(rq, texts.canonical_request, &lost)) return true;
    struct buf line;
    buf_init(&line, MAX_RESPONSE_BYTES, a);
    buf_addf(&line, "header %.*s", STR_ARG(lost));
    *explanation = (struct sigv4_explanation){
        .cause = SIGV4_CAUSE_HEADER,
        .line = buf_str(&line),
        .sentence = STR("SignedHeaders names a field that the request does not have."),
        .fix = STR("Send every field that was signed, or sign without it; a proxy may have taken it away.")};
    return buf_ok(&line, e);
}

static void write_lines(struct buf *out, const struct sigv4_explanation *x) {
    if (!x->line.p) return;
    buf_addf(out, "differs: %.*s", STR_ARG(x->line));
    if (x->line_number) buf_addf(out, ", line %zu of the canonical request", x->line_number);
    if (x->ours.p || x->theirs.p) buf_addf(out, ", from byte %zu", x->byte);
    buf_add_char(out, '\n');
    if (x->ours.p) buf_addf(out, "  yours:  %.*s\n", STR_ARG(x->ours));
    if (x->theirs.p) buf_addf(out, "  theirs: %.*s\n", STR_ARG(x->theirs));
}

void explain_write(struct buf *out, const struct http_response *rs, const struct sigv4_explanation *x) {
    struct str type = error_type(rs);
    if (rs->status) buf_addf(out, "answer:  %d %.*s\n", rs->status, STR_ARG(type));
    buf_addf(out, "cause:   %s\n", sigv4_cause_name(x->cause));
    write_lines(out, x);
    buf_addf(out, "why:     %.*s\nfix:     %.*s\n", STR_ARG(x->sentence), STR_ARG(x->fix));
}

static void write_member(struct buf *out, const char *name, struct str value) {
    buf_addf(out, ",\"%s\":", name);
    json_write_text(out, value);
}

static void write_json(struct buf *out, const struct http_response *rs, const struct sigv4_explanation *x) {
    buf_addf(out, "{\"status\":%d,\"cause\":\"%s\",\"skewSeconds\":%lld,\"lineNumber\":%zu,\"byte\":%zu", rs->status,
             sigv4_cause_name(x->cause), (long long)x->skew_s, x->line_number, x->byte);
    write_member(out, "errorType", error_type(rs));
    write_member(out, "line", x->line);
    write_member(out, "yours", x->ours);
    write_member(out, "theirs", x->theirs);
    write_member(out, "why", x->sentence);
    write_member(out, "fix", x->fix);
    buf_add(out, STR("}\n"));
}

/* --- The command ----------------------------------------------------------------------------------------------------- */

static bool read_response(struct client *c, struct http_response *rs) {
    const char *file = flags_value(&c->flags, RESPONSE);
    struct str text;
    *rs = (struct http_response){0};
    if (!input_read(file ? file : "-", MAX_RESPONSE_BYTES, &text, &c->arena, &c->e)) return false;
    if (str_starts(text, STR("HTTP/")))
        return http_text_read_response(text, rs, &c->arena, &c->e) || err_prefix(&c->e, "the response: ");
    rs->body = str_trim(text);
    return rs->body.n || err_set(&c->e, ERR_PARSE, "the response is empty: give what `curl -i` shows, or its body");
}

/* The signature that was sent, against the one these keys give for the same texts. */
static bool check_keys(struct client *c, const struct sigv4_keys *keys, bool *sent_fits) {
    struct sigv4_texts texts;
    struct str rest, part[4];
    char hex[65];
    *sent_fits = true;
    if (!sigv4_verify_texts(&c->rq, &texts, &c->arena, &c->e)) return true;
    if (!str_starts(texts.string_to_sign, STR("AWS4-HMAC-SHA256\n"))) return true;
    rest = texts.string_to_sign;
    for (size_t i = 0; i < 3; i++) str_cut(&rest, '\n', &part[i]);
    rest = part[2];
    for (size_t i = 0; i < 3; i++) str_cut(&rest, '/', &part[i]);
    if (!sigv4_signature(hex, texts.string_to_sign, keys->secret, part[0], part[1], part[2]))
        return err_set(&c->e, ERR_MEMORY, "libcrypto could not compute a signature");
    *sent_fits = str_eq(texts.signature, str_of(hex));
    return true;
}

static bool has_id(const struct client *c, struct str id) {
    struct str authorization = http_field_get(&c->rq.fields, STR("Authorization"));
    return id.n && (str_find(authorization, id) != SIZE_MAX || str_find(c->rq.query, id) != SIZE_MAX);
}

static bool explain(struct client *c, struct buf *out, int *code) {
    struct http_response rs;
    struct sigv4_explanation x;
    struct err no_keys = {0};
    bool fits = true;
    bool keys = profile_find(flags_value(&c->flags, CLIENT_PROFILE), flags_value(&c->flags, CLIENT_CREDENTIALS),
                             &c->profile, &c->arena, &no_keys);
    if (!keys && flags_value(&c->flags, CLIENT_PROFILE)) {
        c->e = no_keys;
        return false;
    }
    if (!client_read_request(c) || !read_response(c, &rs)) return false;
    client_cut_body(c);
    if (!explain_answer(&c->rq, &rs, keys ? &c->profile.keys : NULL, &x, &c->arena, &c->e)) return false;
    if (keys && has_id(c, c->profile.keys.id) && !check_keys(c, &c->profile.keys, &fits)) return false;
    if (flags_value(&c->flags, JSON)) write_json(out, &rs, &x);
    else explain_write(out, &rs, &x);
    if (!fits && !flags_value(&c->flags, JSON))
        buf_add(out, STR("note:    the signature that was sent is not the one these keys give for this request: it was "
                         "made with another secret, or of another request\n"));
    *code = x.cause == SIGV4_CAUSE_UNKNOWN ? EXPLAIN_UNKNOWN : EXPLAIN_DONE;
    return buf_ok(out, &c->e);
}

static int run(struct client *c, int argc, char **argv) {
    struct buf out;
    int code = EXPLAIN_REFUSED;
    bool readable = client_read_flags(c, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv);
    if (flags_value(&c->flags, HELP)) return fputs(USAGE, stdout) < 0;
    if (!readable) {
        fprintf(stderr, "apigw explain: %s\n%s", c->e.msg, USAGE);
        return EXPLAIN_USAGE;
    }
    buf_init(&out, MAX_TEXT_BYTES, &c->arena);
    if (explain(c, &out, &code) && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0) return code;
    fprintf(stderr, "apigw explain: %s\n", c->e.msg[0] ? c->e.msg : "standard output cannot be written");
    return EXPLAIN_REFUSED;
}

int explain_main(int argc, char **argv) {
    struct client *c = client_open();
    int code = EXPLAIN_REFUSED;
    if (!c) fputs("apigw explain: out of memory\n", stderr);
    else code = run(c, argc, argv);
    client_close(c);
    return code;
}
