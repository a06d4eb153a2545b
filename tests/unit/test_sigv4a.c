/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4a.c and sigv4a_rfc6979.c: known scalars, points and signatures; only strict DER is valid. */
#include "sigv4a.h"

#include <stdio.h>

#include "check.h"
#include "hostile.h"
#include "sigv4a_parts.h"

#define N_HIGH "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2"

static struct err e;

static size_t from_hex(unsigned char *out, const char *hex) {
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return n;
}

static void check_hex(const unsigned char *p, size_t n, const char *hex) {
    unsigned char expected[128];
    assert_int_equal(from_hex(expected, hex), n);
    assert_memory_equal(p, expected, n);
}

static struct str view(const unsigned char *p, size_t n) {
    return (struct str){(const char *)p, n};
}

static void known_scalars(void **state) {
    (void)state;
    char long_id[129], long_secret[1025];
    memset(long_id, 'A', sizeof long_id);
    memset(long_secret, 's', sizeof long_secret);
    const struct {
        struct str id, secret;
        const char *d;
    } cases[] = {
        {STR("AKISORANDOMAASORANDOM"), STR("q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom"),
         "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd"},
        {STR("AKID61857"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), /* the increment carries twice */
         "216caf5b51ce14f2f63f4b2a6103a5e0cd564ccba57f6efe635c87c5bea90000"},
        {{long_id, 128}, {long_secret, 1024}, "1347f4fe9b4fffe4536ca03dba82a71c9934a7c8ddb37864c3c7392ce4dc6ba9"},
    };
    unsigned char d[SIGV4A_SCALAR_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_ok(sigv4a_derive_scalar(d, cases[i].id, cases[i].secret, &e), e);
        check_hex(d, sizeof d, cases[i].d);
    }
    const struct str none = {0}, id = STR("AKID");
    assert_false(sigv4a_derive_scalar(d, (struct str){long_id, 129}, id, &e));
    assert_false(sigv4a_derive_scalar(d, id, (struct str){long_secret, 1025}, &e));
    assert_false(sigv4a_derive_scalar(d, none, id, &e));
    assert_false(sigv4a_derive_scalar(d, id, none, &e));
    assert_int_equal(e.kind, ERR_PARSE);
}

static void bounds_of_scalars(void **state) {
    (void)state;
    static const struct {
        const char *k, *d; /* NULL: the next counter's turn */
    } cases[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000",
         "0000000000000000000000000000000000000000000000000000000000000001"},
        {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "0100000000000000000000000000000000000000000000000000000000000000"},
        {N_HIGH "fc63254e", N_HIGH "fc63254f"},
        {N_HIGH "fc63254f", N_HIGH "fc632550"}, /* n-2: the last good one, d = n-1 */
        {N_HIGH "fc632550", NULL},
        {N_HIGH "fc632551", NULL},
        {"fffffffe"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "ffffffff"
         "00000000000000000000000000000000000000000000000000000000"},
        {"ffffffff00000001"
         "000000000000000000000000000000000000000000000000",
         NULL},
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char k[SIGV4A_SCALAR_BYTES];
        from_hex(k, cases[i].k);
        assert_int_equal(sigv4a_accept_scalar(k), cases[i].d != NULL);
        if (cases[i].d) check_hex(k, sizeof k, cases[i].d);
    }
}

static void known_points(void **state) {
    (void)state;
    static const struct {
        const char *d, *xy;
    } cases[] = {
        {"7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd",
         "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb"
         "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"},
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"},
        {N_HIGH "fc632550", "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                            "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"},
    };
    unsigned char d[SIGV4A_SCALAR_BYTES], xy[SIGV4A_POINT_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        from_hex(d, cases[i].d);
        check_ok(sigv4a_public_point(xy, d, &e), e);
        check_hex(xy, sizeof xy, cases[i].xy);
    }
    static const char *const bad[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                                      N_HIGH "fc632551",
                                      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sigv4a_signer *signer = NULL;
        from_hex(d, bad[i]);
        assert_false(sigv4a_public_point(xy, d, &e));
        assert_int_equal(e.kind, ERR_PARSE);
        assert_false(sigv4a_signer_open(d, &signer, &e));
        assert_null(signer);
    }
    sigv4a_signer_close(NULL);
}

/* A.2.5 of the RFC; the first and last scalar by another implementation. */
static void rfc6979(void **state) {
    (void)state;
    static const char rfc_d[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    static const char one[] = "0000000000000000000000000000000000000000000000000000000000000001";
    static const struct {
        const char *d, *message, *der;
    } cases[] = {
        {rfc_d, "sample",
         "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {rfc_d, "test",
         "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
         "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
        {one, "sample",
         "304502200466341174d59e93eb984c2a7c923a80ab99a9e91555bc73ebd8073d4c722121"
         "022100998f2b7bb63082e976215e6ae46344d66d2d4edea67d65d91595f21311df5030"},
        {N_HIGH "fc632550", "test",
         "304402202ce08f4caf567510c7507c24e916ed767f67724844e9152a05bd91284b6bc8ed"
         "0220073eefa8066f28e4e357f97b3e118fbaa32656bef04d78636a86c9e1d9288e67"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char d[SIGV4A_SCALAR_BYTES], der[SIGV4A_SIGNATURE_BYTES];
        struct sigv4a_signer *signer;
        size_t n = 0;
        from_hex(d, cases[i].d);
        check_ok(sigv4a_signer_open(d, &signer, &e), e);
        for (int turn = 0; turn < 3; turn++) {
            check_ok(sigv4a_sign(signer, str_of(cases[i].message), true, der, &n, &e), e);
            check_hex(der, n, cases[i].der);
        }
        sigv4a_signer_close(signer);
    }
    unsigned char d[SIGV4A_SCALAR_BYTES] = {0}, digest[32] = {0}, der[SIGV4A_SIGNATURE_BYTES];
    size_t n;
    assert_false(sigv4a_rfc6979(der, &n, d, digest));
    memset(d, 0xff, sizeof d);
    assert_false(sigv4a_rfc6979(der, &n, d, digest));
}

/* One key, opened for all that follows. */
static struct sigv4a_signer *signer;
static unsigned char point[SIGV4A_POINT_BYTES];

static int open_signer(void **state) {
    (void)state;
    unsigned char d[SIGV4A_SCALAR_BYTES];
    return sigv4a_derive_scalar(d, STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), &e) &&
                   sigv4a_public_point(point, d, &e) && sigv4a_signer_open(d, &signer, &e)
               ? 0
               : -1;
}

static int close_signer(void **state) {
    (void)state;
    sigv4a_signer_close(signer);
    return 0;
}

static bool valid(struct str xy, struct str message, struct str der) {
    bool yes = true;
    check_ok(sigv4a_verify(xy, message, der, &yes, &e), e);
    return yes;
}

static void round_trip(void **state) {
    (void)state;
    unsigned char der[SIGV4A_SIGNATURE_BYTES] = {0}, before[SIGV4A_SIGNATURE_BYTES] = {0};
    const struct str xy = view(point, sizeof point);
    for (int i = 0; i < 50; i++) {
        char text[32];
        size_t n;
        snprintf(text, sizeof text, "message %d", i);
        check_ok(sigv4a_sign(signer, str_of(text), i % 2 == 1, der, &n, &e), e);
        assert_in_range(n, 8, SIGV4A_SIGNATURE_BYTES);
        assert_true(valid(xy, str_of(text), view(der, n)));
        assert_false(valid(xy, STR("another"), view(der, n)));
        assert_memory_not_equal(der, before, sizeof before);
        memcpy(before, der, sizeof before);
    }
    size_t n;
    check_ok(sigv4a_sign(signer, (struct str){0}, false, der, &n, &e), e);
    assert_true(valid(xy, STR(""), view(der, n)));
    check_ok(sigv4a_sign(signer, STR(""), false, before, &n, &e), e);
    assert_memory_not_equal(der, before, 64); /* a random nonce each time */
}

static void never_valid(struct str piece, bool whole, void *user) {
    (void)user;
    bool cut = !whole; /* a changed copy is as long as the original */
    if (valid(view(point, sizeof point), STR("message"), piece)) fail_msg("%s", cut ? "a cut one" : "a changed one");
}

static void prefix_not_valid(struct str piece, bool whole, void *user) {
    if (!whole) never_valid(piece, whole, user);
}

static void damaged(void **state) {
    (void)state;
    unsigned char der[SIGV4A_SIGNATURE_BYTES];
    size_t n;
    check_ok(sigv4a_sign(signer, STR("message"), true, der, &n, &e), e);
    hostile_prefixes(view(der, n), prefix_not_valid, NULL);
    hostile_changes(view(der, n), never_valid, NULL);
}

/* The same r and s, written as DER does not write them. */
static void loose_der(void **state) {
    (void)state;
    unsigned char d[SIGV4A_SCALAR_BYTES], xy[SIGV4A_POINT_BYTES];
    from_hex(d, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    check_ok(sigv4a_public_point(xy, d, &e), e);
#define R "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
#define S "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
    static const struct {
        const char *der;
        bool valid;
    } cases[] = {
        {"3045022100" R "0220" S, true},
        {"30450220" R "022100" S, false}, /* a negative r, a superfluous zero */
        {"3046022100" R "022100" S, false},
        {"3046022100" R "0220" S "00", false},
        {"3045022100" R "0220" S "00", false},
        {"308145022100" R "0220" S, false}, /* a length in its long form */
        {"3080022100" R "0220" S "0000", false},
        {"3145022100" R "0220" S, false},
        {"3045032100" R "0220" S, false},
        {"3006020101020101", false},
        {"3006020100020101", false},
        {"3006020101020100", false},
        {"30060201010200", false},
        {"3005020002020101", false},
        {"3046022100" N_HIGH "fc632551022100" N_HIGH "fc632551", false},
        {"3046022101" R "022101" S, false},
        {"", false},
        {"30", false},
        {"3000", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char bytes[128];
        size_t n = from_hex(bytes, cases[i].der);
        if (valid(view(xy, sizeof xy), STR("test"), view(bytes, n)) != cases[i].valid) fail_msg("%s", cases[i].der);
    }
    assert_false(valid(view(xy, sizeof xy), STR("test"), (struct str){0}));
}

static void wrong_points(void **state) {
    (void)state;
    unsigned char der[SIGV4A_SIGNATURE_BYTES], xy[SIGV4A_POINT_BYTES];
    size_t n;
    check_ok(sigv4a_sign(signer, STR("message"), false, der, &n, &e), e);
    assert_true(valid(view(point, sizeof point), STR("message"), view(der, n)));
    memcpy(xy, point, sizeof xy);
    xy[63] ^= 1; /* not on the curve */
    assert_false(valid(view(xy, sizeof xy), STR("message"), view(der, n)));
    memset(xy, 0, sizeof xy);
    assert_false(valid(view(xy, sizeof xy), STR("message"), view(der, n)));
    memset(xy, 0xff, sizeof xy); /* coordinates above p */
    assert_false(valid(view(xy, sizeof xy), STR("message"), view(der, n)));
    assert_false(valid(view(point, 63), STR("message"), view(der, n)));
    assert_false(valid((struct str){0}, STR("message"), view(der, n)));
    from_hex(xy, "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                 "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"); /* another's */
    assert_false(valid(view(xy, sizeof xy), STR("message"), view(der, n)));
}

static void region_sets(void **state) {
    (void)state;
    static const struct {
        const char *set, *region;
        bool covered;
    } cases[] = {
        {"*", "us-east-1", true},
        {"us-east-1", "us-east-1", true},
        {"us-east-1", "us-east-2", false},
        {"us-east-1", "us-east-11", false},
        {"us-east-11", "us-east-1", false},
        {"us-*,eu-west-1", "us-gov-west-1", true},
        {"us-*,eu-west-1", "eu-west-1", true},
        {"us-*,eu-west-1", "eu-west-2", false},
        {"eu-west-1, us-east-1", "us-east-1", true},
        {"*-1", "eu-central-1", true},
        {"*-1", "eu-central-2", false},
        {"eu-*-1", "eu-central-1", true},
        {"eu-*-*1", "eu-central-1", true},
        {"**", "x", true},
        {"a*b*c", "abbcc", true},
        {"a*b*c", "acb", false},
        {"US-EAST-1", "us-east-1", false},
        {"", "us-east-1", false},
        {",", "us-east-1", false},
        {"us-east-1,", "eu-west-1", false},
        {"*", "", false},
        {"", "", false},
        {"?s-east-1", "us-east-1", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sigv4a_region_in_set(str_of(cases[i].set), str_of(cases[i].region)) != cases[i].covered)
            fail_msg("%s and %s", cases[i].set, cases[i].region);
    assert_false(sigv4a_region_in_set((struct str){0}, STR("us-east-1")));
    assert_false(sigv4a_region_in_set(STR("*"), (struct str){0}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a scalar follows from id and secret", known_scalars),
        CASE("a candidate up to n-2 becomes the scalar one higher, above it none", bounds_of_scalars),
        CASE("a point follows from its scalar, which is in 1 to n-1", known_points),
        CASE("a deterministic signature is RFC 6979's", rfc6979),
        CASE("what was signed is valid, for that string alone, and differs each time", round_trip),
        CASE("a signature that was cut or changed is not valid", damaged),
        CASE("a signature in another form than DER's shortest is not valid", loose_der),
        CASE("a point off the curve, beyond the field or of somebody else makes nothing valid", wrong_points),
        CASE("a region set covers its regions and what its wildcards match", region_sets),
    };
    return cmocka_run_group_tests_name("sigv4a", tests, open_signer, close_signer);
}
