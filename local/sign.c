/* SPDX-License-Identifier: Apache-2.0 */
/* Command line and environment in, text on standard output. */
#include "sign.h"

#include <stdio.h>

#include "client_print.h"

enum { PRINT = CLIENT_N_FLAGS, HELP };

static const struct flag FLAGS[] = {CLIENT_FLAGS, {"--print", 0, true, false}, {"--help", 'h', false, false}};

static const char USAGE[] = "usage: apigw sign REQUEST [options] [--print WHAT]\n" CLIENT_USAGE CLIENT_PRINT_USAGE
                            "exit code: 0 done, 2 bad usage, 3 refused input\n";

static int run(struct client *c, int argc, char **argv) {
    struct sigv4_texts texts;
    const struct client_print *wanted = NULL;
    bool readable = client_read_flags(c, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv);
    if (flags_value(&c->flags, HELP)) return fputs(USAGE, stdout) < 0;
    if (readable) wanted = client_print_find(c, flags_value(&c->flags, PRINT));
    if (!wanted) {
        fprintf(stderr, "apigw sign: %s\n%s", c->e.msg, USAGE);
        return SIGN_USAGE;
    }
    if (client_read_request(c) && client_check_framing(c) && client_read_keys(c) &&
        sigv4_sign_texts(&c->rq, &c->profile.keys, &c->scope, &texts, &c->arena, &c->e) &&
        client_print(c, wanted, &texts))
        return SIGN_DONE;
    client_complain(c, "sign");
    return SIGN_REFUSED;
}

int sign_main(int argc, char **argv) {
    struct client *c = client_open();
    int code = SIGN_REFUSED;
    if (!c) fputs("apigw sign: out of memory\n", stderr);
    else code = run(c, argc, argv);
    client_close(c);
    return code;
}
