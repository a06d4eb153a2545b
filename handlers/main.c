/* SPDX-License-Identifier: Apache-2.0 */
/* `bootstrap`: one binary, a handler chosen by _HANDLER. */
#include <stdio.h>
#include <stdlib.h>
#ifdef STATIC_GLIBC
#include <nss.h>
#endif

#include "handlers.h"
#include "private_api.h"

static bool unknown_handler(void *user, struct err *e) {
    (void)user;
    const char *name = getenv("_HANDLER");
    return err_set(e, ERR_CONFIG, "_HANDLER is %s%s%s; this bootstrap has the handlers public and private",
                   name ? "\"" : "not set", name ? name : "", name ? "\"" : "");
}

int main(int argc, char **argv) {
    static struct private_api private_api;
    static const struct {
        const char *name;
        struct lambda_program program;
    } handlers[] = {
        {"public",
         {.init = public_init, .handle = public_handle, .user = &private_api, .after_restore = public_after_restore}},
        {"private", {.handle = private_handle}},
    };
    static const struct lambda_program none = {.init = unknown_handler};
    if (argc > 1 && str_eq(str_of(argv[1]), STR("--version"))) return puts("lambda-iam-c " LAMBDA_IAM_C_VERSION) < 0;
#ifdef STATIC_GLIBC
    /* Any other service that the host's nsswitch.conf names would load the host's C library beside this one. */
    __nss_configure_lookup("hosts", "files dns");
#endif
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++)
        if (str_eq(str_of(getenv("_HANDLER")), str_of(handlers[i].name))) return lambda_run(&handlers[i].program);
    return lambda_run(&none);
}
