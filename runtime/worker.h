/* SPDX-License-Identifier: Apache-2.0 */
/* One poller: next, handler, answer, again. Alone it is the classic runtime; with AWS_LAMBDA_MAX_CONCURRENCY there are that
   many, a thread each, which share nothing but the program. For lambda.c. */
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "lambda.h"
#include "runtime_api.h"

enum { WORKER_MAX = 1024 };

/* Serves on this thread until the environment is lost, which *why explains. */
void worker_run_one(const struct lambda_program *program, struct runtime_api *api, struct err *why);

/* Serves with n threads until it is lost for one of them. True: *why explains it, and *quiet tells whether all threads have
   ended. False: they could not be started, and nothing was polled. */
bool worker_run_many(const struct lambda_program *program, struct str host_port, size_t n, bool *quiet,
                     struct err *why);

#endif
