/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, well behaved: one easy handle for one origin, the request target and Host exactly as the caller wrote them, no
   header that the caller did not ask for, and no answer believed before its header and body are whole. */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "late_tls.h"

enum { MAX_HEADER_BYTES = 64 * 1024 };

struct http_client {
    CURL *curl;
    struct http_options options;
    char *origin, *user_agent; /* "http://host:port" */
    char words[CURL_ERROR_SIZE];
};

/* What the callbacks fill during one exchange. */
struct exchange {
    struct http_response *rs;
    struct arena *arena;
    struct err *e;
    struct buf body;
    struct str unsent; /* request body not read by libcurl yet, when it must not be sent twice */
    size_t header_bytes;
    bool header_whole, failed;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void) {
    late_tls_hold();
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    late_tls_release();
}

static bool fail(struct exchange *x, enum err_kind kind, const char *why) {
    if (!x->failed) err_set(x->e, kind, "%s", why);
    x->failed = true;
    return false;
}

static bool add_field(struct exchange *x, struct str line) {
    struct str name;
    if (!str_cut(&line, ':', &name)) return fail(x, ERR_PROTOCOL, "the answer has a header line without a colon");
    char *kept_name = arena_copy(x->arena, name), *kept_value = arena_copy(x->arena, str_trim(line));
    if (!kept_name || !kept_value) return fail(x, ERR_MEMORY, "out of memory for the answer's header");
    struct str value = {kept_value, str_trim(line).n};
    x->failed |= !http_field_add(&x->rs->fields, (struct str){kept_name, name.n}, value, x->arena, x->e);
    return !x->failed;
}

/* libcurl hands over one line at a time: the status line, fields, the empty line; the same again after a 1xx answer. */
static size_t on_header(char *p, size_t size, size_t n, void *user) {
    struct exchange *x = user;
    size_t whole = size * n;
    struct str line = {p, whole};
    while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) line.n--;
    x->header_bytes += whole;
    if (x->header_bytes > MAX_HEADER_BYTES) return fail(x, ERR_LIMIT, "the answer's header is longer than 65536 bytes");
    if (str_starts(line, STR("HTTP/"))) {
        x->rs->fields.n = 0;
        x->header_whole = false;
    } else if (!line.n) {
        x->header_whole = true;
    } else if (!x->header_whole && !add_field(x, line)) {
        return 0;
    }
    return whole;
}

static size_t on_body(char *p, size_t size, size_t n, void *user) {
    struct exchange *x = user;
    buf_add(&x->body, (struct str){p, size * n});
    if (buf_ok(&x->body, x->e)) return size * n;
    x->failed = true;
    return 0;
}

static size_t on_read(char *p, size_t size, size_t n, void *user) {
    struct exchange *x = user;
    size_t take = size * n < x->unsent.n ? size * n : x->unsent.n;
    if (take) memcpy(p, x->unsent.p, take);
    x->unsent = (struct str){x->unsent.p + take, x->unsent.n - take};
    return take;
}

static int no_rewind(void *user, curl_off_t offset, int origin) {
    (void)user, (void)offset, (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

/* AWS_CA_BUNDLE, else where AL2023 and Debian keep theirs, else what libcurl was built with. */
static bool set_ca_bundle(CURL *curl, struct err *e) {
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"};
    const char *named = getenv("AWS_CA_BUNDLE");
    if (named && *named) {
        if (access(named, R_OK) != 0)
            return err_set(e, ERR_CONFIG, "AWS_CA_BUNDLE names %s, which cannot be read", named);
        curl_easy_setopt(curl, CURLOPT_CAINFO, named);
        return true;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (access(known[i], R_OK) != 0) continue;
        curl_easy_setopt(curl, CURLOPT_CAINFO, known[i]);
        break;
    }
    return true;
}

static void set_once(struct http_client *c) {
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c->curl, CURLOPT_URL, c->origin);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->words);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)c->options.connect_timeout_ms);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c->curl, CURLOPT_SEEKFUNCTION, no_rewind);
    if (c->user_agent) curl_easy_setopt(c->curl, CURLOPT_USERAGENT, c->user_agent);
}

static char *origin_text(const struct url *u) {
    struct arena a;
    struct buf b;
    arena_init(&a, 4096);
    buf_init(&b, 1024, &a);
    buf_addf(&b, "%s://%.*s:%u", u->tls ? "https" : "http", STR_ARG(u->host), (unsigned)u->port);
    char *text = b.failed ? NULL : strndup(b.p, b.n);
    arena_close(&a);
    return text;
}

bool http_open(const struct url *origin, const struct http_options *options, struct http_client **client,
               struct err *e) {
    pthread_once(&curl_once, init_curl);
    if (curl_ready != CURLE_OK)
        return err_set(e, ERR_NETWORK, "libcurl did not start: %s", curl_easy_strerror(curl_ready));
    if (origin->tls) late_tls_start();
    struct http_client *c = calloc(1, sizeof *c);
    if (!c) return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    c->options = *options;
    c->origin = origin_text(origin);
    if (options->user_agent.n) c->user_agent = strndup(options->user_agent.p, options->user_agent.n);
    c->curl = curl_easy_init();
    if (!c->origin || !c->curl || (options->user_agent.n && !c->user_agent)) {
        http_close(c);
        return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    }
    set_once(c);
    if (origin->tls && !set_ca_bundle(c->curl, e)) {
        http_close(c);
        return false;
    }
    *client = c;
    return true;
}

void http_close(struct http_client *c) {
    if (!c) return;
    curl_easy_cleanup(c->curl);
    free(c->origin);
    free(c->user_agent);
    free(c);
}

/* "Name: value", or "Name;" which is libcurl's way to send an empty one, or "Name:" to send none. */
static bool add_line(struct curl_slist **list, struct arena *a, struct str name, const char *join, struct str value) {
    struct buf b;
    buf_init(&b, 128 * 1024, a);
    buf_addf(&b, "%.*s%s%.*s", STR_ARG(name), join, STR_ARG(value));
    buf_add_char(&b, 0);
    struct curl_slist *more = b.failed ? NULL : curl_slist_append(*list, b.p);
    if (more) *list = more;
    return more != NULL;
}

static bool check_field(const struct http_field *f, const struct http_request *rq, struct err *e) {
    int64_t length;
    if (!http_is_token(f->name)) return err_set(e, ERR_PARSE, "a header field has a name that is no HTTP token");
    if (str_has_control(f->value))
        return err_set(e, ERR_PARSE, "the header field %.*s has a control byte in its value", STR_ARG(f->name));
    if (str_eq_nocase(f->name, STR("transfer-encoding")))
        return err_set(e, ERR_PARSE, "Transfer-Encoding is not for the caller to set");
    if (str_eq_nocase(f->name, STR("content-length")) &&
        (!str_read_int64(f->value, 0, INT64_MAX, &length) || (uint64_t)length != rq->body.n))
        return err_set(e, ERR_PARSE, "Content-Length differs from the body's %zu bytes", rq->body.n);
    return true;
}

/* Every field of the request, and none of those that libcurl would add by itself. */
static bool header_list(const struct http_request *rq, struct curl_slist **list, struct arena *a, struct err *e) {
    static const char *const not_by_itself[] = {"Accept", "Content-Type", "Expect"};
    bool ok = true;
    *list = NULL;
    for (size_t i = 0; ok && i < rq->fields.n; i++) {
        const struct http_field *f = &rq->fields.at[i];
        if (!check_field(f, rq, e)) {
            curl_slist_free_all(*list);
            return false;
        }
        if (str_eq_nocase(f->name, STR("content-length"))) continue; /* libcurl writes it */
        ok = add_line(list, a, f->name, str_trim(f->value).n ? ": " : ";", str_trim(f->value));
    }
    for (size_t i = 0; ok && i < sizeof not_by_itself / sizeof *not_by_itself; i++)
        if (!http_field_get(&rq->fields, str_of(not_by_itself[i])).p)
            ok = add_line(list, a, str_of(not_by_itself[i]), ":", STR(""));
    if (ok) return true;
    curl_slist_free_all(*list);
    return err_set(e, ERR_MEMORY, "out of memory for the request's header");
}

static bool set_target(struct http_client *c, const struct http_request *rq, struct arena *a, struct err *e) {
    struct buf target;
    buf_init(&target, 64 * 1024, a);
    buf_add(&target, rq->path);
    if (rq->query.p) buf_add_char(&target, '?');
    buf_add(&target, rq->query);
    if (!http_is_token(rq->method) || rq->path.n == 0 || rq->path.p[0] != '/')
        return err_set(e, ERR_PARSE, "the request has no method or no absolute path");
    if (str_eq(rq->method, STR("HEAD")) && rq->body.n) /* libcurl would send it as a POST and wait for a body */
        return err_set(e, ERR_PARSE, "a HEAD request cannot have a body here");
    for (size_t i = 0; i < target.n; i++)
        if ((unsigned char)target.p[i] <= 0x20 || target.p[i] == 0x7f)
            return err_set(e, ERR_PARSE, "the request target has a space or control byte at position %zu", i);
    buf_add_char(&target, 0);
    char *method = arena_copy(a, rq->method);
    if (!method || !buf_ok(&target, e)) return err_set(e, ERR_LIMIT, "the request target is longer than 65535 bytes");
    curl_easy_setopt(c->curl, CURLOPT_REQUEST_TARGET, target.p);
    curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    return true;
}

static bool idempotent(struct str method) {
    return !str_eq(method, STR("POST")) && !str_eq(method, STR("PATCH"));
}

/* libcurl sends a request again, POST included, when a kept connection dies before the answer: a body that cannot be
   rewound, or a fresh connection where there is none, keeps a request that is not idempotent from arriving twice. */
static void set_body(struct http_client *c, const struct http_request *rq, struct exchange *x) {
    bool once = c->options.never_resend && !idempotent(rq->method);
    bool head = str_eq(rq->method, STR("HEAD"));
    curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(c->curl, CURLOPT_NOBODY, head ? 1L : 0L);
    curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, once && rq->body.n == 0 ? 1L : 0L);
    if (rq->body.n == 0 && idempotent(rq->method) && !str_eq(rq->method, STR("PUT"))) return;
    curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body.n);
    x->unsent = rq->body;
    curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c->curl, CURLOPT_READDATA, x);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, once && rq->body.n ? NULL : rq->body.n ? rq->body.p : "");
}

static enum err_kind kind_of(CURLcode code) {
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

static bool judge(struct http_client *c, CURLcode code, const struct http_request *rq, struct exchange *x) {
    if (x->failed || code != CURLE_OK) {
        const char *detail = c->words[0] ? c->words : curl_easy_strerror(code);
        if (!x->failed && code == CURLE_SEND_FAIL_REWIND)
            err_set(x->e, ERR_NETWORK,
                    "the kept connection died while the request was on its way; it was not sent twice");
        else if (!x->failed) err_set(x->e, kind_of(code), "%s (libcurl %d)", detail, (int)code);
    } else if (!x->header_whole) {
        err_set(x->e, ERR_PROTOCOL, "the answer ended inside its header"); /* libcurl calls this a success */
    } else {
        long status = 0;
        curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
        x->rs->status = (int)status;
        x->rs->body = buf_str(&x->body);
        return true;
    }
    return err_prefix(x->e, "%.*s %s%.*s: ", STR_ARG(rq->method), c->origin, STR_ARG(rq->path));
}

bool http_exchange(struct http_client *c, const struct http_request *rq, int64_t timeout_ms, struct http_response *rs,
                   struct arena *a, struct err *e) {
    struct exchange x = {.rs = rs, .arena = a, .e = e};
    struct curl_slist *headers;
    *rs = (struct http_response){0};
    buf_init(&x.body, c->options.max_response_bytes, a);
    if (timeout_ms < 0 || timeout_ms > INT32_MAX) timeout_ms = INT32_MAX;
    if (!set_target(c, rq, a, e) || !header_list(rq, &headers, a, e)) return false;
    set_body(c, rq, &x);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &x);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &x);
    c->words[0] = 0;
    CURLcode code = curl_easy_perform(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return judge(c, code, rq, &x);
}

bool http_date_read(struct str text, int64_t *unix_s) {
    char copy[64];
    if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, 0, text.n)) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *unix_s = curl_getdate(copy, NULL);
    return *unix_s >= 0;
}
