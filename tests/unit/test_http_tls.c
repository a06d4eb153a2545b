/* SPDX-License-Identifier: Apache-2.0 */
/* http/http_tls.c against a peer with certificates made to order: what is trusted, what is refused and why, and what a
   connection leaves for the next one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "http_client.h"
#include "tls_lab.h"

/* The linker leads clock_gettime here: a freeze is a clock that jumps. */
static atomic_llong wall_jump_s, monotonic_jump_s;
int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t) {
    int result = __real_clock_gettime(clock, t);
    if (clock == CLOCK_REALTIME) t->tv_sec += (time_t)wall_jump_s;
    if (clock == CLOCK_MONOTONIC) t->tv_sec += (time_t)monotonic_jump_s;
    return result;
}

static struct arena arena;
static struct err e;
static struct tls_id root, stranger; /* CAs; the bundle has the first */
static struct tls_file bundle;
static struct tls_peer peer;
static struct http_client *client;
static struct http_response rs;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 8 << 20);
    root = tls_lab_make(&(struct tls_order){.name = "Root"});
    stranger = tls_lab_make(&(struct tls_order){.name = "Stranger"});
    bundle = tls_lab_file("# CAs of the lab\n");
    tls_lab_add(&bundle, &root);
    setenv("AWS_CA_BUNDLE", bundle.path, 1);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tls_lab_free(&root);
    tls_lab_free(&stranger);
    tls_lab_remove(&bundle);
    arena_close(&arena);
    wall_jump_s = monotonic_jump_s = 0;
    return 0;
}

static bool open_client(void) {
    static const struct http_options options = {
        .max_response_bytes = 65536, .connect_timeout_ms = 5000, .resend = HTTP_RESEND_IDEMPOTENT};
    struct url u;
    check_ok(url_read(str_of(peer.url), &u, &e), e);
    return http_open(&u, &options, &client, &e);
}

static bool exchange_as(const char *method) {
    const struct http_request rq = {.method = str_of(method), .path = STR("/")};
    return http_exchange(client, &rq, 10000, &rs, &arena, &e);
}

static bool exchange(void) {
    return exchange_as("GET");
}

static void start(struct tls_id id, const struct tls_id *between) {
    tls_peer_open(&peer, &id, between);
    tls_lab_free(&id);
    tls_peer_run(&peer);
    check_ok(open_client(), e);
}

static void stop(void) {
    http_close(client);
    tls_peer_close(&peer);
}

/* A peer with this certificate is refused, with these words. */
static void refuse(const struct tls_order *order, const struct tls_id *between, const char *words) {
    start(tls_lab_make(order), between);
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_NETWORK);
    if (!strstr(e.msg, words)) fail_msg("<%s> is not in <%s>", words, e.msg);
    assert_true(http_unsent(client));
    stop();
    assert_int_equal(peer.requests, 0);
}

static void accept_it(const struct tls_order *order, const struct tls_id *between) {
    start(tls_lab_make(order), between);
    check_ok(exchange(), e);
    check_text(rs.body, "ok");
    stop();
}

static void known_ca(void **state) {
    (void)state;
    accept_it(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}, NULL);
    struct tls_id between = tls_lab_make(&(struct tls_order){.name = "Between", .issuer = &root});
    accept_it(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &between}, &between);
    tls_lab_free(&between);
}

static void unknown_ca(void **state) {
    (void)state;
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &stranger}, NULL,
           "the server's certificate is signed by no CA of /tmp/tls_lab_");
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &stranger}, &stranger, "AWS_CA_BUNDLE");
}

static void self_signed(void **state) {
    (void)state;
    struct tls_order order = {.name = "leaf", .host = "localhost"};
    refuse(&order, NULL, "the server's certificate is self-signed and is not in /tmp/tls_lab_");
    struct tls_id itself = tls_lab_make(&order);
    tls_lab_add(&bundle, &itself);
    start(itself, NULL);
    check_ok(exchange(), e);
    stop();
}

static void between_missing(void **state) {
    (void)state;
    struct tls_id between = tls_lab_make(&(struct tls_order){.name = "Between", .issuer = &root});
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &between}, NULL,
           "has to send its intermediate certificates");
    tls_lab_free(&between);
}

static void expired(void **state) {
    (void)state;
    char words[64], day[16];
    time_t yesterday = time(NULL) - 86400;
    struct tm tm;
    gmtime_r(&yesterday, &tm);
    strftime(day, sizeof day, "%Y-%m-%d", &tm);
    snprintf(words, sizeof words, "the server's certificate expired on %s", day);
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root, .from_days = -9, .until_days = -1},
           NULL, words);
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root, .from_days = 1, .until_days = 9},
           NULL, "or this machine's clock is wrong");
}

static void expired_ca(void **state) {
    (void)state;
    struct tls_id old = tls_lab_make(&(struct tls_order){.name = "Old Root", .from_days = -9, .until_days = -1});
    tls_lab_add(&bundle, &old);
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &old}, NULL,
           "the certificate of the CA Old Root, on which the server's rests, expired on ");
    tls_lab_free(&old);
}

static void wrong_host(void **state) {
    (void)state;
    refuse(&(struct tls_order){.name = "leaf", .host = "a.example,DNS:b.example", .issuer = &root}, NULL,
           "the server's certificate is for a.example, b.example, not for this host");
    refuse(&(struct tls_order){.name = "leaf", .host = "*.localhost", .issuer = &root}, NULL, "*.localhost");
}

static void impostor(void **state) {
    (void)state;
    struct tls_id fake = tls_lab_make(&(struct tls_order){.name = "Root", .no_key_ids = true});
    struct tls_order leaf = {.name = "leaf", .host = "localhost", .issuer = &fake, .no_key_ids = true};
    refuse(&leaf, NULL, "was not signed by the CA that it names");
    refuse(&leaf, &fake, "was not signed by the CA that it names");
    leaf.name = "Root";
    refuse(&leaf, NULL, "GET https://localhost:");
    leaf.issuer = NULL;
    refuse(&leaf, NULL, "GET https://localhost:");
    leaf.no_key_ids = false;
    refuse(&leaf, NULL, "GET https://localhost:");
    tls_lab_free(&fake);
}

static void namesakes(void **state) {
    (void)state;
    struct tls_id second = tls_lab_make(&(struct tls_order){.name = "Root"});
    struct tls_id third = tls_lab_make(&(struct tls_order){.name = "Root", .from_days = -9, .until_days = -1});
    tls_lab_add(&bundle, &third);
    tls_lab_add(&bundle, &second);
    accept_it(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}, NULL);
    accept_it(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &second}, NULL);
    refuse(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &third}, NULL, "GET https://localhost:");
    tls_lab_free(&second);
    tls_lab_free(&third);
}

static void old_tls(void **state) {
    (void)state;
    struct tls_id id = tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root});
    tls_peer_open(&peer, &id, NULL);
    SSL_CTX_set_cipher_list(peer.context, "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(peer.context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(peer.context, TLS1_1_VERSION);
    tls_lab_free(&id);
    tls_peer_run(&peer);
    check_ok(open_client(), e);
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_NETWORK);
    stop();
}

static void resumed(void **state) {
    (void)state;
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    for (int i = 0; i < 3; i++) {
        check_ok(exchange(), e);
        check_ok(exchange(), e);
        http_disconnect(client);
    }
    stop();
    assert_int_equal(peer.connections, 3);
    assert_int_equal(peer.resumed, 2);
}

/* A session of a trusted peer is no way in for another one: a new client has none, and the same one checks the chain. */
static void not_resumed(void **state) {
    (void)state;
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    check_ok(exchange(), e);
    http_close(client);
    check_ok(open_client(), e);
    check_ok(exchange(), e);
    stop();
    assert_int_equal(peer.resumed, 0);
}

static void dying(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    for (int i = 0; i < 3; i++) {
        atomic_store(&peer.answers, 1);
        check_ok(exchange_as("POST"), e);
        assert_false(exchange_as("POST"));
        assert_int_equal(e.kind, ERR_NETWORK);
        assert_false(http_unsent(client));
    }
    stop();
}

enum { THREADS = 4 };

static void *exchange_twice(void *user) {
    static const struct http_options options = {.max_response_bytes = 65536};
    static const struct http_request rq = {.method = STR_INIT("GET"), .path = STR_INIT("/")};
    struct http_client *own;
    struct http_response answer;
    struct arena a;
    struct url u;
    struct err why;
    arena_init(&a, 1 << 20);
    if (!url_read(str_of(peer.url), &u, &why) || !http_open(&u, &options, &own, &why)) return NULL;
    bool ok = http_warm(own, &rq, 10000, &why) && http_exchange(own, &rq, 10000, &answer, &a, &why);
    http_disconnect(own);
    *(bool *)user = ok && http_exchange(own, &rq, 10000, &answer, &a, &why);
    http_close(own);
    arena_close(&a);
    return NULL;
}

static void threads(void **state) {
    (void)state;
    pthread_t thread[THREADS];
    bool good[THREADS] = {0};
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&thread[i], NULL, exchange_twice, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) assert_true(good[i]);
    stop();
    assert_int_equal(peer.connections, 2 * THREADS);
    assert_int_equal(peer.resumed, THREADS);
}

/* libcurl 7.88 and later do not write to sockets in a way that raises it; before that OpenSSL does. */
static void no_signal(void **state) {
    (void)state;
    const struct http_client with_tls = {.tls = true};
    struct http_hush hush;
    sigset_t pending;
    signal(SIGPIPE, SIG_DFL);
    http_tls_hush(&with_tls, &hush);
    raise(SIGPIPE);
    http_tls_unhush(&hush);
    sigpending(&pending);
    assert_false(sigismember(&pending, SIGPIPE));
    pthread_sigmask(SIG_SETMASK, NULL, &pending);
    assert_false(sigismember(&pending, SIGPIPE));
}

static void pending_signal(void **state) {
    (void)state;
    sigset_t sigpipe, before, pending;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    raise(SIGPIPE);
    check_ok(exchange(), e);
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGPIPE)); /* it was not ours */
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    stop();
}

static void rested(void **state) {
    (void)state;
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    check_ok(exchange(), e);
    wall_jump_s = 49;
    check_ok(exchange(), e);
    assert_int_equal(peer.connections, 1);
    wall_jump_s += 51;
    check_ok(exchange(), e);
    assert_int_equal(peer.connections, 2);
    monotonic_jump_s = 51;
    check_ok(exchange(), e);
    assert_int_equal(peer.connections, 3);
    wall_jump_s -= 3600;
    check_ok(exchange(), e);
    stop();
    assert_int_equal(peer.connections, 3);
    assert_int_equal(peer.resumed, 2);
}

/* Opened during the start, then frozen before the first event, whether or not the answer has been read by then. */
static void warm_then_frozen(void **state) {
    (void)state;
    const struct http_request rq = {.method = STR("HEAD"), .path = STR("/")};
    start(tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root}), NULL);
    check_ok(http_warm(client, &rq, 10000, &e), e);
    while (!atomic_load(&peer.requests)) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    wall_jump_s = 3600;
    check_ok(exchange(), e);
    stop();
    assert_int_equal(peer.connections, 2);
}

static void refuse_bundle(const char *path, const char *words) {
    snprintf(peer.url, sizeof peer.url, "https://localhost:1");
    setenv("AWS_CA_BUNDLE", path, 1);
    assert_false(open_client());
    assert_int_equal(e.kind, ERR_CONFIG);
    if (!strstr(e.msg, path) || !strstr(e.msg, words)) fail_msg("%s", e.msg);
}

static void bad_bundles(void **state) {
    (void)state;
    struct tls_file none = tls_lab_file("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    refuse_bundle("/tmp/tls_lab_none/such", "AWS_CA_BUNDLE names");
    refuse_bundle("/tmp", "is not a file");
    refuse_bundle(none.path, "holds no certificate");
    tls_lab_remove(&none);
}

#define TLS_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        TLS_CASE("a peer is trusted whose chain ends in a CA of AWS_CA_BUNDLE", known_ca),
        TLS_CASE("a certificate of an unknown CA is refused, and the file of CAs named", unknown_ca),
        TLS_CASE("a self-signed certificate is refused unless it is in the bundle itself", self_signed),
        TLS_CASE("a missing intermediate certificate is refused with a hint at it", between_missing),
        TLS_CASE("an expired certificate is refused with its date, and one that is not valid yet", expired),
        TLS_CASE("an expired CA is named", expired_ca),
        TLS_CASE("a certificate for other hosts is refused, and the hosts named", wrong_host),
        TLS_CASE("who only has a CA's name is refused", impostor),
        TLS_CASE("all CAs of one name are tried, and the expired one trusts nobody", namesakes),
        TLS_CASE("TLS 1.1 is not spoken", old_tls),
        TLS_CASE("a new connection of a client resumes the session of the one before", resumed),
        TLS_CASE("clients do not share sessions", not_resumed),
        TLS_CASE("threads with clients of their own share the bundle, and open connections ahead", threads),
        TLS_CASE("a peer that dies in the middle is an error and no signal, and its POST is not sent again", dying),
        TLS_CASE("a SIGPIPE that libcurl raises reaches nobody", no_signal),
        TLS_CASE("a SIGPIPE that was pending before stays pending", pending_signal),
        TLS_CASE("a connection that rested for more than 50 s by either clock is not used again", rested),
        TLS_CASE("one that was opened ahead rests from the beginning of that", warm_then_frozen),
        TLS_CASE("a bundle that cannot be used is the operator's mistake, and named", bad_bundles),
    };
    return cmocka_run_group_tests_name("http_tls", tests, NULL, NULL);
}
