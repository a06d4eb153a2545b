/* SPDX-License-Identifier: Apache-2.0 */
/* The same client with other ends: its body callbacks are lent to the transfer and taken back afterwards. */
#include "http_transfer.h"

#include "http_client.h"

/* One transfer; libcurl's callbacks get this. */
struct lent {
    struct http_client *c;
    const struct http_transfer *t;
    bool told; /* of the header */
};

static bool tell_header(struct lent *l) {
    struct exchange *x = &l->c->x;
    if (l->told || !x->final) return true;
    l->told = true;
    if (l->t->header && !l->t->header(l->t->user, x->rs, &l->c->why)) x->failed = true;
    return !x->failed;
}

static size_t on_read(char *p, size_t size, size_t n, void *user) {
    struct lent *l = user;
    size_t got = 0;
    if (l->t->read(l->t->user, p, size * n, &got, &l->c->why)) return got;
    l->c->x.failed = true;
    return CURL_READFUNC_ABORT;
}

static size_t on_write(char *p, size_t size, size_t n, void *user) {
    struct lent *l = user;
    if (!tell_header(l)) return 0;
    if (l->t->write(l->t->user, (struct str){p, size * n}, &l->c->why)) return size * n;
    l->c->x.failed = true;
    return 0;
}

static int on_debug(CURL *curl, curl_infotype type, char *p, size_t n, void *user) {
    struct lent *l = user;
    (void)curl;
    struct str text = {p, n};
    if (type == CURLINFO_TEXT) l->t->watch(l->t->user, HTTP_TRANSFER_NOTE, text);
    if (type == CURLINFO_HEADER_OUT) l->t->watch(l->t->user, HTTP_TRANSFER_REQUEST, text);
    if (type == CURLINFO_HEADER_IN) l->t->watch(l->t->user, HTTP_TRANSFER_RESPONSE, text);
    return 0;
}

static void lend(struct lent *l) {
    CURL *curl = l->c->curl;
    const struct http_transfer *t = l->t;
    if (t->read) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, l);
    }
    if (t->write) {
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_write);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, l);
    }
    if (t->watch) {
        curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_debug);
        curl_easy_setopt(curl, CURLOPT_DEBUGDATA, l);
        curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    }
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, t->any_certificate ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, t->any_certificate ? 0L : 2L);
}

static void take_back(struct http_client *c) {
    http_answer_set_once(c);
    http_stream_set_once(c);
    curl_easy_setopt(c->curl, CURLOPT_VERBOSE, 0L);
    curl_easy_setopt(c->curl, CURLOPT_DEBUGFUNCTION, NULL);
    curl_easy_setopt(c->curl, CURLOPT_DEBUGDATA, NULL);
    curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 2L);
}

bool http_transfer(struct http_client *c, const struct http_request *rq, const struct http_transfer *t,
                   int64_t timeout_ms, struct http_response *rs, struct arena *a, struct err *e) {
    struct lent l = {.c = c, .t = t};
    struct http_request sized = *rq;
    int64_t deadline_ms = http_client_deadline(http_clocks_now().monotonic_ms, timeout_ms);
    *rs = (struct http_response){0};
    http_warm_settle(c, deadline_ms);
    if (t->read) sized.body = (struct str){"", (size_t)t->body_bytes}; /* its length is looked at, its bytes are not */
    if (!http_client_ready(c, e)) return false;
    c->x = (struct exchange){.rs = rs, .arena = a, .timeout_ms = timeout_ms};
    buf_init(&c->x.body, t->write ? 0 : c->options.max_response_bytes, a);
    if (!http_request_set(c, &sized, e)) return false;
    lend(&l);
    http_client_begin(c);
    for (http_client_perform(c); !c->x.done; http_client_perform(c)) {
        if (!tell_header(&l)) break;
        http_client_wait(c, deadline_ms, false);
    }
    http_client_end(c);
    take_back(c);
    tell_header(&l);
    return http_answer_judge(c, e);
}

int http_transfer_code(const struct http_client *c) {
    return c->x.failed ? 0 : (int)c->x.code;
}
