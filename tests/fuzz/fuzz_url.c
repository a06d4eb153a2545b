/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as a URL or refused. The parts are pieces of the text; put together they are the same URL. */
#include "fuzz.h"
#include "url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str text = fuzz_text(data, n), host;
    struct buf b = fuzz_buf(a);
    struct url u, again;
    struct err e;
    if (!url_read(text, &u, &e)) return 0;
    FUZZ_HOLDS(fuzz_inside(u.host, text) && (fuzz_inside(u.path, text) || str_eq(u.path, STR("/"))));
    FUZZ_HOLDS(u.host.n && u.port && u.path.p[0] == '/' && (!u.query.p || fuzz_inside(u.query, text)));
    FUZZ_HOLDS(url_host_field(&u, &host, a, &e));
    buf_addf(&b, "http%s://%.*s%.*s", u.tls ? "s" : "", STR_ARG(host), STR_ARG(u.path));
    if (u.query.p) buf_addf(&b, "?%.*s", STR_ARG(u.query));
    FUZZ_HOLDS(url_read(buf_str(&b), &again, &e));
    FUZZ_HOLDS(again.tls == u.tls && again.port == u.port && str_eq(again.host, u.host));
    FUZZ_HOLDS(str_eq(again.path, u.path) && str_eq(again.query, u.query) && !again.query.p == !u.query.p);
    FUZZ_HOLDS(url_is_loopback(&again) == url_is_loopback(&u));
    return 0;
}
