/* SPDX-License-Identifier: Apache-2.0 */
/* A profile's credential_process: a command that prints keys as JSON.
   https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
#ifndef LOCAL_PROFILE_PROCESS_H
#define LOCAL_PROFILE_PROCESS_H

#include "credentials_cache.h"

/* Runs the command without a shell and reads {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken",
   "Expiration"} (the last two may be missing) from its standard output; input and error are ours. *keys are copies in
   the arena. Errors: ERR_CONFIG (it cannot be executed, or failed), ERR_PROTOCOL (its answer), ERR_TIMEOUT (it was
   killed), ERR_LIMIT (more than 64 KiB). No sentence holds the command: there may be a secret in it. */
bool profile_process_run(struct str command, const struct credentials_time *when, struct sigv4_keys *keys,
                         struct arena *a, struct err *e);

/* Words as a POSIX shell splits them: blanks separate; '...' is literal; \ takes the next character literally, and
   between "..." only " and \; nothing is expanded. *argv ends with NULL. ERR_CONFIG: a quote without its end, or no
   word. */
bool profile_process_split(struct str command, char ***argv, struct arena *a, struct err *e);

#endif
