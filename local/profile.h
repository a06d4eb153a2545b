/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's keys, found as AWS's command line tool finds them.
   https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
   Error sentences name file and line, never a value of a key. */
#ifndef LOCAL_PROFILE_H
#define LOCAL_PROFILE_H

#include "sigv4.h"

struct profile {
    struct sigv4_keys keys;
    struct str region; /* absent when the profile has none */
};

/* Finds [name] in the text of a credentials file and reads aws_access_key_id, aws_secret_access_key, aws_session_token
   and region; the values are views into text. Nothing else is looked at. `file` is for error sentences. ERR_CONFIG: no
   such profile, a key missing, empty or given twice, or a malformed line. */
bool profile_read(struct str text, const char *file, struct str name, struct profile *profile, struct err *e);

/* The first of: the profile `name`; AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; the profile of
   AWS_PROFILE; the profile `default`; the container credentials endpoint.
   A profile is the sum of AWS_CONFIG_FILE (else ~/.aws/config) and AWS_SHARED_CREDENTIALS_FILE (else
   ~/.aws/credentials), whose settings win. With `file` a profile is meant in any case (`default` when none is named),
   and that credentials file is all there is. A profile's keys come from the first of
     role_arn with source_profile (a chain of up to eight) or credential_source (Environment, EcsContainer): STS is
       asked in the region of the profile, else of AWS_REGION or AWS_DEFAULT_REGION,
     aws_access_key_id, aws_secret_access_key and aws_session_token of the credentials file,
     credential_process,
     the same three of the config file;
   as a source_profile, from role_arn only when it has no keys. SSO, web identity, MFA and external ids are refused by
   name. Keys that no AWS service would take are errors, as in credentials_check.
   Errors: ERR_CONFIG, and those of STS, the endpoint or the process. */
bool profile_find(const char *name, const char *file, struct profile *profile, struct arena *a, struct err *e);

#endif
