/* SPDX-License-Identifier: Apache-2.0 */
/* A function is one function: the event is inv->payload, the result goes into *reply. */
#include "lambda.h"

static bool hello(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user, (void)e;
    buf_addf(reply, "{\"hello\":\"world\",\"event_bytes\":%zu}", inv->payload.n);
    return true;
}

int main(void) {
    static const struct lambda_program program = {.handle = hello};
    return lambda_run(&program);
}
