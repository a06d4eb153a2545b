/* SPDX-License-Identifier: Apache-2.0 */
/* A request body written piece by piece (RFC 9112 section 7.1). libcurl asks for bytes; while there are none it is
   paused, and a write wakes it and stays until its bytes are with the kernel. */
#include <string.h>

#include "http_client.h"

enum { MAX_TRAILER_BYTES = 60 * 1024 }; /* libcurl 7.88 has 64 KB for all of them */

static size_t on_read(char *p, size_t size, size_t n, void *user) {
    struct exchange *x = &((struct http_client *)user)->x;
    size_t take = size * n < x->unsent.n ? size * n : x->unsent.n;
    if (take && !x->final) {
        memcpy(p, x->unsent.p, take);
        x->unsent = (struct str){x->unsent.p + take, x->unsent.n - take};
        return take;
    }
    if (x->ending) return 0;
    x->asked = true;
    return CURL_READFUNC_PAUSE;
}

/* libcurl frees what it is given. */
static int on_trailers(struct curl_slist **list, void *user) {
    for (struct curl_slist *line = ((struct http_client *)user)->x.trailers; line; line = line->next) {
        struct curl_slist *more = curl_slist_append(*list, line->data);
        if (!more) return CURL_TRAILERFUNC_ABORT;
        *list = more;
    }
    return CURL_TRAILERFUNC_OK;
}

void http_stream_set_once(struct http_client *c) {
    curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c->curl, CURLOPT_READDATA, c);
}

bool http_stream_begin(struct http_client *c, const struct http_request *rq, struct err *e) {
    if (!http_client_ready(c, e)) return false;
    if (rq->body.n) return err_set(e, ERR_PARSE, "a stream's request has no body of its own");
    c->x = (struct exchange){.rs = &c->stream_answer, .arena = &c->scratch, .streaming = true};
    c->stream_answer = (struct http_response){0};
    buf_init(&c->x.body, c->options.max_response_bytes, &c->scratch);
    if (!http_request_set(c, rq, e)) return false;
    http_client_begin(c);
    for (http_client_perform(c); !c->x.done && !c->x.final && !c->x.asked; http_client_perform(c))
        http_client_wait(c, INT64_MAX, false);
    /* rq may be gone when the sentence is made */
    const char *method = arena_copy(&c->scratch, rq->method), *path = arena_copy(&c->scratch, rq->path);
    if (method && path && !(c->x.done && !c->x.final)) {
        c->x.method = (struct str){method, rq->method.n};
        c->x.path = (struct str){path, rq->path.n};
        return true;
    }
    http_client_end(c);
    if (c->x.done) return http_answer_judge(c, e);
    return err_set(e, ERR_MEMORY, "out of memory for a stream");
}

static curl_off_t sent_bytes(const struct http_client *c) {
    curl_off_t n = 0;
    curl_easy_getinfo(c->curl, CURLINFO_SIZE_UPLOAD_T, &n);
    return n;
}

/* libcurl has a buffer of its own, and a newer one does not empty it while it is paused. Its bytes are out when it was
   woken for a socket with room, and sent nothing. */
static void send_unsent(struct http_client *c) {
    struct exchange *x = &c->x;
    for (bool room = false;;) {
        curl_off_t before = sent_bytes(c);
        x->asked = false;
        curl_easy_pause(c->curl, CURLPAUSE_CONT);
        http_client_perform(c);
        if (x->done || x->final) return;
        bool waiting = x->asked && !x->unsent.n;
        if (waiting && room && sent_bytes(c) == before) return;
        room = http_client_wait(c, INT64_MAX, waiting);
    }
}

bool http_stream_write(struct http_client *c, struct str bytes, struct err *e) {
    struct exchange *x = &c->x;
    http_client_perform(c); /* an answer or an end that is here already */
    if (!x->done && !x->final && bytes.n) {
        x->unsent = bytes;
        send_unsent(c);
        x->unsent = (struct str){0};
    }
    if (!x->final) return !x->done || http_answer_judge(c, e);
    err_set(e, ERR_REFUSED, "the peer answered %d before the body was whole", x->rs->status);
    return err_prefix(e, "%.*s %s%.*s: ", STR_ARG(x->method), c->origin, STR_ARG(x->path));
}

static bool set_trailers(struct http_client *c, const struct http_fields *trailers, struct err *e) {
    struct curl_slist **tail = &c->x.trailers;
    size_t total = 0;
    for (size_t i = 0; trailers && i < trailers->n; i++) {
        const struct http_field *f = &trailers->at[i];
        struct str value = str_trim(f->value);
        if (!http_is_token(f->name) || str_has_control(value) || !value.n)
            return err_set(e, ERR_PARSE, "a trailer has a name that is no token, or a value that is empty or no text");
        if (f->name.n > MAX_TRAILER_BYTES || value.n > MAX_TRAILER_BYTES ||
            (total += f->name.n + value.n + 4) > MAX_TRAILER_BYTES)
            return err_set(e, ERR_LIMIT, "the trailers are longer than %d bytes", MAX_TRAILER_BYTES);
        if (!http_request_line(&tail, f->name, value, &c->scratch))
            return err_set(e, ERR_MEMORY, "out of memory for the trailers");
    }
    c->worn = c->x.trailers != NULL;
    curl_easy_setopt(c->curl, CURLOPT_TRAILERFUNCTION, c->worn ? on_trailers : NULL);
    curl_easy_setopt(c->curl, CURLOPT_TRAILERDATA, c);
    return true;
}

/* An answer that came before our end: libcurl would still wait for that end, which must not be told. */
static bool early_answer_whole(const struct exchange *x) {
    int64_t n;
    if (x->ending || !x->final) return false;
    if (x->rs->status == 204) return true;
    return str_read_int64(http_field_get(&x->rs->fields, STR("Content-Length")), 0, INT64_MAX, &n) &&
           x->body.n >= (uint64_t)n;
}

static bool copy_answer(const struct http_response *from, struct http_response *rs, struct arena *a, struct err *e) {
    *rs = (struct http_response){.status = from->status};
    rs->body = (struct str){arena_copy(a, from->body), from->body.n};
    bool ok = rs->body.p != NULL;
    for (size_t i = 0; ok && i < from->fields.n; i++) {
        const struct http_field *f = &from->fields.at[i];
        struct str name = {arena_copy(a, f->name), f->name.n}, value = {arena_copy(a, f->value), f->value.n};
        ok = name.p && value.p;
        if (ok && !http_field_add(&rs->fields, name, value, a, e)) return false;
    }
    return ok || err_set(e, ERR_MEMORY, "out of memory for the answer");
}

bool http_stream_end(struct http_client *c, const struct http_fields *trailers, int64_t timeout_ms,
                     struct http_response *rs, struct arena *a, struct err *e) {
    struct exchange *x = &c->x;
    int64_t deadline_ms = http_client_deadline(http_clocks_now().monotonic_ms, timeout_ms);
    x->timeout_ms = timeout_ms;
    if (!set_trailers(c, trailers, e)) {
        http_stream_abort(c);
        return false;
    }
    http_client_perform(c);
    if (!x->done && !x->final) {
        x->ending = true;
        curl_easy_pause(c->curl, CURLPAUSE_CONT);
        http_client_perform(c);
    }
    for (; !x->done && !early_answer_whole(x); http_client_perform(c)) http_client_wait(c, deadline_ms, false);
    http_client_end(c);
    return http_answer_judge(c, e) && copy_answer(x->rs, rs, a, e);
}

void http_stream_abort(struct http_client *c) {
    http_client_end(c);
}
