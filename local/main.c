/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw`: one table of subcommands, so that dispatch and help cannot disagree. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "check.h"
#include "doctor.h"
#include "explain.h"
#include "invoke.h"
#include "sign.h"
#include "start.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} COMMANDS[] = {
    {"start", start_main, "run template.yaml here, AWS_IAM enforced"},
    {"invoke", invoke_main, "run one function once with one event, and nothing else"},
    {"check", check_main, "who may call what: callers against routes, lints, expectations for CI"},
    {"call", call_main, "sign a request, send it, explain a 403; curl's flags and exit codes"},
    {"sign", sign_main, "sign a request; print its headers, URL, canonical request or a curl line"},
    {"explain", explain_main, "why was it refused? A request and its 403 in, the cause and the fix out"},
    {"doctor", doctor_main, "will this bootstrap, zip or folder start on Lambda?"},
};

enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

static void help(FILE *out) {
    fprintf(out, "usage: apigw COMMAND [options]   (apigw COMMAND --help tells more)\n");
    for (size_t i = 0; i < N_COMMANDS; i++) fprintf(out, "  %-7s %s\n", COMMANDS[i].name, COMMANDS[i].help);
}

int main(int argc, char **argv) {
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
        help(stdout);
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) return puts("apigw " LAMBDA_IAM_C_VERSION) < 0;
    for (size_t i = 0; argc > 1 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0) return COMMANDS[i].run(argc - 1, argv + 1);
    if (argc > 1) fprintf(stderr, "apigw: there is no command %s\n", argv[1]);
    help(stderr);
    return 2;
}
