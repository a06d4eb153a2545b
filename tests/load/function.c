/* SPDX-License-Identifier: Apache-2.0 */
/* The function under load: the parameter `do` of a request says how this invocation ends; without one it is answered as
   `private` answers. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "apigw.h"
#include "handlers.h"

static void wait_ms(long ms) {
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static bool handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct apigw_event ev;
    if (!apigw_read_event(inv->payload, &ev, inv->arena, e)) return false;
    struct str what = http_field_get(&ev.params, STR("do"));
    if (str_eq(what, STR("abort"))) abort();
    if (str_eq(what, STR("exit"))) _exit(3);
    if (str_eq(what, STR("error"))) return err_set(e, ERR_HANDLER, "told to fail");
    if (str_eq(what, STR("text"))) buf_add(reply, STR("no JSON"));
    else if (str_eq(what, STR("list"))) buf_add(reply, STR("[200]"));
    else if (str_eq(what, STR("status"))) buf_add(reply, STR("{\"statusCode\":\"many\"}"));
    else {
        if (str_eq(what, STR("slow"))) wait_ms(20);
        if (str_eq(what, STR("stuck"))) wait_ms(60000); /* longer than its Timeout */
        return private_handle(user, inv, reply, e);
    }
    return true;
}

int main(void) {
    return lambda_run(&(struct lambda_program){.handle = handle});
}
