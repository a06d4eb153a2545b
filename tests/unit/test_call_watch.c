/* SPDX-License-Identifier: Apache-2.0 */
/* local/call_watch.c: what -v may show. */
#include "call_watch.h"
#include "check.h"

static char text[64 * 1024];
static struct arena arena;
static struct buf out;

static int set_up(void **state) {
    (void)state;
    arena_init_fixed(&arena, text, sizeof text);
    return 0;
}

static struct str shown(const char *line) {
    arena_reset(&arena);
    buf_init(&out, 8192, &arena);
    call_watch_line(&out, str_of(line));
    return buf_str(&out);
}

static void private_fields(void **state) {
    (void)state;
    check_text(shown("X-Amz-Security-Token: abc"), "X-Amz-Security-Token: <hidden, 3 bytes>");
    check_text(shown("x-api-key:abcd"), "x-api-key: <hidden, 4 bytes>");
    check_text(shown("Cookie: a=b"), "Cookie: <hidden, 3 bytes>");
    check_text(shown("Set-Cookie: a=b"), "Set-Cookie: <hidden, 3 bytes>");
    check_text(shown("Authorization: Bearer xyz"), "Authorization: <hidden, 10 bytes>");
    check_text(shown("Content-Type: text/plain"), "Content-Type: text/plain");
}

static void our_authorization(void **state) {
    (void)state;
    check_text(shown("Authorization: AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=0123"),
               "Authorization: AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=<hidden, 4 bytes>");
    check_text(shown("Authorization: AWS4-HMAC-SHA256 Credential=A/b"), "Authorization: <hidden, 31 bytes>");
}

static void request_lines(void **state) {
    (void)state;
    check_text(shown("GET /a:b?x=1&X-Amz-Security-Token=t%2F&flag&X-Amz-Signature=00ff HTTP/1.1"),
               "GET /a:b?x=1&X-Amz-Security-Token=<hidden, 4 bytes>&flag&X-Amz-Signature=<hidden, 4 bytes> HTTP/1.1");
    check_text(shown("GET /a HTTP/1.1"), "GET /a HTTP/1.1");
    check_text(shown("HTTP/1.1 200 OK"), "HTTP/1.1 200 OK");
    check_text(shown(""), "");
}

static void control_bytes(void **state) {
    (void)state;
    check_text(shown("X-A: \x1b[2Jb"), "X-A: ?[2Jb");
    check_text(shown("HTTP/1.1 200 \x1b]0;t\a"), "HTTP/1.1 200 ?]0;t?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("values of tokens, keys and cookies are hidden", private_fields),
        CASE("of a signature's Authorization only the signature is hidden", our_authorization),
        CASE("signature and token are hidden in a presigned target", request_lines),
        CASE("no control byte reaches the terminal", control_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
