/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_server BYTES WARM_UP N COMMAND...: starts the command with a Runtime API on loopback, gives it WARM_UP + N events
   of that many bytes, checks that every reply is its event under its id, and prints what the last N of them cost the
   command: processor time, page faults, memory. One poll loop, connections stay open. Afterwards every next is answered
   500, so that the command ends by itself. For runtime.py, which says how often and beside what. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 16, HEAD_BYTES = 16 * 1024, STAMP_BYTES = 20, TICK_MS = 20, IDLE_MS = 120000, MAX_END_S = 30 };

struct peer {
    int socket;
    size_t n;
    char *in;
};

struct cost {
    double wall_s, cpu_s, user_s, system_s;
    long faults, rss_kb, peak_kb;
};

static struct {
    char *payload;
    size_t payload_n, in_n;
    long warm_up, n, given, answered, wrong;
    int connections;
    pid_t child;
    struct cost begin, end;
    struct pollfd at[MAX_CONNECTIONS + 1];
    struct peer peer[MAX_CONNECTIONS + 1];
    nfds_t at_n;
} bench;

static void die(const char *what) {
    fprintf(stderr, "runtime_server: %s: %s\n", what, strerror(errno));
    if (bench.child > 0) kill(bench.child, SIGKILL);
    exit(1);
}

static double seconds(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t)) die("the command's clock");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fields 10 (page faults), 14 and 15 (user and system time) of /proc/PID/stat, counted behind the name. */
static void read_stat(struct cost *to) {
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)bench.child);
    FILE *f = fopen(name, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) fclose(f);
    text[n] = 0;
    char *at = strrchr(text, ')');
    long user = 0, sys = 0;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %ld %*d %*d %*d %ld %ld", &to->faults, &user, &sys) != 3)
        die("/proc/PID/stat");
    to->user_s = (double)user / (double)sysconf(_SC_CLK_TCK);
    to->system_s = (double)sys / (double)sysconf(_SC_CLK_TCK);
}

static void read_memory(struct cost *to) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/status", (int)bench.child);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "VmRSS:", 6)) to->rss_kb = strtol(line + 6, NULL, 10);
        if (!strncmp(line, "VmHWM:", 6)) to->peak_kb = strtol(line + 6, NULL, 10);
    }
    if (f) fclose(f);
}

/* Taken while the command waits for its next event, so that it has done all that belongs to the ones before. */
static void take_cost(struct cost *to) {
    clockid_t clock;
    if (clock_getcpuclockid(bench.child, &clock)) die("clock_getcpuclockid");
    to->wall_s = seconds(CLOCK_MONOTONIC);
    to->cpu_s = seconds(clock);
    read_stat(to);
    read_memory(to);
}

static void send_all(int to, struct iovec *part, int n) {
    while (n) {
        ssize_t sent = writev(to, part, n);
        if (sent < 0) die("send");
        for (; n && (size_t)sent >= part->iov_len; part++, n--) sent -= (ssize_t)part->iov_len;
        if (!n) return;
        part->iov_base = (char *)part->iov_base + sent;
        part->iov_len -= (size_t)sent;
    }
}

static void send_text(int to, char *text) {
    send_all(to, &(struct iovec){text, strlen(text)}, 1);
}

static int write_id(char *to, size_t n, long number) {
    return snprintf(to, n, "8476a536-e9f4-11e8-9739-%012ld", number);
}

/* Every event differs from the one before: its number is its first bytes. */
static void stamp(long number) {
    char text[STAMP_BYTES + 8];
    snprintf(text, sizeof text, "\"%0*ld", STAMP_BYTES - 1, number);
    memcpy(bench.payload, text, STAMP_BYTES);
}

static void give_event(struct peer *p) {
    char head[1024], id[64];
    if (bench.given == bench.warm_up) take_cost(&bench.begin);
    if (bench.given == bench.warm_up + bench.n && bench.end.wall_s == 0) take_cost(&bench.end);
    if (bench.given == bench.warm_up + bench.n) {
        send_text(p->socket, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                             "Content-Length: 2\r\n\r\n{}");
        return;
    }
    stamp(++bench.given);
    write_id(id, sizeof id, bench.given);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Lambda-Runtime-Aws-Request-Id: %s\r\nLambda-Runtime-Deadline-Ms: %lld\r\n"
                     "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
                     "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n"
                     "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: %zu\r\n\r\n",
                     id, (long long)(now.tv_sec + 60) * 1000, bench.payload_n);
    send_all(p->socket, (struct iovec[]){{head, (size_t)n}, {bench.payload, bench.payload_n}}, 2);
}

static void take_reply(struct peer *p, const char *body, size_t n) {
    char id[64], path[128];
    write_id(id, sizeof id, bench.given);
    int path_n = snprintf(path, sizeof path, "POST /2018-06-01/runtime/invocation/%s/response ", id);
    bool right = !strncmp(p->in, path, (size_t)path_n) && n == bench.payload_n && !memcmp(body, bench.payload, n);
    if (!right && !bench.wrong++) fprintf(stderr, "runtime_server: first wrong reply: %.100s\n", p->in);
    bench.answered++;
    send_text(p->socket, "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
                         "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n");
}

static bool find_length(const char *head, const char *end, size_t *length) {
    *length = 0;
    for (const char *line = strstr(head, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n")) {
        if (!strncasecmp(line + 2, "Transfer-Encoding:", 18)) return false;
        if (!strncasecmp(line + 2, "Content-Length:", 15)) *length = strtoul(line + 17, NULL, 10);
        if (!strncasecmp(line + 2, "Expect:", 7)) return false;
    }
    return true;
}

/* False: the peer has gone. */
static bool hear(struct peer *p) {
    ssize_t got = recv(p->socket, p->in + p->n, bench.in_n - 1 - p->n, 0);
    if (got <= 0) return false;
    p->n += (size_t)got;
    p->in[p->n] = 0;
    char *end = strstr(p->in, "\r\n\r\n");
    size_t length;
    if (!end) return true;
    if (!find_length(p->in, end, &length)) {
        fprintf(stderr, "runtime_server: neither chunks nor Expect are understood here: %.300s\n", p->in);
        return false;
    }
    if (p->n < (size_t)(end + 4 - p->in) + length) return true;
    bool is_next = !strncmp(p->in, "GET /2018-06-01/runtime/invocation/next ", 40);
    p->n = 0;
    if (is_next) give_event(p);
    else take_reply(p, end + 4, length);
    return true;
}

static void greet(void) {
    struct peer *p = &bench.peer[bench.at_n];
    int s = accept(bench.at[0].fd, NULL, NULL);
    if (s < 0 || bench.at_n > MAX_CONNECTIONS) die("accept");
    setsockopt(s, IPPROTO_TCP, 1 /* TCP_NODELAY */, &(int){1}, sizeof(int));
    if (!p->in && !(p->in = malloc(bench.in_n))) die("malloc");
    p->socket = s;
    p->n = 0;
    bench.connections++;
    bench.at[bench.at_n++] = (struct pollfd){.fd = s, .events = POLLIN};
}

static void part_from(nfds_t i) {
    struct peer gone = bench.peer[i];
    close(gone.socket);
    bench.at_n--;
    bench.at[i] = bench.at[bench.at_n];
    bench.peer[i] = bench.peer[bench.at_n];
    bench.peer[bench.at_n] = gone;
}

/* Until the command has ended. */
static void serve(void) {
    for (int idle = 0; bench.child;) {
        int ready = poll(bench.at, bench.at_n, TICK_MS);
        idle = ready > 0 ? 0 : idle + 1;
        if (ready <= 0 && waitpid(bench.child, NULL, WNOHANG) == bench.child) bench.child = 0;
        if (idle * TICK_MS > IDLE_MS) die("the command asks for nothing");
        if (bench.end.wall_s > 0 && seconds(CLOCK_MONOTONIC) - bench.end.wall_s > MAX_END_S) kill(bench.child, SIGKILL);
        if (ready <= 0) continue;
        for (nfds_t i = bench.at_n; i-- > 1;)
            if (bench.at[i].revents && !hear(&bench.peer[i])) part_from(i);
        if (bench.at[0].revents) greet();
    }
}

static void start(char **command) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_n = sizeof at;
    char text[64];
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&at, at_n) || listen(s, 8) || getsockname(s, (struct sockaddr *)&at, &at_n))
        die("listen");
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(at.sin_port));
    setenv("AWS_LAMBDA_RUNTIME_API", text, 1);
    bench.at[bench.at_n++] = (struct pollfd){.fd = s, .events = POLLIN};
    bench.child = fork();
    if (bench.child < 0) die("fork");
    if (bench.child) return;
    dup2(2, 1);
    execvp(*command, command);
    fprintf(stderr, "runtime_server: %s: %s\n", *command, strerror(errno));
    _exit(127);
}

static void print_result(void) {
    const struct cost *a = &bench.begin, *b = &bench.end;
    double each = 1e6 / (double)bench.n;
    printf("{\"cpu_us\":%.3f,\"user_us\":%.2f,\"system_us\":%.2f,\"wall_us\":%.2f,\"faults\":%.3f,\"rss_kb_first\":%ld,"
           "\"rss_kb\":%ld,\"peak_kb\":%ld,\"connections\":%d,\"wrong\":%ld}\n",
           (b->cpu_s - a->cpu_s) * each, (b->user_s - a->user_s) * each, (b->system_s - a->system_s) * each,
           (b->wall_s - a->wall_s) * each, (double)(b->faults - a->faults) / (double)bench.n, a->rss_kb, b->rss_kb,
           b->peak_kb, bench.connections, bench.wrong);
}

int main(int argc, char **argv) {
    if (argc < 5) return fprintf(stderr, "usage: runtime_server BYTES WARM_UP N COMMAND...\n"), 2;
    bench.payload_n = strtoul(argv[1], NULL, 10);
    bench.warm_up = strtol(argv[2], NULL, 10);
    bench.n = strtol(argv[3], NULL, 10);
    if (bench.payload_n < STAMP_BYTES + 1 || bench.n < 1)
        return fprintf(stderr, "BYTES: 21 or more; N: 1 or more\n"), 2;
    bench.in_n = bench.payload_n + HEAD_BYTES + 1;
    if (!(bench.payload = malloc(bench.payload_n))) die("malloc");
    memset(bench.payload, 'x', bench.payload_n);
    bench.payload[bench.payload_n - 1] = '"';
    signal(SIGPIPE, SIG_IGN);
    start(argv + 4);
    serve();
    if (bench.end.wall_s == 0)
        return fprintf(stderr, "runtime_server: %s ended after %ld replies\n", argv[4], bench.answered), 1;
    print_result();
    return bench.wrong || bench.answered != bench.warm_up + bench.n;
}
