/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's keys: one profile of AWS's shared credentials file, or the environment.
   https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
   Error sentences name file and line, never a value. */
#ifndef LOCAL_PROFILE_H
#define LOCAL_PROFILE_H

#include "sigv4.h"

struct profile {
    struct sigv4_keys keys;
    struct str region; /* absent when the profile has none */
};

/* Finds [name] in the text of such a file and reads aws_access_key_id, aws_secret_access_key, aws_session_token and
   region; the values are views into text. Other settings are skipped; lines that are no INI are not. `file` is for error
   sentences. ERR_CONFIG: no such profile, a key missing, empty or given twice, or a malformed line. */
bool profile_read(struct str text, const char *file, struct str name, struct profile *profile, struct err *e);

/* With a profile's name: from `file` (NULL: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials). Without (NULL): from
   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. A temporary key (ASIA...) without a token is an
   error. */
bool profile_find(const char *name, const char *file, struct profile *profile, struct arena *a, struct err *e);

#endif
