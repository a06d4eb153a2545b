/* SPDX-License-Identifier: Apache-2.0 */
/* base/url.c: the parts of a URL are its own bytes; what could mean two things is refused. */
#include "url.h"
#include "with_arena.h"

static struct url read_good(const char *text) {
    struct url u;
    struct err e;
    check_ok(url_read(str_of(text), &u, &e), e);
    return u;
}

static void parts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool tls;
        const char *host;
        uint16_t port;
        const char *path, *query; /* NULL: absent */
        const char *field;
    } good[] = {
        {"https://a.example/dev/private", true, "a.example", 443, "/dev/private", NULL, "a.example"},
        {"http://a.example", false, "a.example", 80, "/", NULL, "a.example"},
        {"https://a.example/", true, "a.example", 443, "/", NULL, "a.example"},
        {"https://a.example?", true, "a.example", 443, "/", "", "a.example"},
        {"https://a.example?x=1?y/z", true, "a.example", 443, "/", "x=1?y/z", "a.example"},
        {"https://a.example:8443/p?q", true, "a.example", 8443, "/p", "q", "a.example:8443"},
        {"https://a.example:443/p", true, "a.example", 443, "/p", NULL, "a.example"},
        {"http://a.example:443/p", false, "a.example", 443, "/p", NULL, "a.example:443"},
        {"http://a.example:80/p", false, "a.example", 80, "/p", NULL, "a.example"},
        {"HTTPS://A.Example/P", true, "A.Example", 443, "/P", NULL, "A.Example"},
        {"http://[::1]/x", false, "[::1]", 80, "/x", NULL, "[::1]"},
        {"http://[::1]:3000/x", false, "[::1]", 3000, "/x", NULL, "[::1]:3000"},
        {"https://[2001:db8::7]?q", true, "[2001:db8::7]", 443, "/", "q", "[2001:db8::7]"},
        {"https://h/a//b/../%2f%2F;x=+%20", true, "h", 443, "/a//b/../%2f%2F;x=+%20", NULL, "h"},
        {"https://h/gr\xc3\xbcn", true, "h", 443, "/gr\xc3\xbcn", NULL, "h"},
        {"http://127.0.0.1:65535", false, "127.0.0.1", 65535, "/", NULL, "127.0.0.1:65535"},
        {"http://h:1/a:2@b", false, "h", 1, "/a:2@b", NULL, "h:1"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct url u = read_good(good[i].text);
        struct str host;
        struct err e;
        assert_int_equal(u.tls, good[i].tls);
        check_str(u.host, str_of(good[i].host));
        assert_int_equal(u.port, good[i].port);
        check_str(u.path, str_of(good[i].path));
        check_str(u.query, str_of(good[i].query));
        assert_int_equal(u.query.p == NULL, good[i].query == NULL);
        check_ok(url_host_field(&u, &host, &arena, &e), e);
        check_str(host, str_of(good[i].field));
    }
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "https://"},
        {"a.example/p", "https://"},
        {"ftp://a.example", "https://"},
        {"https:/a.example", "https://"},
        {"https//a", "https://"},
        {" https://a", "https://"},
        {"https://", "host name is missing"},
        {"https:///p", "host name is missing"},
        {"https://?q", "host name is missing"},
        {"https://:80/", "host name is missing"},
        {"https://user@h/", "user information"},
        {"https://user:pw@h/", "user information"},
        {"https://user:1@h/", "user information"},
        {"https://h:/", "port"},
        {"https://h:0/", "port"},
        {"https://h:65536/", "port"},
        {"https://h:-1/", "port"},
        {"https://h:8a/", "port"},
        {"https://h:99999999999999999999/", "port"},
        {"https://h/p#f", "'#'"},
        {"https://h#f", "'#'"},
        {"https://h/a b", "space"},
        {"https://h /a", "space"},
        {"https://h/a\n", "control"},
        {"https://h/a\x7f", "control"},
        {"https://h/?q=\t", "control"},
        {"https://[::1", "host"},
        {"https://[]/", "host"},
        {"https://[::1]x/", "host"},
        {"https://[::1%25eth0]/", "host"},
        {"https://h%41/", "host"},
        {"https://a\\b/", "host"},
        {"https://gr\xc3\xbcn/", "host"},
        {"https://a,b/", "host"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct url u;
        struct err e;
        if (url_read(str_of(bad[i].text), &u, &e)) fail_msg("taken: %s", bad[i].text);
        assert_int_equal(e.kind, ERR_PARSE);
        if (!strstr(e.msg, bad[i].reason)) fail_msg("%s: %s", bad[i].text, e.msg);
    }
}

static void nul_inside(void **state) {
    (void)state;
    struct url u;
    struct err e;
    assert_false(url_read(STR("https://h/a\0b"), &u, &e));
    assert_false(url_read(STR("https://h\0.evil/"), &u, &e));
}

static void long_host(void **state) {
    (void)state;
    char text[8 + 254 + 1] = "https://";
    struct url u;
    struct err e;
    memset(text + 8, 'a', 254);
    assert_true(url_read((struct str){text, 8 + 253}, &u, &e));
    assert_false(url_read((struct str){text, 8 + 254}, &u, &e));
}

static void loopback(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool loopback;
    } hosts[] = {
        {"localhost", true},
        {"LocalHost", true},
        {"api.localhost", true},
        {"a.b.LOCALHOST", true},
        {"127.0.0.1", true},
        {"127.255.0.9", true},
        {"[::1]", true},
        {"localhost.example", false},
        {"notlocalhost", false},
        {".localhost", false},
        {"127.0.0.1.example", false},
        {"127.example", false},
        {"127.0.0", false},
        {"128.0.0.1", false},
        {"1127.0.0.1", false},
        {"[::2]", false},
        {"10.0.0.1", false},
        {"169.254.169.254", false},
        {"127.0.0.1.localhost", true},
    };
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct url u = {.host = str_of(hosts[i].host)};
        if (url_is_loopback(&u) != hosts[i].loopback) fail_msg("%s", hosts[i].host);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a URL is taken apart without changing a byte", parts),
        CASE("user information, fragments, spaces and odd hosts are refused by name", refused),
        CASE("a NUL is refused anywhere", nul_inside),
        CASE("a host has at most 253 letters", long_host),
        CASE("loopback names are this machine's, and only those", loopback),
    };
    return cmocka_run_group_tests_name("url", tests, open_arena, close_arena);
}
