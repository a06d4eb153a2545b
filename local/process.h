/* SPDX-License-Identifier: Apache-2.0 */
/* A child process that cannot outlive this one. */
#ifndef LOCAL_PROCESS_H
#define LOCAL_PROCESS_H

#include <sys/types.h>

#include "err.h"

/* Starts path in dir with just this environment; its standard output and error go to our standard error. It leads a process
   group of its own and is killed when the calling thread ends. ERR_CONFIG says why it could not be executed. */
bool process_start(const char *path, const char *dir, char *const envp[], pid_t *pid, struct err *e);

/* Waits until the child has ended but leaves it in the table, so that its id cannot be reused; then process_reap. */
void process_await(pid_t pid);

/* "exit status 1" or "signal: segmentation fault", as Lambda words it. */
void process_reap(pid_t pid, char words[static 64]);

/* SIGKILL to the whole group. Only between process_start and process_reap. */
void process_kill(pid_t pid);

#endif
