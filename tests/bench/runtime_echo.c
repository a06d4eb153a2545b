/* SPDX-License-Identifier: Apache-2.0 */
/* The function that `make bench-runtime` measures: the reply is the event. */
#include "lambda.h"

static bool echo(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user, (void)e;
    buf_add(reply, inv->payload);
    return true;
}

int main(void) {
    return lambda_run(&(struct lambda_program){.handle = echo});
}
