/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the process around its invocations: SIGTERM, snapshots, and runs without Lambda. For lambda.c. */
#ifndef RUNTIME_LIFECYCLE_H
#define RUNTIME_LIFECYCLE_H

#include "lambda.h"
#include "runtime_api.h"

/* Only if the program has a shutdown hook: registers the internal extension, catches SIGTERM and starts two small threads
   that wait. To be called before the first next. At SIGTERM the hook runs in an ordinary thread of its own, whatever
   handlers are doing; then standard output is flushed and the process ends with 0, without atexit: other threads are
   still at work. A hook that has not returned after 300 ms is logged, and the process ends with 1.
   False: *e is for /init/error. */
bool lifecycle_on_sigterm(const struct lambda_program *program, struct str host_port, struct err *e);

/* Only if AWS_LAMBDA_INITIALIZATION_TYPE is snap-start: before_snapshot, GET /restore/next, the connection of api dropped,
   OpenSSL's random generator (if one is linked) reseeded, after_restore, which has to drop what else the program keeps
   open. False: it has been posted to /init/error or /restore/error and logged; exit. */
bool lifecycle_snapstart(const struct lambda_program *program, struct runtime_api *api);

/* Without AWS_LAMBDA_RUNTIME_API: init, one event from the file named by LAMBDA_EVENT ("-": standard input), shutdown. The
   reply or the stream goes to standard output byte for byte; log lines, and what the function prints, to standard error.
   The deadline follows AWS_LAMBDA_FUNCTION_TIMEOUT (3 s without) and nobody enforces it. *code is main's exit code: 0
   done, 1 the function failed, 2 the event cannot be read. False: LAMBDA_EVENT is not set either. */
bool lifecycle_run_once(const struct lambda_program *program, int *code);

#endif
