/* SPDX-License-Identifier: Apache-2.0 */
/* coldstart [--dropped] N BOOTSTRAP...: N starts of each, in turn; the median time from fork to the first byte of GET
   next, and what each holds in memory while it waits for its first event (resident, and of that its own pages). With
   --dropped the page cache is emptied before each start, which needs root and is nearer to a new environment.
   cc -O2 -o build/coldstart tests/bench/coldstart.c && build/coldstart 105 build/package/x86_64/bootstrap */
#define _XOPEN_SOURCE 700
#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 16 };

struct sample {
    double ms;
    long rss_kb, own_kb;
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int listen_at(char *variable, size_t n) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_n = sizeof at;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&at, at_n) || listen(s, 8) ||
        getsockname(s, (struct sockaddr *)&at, &at_n)) {
        perror("listen");
        exit(1);
    }
    snprintf(variable, n, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", ntohs(at.sin_port));
    return s;
}

static void read_memory(pid_t pid, struct sample *to) {
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "Rss:", 4)) to->rss_kb = strtol(line + 4, NULL, 10);
        if (!strncmp(line, "Anonymous:", 10)) to->own_kb = strtol(line + 10, NULL, 10);
    }
    if (f) fclose(f);
}

/* The kernel keeps files in memory; a new host has none of ours. */
static void drop_page_cache(void) {
    sync();
    FILE *f = fopen("/proc/sys/vm/drop_caches", "w");
    if (!f || fputs("1\n", f) < 0 || fclose(f)) {
        perror("the page cache cannot be emptied");
        exit(1);
    }
}

static struct sample start_once(char *file, int listener, char **environment) {
    struct sample got = {0};
    char byte, *arguments[] = {file, NULL};
    pid_t pid;
    double began = now_ms();
    if (posix_spawn(&pid, file, NULL, NULL, arguments, environment)) {
        perror(file);
        exit(1);
    }
    int peer = accept(listener, NULL, NULL);
    if (recv(peer, &byte, 1, 0) != 1) {
        perror("recv");
        exit(1);
    }
    got.ms = now_ms() - began;
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    read_memory(pid, &got);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(peer);
    return got;
}

static int by_ms(const void *a, const void *b) {
    double x = ((const struct sample *)a)->ms, y = ((const struct sample *)b)->ms;
    return (x > y) - (x < y);
}

/* LAMBDA_TASK_ROOT=folder of the file: a packaged peer finds its libraries by it */
static void set_task_root(char *variable, size_t n, const char *file) {
    const char *slash = strrchr(file, '/');
    snprintf(variable, n, "LAMBDA_TASK_ROOT=%.*s", slash ? (int)(slash - file) : 1, slash ? file : ".");
}

int main(int argc, char **argv) {
    char api[64], handler[64], task_root[4096];
    int dropped = argc > 1 && !strcmp(argv[1], "--dropped");
    argc -= dropped;
    argv += dropped;
    snprintf(handler, sizeof handler, "_HANDLER=%s", getenv("_HANDLER") ? getenv("_HANDLER") : "private");
    char *environment[] = {api,
                           handler,
                           task_root,
                           "PATH=/usr/bin:/bin",
                           "AWS_REGION=us-east-1",
                           "PRIVATE_API_URL=https://example.execute-api.us-east-1.amazonaws.com/dev/private",
                           NULL};
    int n = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0, files = argc - 2;
    if (n < 1 || files > MAX_FILES) return fprintf(stderr, "usage: coldstart N BOOTSTRAP...\n"), 2;
    int listener = listen_at(api, sizeof api);
    struct sample *of[MAX_FILES];
    for (int f = 0; f < files; f++)
        if (!(of[f] = calloc((size_t)n, sizeof *of[f]))) return 1;
    for (int i = 0; i < n; i++)
        for (int f = 0; f < files; f++) {
            set_task_root(task_root, sizeof task_root, argv[f + 2]);
            if (dropped) drop_page_cache();
            of[f][i] = start_once(argv[f + 2], listener, environment);
        }
    for (int f = 0; f < files; f++) {
        qsort(of[f], (size_t)n, sizeof *of[f], by_ms);
        const struct sample *m = &of[f][n / 2];
        printf("%-48s %6.2f ms  resident %ld KB, own %ld KB\n", argv[f + 2], m->ms, m->rss_kb, m->own_kb);
        free(of[f]);
    }
    return 0;
}
