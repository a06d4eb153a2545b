/* SPDX-License-Identifier: Apache-2.0 */
/* A streamed HTTP response, for a Function URL with InvokeMode RESPONSE_STREAM: the caller sees each line as it is written. */
#include "lambda.h"

static bool count(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user, (void)reply;
    struct http_response head = {.status = 200};
    if (!http_field_add(&head.fields, STR("Content-Type"), STR("text/plain"), inv->arena, e)) return false;
    if (!lambda_stream_begin_http(inv, &head, e)) return false;
    for (int i = 1; i <= 3; i++) {
        struct buf line;
        buf_init(&line, 64, inv->arena);
        buf_addf(&line, "line %d\n", i);
        if (!buf_ok(&line, e) || !lambda_stream_write(inv, buf_str(&line), e)) return false;
    }
    return true;
}

int main(void) {
    static const struct lambda_program program = {.handle = count};
    return lambda_run(&program);
}
