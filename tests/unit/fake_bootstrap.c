/* SPDX-License-Identifier: Apache-2.0 */
/* A bootstrap that does as it is told, right or wrong. _HANDLER says how it begins: `plain` takes the event's text as the
   order, `proxy` the body of a REST event; `sleeps` never asks for anything, `exits`, `crashes` and `init-error` end before
   they ask, `init-error-hangs` does not; `exits-once FILE` ends if it can remove that file. An order that it does not know
   comes back as the reply. "meet FOLDER N ORDER": waits until N processes are there, then obeys. "await FILE NAME": below. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "wire.h"

#define API "/2018-06-01/runtime/"

static struct arena arena;
static uint16_t port;
static int connection = -1;
static int last_status; /* of the last answer that an order asked for */

static struct http_response say(const char *method, struct str path, struct str body) {
    struct http_request rq = {.method = str_of(method), .path = path, .body = body};
    struct http_response rs;
    if (connection < 0) connection = wire_open(port, 0);
    if (connection < 0 || !wire_write(connection, &rq, &arena) || !wire_read(connection, &rs, &arena)) _exit(3);
    return rs;
}

static int post(struct str id, const char *tail, struct str body) {
    struct buf path;
    buf_init(&path, 1024, &arena);
    buf_addf(&path, API "invocation/%.*s/%s", STR_ARG(id), tail);
    return say("POST", buf_str(&path), body.p ? body : STR("")).status;
}

static struct str number(long n) {
    struct buf text;
    buf_init(&text, 32, &arena);
    buf_addf(&text, "%ld", n);
    return buf_str(&text);
}

/* As API Gateway wants it. */
static struct str proxy_reply(struct str body) {
    struct buf text;
    buf_init(&text, WIRE_MAX_BYTES, &arena);
    buf_add(&text, STR("{\"statusCode\":200,\"body\":"));
    json_write_text(&text, body);
    buf_add_char(&text, '}');
    return buf_str(&text);
}

static struct str letters(size_t n) {
    char *p = arena_take(&arena, n);
    if (!p) _exit(4);
    memset(p, 'a', n);
    return (struct str){p, n};
}

static struct str child(void) {
    pid_t pid = fork();
    if (pid == 0)
        for (;;) pause();
    return number(pid);
}

static struct str environment(void) {
    extern char **environ;
    struct buf text;
    buf_init(&text, 1024 * 1024, &arena);
    for (char **at = environ; *at; at++) buf_addf(&text, "%s\n", *at);
    return buf_str(&text);
}

/* What happens beside a reply; true: the reply was given. */
static bool misbehave(struct str order, struct str id) {
    bool is_error = str_eq(order, STR("error")), is_large = str_eq(order, STR("large"));
    if (str_eq(order, STR("exit"))) _exit(7);
    if (str_eq(order, STR("crash"))) raise(SIGKILL);
    while (str_eq(order, STR("hang"))) pause();
    if (is_large) last_status = post(id, "response", letters(6291557));
    if (str_eq(order, STR("twice"))) {
        post(id, "response", STR("first"));
        last_status = post(id, "response", STR("second"));
        return true;
    }
    if (str_eq(order, STR("wrong-id"))) last_status = post(STR("no-such-id"), "response", STR("stray"));
    if (str_eq(order, STR("unknown"))) last_status = post(id, "nowhere", STR("stray"));
    if (is_error || is_large) post(id, "error", STR("{\"errorMessage\":\"as ordered\",\"errorType\":\"Ordered\"}"));
    return is_error || is_large;
}

static long count_files(const char *folder) {
    long n = 0;
    DIR *dir = opendir(folder);
    if (!dir) _exit(8);
    for (struct dirent *entry; (entry = readdir(dir));) n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* Each process leaves a file in the folder. Returns the order behind. */
static struct str meet(struct str order) {
    struct str word, n;
    int64_t wanted;
    char path[256];
    str_cut(&order, ' ', &word);
    str_cut(&order, ' ', &word);
    str_cut(&order, ' ', &n);
    if (!str_read_int64(n, 1, 1000, &wanted)) _exit(9);
    const char *folder = arena_copy(&arena, word);
    snprintf(path, sizeof path, "%s/%ld", folder, (long)getpid());
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (count_files(folder) < wanted) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return order;
}

/* "await FILE NAME": makes the file, waits until somebody removes it, replies with a variable's value. */
static struct str await(struct str order) {
    struct str word;
    str_cut(&order, ' ', &word);
    str_cut(&order, ' ', &word);
    const char *path = arena_copy(&arena, word), *name = arena_copy(&arena, order);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (access(path, F_OK) == 0) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    const char *value = getenv(name);
    return str_of(value ? value : "");
}

static void obey(struct str order, struct str id) {
    if (str_starts(order, STR("meet "))) order = meet(order);
    if (str_starts(order, STR("await "))) order = await(order);
    struct str reply = order;
    if (misbehave(order, id)) return;
    if (str_eq(order, STR("status"))) reply = number(last_status);
    if (str_eq(order, STR("pid"))) reply = number(getpid());
    if (str_eq(order, STR("reply-pid"))) reply = proxy_reply(number(getpid()));
    if (str_eq(order, STR("child"))) reply = child();
    if (str_eq(order, STR("environment"))) reply = environment();
    if (str_eq(order, STR("largest"))) reply = letters(6291556);
    post(id, "response", reply);
}

/* The body of the event is the order; anything but an order is the reply, and `event` answers with the whole event. */
static void obey_proxy(struct str event, struct str id) {
    struct cJSON *root;
    struct err e;
    if (!json_read(event, &root, &e)) _exit(5);
    struct str body = json_get_text(root, "body");
    bool whole = !body.n || str_eq(body, STR("event")) || json_is_true(json_get(root, "isBase64Encoded"));
    if (whole) {
        post(id, "response", proxy_reply(event));
    } else {
        obey(body, id);
    }
    json_close(root);
}

int main(void) {
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API"), *handler = getenv("_HANDLER");
    const char *colon = api ? strchr(api, ':') : NULL;
    if (!colon || !handler) return 2;
    port = (uint16_t)strtoul(colon + 1, NULL, 10);
    arena_init(&arena, 256 * 1024 * 1024);
    if (strcmp(handler, "exits") == 0) return 1;
    if (strncmp(handler, "exits-once ", 11) == 0 && unlink(handler + 11) == 0) return 1;
    if (strcmp(handler, "crashes") == 0) raise(SIGKILL);
    if (strncmp(handler, "init-error", 10) == 0) {
        say("POST", STR(API "init/error"), STR("{\"errorMessage\":\"as ordered\",\"errorType\":\"Ordered\"}"));
        while (strcmp(handler, "init-error-hangs") == 0) pause();
        return 1;
    }
    while (strcmp(handler, "sleeps") == 0) pause();
    for (;;) {
        struct http_response next = say("GET", STR(API "invocation/next"), (struct str){0});
        struct str id = http_field_get(&next.fields, STR("Lambda-Runtime-Aws-Request-Id"));
        if (next.status != 200 || !id.n) return 6;
        if (strcmp(handler, "proxy") == 0) obey_proxy(next.body, id);
        else obey(next.body, id);
        arena_reset(&arena);
    }
}
