/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9112 sections 2 to 5, as far as a saved request goes: it is shown and signed here, not served. */
#include "http_text.h"

/* The line without its end; absent behind the last one. */
static bool take_line(struct str *rest, struct str *line) {
    if (!rest->p) return false;
    str_cut(rest, '\n', line);
    if (line->n && line->p[line->n - 1] == '\r') line->n--;
    return true;
}

/* Position of the last " HTTP/" of the line, or SIZE_MAX. */
static size_t version_at(struct str line) {
    struct str wanted = STR(" HTTP/");
    for (size_t i = line.n; i-- > 0;)
        if (str_starts((struct str){line.p + i, line.n - i}, wanted)) return i;
    return SIZE_MAX;
}

/* "http://host/path" is "/path", and *host is "host". */
static struct str without_origin(struct str target, struct str *host) {
    size_t at = str_find(target, STR("://")), end = at + 3;
    if (at == SIZE_MAX || (target.n && target.p[0] == '/')) return target;
    while (end < target.n && target.p[end] != '/' && target.p[end] != '?') end++;
    *host = (struct str){target.p + at + 3, end - at - 3};
    return end < target.n ? (struct str){target.p + end, target.n - end} : STR("/");
}

static bool read_start(struct str line, struct http_request *rq, struct str *host, struct err *e) {
    size_t version = version_at(line);
    struct str rest = line;
    if (version == SIZE_MAX || !str_cut(&rest, ' ', &rq->method) || rq->method.n >= version ||
        !http_is_token(rq->method))
        return err_set(e, ERR_PARSE, "line 1 is not \"METHOD /path HTTP/1.1\"");
    rest.n = version - rq->method.n - 1;
    rq->query = without_origin(rest, host);
    str_cut(&rq->query, '?', &rq->path);
    return rq->path.n || err_set(e, ERR_PARSE, "line 1 has no path");
}

/* A server believes an absolute target, a signer the Host field. */
static bool check_host(struct str host, const struct http_fields *fields, struct err *e) {
    struct str field = http_field_get(fields, STR("Host"));
    if (!host.p || !field.p || str_eq_nocase(host, field)) return true;
    return err_set(e, ERR_PARSE, "line 1 is for %.*s, the Host field says %.*s", STR_ARG(host), STR_ARG(field));
}

static bool read_line(struct str line, size_t number, struct http_fields *fields, struct arena *a, struct err *e) {
    struct str name, value = line;
    if (line.p[0] == ' ' || line.p[0] == '\t') {
        if (!fields->n) return err_set(e, ERR_PARSE, "line %zu continues a field, but there is none before it", number);
        struct str *folded = &fields->at[fields->n - 1].value;
        folded->n = (size_t)(line.p + line.n - folded->p);
        return true;
    }
    if (!str_cut(&value, ':', &name) || !http_is_token(name))
        return err_set(e, ERR_PARSE, "line %zu is not \"Name: value\"", number);
    return http_field_add(fields, name, value, a, e) || err_prefix(e, "line %zu: ", number);
}

/* From line 2 to the empty line; *body is what follows it. */
static bool read_fields(struct str rest, struct http_fields *fields, struct str *body, struct arena *a, struct err *e) {
    struct str line;
    for (size_t number = 2; take_line(&rest, &line) && line.n; number++)
        if (!read_line(line, number, fields, a, e)) return false;
    for (size_t i = 0; i < fields->n; i++) fields->at[i].value = str_trim(fields->at[i].value);
    *body = rest.p ? rest : STR("");
    return true;
}

bool http_text_read(struct str text, struct http_request *rq, struct arena *a, struct err *e) {
    struct str rest = text, line, host = {0};
    *rq = (struct http_request){0};
    if (!take_line(&rest, &line)) return err_set(e, ERR_PARSE, "there is no request");
    return read_start(line, rq, &host, e) && read_fields(rest, &rq->fields, &rq->body, a, e) &&
           check_host(host, &rq->fields, e);
}

/* "HTTP/1.1 403 Forbidden" */
static bool read_status(struct str line, int *status, struct err *e) {
    struct str rest = line, version, number;
    int64_t value = 0;
    if (!str_starts(line, STR("HTTP/")) || !str_cut(&rest, ' ', &version))
        return err_set(e, ERR_PARSE, "line 1 is not \"HTTP/1.1 403 Forbidden\"");
    str_cut(&rest, ' ', &number);
    if (number.n != 3 || !str_read_int64(number, 100, 999, &value))
        return err_set(e, ERR_PARSE, "line 1 has no status");
    *status = (int)value;
    return true;
}

bool http_text_read_response(struct str text, struct http_response *rs, struct arena *a, struct err *e) {
    struct str rest = text, line;
    do {
        *rs = (struct http_response){0};
        if (!take_line(&rest, &line)) return err_set(e, ERR_PARSE, "there is no response");
        if (!read_status(line, &rs->status, e) || !read_fields(rest, &rs->fields, &rs->body, a, e)) return false;
        rest = rs->body;
    } while (rs->status < 200 && rest.n);
    return true;
}
