/* SPDX-License-Identifier: Apache-2.0 */
/* One GET, then memory. The lock is held while asking, so that many threads ask once. */
#include "metadata.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "http.h"
#include "json.h"

#define PATH "/2026-01-15/metadata/execution-environment"

enum {
    TIMEOUT_MS = 1000, /* of a server inside of the environment */
    MAX_ANSWER_BYTES = 64 * 1024,
    EXCHANGE_BYTES = 512 * 1024,
    TOKEN_BYTES = 4096,
    DEFAULT_AGE_S = 43200,
};

struct metadata {
    pthread_mutex_t lock;
    struct http_client *http;
    char authorization[TOKEN_BYTES + sizeof "Bearer "];
    char zone_id[64]; /* empty: not known */
    int64_t known_until_s;
};

static bool read_origin(struct str host_port, struct url *u, struct buf *text, struct err *e) {
    if (!host_port.n)
        return err_set(e, ERR_CONFIG,
                       "AWS_LAMBDA_METADATA_API is not set: the metadata endpoint is there on Lambda only");
    buf_add(text, STR("http://"));
    buf_add(text, host_port);
    if (text->failed)
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_METADATA_API is %zu bytes long; it should be host:port", host_port.n);
    if (!url_read(buf_str(text), u, e) || u->query.p || u->path.n > 1)
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_METADATA_API is \"%.*s\"; it should be host:port",
                       STR_ARG(host_port));
    return true;
}

static bool check_token(struct str token, struct err *e) {
    if (!token.n) return err_set(e, ERR_CONFIG, "AWS_LAMBDA_METADATA_TOKEN is not set: Lambda sets it");
    if (str_has_control(token) || token.n > TOKEN_BYTES)
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_METADATA_TOKEN, %zu bytes long, cannot be sent in a header field",
                       token.n);
    return true;
}

static struct metadata *make(struct str token) {
    struct metadata *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    pthread_mutex_init(&m->lock, NULL);
    memcpy(m->authorization, "Bearer ", 7);
    memcpy(m->authorization + 7, token.p, token.n);
    return m;
}

bool metadata_open(struct str host_port, struct str token, struct metadata **m, struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
    };
    struct arena a;
    struct buf text;
    struct url origin;
    arena_init(&a, 8192);
    buf_init(&text, 1024, &a);
    struct metadata *made = NULL;
    bool ok = read_origin(host_port, &origin, &text, e) && check_token(token, e);
    if (ok && !(made = make(token))) ok = err_set(e, ERR_MEMORY, "out of memory for the metadata client");
    if (ok) ok = http_open(&origin, &options, &made->http, e);
    arena_close(&a);
    if (ok) *m = made;
    else metadata_close(made);
    return ok;
}

void metadata_close(struct metadata *m) {
    if (!m) return;
    http_close(m->http);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static int64_t now_s(void) {
    return clock_monotonic_ms() / 1000;
}

/* RFC 9111 section 5.2.2, as far as an endpoint for one client needs it. */
static int64_t age_s(struct str cache_control) {
    int64_t age = DEFAULT_AGE_S;
    struct str one;
    for (bool more = cache_control.n > 0; more;) {
        more = str_cut(&cache_control, ',', &one);
        one = str_trim(one);
        if (str_eq_nocase(one, STR("no-store")) || str_eq_nocase(one, STR("no-cache"))) return 0;
        struct str name;
        if (str_cut(&one, '=', &name) && str_eq_nocase(name, STR("max-age"))) {
            age = 0; /* a number that is none */
            str_read_int64(one, 0, DEFAULT_AGE_S, &age);
        }
    }
    return age;
}

static bool check_status(int status, struct err *e) {
    switch (status) {
    case 200: return true;
    case 401:
        return err_set(e, ERR_REFUSED,
                       "GET " PATH " answered 401: AWS_LAMBDA_METADATA_TOKEN is not this environment's token");
    case 405:
        return err_set(e, ERR_PROTOCOL, "GET " PATH " answered 405: AWS_LAMBDA_METADATA_API names another server");
    case 500:
        return err_set(e, ERR_PROTOCOL, "GET " PATH " answered 500: the metadata endpoint failed; ask again later");
    default: return err_set(e, ERR_PROTOCOL, "GET " PATH " answered %d instead of 200", status);
    }
}

static bool read_answer(struct metadata *m, const struct http_response *rs, struct err *e) {
    struct cJSON *body;
    if (!check_status(rs->status, e)) return false;
    if (!json_read(rs->body, &body, e)) {
        e->kind = ERR_PROTOCOL;
        return err_prefix(e, "GET " PATH ": the answer is ");
    }
    struct str id = json_get_text(body, "AvailabilityZoneID");
    bool ok = id.n > 0 && id.n < sizeof m->zone_id;
    if (ok) {
        memcpy(m->zone_id, id.p, id.n + 1); /* cJSON's texts end with a NUL */
        m->known_until_s = now_s() + age_s(http_field_get(&rs->fields, STR("Cache-Control")));
    }
    json_close(body);
    return ok || err_set(e, ERR_PROTOCOL, "GET " PATH " answered without an AvailabilityZoneID");
}

static bool ask(struct metadata *m, struct err *e) {
    struct http_request rq = {.method = STR("GET"), .path = STR(PATH)};
    struct http_response rs;
    struct arena a;
    arena_init(&a, EXCHANGE_BYTES);
    bool ok = http_field_add(&rq.fields, STR("Authorization"), str_of(m->authorization), &a, e) &&
              http_exchange(m->http, &rq, TIMEOUT_MS, &rs, &a, e) && read_answer(m, &rs, e);
    arena_close(&a);
    return ok;
}

bool metadata_availability_zone_id(struct metadata *m, struct str *id, struct arena *a, struct err *e) {
    pthread_mutex_lock(&m->lock);
    bool known = m->zone_id[0] && now_s() < m->known_until_s;
    bool ok = known || ask(m, e);
    char *copy = ok ? arena_copy(a, str_of(m->zone_id)) : NULL;
    if (ok && !copy) ok = err_set(e, ERR_MEMORY, "out of memory for the Availability Zone's id");
    *id = str_of(copy);
    pthread_mutex_unlock(&m->lock);
    return ok;
}

void metadata_forget(struct metadata *m) {
    pthread_mutex_lock(&m->lock);
    m->zone_id[0] = 0;
    http_disconnect(m->http);
    pthread_mutex_unlock(&m->lock);
}
