/* SPDX-License-Identifier: Apache-2.0 */
/* http/ca_bundle.c: PEM and as much DER as it takes to find a name. */
#include "ca_bundle.h"

#include <stdio.h>

#include "check.h"

static void blocks(void **state) {
    (void)state;
    struct str text = STR("# a comment - with -----BEGIN CERTIFICATE-----\r\n"
                          "-----BEGIN CERTIFICATE-----\r\nAAAA\r\nBBBB\r\n-----END CERTIFICATE----- \r\n"
                          "-----BEGIN RSA PRIVATE KEY-----\nCCCC\n-----END RSA PRIVATE KEY-----\n"
                          "-----BEGIN X509 CERTIFICATE-----\t\nDDDD\n-----END X509 CERTIFICATE-----\n\n"
                          "-----BEGIN TRUSTED CERTIFICATE-----\nEEEE\n-----END TRUSTED CERTIFICATE-----\n");
    struct ca_block block;
    assert_true(ca_bundle_next(&text, &block));
    check_text(block.base64, "AAAA\r\nBBBB\r\n");
    assert_false(block.trusted);
    assert_true(ca_bundle_next(&text, &block));
    check_text(block.base64, "DDDD\n");
    assert_true(ca_bundle_next(&text, &block));
    check_text(block.base64, "EEEE\n");
    assert_true(block.trusted);
    assert_false(ca_bundle_next(&text, &block));
    assert_int_equal(text.n, 0);
}

static void bad_blocks(void **state) {
    (void)state;
    struct str text = STR("-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CERTIFICATE-----\n"
                          "-----BEGIN CERTIFICATE-----\nBBBB\n"
                          "-----BEGIN CERTIFICATE-----\nCC-CC\n-----END CERTIFICATE-----\n"
                          "-----BEGIN CERTIFICATE-----\nDDDD\n-----END CERTIFICATE-----\n");
    struct ca_block block;
    for (int i = 0; i < 3; i++) {
        assert_true(ca_bundle_next(&text, &block));
        assert_null(block.base64.p);
    }
    assert_true(ca_bundle_next(&text, &block));
    check_text(block.base64, "DDDD\n");
    assert_false(ca_bundle_next(&text, &block));
}

/* A file comes in pieces, cut anywhere. */
static void pieces(void **state) {
    (void)state;
    static const struct str whole = STR_INIT("# two\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
                                             "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----\n");
    for (size_t cut = 0; cut <= whole.n; cut++) {
        struct str text = {whole.p, cut};
        struct ca_block block;
        int found = 0;
        while (ca_bundle_next(&text, &block)) found += block.base64.n == 5;
        text.n = whole.n - (size_t)(text.p - whole.p);
        while (ca_bundle_next(&text, &block)) found += block.base64.n == 5;
        assert_int_equal(found, 2);
        assert_int_equal(text.n, 0);
    }
}

/* SEQUENCE { SET { SEQUENCE { OID CN, text } } } */
static struct str name_of(unsigned char tag, struct str text, char *room) {
    char head[] = {0x30, (char)(text.n + 11), 0x31,        (char)(text.n + 9), 0x30, (char)(text.n + 7), 6, 3, 0x55, 4,
                   3,    (char)tag,           (char)text.n};
    memcpy(room, head, sizeof head);
    memcpy(room + sizeof head, text.p, text.n);
    return (struct str){room, sizeof head + text.n};
}

static uint64_t key_of(unsigned char tag, struct str text) {
    char room[256];
    uint64_t key;
    assert_true(ca_bundle_name_key(name_of(tag, text, room), &key));
    return key;
}

static void keys(void **state) {
    (void)state;
    uint64_t key = key_of(0x0c, STR("Gr\xc3\xbcn  Root"));
    assert_true(key == key_of(0x13, STR("grn root")));
    assert_true(key == key_of(0x14, STR("GR\xfcN ROOT ")));
    assert_true(key == key_of(0x1e, STR("\0g\0r\0\xfc\0n\0 \0r\0o\0o\0t")));
    assert_true(key == key_of(0x1c, STR("\0\0\0G\0\0\0r\0\0\0n\0\0\0R\0\0\0o\0\0\0o\0\0\0t")));
    assert_true(key != key_of(0x0c, STR("Grun Root")));
    assert_true(key != key_of(0x0c, STR("Grn Root 2")));
    assert_true(key_of(0x1e, STR("AB\0c")) == key_of(0x0c, STR("c")));
}

static void bad_names(void **state) {
    (void)state;
    char room[256];
    uint64_t key;
    struct str good = name_of(0x0c, STR("Root"), room);
    for (size_t n = 0; n < good.n; n++) assert_false(ca_bundle_name_key((struct str){good.p, n}, &key));
    static const struct str bad[] = {STR_INIT("\x30\x80\0\0"),     STR_INIT("\x30\x85\0\0\0\0\0"),
                                     STR_INIT("\x1f\x01\x00"),     STR_INIT("\x30\x84\xff\xff\xff\xff\x31"),
                                     STR_INIT("\x30\x02\x30\x00"), STR_INIT("\x30\x02\x31\x05")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(ca_bundle_name_key(bad[i], &key));
        assert_false(ca_bundle_owner_key(bad[i], &key));
    }
}

/* The owner is read from the beginning of a certificate; before its name is whole there is no answer. */
static void beginnings(void **state) {
    (void)state;
    char room[256], der[512] = "\x30\x82\x04\0\x30\x82\x03\0\xa0\3\2\1\2\2\1\7\x30\0\x30\0\x30\0";
    struct str name = name_of(0x0c, STR("Root"), room);
    memcpy(der + 22, name.p, name.n);
    uint64_t key, expected;
    assert_true(ca_bundle_name_key(name, &expected));
    for (size_t n = 0; n < 22 + name.n; n++) assert_false(ca_bundle_owner_key((struct str){der, n}, &key));
    assert_true(ca_bundle_owner_key((struct str){der, 22 + name.n}, &key));
    assert_true(key == expected);
    assert_true(ca_bundle_owner_key((struct str){der, sizeof der}, &key) && key == expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("certificates of all three kinds are found, other things are not", blocks),
        CASE("a certificate without its end is told, and the next one is found", bad_blocks),
        CASE("a file may come in pieces that are cut anywhere", pieces),
        CASE("names that differ in case, blanks or kind of text have one number", keys),
        CASE("what is no name in DER is refused", bad_names),
        CASE("the beginning of a certificate is enough to know its owner", beginnings),
    };
    return cmocka_run_group_tests_name("ca_bundle", tests, NULL, NULL);
}
