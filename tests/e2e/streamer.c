/* SPDX-License-Identifier: Apache-2.0 */
/* A function that streams as its request's path says, for stream.py. With ?file=F it waits in the middle until F is there, or
   says with F that it has done all. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "apigw.h"
#include "lambda.h"

enum { PIECE_BYTES = 1 << 20, PIECES = 64 };

static const char *file_of(const struct apigw_event *ev, struct arena *a) {
    return arena_copy(a, http_field_get(&ev->params, STR("file")));
}

static void await_file(const struct lambda_invocation *inv, const char *path) {
    while (access(path, F_OK) != 0 && lambda_remaining_ms(inv) > 0) nanosleep(&(struct timespec){0, 10000000}, NULL);
}

static bool begin(const struct lambda_invocation *inv, struct err *e) {
    struct http_response head = {.status = 201};
    return http_field_add(&head.fields, STR("Content-Type"), STR("text/x"), inv->arena, e) &&
           http_field_add(&head.fields, STR("X-Own"), STR("yes"), inv->arena, e) &&
           http_field_add(&head.fields, STR("Content-Length"), STR("3"), inv->arena, e) &&
           http_field_add(&head.fields, STR("Set-Cookie"), STR("a=1"), inv->arena, e) &&
           http_field_add(&head.fields, STR("Set-Cookie"), STR("b=2"), inv->arena, e) &&
           lambda_stream_begin_http(inv, &head, e);
}

/* ?then=fail, exit or hang instead of the end */
static bool hold(const struct lambda_invocation *inv, const struct apigw_event *ev, struct err *e) {
    struct str then = http_field_get(&ev->params, STR("then"));
    if (!begin(inv, e) || !lambda_stream_write(inv, STR("first\n"), e)) return false;
    await_file(inv, file_of(ev, inv->arena));
    if (str_eq(then, STR("fail"))) return err_set(e, ERR_HANDLER, "as ordered");
    if (str_eq(then, STR("exit"))) _exit(7);
    while (str_eq(then, STR("hang"))) pause();
    return lambda_stream_write(inv, STR("last\n"), e);
}

/* More than all buffers on the way hold. */
static bool much(const struct lambda_invocation *inv, const struct apigw_event *ev, struct err *e) {
    const char *file = file_of(ev, inv->arena);
    static char piece[PIECE_BYTES];
    bool ok = begin(inv, e);
    for (int i = 0; ok && i < PIECES; i++) ok = lambda_stream_write(inv, (struct str){piece, sizeof piece}, e);
    int fd = ok && *file ? open(file, O_CREAT | O_WRONLY, 0600) : -1;
    if (fd >= 0) close(fd);
    return ok;
}

static bool obey(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct apigw_event ev;
    (void)user;
    if (!apigw_read_event(inv->payload, &ev, inv->arena, e)) return false;
    struct str path = ev.http.path;
    if (str_eq(path, STR("/hold"))) return hold(inv, &ev, e);
    if (str_eq(path, STR("/much"))) return much(inv, &ev, e);
    if (str_eq(path, STR("/typed")))
        return lambda_stream_begin(inv, STR("text/y"), e) && lambda_stream_write(inv, STR("typed"), e);
    if (str_eq(path, STR("/untyped")))
        return lambda_stream_begin(inv, (struct str){0}, e) && lambda_stream_write(inv, STR("untyped"), e);
    if (str_eq(path, STR("/broken-prelude")))
        return lambda_stream_begin(inv, STR(APIGW_PRELUDE_TYPE), e) &&
               lambda_stream_write(inv, STR("no head\0\0\0\0\0\0\0\0body"), e);
    if (str_eq(path, STR("/early")))
        return lambda_stream_begin(inv, STR("text/y"), e) && err_set(e, ERR_HANDLER, "early");
    buf_add(reply, STR("{\"statusCode\":203,\"body\":\"whole\"}"));
    return true;
}

int main(void) {
    static const struct lambda_program program = {.handle = obey};
    return lambda_run(&program);
}
