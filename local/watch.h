/* SPDX-License-Identifier: Apache-2.0 */
/* Tells when a file is written, or another one is renamed over it: inotify on its folder, in a thread of its own. */
#ifndef LOCAL_WATCH_H
#define LOCAL_WATCH_H

#include <stddef.h>

#include "err.h"

struct watch_file {
    const char *path;
    void (*changed)(void *user,
                    const char *path); /* in the watcher's thread, when the file has been quiet for a moment */
    void *user;
};

struct watch;
bool watch_start(const struct watch_file *files, size_t n, struct watch **w, struct err *e); /* keeps the paths */
void watch_stop(struct watch *w);                                                            /* NULL is fine */

#endif
