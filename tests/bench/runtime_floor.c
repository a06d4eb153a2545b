/* SPDX-License-Identifier: Apache-2.0 */
/* The floor of `make bench-runtime`: an echo that knows only what the bench's server sends. Four system calls for a small
   event (send, recv, send, recv), one buffer, no checks: what no runtime can be below. */
#define _XOPEN_SOURCE 700
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { BUFFER_BYTES = 8 * 1024 * 1024 };

static char in[BUFFER_BYTES], head[1024];

static int dial(const char *host_port) {
    const char *colon = host_port ? strrchr(host_port, ':') : NULL;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!colon) exit(2);
    to.sin_port = htons((unsigned short)strtol(colon + 1, NULL, 10));
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to)) exit(2);
    return s;
}

static void say(int s, struct iovec *part, int n) {
    while (n) {
        ssize_t sent = writev(s, part, n);
        if (sent < 0) exit(1);
        for (; n && (size_t)sent >= part->iov_len; part++, n--) sent -= (ssize_t)part->iov_len;
        if (!n) return;
        part->iov_base = (char *)part->iov_base + sent;
        part->iov_len -= (size_t)sent;
    }
}

/* One answer into `in`, NUL behind it; its body. */
static char *hear(int s, size_t *body_n) {
    size_t n = 0, whole = 0;
    char *body = NULL;
    while (!body || n < whole) {
        ssize_t got = recv(s, in + n, sizeof in - 1 - n, 0);
        if (got <= 0) exit(1);
        n += (size_t)got;
        in[n] = 0;
        if (body || !(body = strstr(in, "\r\n\r\n"))) continue;
        body += 4;
        const char *length = strstr(in, "\r\nContent-Length: ");
        *body_n = length && length < body ? strtoul(length + 18, NULL, 10) : 0;
        whole = (size_t)(body - in) + *body_n;
    }
    return body;
}

int main(void) {
    static char next[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\nUser-Agent: floor/1\r\n\r\n";
    int s = dial(getenv("AWS_LAMBDA_RUNTIME_API"));
    for (;;) {
        size_t n, ignored;
        say(s, &(struct iovec){next, sizeof next - 1}, 1);
        char *body = hear(s, &n), *id = strstr(in, "\r\nLambda-Runtime-Aws-Request-Id: ");
        if (strncmp(in, "HTTP/1.1 200", 12) || !id || id > body) return 1;
        int head_n = snprintf(head, sizeof head,
                              "POST /2018-06-01/runtime/invocation/%.36s/response HTTP/1.1\r\nHost: a\r\n"
                              "User-Agent: floor/1\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              id + 33, n);
        say(s, (struct iovec[]){{head, (size_t)head_n}, {body, n}}, 2);
        hear(s, &ignored);
    }
}
