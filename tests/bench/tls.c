/* SPDX-License-Identifier: Apache-2.0 */
/* tls N: what HTTPS costs a process that has just started, median of N processes in turn. The peer is a process of its own
   with an RSA chain of three; its CA stands behind the CAs of this machine in a copy of their bundle. Rows:
     libcurl   CURLOPT_CAINFO with the bundle, else libcurl's defaults
     http      http_open and http_exchange
     warmed    the same with http_warm, and the time between start and first invocation that it needs
   As root the same again with 0.0723 of a processor (a function of 128 MB): from the first request on, or, warmed, from the
   first one after the start, for which Lambda gives a whole processor. */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "tls_lab.h"

enum { MAX_N = 201, MARKS = 4 };
enum mark { OPEN, FIRST, SECOND, RECONNECT };

struct sample {
    double wall_ms[MARKS], cpu_ms[MARKS];
};

static double clock_ms(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void need(bool done, const char *what) {
    if (done) return;
    fprintf(stderr, "bench tls: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void begin(struct sample *s, enum mark at) {
    s->wall_ms[at] = clock_ms(CLOCK_MONOTONIC);
    s->cpu_ms[at] = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

static void end(struct sample *s, enum mark at) {
    s->wall_ms[at] = clock_ms(CLOCK_MONOTONIC) - s->wall_ms[at];
    s->cpu_ms[at] = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - s->cpu_ms[at];
}

/* --- 0.0723 of a processor ---------------------------------------------------------------------------------------- */

#define GROUP_1 "/sys/fs/cgroup/cpu/lambda_iam_c_bench"
#define GROUP_2 "/sys/fs/cgroup/lambda_iam_c_bench"
static const char *group;

static bool write_file(const char *folder, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return ok;
}

static void make_group(void) {
    mkdir(GROUP_1, 0755);
    if (write_file(GROUP_1, "cpu.cfs_period_us", "20000") && write_file(GROUP_1, "cpu.cfs_quota_us", "1446")) {
        group = GROUP_1;
        return;
    }
    mkdir(GROUP_2, 0755);
    if (write_file(GROUP_2, "cpu.max", "1446 20000")) group = GROUP_2;
}

static void remove_group(void) {
    rmdir(GROUP_1);
    rmdir(GROUP_2);
}

static void enter_group(bool slow) {
    if (slow) need(write_file(group, "cgroup.procs", "0"), "entering the control group");
}

/* --- One process -------------------------------------------------------------------------------------------------- */

static size_t drop(char *p, size_t size, size_t n, void *user) {
    (void)p;
    (void)user;
    return size * n;
}

static void with_libcurl(const char *url, bool slow, struct sample *s) {
    begin(s, OPEN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("AWS_CA_BUNDLE"));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    end(s, OPEN);
    enter_group(slow);
    for (int at = FIRST; at < MARKS; at++) {
        if (at == SECOND) curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
        begin(s, (enum mark)at);
        need(curl_easy_perform(curl) == CURLE_OK, "libcurl's request");
        end(s, (enum mark)at);
    }
}

static void with_http(const char *url, bool slow, bool warmed, struct sample *s) {
    static const struct http_options options = {.max_response_bytes = 65536};
    static const struct http_request rq = {.method = STR_INIT("GET"), .path = STR_INIT("/")};
    struct http_client *client;
    struct http_response rs;
    struct arena a;
    struct url u;
    struct err e;
    arena_init(&a, 1 << 20);
    begin(s, OPEN);
    need(url_read(str_of(url), &u, &e) && http_open(&u, &options, &client, &e), e.msg);
    if (warmed) need(http_warm(client, &rq, 10000, &e), e.msg);
    end(s, OPEN);
    if (warmed) nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    enter_group(slow);
    for (int at = FIRST; at < MARKS; at++) {
        if (at == RECONNECT) http_disconnect(client);
        begin(s, (enum mark)at);
        need(http_exchange(client, &rq, 60000, &rs, &a, &e), e.msg);
        end(s, (enum mark)at);
    }
}

static struct sample measure(const char *program, const char *kind, const char *url, bool slow) {
    struct sample s = {0};
    int fds[2], status;
    char fd_text[16];
    need(pipe(fds) == 0, "pipe");
    snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
    pid_t pid = fork();
    if (pid == 0) {
        execl(program, program, kind, url, fd_text, slow ? group : "", (char *)NULL);
        need(false, program);
    }
    close(fds[1]);
    need(pid > 0 && read(fds[0], &s, sizeof s) == (ssize_t)sizeof s, "the measured process");
    close(fds[0]);
    waitpid(pid, &status, 0);
    return s;
}

static int be_measured(char **argv) {
    struct sample s = {0};
    bool slow = argv[4][0] != 0;
    group = argv[4];
    if (strcmp(argv[1], "libcurl") == 0) with_libcurl(argv[2], slow, &s);
    else with_http(argv[2], slow, strcmp(argv[1], "warmed") == 0, &s);
    need(write((int)strtol(argv[3], NULL, 10), &s, sizeof s) == (ssize_t)sizeof s, "pipe");
    _exit(0);
}

/* --- The peer, and the table -------------------------------------------------------------------------------------- */

static struct tls_file make_bundle(const struct tls_id *root) {
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"};
    struct tls_file bundle = tls_lab_file("");
    char line[4096];
    FILE *f = fopen(known[0], "r");
    if (!f) f = fopen(known[1], "r");
    need(f != NULL, "this machine's CA bundle");
    int n = 0;
    FILE *to = fopen(bundle.path, "w");
    need(to != NULL, bundle.path);
    while (fgets(line, sizeof line, f)) {
        n += strncmp(line, "-----BEGIN", 10) == 0;
        fputs(line, to);
    }
    fclose(f);
    fclose(to);
    tls_lab_add(&bundle, root);
    printf("%d CAs and one more\n", n);
    return bundle;
}

static pid_t start_peer(const struct tls_id *leaf, const struct tls_id *between, char *url, size_t url_n) {
    struct tls_peer peer;
    tls_peer_open(&peer, leaf, between);
    snprintf(url, url_n, "%s/", peer.url);
    fflush(stdout);
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid) {
        close(peer.listener);
        return pid;
    }
    signal(SIGPIPE, SIG_IGN);
    tls_peer_serve_all(&peer);
    _exit(1);
}

static double median(const struct sample *s, int n, size_t offset) {
    double sorted[MAX_N];
    for (int i = 0; i < n; i++) {
        double v;
        memcpy(&v, (const char *)&s[i] + offset, sizeof v);
        int at = i;
        for (; at > 0 && sorted[at - 1] > v; at--) sorted[at] = sorted[at - 1];
        sorted[at] = v;
    }
    return sorted[n / 2];
}

static void table(const char *program, const char *url, int n, bool slow) {
    static const char *const kinds[] = {"libcurl", "http", "warmed"};
    static struct sample samples[3][MAX_N];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) samples[k][i] = measure(program, kinds[k], url, slow);
    printf("%-24s %15s %17s %15s %15s\n", slow ? "0.0723 of a processor" : "a whole processor", "open", "first request",
           "second", "reconnect");
    for (int k = 0; k < 3; k++) {
        printf("%-24s", kinds[k]);
        for (size_t at = 0; at < MARKS; at++)
            printf(" %7.2f/%6.2f ", median(samples[k], n, offsetof(struct sample, wall_ms) + at * sizeof(double)),
                   median(samples[k], n, offsetof(struct sample, cpu_ms) + at * sizeof(double)));
        printf(" wall/CPU ms\n");
    }
}

int main(int argc, char **argv) {
    char url[80];
    if (argc == 5) return be_measured(argv);
    int n = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (n < 1 || n > MAX_N) return fprintf(stderr, "usage: tls N, at most %d\n", MAX_N), 2;
    struct tls_id root = tls_lab_make(&(struct tls_order){.name = "Bench Root", .rsa = true});
    struct tls_id between = tls_lab_make(&(struct tls_order){.name = "Between", .issuer = &root, .rsa = true});
    struct tls_id leaf =
        tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &between, .rsa = true});
    struct tls_file bundle = make_bundle(&root);
    setenv("AWS_CA_BUNDLE", bundle.path, 1);
    pid_t peer = start_peer(&leaf, &between, url, sizeof url);
    table(argv[0], url, n, false);
    make_group();
    if (group) table(argv[0], url, n < 15 ? n : 15, true);
    else printf("not measured: 0.0723 of a processor (needs root and the cpu controller)\n");
    remove_group();
    kill(peer, SIGTERM);
    waitpid(peer, NULL, 0);
    tls_lab_remove(&bundle);
    tls_lab_free(&leaf);
    tls_lab_free(&between);
    tls_lab_free(&root);
    return 0;
}
