/* SPDX-License-Identifier: Apache-2.0 */
/* The answer: header lines and body go where they stay, and nothing is believed before both are whole. */
#include <string.h>

#include "http_client.h"

enum { MAX_HEADER_BYTES = 64 * 1024 };

void http_answer_fail(struct http_client *c, enum err_kind kind, const char *why) {
    if (!c->x.failed) err_set(&c->why, kind, "%s", why);
    c->x.failed = true;
}

static bool add_field(struct http_client *c, struct str line) {
    struct exchange *x = &c->x;
    char *kept = arena_copy(x->arena, line);
    if (!kept) {
        http_answer_fail(c, ERR_MEMORY, "out of memory for the answer's header");
        return false;
    }
    struct str name, value = {kept, line.n};
    if (!str_cut(&value, ':', &name)) {
        http_answer_fail(c, ERR_PROTOCOL, "the answer has a header line without a colon");
        return false;
    }
    value = str_trim(value);
    kept[(size_t)(value.p - kept) + value.n] = 0;
    x->failed |= !http_field_add(&x->rs->fields, name, value, x->arena, &c->why);
    return !x->failed;
}

/* The whole body's memory at once, if its length is told: it is neither copied nor moved while it grows. */
static bool take_room(struct http_client *c) {
    struct exchange *x = &c->x;
    int64_t n;
    struct str length = http_field_get(&x->rs->fields, STR("Content-Length"));
    bool bodyless = str_eq(x->method, STR("HEAD")) || x->rs->status == 204 || x->rs->status == 304;
    if (bodyless || !length.n) return true;
    if (!str_read_int64(length, 0, INT64_MAX, &n)) { /* libcurl would read until the peer closes, and call it whole */
        http_answer_fail(c, ERR_PROTOCOL, "the answer's Content-Length is no number of bytes");
        return false;
    }
    if ((uint64_t)n > x->body.limit) return true;
    buf_room(&x->body, (size_t)n);
    x->body.n = 0;
    x->failed |= !buf_ok(&x->body, &c->why);
    return !x->failed;
}

/* The empty line behind the fields. */
static bool end_header(struct http_client *c) {
    struct exchange *x = &c->x;
    long status = 0;
    curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    x->rs->status = (int)status;
    x->header_whole = true;
    x->final = status >= 200;
    return !x->final || take_room(c);
}

/* libcurl hands over one line at a time: the status line, fields, the empty line; the same again after a 1xx answer. */
static size_t on_header(char *p, size_t size, size_t n, void *user) {
    struct http_client *c = user;
    struct exchange *x = &c->x;
    struct str line = {p, size * n};
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) line.n--;
    x->header_bytes += size * n;
    if (x->header_bytes > MAX_HEADER_BYTES) {
        http_answer_fail(c, ERR_LIMIT, "the answer's header is longer than 65536 bytes");
        return 0;
    }
    if (str_starts(line, STR("HTTP/"))) {
        x->rs->fields.n = 0;
        x->header_whole = false;
    } else if (!line.n) {
        if (!x->header_whole && !end_header(c)) return 0;
    } else if (!x->header_whole && !add_field(c, line)) {
        return 0;
    }
    return size * n;
}

static size_t on_body(char *p, size_t size, size_t n, void *user) {
    struct http_client *c = user;
    buf_add(&c->x.body, (struct str){p, size * n});
    if (buf_ok(&c->x.body, &c->why)) return size * n;
    c->x.failed = true;
    return 0;
}

void http_answer_set_once(struct http_client *c) {
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
}

static enum err_kind kind_of(CURLcode code, const char *words) {
    if (code == CURLE_RECV_ERROR && strstr(words, "chunk")) return ERR_PROTOCOL;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return ERR_TIMEOUT;
    case CURLE_OUT_OF_MEMORY: return ERR_MEMORY;
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL: return ERR_PROTOCOL;
    default: return ERR_NETWORK;
    }
}

/* https://curl.se/libcurl/c/libcurl-errors.html */
enum http_fault http_fault(const struct http_client *c) {
    if (c->x.failed) return HTTP_FAULT_NONE;
    if (c->x.resend_stopped || c->x.code == CURLE_SEND_FAIL_REWIND) return HTTP_FAULT_KEPT_DIED;
    switch (c->x.code) {
    case CURLE_OK: return HTTP_FAULT_NONE;
    case CURLE_COULDNT_RESOLVE_HOST: return HTTP_FAULT_NAME;
    case CURLE_COULDNT_CONNECT: return HTTP_FAULT_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS: return HTTP_FAULT_TLS;
    default: return HTTP_FAULT_DIED;
    }
}

bool http_answer_judge(struct http_client *c, struct err *e) {
    struct exchange *x = &c->x;
    if (x->failed) {
        *e = c->why;
    } else if (x->resend_stopped || x->code == CURLE_SEND_FAIL_REWIND) {
        err_set(e, ERR_NETWORK, "the kept connection died while the request was on its way; it was not sent twice");
    } else if (x->code != CURLE_OK) {
        const char *detail = c->words[0] ? c->words : curl_easy_strerror(x->code);
        if (!http_tls_explain(c, x->code, e))
            err_set(e, kind_of(x->code, detail), "%s (libcurl %d)", detail, (int)x->code);
    } else if (!x->final) {
        err_set(e, ERR_PROTOCOL, "the answer ended inside its header"); /* libcurl calls this a success */
    } else {
        x->rs->body = buf_str(&x->body);
        return true;
    }
    return err_prefix(e, "%.*s %s%.*s: ", STR_ARG(x->method), c->origin, STR_ARG(x->path));
}
