/* SPDX-License-Identifier: Apache-2.0 */
/* How long a signature takes, beside the least that it could take: the hashing of a ready-made canonical request, with
   the HMAC's pads ready too. All of it in one process, on one processor, in turn; the median of the rounds. */
#define OPENSSL_SUPPRESS_DEPRECATED /* the floor is what the deprecated functions cost */
#define _GNU_SOURCE
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heap_count.h"
#include "sha256.h"
#include "sigv4_cache.h"
#include "sigv4_verify.h"
#include "sigv4a.h"

enum { ROUNDS = 301, NOW = 1440938160, TOKEN_BYTES = 1000, BODY_BYTES = 1024, FIRST_RUNS = 21 };

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static char token[TOKEN_BYTES], body[BODY_BYTES];
static char memory[64 * 1024], cache_memory[64 * 1024] __attribute__((aligned(16)));
static struct http_field host = {STR_INIT("Host"), STR_INIT("abcdef1234.execute-api.eu-west-1.amazonaws.com")};
static struct sigv4_keys keys = {STR_INIT("ASIAIOSFODNN7EXAMPLE"), STR_INIT(SECRET), {token, TOKEN_BYTES}};
static struct sigv4_scope scope = {.region = STR_INIT("eu-west-1"), .service = STR_INIT("execute-api"), .unix_s = NOW};
static struct sha256_pads pads;
static volatile unsigned char sink; /* what is computed is looked at */

/* One kind of request: its ready-made texts for the floor, and the signed request for the verifier. */
struct sample {
    struct http_request rq, signed_rq;
    struct sigv4_texts texts;
    struct arena arena;
};
static struct sample get, post;

static void quit(const char *what) {
    fprintf(stderr, "bench-sigv4: %s\n", what);
    exit(1);
}

/* --- What is measured ------------------------------------------------------------------------------------------- */

static void hash(unsigned char out[32], struct str s) {
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, s.p, s.n);
    SHA256_Final(out, &c);
}

static void resumed(unsigned char out[32], const unsigned char state[32], const void *p, size_t n) {
    SHA256_CTX c;
    SHA256_Init(&c);
    memcpy(c.h, state, 32);
    c.Nl = 512;
    SHA256_Update(&c, p, n);
    SHA256_Final(out, &c);
}

static void floor_of(struct sample *s) {
    unsigned char digest[32], inner[32];
    char hex[65], to_sign[256];
    if (s->rq.body.n) {
        hash(digest, s->rq.body);
        sha256_hex(hex, digest);
        sink = (unsigned char)hex[7];
    }
    hash(digest, s->texts.canonical_request);
    size_t head = s->texts.string_to_sign.n - 64;
    memcpy(to_sign, s->texts.string_to_sign.p, head);
    sha256_hex(hex, digest);
    memcpy(to_sign + head, hex, 64);
    resumed(inner, pads.inner, to_sign, head + 64);
    resumed(digest, pads.outer, inner, 32);
    sha256_hex(hex, digest);
    sink = (unsigned char)hex[9];
}

static void sign_with(const struct http_request *rq, const struct sigv4_scope *how) {
    struct http_request one = *rq;
    struct arena a;
    struct err e;
    arena_init_fixed(&a, memory, sizeof memory);
    if (!sigv4_sign(&one, &keys, how, &a, &e)) quit(e.msg);
    sink = (unsigned char)*one.fields.at[one.fields.n - 1].value.p;
}

static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user, (void)id;
    *key = (struct sigv4_known_key){.keys = keys};
    return true;
}

static void verify_with(const struct sample *s, bool ecdsa) {
    struct sigv4_verifier v = {.region = scope.region,
                               .service = scope.service,
                               .unix_s = NOW,
                               .max_skew_s = 300,
                               .allow_ecdsa = ecdsa,
                               .find_key = find_key,
                               .cache = scope.cache};
    struct sigv4_verdict verdict;
    struct arena a;
    struct err e;
    arena_init_fixed(&a, memory, sizeof memory);
    if (!sigv4_verify(&s->signed_rq, &v, &verdict, &a, &e)) quit(e.msg);
    if (verdict.fault != SIGV4_OK) quit("the signed request was refused");
}

static void get_floor(void) {
    floor_of(&get);
}
static void get_sign(void) {
    sign_with(&get.rq, &scope);
}
static void get_verify(void) {
    verify_with(&get, false);
}
static void post_floor(void) {
    floor_of(&post);
}
static void post_sign(void) {
    sign_with(&post.rq, &scope);
}
static void post_verify(void) {
    verify_with(&post, false);
}

static void get_derive(void) {
    struct sigv4_scope how = scope;
    how.cache = NULL;
    sign_with(&get.rq, &how);
}

static void get_presign(void) {
    struct sigv4_scope how = scope;
    how.placement = SIGV4_IN_QUERY;
    how.expires_s = 300;
    sign_with(&get.rq, &how);
}

static struct sigv4a_signer *openssl_signer;
static EVP_PKEY_CTX *openssl_ctx;

static void ecdsa_floor(void) {
    unsigned char digest[32], der[80];
    size_t n = sizeof der;
    hash(digest, get.texts.string_to_sign);
    if (EVP_PKEY_sign(openssl_ctx, der, &n, digest, sizeof digest) != 1) quit("OpenSSL cannot sign");
    sink = der[9];
}

static void ecdsa_sign(void) {
    struct sigv4_scope how = scope;
    how.algorithm = SIGV4_ECDSA;
    sign_with(&get.rq, &how);
}

static const struct {
    const char *name;
    void (*run)(void);
    int turns, floor; /* the row it is compared with */
    double target;    /* the ratio to stay below; 0: there is none */
} rows[] = {
    {"GET, floor", get_floor, 500, 0, 0},
    {"GET, sigv4_sign, key cached", get_sign, 500, 0, 1.5},
    {"GET, sigv4_sign, key derived", get_derive, 500, 0, 0},
    {"GET, presigned, key cached", get_presign, 500, 0, 0},
    {"GET, sigv4_verify, key cached", get_verify, 500, 1, 1.3},
    {"POST 1 KB, floor", post_floor, 500, 5, 0},
    {"POST 1 KB, sigv4_sign, key cached", post_sign, 500, 5, 1.35},
    {"POST 1 KB, sigv4_verify, key cached", post_verify, 500, 6, 1.3},
    {"GET SigV4A, floor: one OpenSSL ECDSA", ecdsa_floor, 50, 8, 0},
    {"GET SigV4A, sigv4_sign, key cached", ecdsa_sign, 50, 8, 1.15},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* --- Measuring -------------------------------------------------------------------------------------------------- */

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *at, size_t n) {
    qsort(at, n, sizeof *at, compare);
    return at[n / 2];
}

static void prepare(struct sample *s, const char *method) {
    struct err e;
    s->rq =
        (struct http_request){.method = str_of(method), .path = STR("/prod/private"), .query = STR("page=2&name=x")};
    s->rq.fields = (struct http_fields){&host, 1, 1};
    if (strcmp(method, "POST") == 0) s->rq.body = (struct str){body, BODY_BYTES};
    s->signed_rq = s->rq;
    arena_init(&s->arena, 1 << 20);
    if (!sigv4_sign_texts(&s->signed_rq, &keys, &scope, &s->texts, &s->arena, &e)) quit(e.msg);
}

static void prepare_openssl(void) {
    unsigned char d[SIGV4A_SCALAR_BYTES];
    struct err e;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    openssl_ctx = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
    if (!openssl_ctx || EVP_PKEY_sign_init(openssl_ctx) != 1) quit("OpenSSL makes no key");
    if (!sigv4a_derive_scalar(d, keys.id, keys.secret, &e) || !sigv4a_signer_open(d, &openssl_signer, &e)) quit(e.msg);
}

/* A row's ratio is the median of the rounds' own ratios: a noisy neighbour slows both rows of a round. */
static void show(int i, double us[ROWS][ROUNDS], size_t heap) {
    double own[ROUNDS], ratio[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        own[round] = us[i][round];
        ratio[round] = us[i][round] / us[rows[i].floor][round];
    }
    double to_floor = median(ratio, ROUNDS), target = rows[i].target;
    printf("%-40s %9.2f %8.2f %7zu", rows[i].name, median(own, ROUNDS), to_floor, heap);
    if (target > 0) printf("  %8.2f  %s", target, to_floor <= target ? "reached" : "MISSED");
    putchar('\n');
}

static void measure(void) {
    static double us[ROWS][ROUNDS];
    size_t heap[ROWS];
    for (int i = 0; i < ROWS; i++) {
        rows[i].run();
        size_t before = heap_count;
        rows[i].run();
        heap[i] = heap_count - before;
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < ROWS; i++) {
            double from = now_us();
            for (int k = 0; k < rows[i].turns; k++) rows[i].run();
            us[i][round] = (now_us() - from) / rows[i].turns;
        }
    printf("%-40s %9s %8s %7s  %8s\n", "", "us", "ratio", "allocs", "target");
    for (int i = 0; i < ROWS; i++) show(i, us, heap[i]);
    puts("ratio: to the floor; of a verification: to the signature. allocs: only libcrypto's ECDSA may have any");
}

/* A process of its own, in which nothing has touched libcrypto yet. */
static int first_signature(void) {
    struct http_request one = {.method = STR("GET"), .path = STR("/"), .fields = {&host, 1, 1}};
    struct arena a;
    struct err e;
    arena_init_fixed(&a, memory, sizeof memory);
    double from = now_us();
    if (!sigv4_sign(&one, &keys, &scope, &a, &e)) quit(e.msg);
    printf("%.1f\n", now_us() - from);
    return 0;
}

static int first_evp(void) {
    unsigned char digest[32];
    double from = now_us();
    if (EVP_Digest("x", 1, digest, NULL, EVP_sha256(), NULL) != 1) quit("OpenSSL cannot hash");
    printf("%.1f\n", now_us() - from);
    return 0;
}

/* What a fresh process of this program prints. */
static double ask(const char *self, const char *flag) {
    int ends[2];
    char line[64] = {0};
    if (pipe(ends) != 0) quit("no pipe");
    pid_t child = fork();
    if (child < 0) quit("no process");
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(self, self, flag, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (n <= 0) quit("cannot start itself");
    return strtod(line, NULL);
}

static void measure_first(const char *self, const char *what, const char *flag) {
    double us[FIRST_RUNS];
    for (int i = 0; i < FIRST_RUNS; i++) us[i] = ask(self, flag);
    printf("%-40s %9.2f\n", what, median(us, FIRST_RUNS));
}

int main(int argc, char **argv) {
    memset(token, 'T', sizeof token);
    memset(body, 'b', sizeof body);
    if (argc == 2 && strcmp(argv[1], "--first") == 0) return first_signature();
    if (argc == 2 && strcmp(argv[1], "--first-evp") == 0) return first_evp();
    if (!heap_count_begin()) quit("libcrypto was used before");
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) puts("(not pinned to one processor)");
    scope.cache = sigv4_cache_open(cache_memory, sizeof cache_memory);
    if (!scope.cache) quit("the cache does not fit");
    if (!sigv4_cache_pads(&pads, NULL, STR("X/20150830/eu-west-1/execute-api/aws4_request"), keys.secret)) quit("pads");
    prepare(&get, "GET");
    prepare(&post, "POST");
    prepare_openssl();
    printf("canonical requests: GET %zu bytes, POST %zu bytes\n", get.texts.canonical_request.n,
           post.texts.canonical_request.n);
    measure();
    sigv4a_signer_close(openssl_signer);
    measure_first(argv[0], "first sigv4_sign of a process", "--first");
    measure_first(argv[0], "the same of EVP_Digest: to be avoided", "--first-evp");
    return 0;
}
