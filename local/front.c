/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw` as `make install STATIC=yes` installs it (front.cmake). Commands that are over in milliseconds are in this file,
   which has no library to load; for all others it becomes the whole apigw. */
#include <errno.h>
#include <nss.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "explain.h"
#include "sign.h"

enum { MAX_PATH_BYTES = 4096 };

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} COMMANDS[] = {{"call", call_main}, {"sign", sign_main}, {"explain", explain_main}};

/* Returns only when it failed. The installation may have been moved, so WHOLE_APIGW is relative to this file's folder. */
static int become_whole(char **argv) {
    char path[MAX_PATH_BYTES + sizeof WHOLE_APIGW];
    ssize_t n = readlink("/proc/self/exe", path, MAX_PATH_BYTES);
    while (n > 0 && path[n - 1] != '/') n--;
    memcpy(path + (n > 0 ? n : 0), WHOLE_APIGW, sizeof WHOLE_APIGW);
    execv(path, argv);
    fprintf(stderr, "apigw: %s, which has all commands but call, sign and explain: %s\n", path, strerror(errno));
    return 2;
}

int main(int argc, char **argv) {
    /* Any other service that nsswitch.conf names would load the machine's C library beside this one. */
    __nss_configure_lookup("hosts", "files dns");
    for (size_t i = 0; argc > 1 && i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (strcmp(argv[1], COMMANDS[i].name) == 0) return COMMANDS[i].run(argc - 1, argv + 1);
    return become_whole(argv);
}
