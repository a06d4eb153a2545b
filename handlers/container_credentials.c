/* SPDX-License-Identifier: Apache-2.0 */
/* Variables in, one GET, its JSON answer. Plain http goes only to addresses that do not leave the host. */
#include "container_credentials.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "http.h"
#include "json.h"
#include "log.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

enum {
    CONNECT_TIMEOUT_MS = 1000,
    EXCHANGE_TIMEOUT_MS = 5000,
    MAX_ANSWER_BYTES = 64 * 1024,
    MAX_TOKEN_BYTES = 16 * 1024
};

static struct str variable(const char *name) {
    struct str s = str_of(getenv(name));
    return s.n ? s : (struct str){0};
}

bool container_credentials_given(void) {
    return variable(RELATIVE_URI).p || variable(FULL_URI).p;
}

static bool is_eks_v6(struct str host) {
    char text[INET6_ADDRSTRLEN];
    struct in6_addr here, eks;
    if (host.n < 4 || host.n - 2 >= sizeof text || host.p[0] != '[') return false;
    memcpy(text, host.p + 1, host.n - 2);
    text[host.n - 2] = 0;
    return inet_pton(AF_INET6, text, &here) == 1 && inet_pton(AF_INET6, "fd00:ec2::23", &eks) == 1 &&
           memcmp(&here, &eks, sizeof here) == 0;
}

static bool stays_here(const struct url *u) {
    return url_is_loopback(u) || str_eq(u->host, STR("169.254.170.2")) || str_eq(u->host, STR("169.254.170.23")) ||
           is_eks_v6(u->host);
}

bool container_credentials_url(struct url *u, struct arena *a, struct err *e) {
    struct str relative = variable(RELATIVE_URI), text = variable(FULL_URI);
    const char *name = relative.p ? RELATIVE_URI : FULL_URI;
    struct buf b;
    if (relative.p && relative.p[0] != '/') return err_set(e, ERR_CONFIG, "%s does not start with a '/'", name);
    buf_init(&b, 8192, a);
    if (relative.p) buf_addf(&b, "http://169.254.170.2");
    buf_add(&b, relative.p ? relative : text);
    if (!buf_ok(&b, e)) return false;
    if (!url_read(buf_str(&b), u, e)) {
        e->kind = ERR_CONFIG;
        return err_prefix(e, "%s is no usable URL: ", name);
    }
    if (u->tls || stays_here(u)) return true;
    return err_set(e, ERR_CONFIG,
                   "%s starts with http:// but its host %.*s is neither this machine nor AWS's link-local address; use "
                   "https://",
                   name, STR_ARG(u->host));
}

static bool read_token_file(const char *path, struct str *token, struct arena *a, struct err *e) {
    char *p = arena_take(a, MAX_TOKEN_BYTES + 1);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for the authorization token");
    FILE *f = fopen(path, "rb");
    if (!f) return err_set(e, ERR_CONFIG, TOKEN_FILE " names %s: %s", path, strerror(errno));
    setvbuf(f, NULL, _IONBF, 0); /* no copy of the token that is not wiped */
    size_t n = fread(p, 1, MAX_TOKEN_BYTES + 1, f);
    bool ok = !ferror(f);
    fclose(f);
    if (!ok) return err_set(e, ERR_CONFIG, TOKEN_FILE " names %s, which cannot be read", path);
    if (n > MAX_TOKEN_BYTES) return err_set(e, ERR_CONFIG, "%s is longer than %d bytes", path, MAX_TOKEN_BYTES);
    while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r')) n--;
    *token = (struct str){p, n};
    return n > 0 || err_set(e, ERR_CONFIG, TOKEN_FILE " names %s, which is empty", path);
}

static bool read_token(struct str *token, struct arena *a, struct err *e) {
    struct str file = variable(TOKEN_FILE);
    *token = variable(TOKEN);
    if (file.p && !read_token_file(file.p, token, a, e)) return false;
    return !str_has_control(*token) ||
           err_set(e, ERR_CONFIG, "%s holds a control byte (a line end?)", file.p ? TOKEN_FILE : TOKEN);
}

/* http_exchange's sentence starts with "GET {origin}{path}: ": only what follows may be shown. */
static bool hide_path(const struct url *u, struct err *e) {
    struct str msg = str_of(e->msg);
    size_t at = str_find(msg, u->path), behind = u->path.n + 2;
    struct err why = {.kind = e->kind};
    if (u->path.n == 1 || !str_starts(msg, STR("GET "))) return false;
    bool found = at != SIZE_MAX && msg.n - at > behind;
    err_set(&why, e->kind, "%s", found ? e->msg + at + behind : "the exchange failed");
    *e = why;
    return false;
}

static bool exchange(const struct url *u, int64_t timeout_ms, struct http_response *rs, struct arena *a,
                     struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
    };
    struct http_request rq = {.method = STR("GET"), .path = u->path, .query = u->query};
    struct http_client *http;
    struct str host, token;
    if (!read_token(&token, a, e) || !url_host_field(u, &host, a, e) ||
        !http_field_add(&rq.fields, STR("Host"), host, a, e) ||
        !http_field_add(&rq.fields, STR("Accept"), STR("application/json"), a, e) ||
        (token.p && !http_field_add(&rq.fields, STR("Authorization"), token, a, e)))
        return false;
    if (!http_open(u, &options, &http, e)) return false;
    bool ok = http_exchange(http, &rq, timeout_ms < EXCHANGE_TIMEOUT_MS ? timeout_ms : EXCHANGE_TIMEOUT_MS, rs, a, e);
    http_close(http);
    return ok || hide_path(u, e);
}

static bool read_answer(const struct http_response *rs, struct credentials *found, struct arena *a, struct err *e) {
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey", "Token", false};
    struct cJSON *root = NULL;
    struct err not_json;
    bool json = json_read(rs->body, &root, &not_json), ok = false;
    if (rs->status == 200 && json) {
        ok = credentials_read_json(root, &names, found, a, e) || err_prefix(e, "in its answer: ");
    } else if (rs->status == 200) {
        err_set(e, ERR_PROTOCOL, "its answer is not JSON");
    } else {
        struct str code = credentials_word(json_get_text(root, "code"));
        const char *advice =
            rs->status == 401 || rs->status == 403 ? "; check " TOKEN " or " TOKEN "_FILE" : "; its own log says why";
        err_set(e, ERR_REFUSED, "it answered %d %.*s%s", rs->status, STR_ARG(code), advice);
    }
    json_close(root);
    return ok;
}

static bool ask(void *user, const struct credentials_time *when, struct credentials *found, struct arena *a,
                struct err *e) {
    struct url u;
    struct http_response rs;
    (void)user;
    if (!container_credentials_url(&u, a, e)) return false;
    if (!exchange(&u, when->timeout_ms, &rs, a, e) || !read_answer(&rs, found, a, e))
        return err_prefix(e, "the container credentials endpoint %.*s: ", STR_ARG(u.host));
    log_line(LOG_INFO, "got keys from the container credentials endpoint %.*s", STR_ARG(u.host));
    return true;
}

bool container_credentials_keys(struct credentials_cache *cache, const struct credentials_time *when,
                                struct sigv4_keys *keys, struct arena *a, struct err *e) {
    const struct credentials_source source = {ask, NULL, "the container credentials endpoint"};
    return credentials_cache_keys(cache, &source, when, keys, a, e);
}
