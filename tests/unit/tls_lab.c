/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_lab.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nothing here may fail; a program that cannot make certificates tests nothing. */
#define NEED(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            abort(); \
        } \
    } while (0)

/* ASCII in the wide kinds of text is zeros and a letter. */
static void set_name(X509_NAME *to, const char *name, int type) {
    unsigned char text[256] = {0};
    size_t wide = type == V_ASN1_BMPSTRING ? 2 : type == V_ASN1_UNIVERSALSTRING ? 4 : 1, n = strlen(name);
    NEED(n * wide <= sizeof text);
    for (size_t i = 0; i < n; i++) text[i * wide + wide - 1] = (unsigned char)name[i];
    NEED(X509_NAME_add_entry_by_txt(to, "O", MBSTRING_ASC, (const unsigned char *)"Lab", -1, -1, 0));
    NEED(X509_NAME_add_entry_by_txt(to, "CN", type ? type : V_ASN1_UTF8STRING, text, (int)(n * wide), -1, 0));
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    NEED(extension && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static EVP_PKEY *key_for(const struct tls_order *o) {
    if (!o->key) return o->rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_PKEY_dup((EVP_PKEY *)(uintptr_t)o->key);
    return key;
}

struct tls_id tls_lab_make(const struct tls_order *o) {
    static long serial = 1;
    struct tls_id id = {X509_new(), key_for(o)};
    bool valid = !o->from_days && !o->until_days;
    char host[256];
    NEED(id.cert && id.key);
    NEED(X509_set_version(id.cert, X509_VERSION_3));
    NEED(ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++));
    X509_gmtime_adj(X509_getm_notBefore(id.cert), (valid ? -1 : o->from_days) * 86400L);
    X509_gmtime_adj(X509_getm_notAfter(id.cert), (valid ? 1 : o->until_days) * 86400L);
    set_name(X509_get_subject_name(id.cert), o->name, o->name_type);
    if (o->issuer_name) set_name(X509_get_issuer_name(id.cert), o->issuer_name, 0);
    else NEED(X509_set_issuer_name(id.cert, X509_get_subject_name(o->issuer ? o->issuer->cert : id.cert)));
    NEED(X509_set_pubkey(id.cert, id.key));
    if (o->host) {
        snprintf(host, sizeof host, "DNS:%s", o->host);
        extend(id.cert, NULL, NID_subject_alt_name, host);
    } else {
        extend(id.cert, NULL, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (!o->no_key_ids) {
        extend(id.cert, NULL, NID_subject_key_identifier, "hash");
        if (o->issuer) extend(id.cert, o->issuer->cert, NID_authority_key_identifier, "keyid");
    }
    NEED(X509_sign(id.cert, o->issuer ? o->issuer->key : id.key, EVP_sha256()));
    return id;
}

void tls_lab_free(struct tls_id *id) {
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
    *id = (struct tls_id){0};
}

void tls_lab_append(const struct tls_file *file, const char *text) {
    FILE *f = fopen(file->path, "a");
    NEED(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

struct tls_file tls_lab_file(const char *text) {
    struct tls_file file = {"/tmp/tls_lab_XXXXXX"};
    int fd = mkstemp(file.path);
    NEED(fd >= 0);
    close(fd);
    tls_lab_append(&file, text);
    return file;
}

void tls_lab_add(const struct tls_file *file, const struct tls_id *id) {
    FILE *f = fopen(file->path, "a");
    NEED(f && PEM_write_X509(f, id->cert) && fclose(f) == 0);
}

void tls_lab_remove(struct tls_file *file) {
    unlink(file->path);
}

/* --- The peer ----------------------------------------------------------------------------------------------------- */

static void reset(int fd) {
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* Requests have no body here. */
static bool read_request(SSL *ssl) {
    char text[8192];
    size_t n = 0;
    while (n < sizeof text - 1) {
        int got = SSL_read(ssl, text + n, (int)(sizeof text - 1 - n));
        if (got <= 0) return false;
        n += (size_t)got;
        text[n] = 0;
        if (strstr(text, "\r\n\r\n")) return true;
    }
    return false;
}

static void serve(struct tls_peer *peer, int fd) {
    const char *answer = peer->answer ? peer->answer : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    SSL *ssl = SSL_new(peer->context);
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    NEED(ssl && SSL_set_fd(ssl, fd));
    bool open = SSL_accept(ssl) == 1;
    if (open && SSL_session_reused(ssl)) atomic_fetch_add(&peer->resumed, 1);
    while (open && read_request(ssl)) {
        atomic_fetch_add(&peer->requests, 1);
        if (atomic_fetch_sub(&peer->answers, 1) <= 0) {
            reset(fd);
            break;
        }
        open = SSL_write(ssl, answer, (int)strlen(answer)) > 0;
    }
    SSL_free(ssl);
}

struct task {
    struct tls_peer *peer;
    int number, fd;
    bool silent;
};

static void *run_connection(void *user) {
    struct task *task = user;
    char byte;
    if (!task->silent) serve(task->peer, task->fd);
    else
        while (recv(task->fd, &byte, 1, 0) > 0) {}
    shutdown(task->fd, SHUT_WR);
    free(task);
    return NULL;
}

static void *run(void *user) {
    struct tls_peer *peer = user;
    for (;;) {
        struct pollfd at[] = {{.fd = peer->listener, .events = POLLIN}, {.fd = peer->stop[0], .events = POLLIN}};
        NEED(poll(at, 2, -1) > 0);
        if (at[1].revents) return NULL;
        int n = atomic_load(&peer->connections);
        struct task *task = malloc(sizeof *task);
        NEED(task && n < TLS_PEER_MAX);
        *task = (struct task){peer, n, accept(peer->listener, NULL, NULL), n < peer->silent};
        NEED(task->fd >= 0);
        peer->clients[n] = task->fd;
        NEED(pthread_create(&peer->threads[n], NULL, run_connection, task) == 0);
        atomic_store(&peer->connections, n + 1);
    }
}

void tls_peer_open(struct tls_peer *peer, const struct tls_id *id, const struct tls_id *between) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_n = sizeof at;
    *peer = (struct tls_peer){.context = SSL_CTX_new(TLS_server_method())};
    atomic_store(&peer->answers, 1 << 30);
    NEED(peer->context && SSL_CTX_use_certificate(peer->context, id->cert) == 1);
    NEED(SSL_CTX_use_PrivateKey(peer->context, id->key) == 1);
    if (between) NEED(SSL_CTX_add1_chain_cert(peer->context, between->cert) == 1);
    SSL_CTX_set_session_id_context(peer->context, (const unsigned char *)"lab", 3);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NEED(peer->listener >= 0 && bind(peer->listener, (struct sockaddr *)&at, at_n) == 0);
    NEED(listen(peer->listener, 16) == 0 && getsockname(peer->listener, (struct sockaddr *)&at, &at_n) == 0);
    NEED(pipe(peer->stop) == 0);
    snprintf(peer->url, sizeof peer->url, "https://localhost:%d", ntohs(at.sin_port));
}

/* OpenSSL writes to sockets with write(): in these threads SIGPIPE is blocked, the client's threads keep theirs. */
void tls_peer_run(struct tls_peer *peer) {
    sigset_t sigpipe, before;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    NEED(pthread_create(&peer->thread, NULL, run, peer) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void tls_peer_serve_all(struct tls_peer *peer) {
    for (int fd; (fd = accept(peer->listener, NULL, NULL)) >= 0; close(fd)) serve(peer, fd);
}

void tls_peer_close(struct tls_peer *peer) {
    NEED(write(peer->stop[1], "x", 1) == 1);
    pthread_join(peer->thread, NULL);
    for (int i = 0; i < atomic_load(&peer->connections); i++) {
        shutdown(peer->clients[i], SHUT_RDWR);
        pthread_join(peer->threads[i], NULL);
        close(peer->clients[i]);
    }
    close(peer->listener);
    close(peer->stop[0]);
    close(peer->stop[1]);
    SSL_CTX_free(peer->context);
}
