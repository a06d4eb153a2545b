/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http_text.h"
#include "input.h"
#include "log.h"
#include "sigv4_endpoint.h"
#include "sigv4_stages.h"

enum { MAX_BODY_BYTES = 64 * 1024 * 1024 };
static const size_t ARENA_BYTES = (size_t)512 * 1024 * 1024;

struct client *client_open(void) {
    struct client *c = calloc(1, sizeof *c);
    log_open(LOG_TEXT, LOG_WARN, STDERR_FILENO); /* standard output is for what was asked for */
    if (c) arena_init(&c->arena, ARENA_BYTES);
    return c;
}

void client_close(struct client *c) {
    if (!c) return;
    arena_close(&c->arena);
    free(c);
}

void client_complain(const struct client *c, const char *command) {
    bool by_rule = str_find(str_of(c->e.msg), STR("(rule \"")) != SIZE_MAX;
    fprintf(stderr, "apigw %s: %s%s\n", command, c->e.msg, by_rule ? "; --allow RULE signs it as it is" : "");
}

/* --- Flags ----------------------------------------------------------------------------------------------------------- */

static bool read_allow(struct client *c) {
    for (size_t i = 0; i < c->flags.n_given; i++) {
        if (c->flags.given[i].flag != CLIENT_ALLOW) continue;
        unsigned rule = 0;
        struct str name = str_of(c->flags.given[i].value);
        if (str_eq(name, STR("all"))) rule = SIGV4_ALLOW_ALL;
        else if (!sigv4_allow_read(name, &rule))
            return err_set(&c->e, ERR_CONFIG, "--allow does not know '%.60s'", c->flags.given[i].value);
        c->scope.allow |= rule;
    }
    return true;
}

static bool read_algorithm(struct client *c) {
    const char *name = flags_value(&c->flags, CLIENT_ALGORITHM);
    if (!name || strcmp(name, "v4") == 0) return true;
    c->scope.algorithm = SIGV4_ECDSA;
    return strcmp(name, "v4a") == 0 || err_set(&c->e, ERR_CONFIG, "--algorithm is v4 or v4a, not '%.60s'", name);
}

static bool read_presign(struct client *c) {
    const char *seconds = flags_value(&c->flags, CLIENT_PRESIGN);
    if (!seconds) return true;
    c->scope.placement = SIGV4_IN_QUERY;
    return str_read_int64(str_of(seconds), 1, SIGV4_MAX_EXPIRES_S, &c->scope.expires_s) ||
           err_set(&c->e, ERR_CONFIG, "--presign takes 1 to %d seconds, not '%.60s'", SIGV4_MAX_EXPIRES_S, seconds);
}

static bool read_date(struct client *c) {
    const char *date = flags_value(&c->flags, CLIENT_DATE);
    c->scope.unix_s = time(NULL);
    return !date || sigv4_date_read(str_of(date), &c->scope.unix_s) ||
           err_set(&c->e, ERR_CONFIG, "--date is not of the form 20150830T123600Z");
}

static bool check_source(struct client *c) {
    const char *file = flags_value(&c->flags, CLIENT_REQUEST);
    if (c->flags.n_words > 1) return err_set(&c->e, ERR_CONFIG, "more than one URL");
    if (!file) return c->flags.n_words || err_set(&c->e, ERR_CONFIG, "there is no URL, and no --request FILE");
    if (c->flags.n_words || flags_value(&c->flags, CLIENT_METHOD) || flags_value(&c->flags, CLIENT_DATA) ||
        flags_value(&c->flags, CLIENT_HEADER))
        return err_set(&c->e, ERR_CONFIG,
                       "--request FILE holds the whole request: no URL, -X, -H or -d beside it (the method is -X)");
    return true;
}

bool client_read_flags(struct client *c, const struct flag *known, size_t n_known, int argc, char **argv) {
    if (!flags_read(&c->flags, known, n_known, argc, argv, &c->e)) return false;
    c->scope.unsigned_token = flags_value(&c->flags, CLIENT_UNSIGNED_TOKEN) != NULL;
    c->scope.send_body_hash = flags_value(&c->flags, CLIENT_BODY_HASH) != NULL;
    if (flags_value(&c->flags, CLIENT_UNSIGNED_PAYLOAD)) c->scope.payload = SIGV4_PAYLOAD_UNSIGNED;
    if (flags_value(&c->flags, CLIENT_NO_NORMALIZE)) c->scope.path = SIGV4_PATH_KEEP;
    return check_source(c) && read_allow(c) && read_algorithm(c) && read_presign(c) && read_date(c);
}

/* --- The request ----------------------------------------------------------------------------------------------------- */

/* "Name: value"; "Name;" is curl's way to give an empty one, which for it "Name:" is not. */
static bool add_header(struct client *c, const char *text) {
    struct str name, value = str_of(text), whole = value;
    if (str_cut(&value, ':', &name)) {
        value = str_trim(value);
        if (c->as_curl && !value.n) return true;
    } else if (str_ends(whole, STR(";"))) {
        name = (struct str){whole.p, whole.n - 1};
        value = STR("");
    } else {
        return err_set(&c->e, ERR_PARSE, "-H '%s' has no ':'", text);
    }
    return http_field_add(&c->rq.fields, name, value, &c->arena, &c->e);
}

/* One -d as it is; several as a form's fields. */
bool client_read_data(struct client *c, struct str *data) {
    struct buf all;
    struct str first = {0};
    size_t n = 0;
    buf_init(&all, MAX_BODY_BYTES, &c->arena);
    for (size_t i = 0; i < c->flags.n_given; i++) {
        const char *given = c->flags.given[i].value;
        if (c->flags.given[i].flag != CLIENT_DATA) continue;
        *data = str_of(given);
        if (given[0] == '@' && !input_read(given + 1, MAX_BODY_BYTES, data, &c->arena, &c->e)) return false;
        if (n++ == 0) {
            first = *data;
            continue;
        }
        if (n == 2) buf_add(&all, first);
        buf_add_char(&all, '&');
        buf_add(&all, *data);
    }
    if (n > 1) *data = buf_str(&all);
    return buf_ok(&all, &c->e);
}

static bool read_data(struct client *c) {
    if (!flags_value(&c->flags, CLIENT_DATA) || c->as_curl) return true;
    c->has_body = true;
    return client_read_data(c, &c->rq.body);
}

static bool read_url(struct client *c) {
    struct str host;
    const char *method = flags_value(&c->flags, CLIENT_METHOD);
    if (!method) method = c->method;
    if (!method) method = flags_value(&c->flags, CLIENT_DATA) ? "POST" : "GET";
    if (!url_read(str_of(c->flags.words[0]), &c->url, &c->e)) return err_prefix(&c->e, "the URL: ");
    c->rq = (struct http_request){.method = str_of(method), .path = c->url.path, .query = c->url.query};
    for (size_t i = 0; i < c->flags.n_given; i++)
        if (c->flags.given[i].flag == CLIENT_HEADER && !add_header(c, c->flags.given[i].value)) return false;
    if (!url_host_field(&c->url, &host, &c->arena, &c->e)) return false;
    if (http_field_count(&c->rq.fields, STR("Host"))) return read_data(c);
    c->host_added = c->rq.fields.n;
    return http_field_add(&c->rq.fields, STR("Host"), host, &c->arena, &c->e) && read_data(c);
}

/* A raw request does not say its scheme: https, but for this machine. */
static bool read_origin(struct client *c) {
    struct str host = str_trim(http_field_get(&c->rq.fields, STR("Host")));
    for (int tls = 0; host.n && tls <= 1; tls++) {
        struct buf b;
        buf_init(&b, 4096, &c->arena);
        buf_addf(&b, "%s://%.*s/", tls ? "https" : "http", STR_ARG(host));
        if (!buf_ok(&b, &c->e) || !url_read(buf_str(&b), &c->url, &c->e)) return err_prefix(&c->e, "the Host field: ");
        if (url_is_loopback(&c->url)) break;
    }
    return host.n || err_set(&c->e, ERR_PARSE, "the request has no Host field");
}

static bool read_file(struct client *c, const char *file) {
    struct str text;
    return input_read(file, MAX_BODY_BYTES, &text, &c->arena, &c->e) &&
           (http_text_read(text, &c->rq, &c->arena, &c->e) || err_prefix(&c->e, "%s: ", file)) && read_origin(c);
}

/* What is signed must be what arrives: a false length or a coding of its own would make two requests of one, or none. */
bool client_check_framing(struct client *c) {
    struct str length = http_field_get(&c->rq.fields, STR("Content-Length"));
    int64_t n = -1;
    if (http_field_count(&c->rq.fields, STR("Transfer-Encoding")))
        return err_set(&c->e, ERR_PARSE, "the request has Transfer-Encoding: give its body as it is, without a coding");
    if (!http_field_count(&c->rq.fields, STR("Content-Length"))) return true;
    if (http_field_count(&c->rq.fields, STR("Content-Length")) > 1)
        return err_set(&c->e, ERR_PARSE, "the request has more than one Content-Length");
    if (str_read_int64(str_trim(length), 0, INT64_MAX, &n) && (uint64_t)n == c->rq.body.n) return true;
    return err_set(&c->e, ERR_PARSE,
                   "Content-Length is %.*s, but the body has %zu bytes (a saved file may end in a line feed)",
                   STR_ARG(length), c->rq.body.n);
}

/* For a request that was sent: what stands behind the stated length was not its body. */
void client_cut_body(struct client *c) {
    int64_t n = 0;
    struct str length = str_trim(http_field_get(&c->rq.fields, STR("Content-Length")));
    if (str_read_int64(length, 0, INT64_MAX, &n) && (uint64_t)n < c->rq.body.n) c->rq.body.n = (size_t)n;
}

bool client_read_request(struct client *c) {
    const char *file = flags_value(&c->flags, CLIENT_REQUEST);
    c->host_added = SIZE_MAX;
    if (!(file ? read_file(c, file) : read_url(c))) return false;
    c->n_given = c->rq.fields.n;
    return true;
}

/* --- Keys and scope -------------------------------------------------------------------------------------------------- */

static struct str first(const char *flag, struct str inferred, struct str profile) {
    struct str found = str_of(flag);
    if (!found.n) found = inferred;
    if (!found.n) found = profile;
    if (!found.n) found = str_of(getenv("AWS_REGION"));
    if (!found.n) found = str_of(getenv("AWS_DEFAULT_REGION"));
    return found;
}

bool client_read_keys(struct client *c) {
    struct str service = {0}, region = {0};
    if (!profile_find(flags_value(&c->flags, CLIENT_PROFILE), flags_value(&c->flags, CLIENT_CREDENTIALS), &c->profile,
                      &c->arena, &c->e))
        return false;
    if (!sigv4_endpoint_infer(c->url.host, &service, &region) && url_is_loopback(&c->url)) service = STR("execute-api");
    if (flags_value(&c->flags, CLIENT_SERVICE)) service = str_of(flags_value(&c->flags, CLIENT_SERVICE));
    c->scope.service = service;
    c->scope.region = first(flags_value(&c->flags, CLIENT_REGION), region, c->profile.region);
    if (!c->scope.service.n)
        return err_set(&c->e, ERR_CONFIG, "the host does not say which service it is; give --service");
    return c->scope.region.n ||
           err_set(&c->e, ERR_CONFIG, "the host does not say which region it is in; give --region");
}
