/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into the gateway: its time of day is 20 minutes ahead, so that what any client signs now is 20 minutes old. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

enum { AHEAD_S = 20 * 60 };

int clock_gettime(clockid_t id, struct timespec *t) {
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, t);
    if (result == 0 && id == CLOCK_REALTIME) t->tv_sec += AHEAD_S;
    return result;
}
