/* SPDX-License-Identifier: Apache-2.0 */
/* http/ca_lookup.c: a store with it finds what a store would find that has read the whole bundle. */
#include "ca_lookup.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "tls_lab.h"

static struct err e;
static struct tls_file file;
static struct tls_id root, leaf;

static int set_up(void **state) {
    (void)state;
    root = tls_lab_make(&(struct tls_order){.name = "Root"});
    leaf = tls_lab_make(&(struct tls_order){.name = "leaf", .host = "a.example", .issuer = &root});
    file = tls_lab_file("");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tls_lab_free(&root);
    tls_lab_free(&leaf);
    tls_lab_remove(&file);
    return 0;
}

static X509_STORE *store_with(struct ca_lookup *lookup) {
    X509_STORE *store = X509_STORE_new();
    assert_non_null(store);
    assert_true(ca_lookup_attach(lookup, store));
    assert_true(ca_lookup_attach(lookup, store));
    return store;
}

/* X509_V_OK, or why the certificate is not trusted. */
static int verdict_in(X509_STORE *store, X509 *cert) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_true(context && X509_STORE_CTX_init(context, store, cert, NULL));
    X509_STORE_CTX_set_default(context, "ssl_server");
    int ok = X509_verify_cert(context), verdict = X509_STORE_CTX_get_error(context);
    assert_int_equal(ok == 1, verdict == X509_V_OK);
    X509_STORE_CTX_free(context);
    return verdict;
}

static int verdict(struct ca_lookup *lookup, X509 *cert) {
    X509_STORE *store = store_with(lookup);
    int why = verdict_in(store, cert);
    X509_STORE_free(store);
    return why;
}

static int verdict_by_file(X509 *cert) {
    struct ca_lookup *lookup;
    check_ok(ca_lookup_open(file.path, &lookup, &e), e);
    int why = verdict(lookup, cert);
    ca_lookup_close(lookup);
    return why;
}

static void trust(void **state) {
    (void)state;
    struct tls_id other = tls_lab_make(&(struct tls_order){.name = "Other"});
    tls_lab_add(&file, &other);
    assert_int_equal(verdict_by_file(leaf.cert), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    tls_lab_add(&file, &root);
    assert_int_equal(verdict_by_file(leaf.cert), X509_V_OK);
    tls_lab_free(&other);
}

static void namesakes(void **state) {
    (void)state;
    struct tls_id before = tls_lab_make(&(struct tls_order){.name = "Root"});
    struct tls_id behind = tls_lab_make(&(struct tls_order){.name = "Root", .from_days = -9, .until_days = -1});
    struct tls_id fake = tls_lab_make(&(struct tls_order){.name = "Root"});
    struct tls_id forged = tls_lab_make(&(struct tls_order){.name = "leaf", .host = "a.example", .issuer = &fake});
    tls_lab_add(&file, &before);
    tls_lab_add(&file, &root);
    tls_lab_add(&file, &behind);
    assert_int_equal(verdict_by_file(leaf.cert), X509_V_OK);
    assert_int_not_equal(verdict_by_file(forged.cert), X509_V_OK);
    tls_lab_free(&before);
    tls_lab_free(&behind);
    tls_lab_free(&fake);
    tls_lab_free(&forged);
}

static void other_spelling(void **state) {
    (void)state;
    static const int types[] = {V_ASN1_PRINTABLESTRING, V_ASN1_BMPSTRING, V_ASN1_UNIVERSALSTRING, V_ASN1_T61STRING,
                                V_ASN1_IA5STRING};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct tls_file own = tls_lab_file("");
        struct tls_id ca = tls_lab_make(&(struct tls_order){.name = "Some  ROOT", .name_type = types[i]});
        struct tls_id of = tls_lab_make(
            &(struct tls_order){.name = "leaf", .host = "a.example", .issuer = &ca, .issuer_name = " some root"});
        struct ca_lookup *lookup;
        tls_lab_add(&own, &ca);
        check_ok(ca_lookup_open(own.path, &lookup, &e), e);
        if (verdict(lookup, of.cert) != X509_V_OK) fail_msg("type %d", types[i]);
        ca_lookup_close(lookup);
        tls_lab_free(&ca);
        tls_lab_free(&of);
        tls_lab_remove(&own);
    }
}

static void bad_certificates(void **state) {
    (void)state;
    tls_lab_append(&file, "-----BEGIN CERTIFICATE-----\nno base64!\n-----END CERTIFICATE-----\n");
    tls_lab_append(&file, "-----BEGIN CERTIFICATE-----\n");
    tls_lab_add(&file, &root);
    tls_lab_append(&file, "-----BEGIN CERTIFICATE-----\nAAAA");
    assert_int_equal(verdict_by_file(leaf.cert), X509_V_OK);
}

/* It has the root's name, and is no certificate behind that: found in the index, and not by d2i. */
static void half_certificate(void **state) {
    (void)state;
    unsigned char *der = NULL;
    int n = i2d_X509(root.cert, &der);
    assert_true(n > 100);
    der[n - 80] ^= 0x55; /* in the signature: parsed, but signs nothing */
    FILE *f = fopen(file.path, "w");
    assert_true(f && PEM_write(f, "CERTIFICATE", "", der, n - 90) && PEM_write(f, "CERTIFICATE", "", der, n));
    fclose(f);
    OPENSSL_free(der);
    struct ca_lookup *lookup;
    check_ok(ca_lookup_open(file.path, &lookup, &e), e);
    for (int i = 0; i < 2; i++) assert_int_equal(verdict(lookup, leaf.cert), X509_V_OK); /* a trusted key is a key */
    ca_lookup_close(lookup);
}

static void trusted_certificates(void **state) {
    (void)state;
    for (int rejected = 0; rejected < 2; rejected++) {
        struct tls_file own = tls_lab_file("");
        ASN1_OBJECT *use = OBJ_nid2obj(NID_server_auth);
        struct tls_id ca = {X509_dup(root.cert), NULL};
        assert_true(rejected ? X509_add1_reject_object(ca.cert, use) : X509_add1_trust_object(ca.cert, use));
        FILE *f = fopen(own.path, "w");
        assert_true(f && PEM_write_X509_AUX(f, ca.cert));
        fclose(f);
        struct ca_lookup *lookup;
        check_ok(ca_lookup_open(own.path, &lookup, &e), e);
        assert_int_equal(verdict(lookup, leaf.cert), rejected ? X509_V_ERR_CERT_REJECTED : X509_V_OK);
        ca_lookup_close(lookup);
        X509_free(ca.cert);
        tls_lab_remove(&own);
    }
}

static void long_lines(void **state) {
    (void)state;
    enum { SIZE = 200 * 1024 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'A', SIZE);
    text[SIZE - 1] = 0;
    tls_lab_append(&file, text);
    tls_lab_append(&file, "\n-----BEGIN CERTIFICATE-----\n");
    tls_lab_append(&file, text);
    tls_lab_append(&file, "\n-----END CERTIFICATE-----\n");
    tls_lab_add(&file, &root);
    assert_int_equal(verdict_by_file(leaf.cert), X509_V_OK);
    free(text);
}

static void one_index(void **state) {
    (void)state;
    struct ca_lookup *first, *second, *third;
    tls_lab_add(&file, &leaf);
    check_ok(ca_lookup_open(file.path, &first, &e), e);
    check_ok(ca_lookup_open(file.path, &second, &e), e);
    assert_ptr_equal(first, second);
    tls_lab_add(&file, &root);
    check_ok(ca_lookup_open(file.path, &third, &e), e);
    assert_ptr_not_equal(first, third);
    assert_int_not_equal(verdict(first, leaf.cert), X509_V_OK);
    assert_int_equal(verdict(third, leaf.cert), X509_V_OK);
    ca_lookup_close(first);
    ca_lookup_close(third);
    unlink(file.path);
    assert_int_not_equal(verdict(second, leaf.cert), X509_V_OK);
    ca_lookup_close(second);
    ca_lookup_close(NULL);
}

static void refused(const char *path, const char *words) {
    struct ca_lookup *none;
    assert_false(ca_lookup_open(path, &none, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    if (!strstr(e.msg, path) || !strstr(e.msg, words)) fail_msg("%s", e.msg);
    assert_null(none);
}

static void bad_files(void **state) {
    (void)state;
    refused(file.path, "holds no certificate");
    refused("/dev/null", "is not a file");
    unlink(file.path);
    refused(file.path, "cannot be read: No such file");
}

enum { THREADS = 8 };
static X509_STORE *shared;

static void *look_up(void *user) {
    struct ca_lookup *lookup;
    int *good = user;
    struct err why;
    if (!ca_lookup_open(file.path, &lookup, &why)) return NULL;
    *good = verdict(lookup, leaf.cert) == X509_V_OK && verdict_in(shared, leaf.cert) == X509_V_OK;
    ca_lookup_close(lookup);
    return NULL;
}

static void threads(void **state) {
    (void)state;
    pthread_t thread[THREADS];
    int good[THREADS] = {0};
    struct ca_lookup *lookup;
    tls_lab_add(&file, &root);
    check_ok(ca_lookup_open(file.path, &lookup, &e), e);
    shared = store_with(lookup);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, look_up, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) assert_int_equal(good[i], 1);
    X509_STORE_free(shared);
    ca_lookup_close(lookup);
}

/* Whatever this machine trusts, byte for byte. */
static void system_bundle(void **state) {
    (void)state;
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"};
    const char *path = access(known[0], R_OK) == 0 ? known[0] : known[1];
    FILE *f = fopen(path, "r");
    if (!f) skip();
    struct ca_lookup *lookup;
    check_ok(ca_lookup_open(path, &lookup, &e), e);
    X509_STORE *store = store_with(lookup);
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int n = 0;
    assert_true(X509_STORE_CTX_init(context, store, NULL, NULL));
    for (X509 *cert; (cert = PEM_read_X509(f, NULL, NULL, NULL)); n++, X509_free(cert)) {
        STACK_OF(X509) *found = X509_STORE_CTX_get1_certs(context, X509_get_subject_name(cert));
        bool same = false;
        for (int i = 0; i < sk_X509_num(found); i++) same = same || X509_cmp(sk_X509_value(found, i), cert) == 0;
        assert_true(same);
        sk_X509_pop_free(found, X509_free);
    }
    assert_true(n > 0);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), n);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ca_lookup_close(lookup);
    fclose(f);
}

#define LOOKUP_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        LOOKUP_CASE("a CA is trusted if it is in the bundle, and not otherwise", trust),
        LOOKUP_CASE("all CAs of one name are tried", namesakes),
        LOOKUP_CASE("a CA is found whose name is spelled otherwise than OpenSSL asks for it", other_spelling),
        LOOKUP_CASE("certificates that cannot be read are left out, the others are trusted", bad_certificates),
        LOOKUP_CASE("half a certificate of a name does not hide the whole one", half_certificate),
        LOOKUP_CASE("a TRUSTED CERTIFICATE is trusted for what it says", trusted_certificates),
        LOOKUP_CASE("lines and certificates longer than the window are left out", long_lines),
        LOOKUP_CASE("one index serves all until the file changes; a file that is gone is still read", one_index),
        LOOKUP_CASE("a file without a certificate, no file, and none there are named", bad_files),
        LOOKUP_CASE("threads share an index, and a store", threads),
        LOOKUP_CASE("every certificate of this machine's bundle is found", system_bundle),
    };
    return cmocka_run_group_tests_name("ca_lookup", tests, NULL, NULL);
}
