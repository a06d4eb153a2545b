/* SPDX-License-Identifier: Apache-2.0 */
/* public BOOTSTRAP ECHO EVENT: what the handler public adds to the round trip to the private API, when all is warm.

       added = public - echo - bare

   public  from the event's first byte to the reply's last, as this program's Runtime API sees it; in it the handler makes
           one signed call over TLS
   echo    the same event and the same Runtime API, but the function only gives the event back: what Lambda's side costs
   bare    the same GET, unsigned, by libcurl in this program, on a kept connection to the same TLS peer

   They take turns, so that a slow moment of the machine meets all three; the figure is made of their medians. */
#define _GNU_SOURCE /* accept4, memmem, strcasestr */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tls_lab.h"

enum { WARM_UP = 200, ROUNDS = 40, TURNS = 100, SAMPLES = ROUNDS * TURNS, MAX_CONNECTIONS = 4, IN_BYTES = 64 * 1024 };

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
                             "{\"message\":\"ok\"}";
static char event[IN_BYTES / 2];
static size_t event_n;

/* A program with a Runtime API of its own. */
struct function {
    pid_t pid;
    struct pollfd at[1 + MAX_CONNECTIONS]; /* the listener, then the connections */
    nfds_t at_n;
    int asking; /* the connection of the last request */
    char in[IN_BYTES], *body;
    size_t body_n;
    double us[SAMPLES];
    const char *expected; /* is in every reply */
};
static struct function functions[2]; /* public, echo */
static double bare_us[SAMPLES];
static pid_t peer_pid;
static struct tls_file bundle;

static _Noreturn void quit(const char *what, const char *detail) {
    fprintf(stderr, "bench public: %s: %s\n", what, detail);
    for (size_t i = 0; i < 2; i++)
        if (functions[i].pid > 0) kill(functions[i].pid, SIGKILL);
    if (peer_pid > 0) kill(peer_pid, SIGKILL);
    tls_lab_remove(&bundle);
    exit(1);
}

static void need(bool done, const char *what) {
    if (!done) quit(what, strerror(errno));
}

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- The Runtime API ---------------------------------------------------------------------------------------------- */

static void start(struct function *f, const char *program) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    char text[32];
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(s >= 0 && bind(s, (struct sockaddr *)&address, n) == 0 && listen(s, MAX_CONNECTIONS) == 0 &&
             getsockname(s, (struct sockaddr *)&address, &n) == 0,
         "listen");
    f->at[f->at_n++] = (struct pollfd){.fd = s, .events = POLLIN};
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address.sin_port));
    setenv("AWS_LAMBDA_RUNTIME_API", text, 1);
    f->pid = fork();
    need(f->pid >= 0, "fork");
    if (f->pid) return;
    int null = open("/dev/null", O_WRONLY); /* its log is written, and read by nobody */
    dup2(null, 1);
    dup2(null, 2);
    execl(program, program, (char *)NULL);
    _exit(127);
}

static void greet(struct function *f) {
    int yes = 1, s = accept4(f->at[0].fd, NULL, NULL, SOCK_CLOEXEC);
    need(s >= 0 && f->at_n <= MAX_CONNECTIONS, "accept");
    setsockopt(s, IPPROTO_TCP, 1 /* TCP_NODELAY */, &yes, sizeof yes);
    f->at[f->at_n++] = (struct pollfd){.fd = s, .events = POLLIN};
}

static bool is_whole(struct function *f, size_t n) {
    char *end = strstr(f->in, "\r\n\r\n"), *length = strcasestr(f->in, "\r\nContent-Length:");
    if (!end) return false;
    f->body = end + 4;
    f->body_n = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return n - (size_t)(f->body - f->in) >= f->body_n;
}

static void read_request(struct function *f, int connection) {
    size_t n = 0;
    do {
        ssize_t got = recv(connection, f->in + n, sizeof f->in - 1 - n, 0);
        if (got <= 0) quit("the function ended a connection", f->in);
        n += (size_t)got;
        f->in[n] = 0;
    } while (!is_whole(f, n));
    f->asking = connection;
}

static void await(struct function *f, const char *line) {
    for (bool came = false; !came;) {
        if (poll(f->at, f->at_n, 20000) <= 0) quit("20 s without a request of a function; expected", line);
        for (nfds_t i = 1; i < f->at_n && !came; i++)
            if (f->at[i].revents && (came = true)) read_request(f, f->at[i].fd);
        if (!came && f->at[0].revents) greet(f);
    }
    if (strncmp(f->in, line, strlen(line)) != 0) quit("another request was expected", f->in);
}

static void tell(const struct function *f, const char *text, size_t n) {
    need(send(f->asking, text, n, MSG_NOSIGNAL) == (ssize_t)n, "send");
}

/* Before and after it the function waits for its next event. */
static double invoke(struct function *f) {
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
    static char out[IN_BYTES];
    int head = snprintf(out, sizeof out,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
                        "Lambda-Runtime-Deadline-Ms: %lld\r\n"
                        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
                        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n\r\n",
                        event_n, (long long)(time(NULL) + 30) * 1000);
    memcpy(out + head, event, event_n);
    double begin = now_us();
    tell(f, out, (size_t)head + event_n);
    await(f, "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response ");
    double us = now_us() - begin;
    if (!memmem(f->body, f->body_n, f->expected, strlen(f->expected))) quit("a wrong reply", f->body);
    tell(f, accepted, sizeof accepted - 1);
    await(f, "GET /2018-06-01/runtime/invocation/next ");
    return us;
}

static void stop(struct function *f) {
    int status;
    kill(f->pid, SIGKILL);
    waitpid(f->pid, &status, 0);
    for (nfds_t i = 0; i < f->at_n; i++) close(f->at[i].fd);
}

/* --- The private API, and the bare call to it --------------------------------------------------------------------- */

static void start_peer(const struct tls_id *leaf, char *url, size_t n) {
    struct tls_peer peer;
    tls_peer_open(&peer, leaf, NULL);
    peer.answer = ANSWER;
    snprintf(url, n, "%s/dev/private", peer.url);
    peer_pid = fork();
    need(peer_pid >= 0, "fork");
    if (peer_pid == 0) {
        tls_peer_run(&peer);
        for (;;) pause();
    }
    close(peer.listener);
    SSL_CTX_free(peer.context);
}

static size_t take(char *p, size_t size, size_t n, void *user) {
    (void)p;
    *(size_t *)user += size * n;
    return size * n;
}

static CURL *open_bare(const char *url, size_t *bytes) {
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("AWS_CA_BUNDLE"));
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, bytes);
    return curl;
}

static double call_bare(CURL *curl, size_t *bytes) {
    *bytes = 0;
    double begin = now_us();
    CURLcode code = curl_easy_perform(curl);
    double us = now_us() - begin;
    if (code != CURLE_OK || *bytes != 16) quit("libcurl's call", curl_easy_strerror(code));
    return us;
}

/* --- The measurement ---------------------------------------------------------------------------------------------- */

static void read_event(const char *path) {
    FILE *file = fopen(path, "r");
    need(file != NULL, path);
    event_n = fread(event, 1, sizeof event - 4096, file);
    fclose(file);
    need(event_n > 0, path);
}

static void prepare(const char *url) {
    setenv("_HANDLER", "public", 1);
    setenv("AWS_LAMBDA_FUNCTION_NAME", "bench", 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    setenv("AWS_CA_BUNDLE", bundle.path, 1);
    setenv("PRIVATE_API_URL", url, 1);
    setenv("PRIVATE_API_SERVICE", "execute-api", 1);
    setenv("PRIVATE_API_REGION", "us-east-1", 1);
}

static void measure(CURL *curl, size_t *bytes) {
    for (int i = 0; i < WARM_UP; i++) {
        invoke(&functions[0]);
        invoke(&functions[1]);
        call_bare(curl, bytes);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int what = 0; what < 3; what++)
            for (int i = round * TURNS; i < (round + 1) * TURNS; i++)
                if (what < 2) functions[what].us[i] = invoke(&functions[what]);
                else bare_us[i] = call_bare(curl, bytes);
    long opened = 0;
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &opened);
    if (opened) quit("libcurl", "the connection was not kept");
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double report(const char *name, double *us) {
    qsort(us, SAMPLES, sizeof *us, by_value);
    printf("  %-8s %8.1f (%.1f, %.1f)\n", name, us[SAMPLES / 2], us[SAMPLES / 10], us[SAMPLES - SAMPLES / 10]);
    return us[SAMPLES / 2];
}

int main(int argc, char **argv) {
    char url[80];
    size_t bytes = 0;
    if (argc != 4) return fprintf(stderr, "usage: bench_public BOOTSTRAP ECHO EVENT\n"), 2;
    read_event(argv[3]);
    struct tls_id root = tls_lab_make(&(struct tls_order){.name = "Bench Root"});
    struct tls_id leaf = tls_lab_make(&(struct tls_order){.name = "leaf", .host = "localhost", .issuer = &root});
    bundle = tls_lab_file("");
    tls_lab_add(&bundle, &root);
    start_peer(&leaf, url, sizeof url);
    prepare(url);
    functions[0].expected = "\"statusCode\":200";
    functions[1].expected = event;
    for (int i = 0; i < 2; i++) {
        start(&functions[i], argv[1 + i]);
        await(&functions[i], "GET /2018-06-01/runtime/invocation/next ");
    }
    CURL *curl = open_bare(url, &bytes);
    measure(curl, &bytes);
    printf("us, median (first and last tenth) of %d rounds in turn, %d calls each, all on a warm connection:\n", ROUNDS,
           TURNS);
    double ours = report("public", functions[0].us), echo = report("echo", functions[1].us),
           bare = report("bare", bare_us);
    printf("  %-8s %8.1f = public - echo - bare; at most 200 is wanted\n", "added", ours - echo - bare);
    curl_easy_cleanup(curl);
    for (int i = 0; i < 2; i++) stop(&functions[i]);
    kill(peer_pid, SIGTERM);
    waitpid(peer_pid, NULL, 0);
    tls_lab_remove(&bundle);
    tls_lab_free(&leaf);
    tls_lab_free(&root);
    return 0;
}
