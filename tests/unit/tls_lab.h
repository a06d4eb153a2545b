/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made to order, files of them, and a peer on 127.0.0.1 that speaks TLS with them. */
#ifndef TESTS_TLS_LAB_H
#define TESTS_TLS_LAB_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct tls_id {
    X509 *cert;
    EVP_PKEY *key;
};

struct tls_order {
    const char *name;            /* of its owner (CN) */
    int name_type;               /* V_ASN1_*; 0: UTF8String */
    const char *host;            /* for this host; NULL: a CA */
    const struct tls_id *issuer; /* NULL: signed by itself */
    const char *issuer_name;     /* written instead of the issuer's, as UTF8String */
    const EVP_PKEY *key;         /* NULL: a new one */
    int from_days, until_days;   /* from now; both 0: valid */
    bool rsa, no_key_ids;        /* without key ids OpenSSL takes the first CA of a name */
};
struct tls_id tls_lab_make(const struct tls_order *order);
void tls_lab_free(struct tls_id *id);

/* A file in the folder for temporary files, removed by tls_lab_remove. */
struct tls_file {
    char path[64];
};
struct tls_file tls_lab_file(const char *text);
void tls_lab_append(const struct tls_file *file, const char *text);
void tls_lab_add(const struct tls_file *file, const struct tls_id *id);
void tls_lab_remove(struct tls_file *file);

enum { TLS_PEER_MAX = 64 };
struct tls_peer {
    char url[64]; /* https://localhost:port */
    SSL_CTX *context;
    const char *answer; /* to every request; NULL: a 200 that says ok */
    int silent;         /* connections that get no handshake at first */
    atomic_int answers; /* left; then a request is answered by a reset */
    atomic_int connections, resumed, requests;
    int listener, stop[2], clients[TLS_PEER_MAX];
    pthread_t thread, threads[TLS_PEER_MAX];
};
/* The peer shows id's certificate, then between's (NULL: none). context may be changed before tls_peer_run. */
void tls_peer_open(struct tls_peer *peer, const struct tls_id *id, const struct tls_id *between);
void tls_peer_run(struct tls_peer *peer);
void tls_peer_close(struct tls_peer *peer);
void tls_peer_serve_all(struct tls_peer *peer); /* instead of the last two: one connection after the other, for ever */

#endif
