/* SPDX-License-Identifier: Apache-2.0 */
/* Processor time of a signed call on a warm connection, as a Lambda handler makes it (private_api), beside the same request
   unsigned with libcurl alone. The peer is a process of its own and not measured. `make bench-call`. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "private_api.h"

enum { ROUNDS = 20, TURNS = 500 };

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
                             "{\"message\":\"ok\"}";

static void converse(int fd) {
    char request[16 * 1024];
    size_t n = 0;
    for (ssize_t got; (got = read(fd, request + n, sizeof request - 1 - n)) > 0;) {
        n += (size_t)got;
        request[n] = 0;
        if (!strstr(request, "\r\n\r\n")) continue;
        n = 0;
        if (write(fd, ANSWER, sizeof ANSWER - 1) < 0) break;
    }
    _exit(0);
}

static pid_t serve(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        exit(1);
    *port = ntohs(address.sin_port);
    pid_t child = fork();
    if (child != 0) return child;
    signal(SIGCHLD, SIG_IGN);
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
        if (fork() == 0) converse(fd);
    _exit(1);
}

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t take(char *p, size_t size, size_t n, void *user) {
    *(size_t *)user += size * n;
    (void)p;
    return size * n;
}

static double bare_us(CURL *curl, size_t *bytes) {
    double begin = cpu_us();
    for (int i = 0; i < TURNS; i++)
        if (curl_easy_perform(curl) != CURLE_OK) exit(1);
    if (*bytes == 0) exit(1);
    return (cpu_us() - begin) / TURNS;
}

static double signed_us(struct private_api *api) {
    static const struct private_api_call call = {
        .method = STR_INIT("GET"), .query = STR_INIT("page=2"), .timeout_ms = 5000};
    struct private_api_answer answer;
    struct arena a;
    struct err e;
    arena_init(&a, 8 << 20);
    double begin = cpu_us();
    for (int i = 0; i < TURNS; i++) {
        arena_reset(&a);
        if (private_api_exchange(api, &call, &answer, &a, &e) && answer.fault == UPSTREAM_OK) continue;
        fprintf(stderr, "%s\n", e.msg);
        exit(1);
    }
    double us = (cpu_us() - begin) / TURNS;
    arena_close(&a);
    return us;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *us) {
    qsort(us, ROUNDS, sizeof *us, by_value);
    return (us[ROUNDS / 2 - 1] + us[ROUNDS / 2]) / 2;
}

static CURL *open_bare(const char *url, size_t *bytes) {
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); /* four system calls fewer, as for ours */
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, bytes);
    return curl;
}

int main(void) {
    static double bare[ROUNDS], ours[ROUNDS];
    struct private_api api;
    struct err e;
    char url[128];
    size_t bytes = 0;
    int port;
    pid_t peer = serve(&port);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/dev/private", port);
    setenv("PRIVATE_API_URL", url, 1);
    setenv("PRIVATE_API_SERVICE", "execute-api", 1);
    setenv("PRIVATE_API_REGION", "eu-west-1", 1);
    setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    if (!private_api_open(&api, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    snprintf(url + strlen(url), sizeof url - strlen(url), "?page=2");
    CURL *curl = open_bare(url, &bytes);
    for (int i = 0; i < ROUNDS; i++) {
        bare[i] = bare_us(curl, &bytes);
        ours[i] = signed_us(&api);
    }
    double x = median(bare), y = median(ours);
    printf("processor time of a call on a warm connection, us, median of %d rounds in turn, %d calls each:\n", ROUNDS,
           TURNS);
    printf("  libcurl, unsigned          %7.1f\n  signed, as the handler's   %7.1f   %.2f x\n", x, y, y / x);
    curl_easy_cleanup(curl);
    private_api_close(&api);
    kill(peer, SIGTERM);
    return 0;
}
