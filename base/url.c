/* SPDX-License-Identifier: Apache-2.0 */
/* A strict reader for the URLs of configuration and command line. */
#include "url.h"

#include <string.h>

static bool cut_scheme(struct str *t, struct url *u) {
    struct str https = STR("https://"), http = STR("http://");
    u->tls = t->n >= https.n && str_eq_nocase((struct str){t->p, https.n}, https);
    struct str scheme = u->tls ? https : http;
    if (t->n < scheme.n || !str_eq_nocase((struct str){t->p, scheme.n}, scheme)) return false;
    *t = (struct str){t->p + scheme.n, t->n - scheme.n};
    return true;
}

static bool host_ok(struct str host) {
    bool v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    struct str h = v6 ? (struct str){host.p + 1, host.n - 2} : host;
    return str_is_made_of(h, v6 ? ".:" : ".-_") && h.n > 0 && h.n <= 253;
}

/* host[:port]; the last ':' behind any bracket starts the port */
static bool read_authority(struct str authority, struct url *u, struct err *e) {
    if (str_find(authority, STR("@")) != SIZE_MAX)
        return err_set(e, ERR_PARSE, "it has user information before an '@'");
    size_t colon = authority.n;
    while (colon > 0 && authority.p[colon - 1] != ':' && authority.p[colon - 1] != ']') colon--;
    int64_t port = u->tls ? 443 : 80;
    u->host = authority;
    if (colon > 0 && authority.p[colon - 1] == ':') {
        u->host.n = colon - 1;
        struct str digits = {authority.p + colon, authority.n - colon};
        if (!str_read_int64(digits, 1, 65535, &port))
            return err_set(e, ERR_PARSE, "the port is not a number from 1 to 65535");
    }
    u->port = (uint16_t)port;
    return host_ok(u->host) || err_set(e, ERR_PARSE, "the host name is missing or has a character that no host has");
}

bool url_read(struct str text, struct url *u, struct err *e) {
    *u = (struct url){0};
    struct str rest = text;
    if (!cut_scheme(&rest, u)) return err_set(e, ERR_PARSE, "it does not start with https:// or http://");
    for (size_t i = 0; i < rest.n; i++)
        if ((unsigned char)rest.p[i] <= 0x20 || rest.p[i] == 0x7f || rest.p[i] == '#')
            return err_set(e, ERR_PARSE, "a space, control byte or '#' stands in it");
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?') end++;
    if (!read_authority((struct str){rest.p, end}, u, e)) return false;
    rest = (struct str){rest.p + end, rest.n - end};
    bool has_query = str_cut(&rest, '?', &u->path);
    if (has_query) u->query = rest;
    if (!u->path.n) u->path = STR("/");
    return true;
}

bool url_host_field(const struct url *u, struct str *host, struct arena *a, struct err *e) {
    struct buf b;
    buf_init(&b, 300, a);
    buf_add(&b, u->host);
    if (u->port != (u->tls ? 443 : 80)) buf_addf(&b, ":%u", (unsigned)u->port);
    *host = buf_str(&b);
    return buf_ok(&b, e);
}

bool url_is_loopback(const struct url *u) {
    struct str h = u->host, tail = STR(".localhost");
    if (str_eq_nocase(h, STR("localhost")) || str_eq(h, STR("[::1]"))) return true;
    if (h.n > tail.n && str_eq_nocase((struct str){h.p + h.n - tail.n, tail.n}, tail)) return true;
    int dots = 0;
    for (size_t i = 0; i < h.n; i++) {
        if (h.p[i] == '.') dots++;
        else if (h.p[i] < '0' || h.p[i] > '9') return false;
    }
    return dots == 3 && str_starts(h, STR("127."));
}
