/* SPDX-License-Identifier: Apache-2.0 */
/* Each try changes one thing of the request: its host, path, query, method or body. */
#include "mismatch.h"

#include "api.h"
#include "percent.h"
#include "route.h"
#include "sigv4_explain.h"

enum { MAX_TRIES = 32, MAX_HASHED_BYTES = 1024 * 1024, MAX_TEXT_BYTES = 16 * 1024 };

struct tries {
    struct http_request at[MAX_TRIES];
    size_t n;
};

static struct http_request *add(struct tries *t, const struct http_request *rq) {
    if (t->n == MAX_TRIES) return NULL;
    t->at[t->n] = *rq;
    return &t->at[t->n++];
}

static void add_path(struct tries *t, const struct http_request *rq, struct str path) {
    if (!path.p || str_eq(path, rq->path)) return;
    struct http_request *try = add(t, rq);
    if (try) try->path = path;
}

static bool add_paths(const struct mismatch *m, struct tries *t, struct arena *a, struct err *e) {
    struct buf encoded, staged;
    struct str decoded, inside = route_inside(m->api, m->rq->path);
    buf_init(&encoded, SIZE_MAX / 4, a);
    buf_init(&staged, SIZE_MAX / 4, a);
    percent_write(&encoded, m->rq->path, true);
    buf_addf(&staged, "/%.*s", STR_ARG(m->api->stage));
    buf_add(&staged, m->rq->path);
    if (!buf_ok(&encoded, e) || !buf_ok(&staged, e)) return false;
    if (percent_read(m->rq->path, false, &decoded, a, e)) add_path(t, m->rq, decoded);
    else if (e->kind == ERR_MEMORY) return false;
    add_path(t, m->rq, buf_str(&encoded));
    add_path(t, m->rq, inside);
    add_path(t, m->rq, buf_str(&staged));
    return true;
}

static void add_methods(const struct mismatch *m, struct tries *t) {
    for (size_t i = 0; i < API_N_METHODS; i++) {
        struct http_request *try = str_eq(m->rq->method, api_methods[i]) ? NULL : add(t, m->rq);
        if (try) try->method = api_methods[i];
    }
}

static bool add_host(const struct mismatch *m, struct tries *t, struct str host, struct arena *a, struct err *e) {
    struct http_request *try = add(t, m->rq);
    if (!try) return true;
    try->fields = (struct http_fields){0};
    for (size_t i = 0; i < m->rq->fields.n; i++) {
        const struct http_field *f = &m->rq->fields.at[i];
        struct str value = str_eq_nocase(f->name, STR("host")) ? host : f->value;
        if (!http_field_add(&try->fields, f->name, value, a, e)) return false;
    }
    return true;
}

/* Without the port, another name of this machine, and the API's own name at AWS. */
static bool add_hosts(const struct mismatch *m, struct tries *t, struct arena *a, struct err *e) {
    static const char *const names[] = {"localhost", "127.0.0.1"};
    struct str name, port = http_field_get(&m->rq->fields, STR("host"));
    struct buf aws;
    buf_init(&aws, 1024, a);
    api_write_host(&aws, m->model, m->api);
    if (!buf_ok(&aws, e)) return false;
    if (str_cut(&port, ':', &name) && !add_host(m, t, name, a, e)) return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct buf with_port;
        buf_init(&with_port, 1024, a);
        buf_addf(&with_port, "%s%s%.*s", names[i], port.p ? ":" : "", STR_ARG(port));
        if (!add_host(m, t, str_of(names[i]), a, e) || !buf_ok(&with_port, e) ||
            !add_host(m, t, buf_str(&with_port), a, e))
            return false;
    }
    return add_host(m, t, buf_str(&aws), a, e);
}

/* Of a long body the hash is not reckoned again and again. */
static bool collect(const struct mismatch *m, struct tries *t, struct arena *a, struct err *e) {
    struct http_request *try = m->rq->body.n ? add(t, m->rq) : NULL;
    if (try) try->body = STR("");
    if (m->rq->body.n > MAX_HASHED_BYTES) return true;
    if (m->rq->query.n && (try = add(t, m->rq))) try->query = (struct str){0};
    add_methods(m, t);
    return add_paths(m, t, a, e) && add_hosts(m, t, a, e);
}

/* ---- in words ---- */

/* The caller's text against the one that was reckoned here, as if this were a client that had got AWS's refusal. */
static bool compare(const struct mismatch *m, const struct http_request *signed_one, struct str *cause, struct str *fix,
                    struct arena *a, struct err *e) {
    struct sigv4_texts texts;
    struct sigv4_refusal refusal;
    struct sigv4_explanation x;
    struct buf text;
    if (!sigv4_verify_texts(signed_one, &texts, a, e) || !sigv4_refuse(SIGV4_REST_API, m->verdict, &refusal, a, e))
        return false;
    const struct sigv4_refused refused = {.canonical_request = texts.canonical_request,
                                          .string_to_sign = texts.string_to_sign,
                                          .status = refusal.status,
                                          .error_type = refusal.error_type,
                                          .body = refusal.body};
    if (!sigv4_explain(&refused, &x, a, e)) return false;
    buf_init(&text, MAX_TEXT_BYTES, a);
    buf_add(&text, x.sentence);
    if (x.line.p)
        buf_addf(&text, " Signed was the %.*s \"%.*s\", received \"%.*s\".", STR_ARG(x.line), STR_ARG(x.ours),
                 STR_ARG(x.theirs));
    *cause = buf_str(&text);
    *fix = x.fix;
    return buf_ok(&text, e);
}

static bool say_unknown(const struct mismatch *m, struct str *cause, struct arena *a, struct err *e) {
    struct buf text;
    buf_init(&text, MAX_TEXT_BYTES, a);
    buf_addf(&text,
             "reckoned with %.*s %.*s, %zu bytes of query, Host %.*s and a body of %zu bytes: nothing that commonly "
             "differs explains it, so the secret key is another one, or a signed field was changed or added afterwards",
             STR_ARG(m->rq->method), STR_ARG(m->rq->path), m->rq->query.n,
             STR_ARG(http_field_get(&m->rq->fields, STR("host"))), m->rq->body.n);
    *cause = buf_str(&text);
    return buf_ok(&text, e);
}

bool mismatch_explain(const struct mismatch *m, struct str *cause, struct str *fix, struct arena *a, struct err *e) {
    struct tries tries = {.n = 0};
    *cause = *fix = (struct str){0};
    if (!m->verdict->canonical_request.p) return true;
    if (!collect(m, &tries, a, e)) return false;
    for (size_t i = 0; i < tries.n; i++) {
        struct sigv4_verdict verdict;
        if (!sigv4_verify(&tries.at[i], m->verifier, &verdict, a, e)) return false;
        if (verdict.fault == SIGV4_OK) return compare(m, &tries.at[i], cause, fix, a, e);
    }
    return say_unknown(m, cause, a, e);
}
