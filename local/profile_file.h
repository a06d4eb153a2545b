/* SPDX-License-Identifier: Apache-2.0 */
/* AWS's two shared files, as its command line tool reads them: [x] in the credentials file is [profile x] in the config
   file.
   https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
   Strict where a slip would mean other keys than the file's author thinks: a profile or a setting that is there twice
   is refused, not chosen from. */
#ifndef LOCAL_PROFILE_FILE_H
#define LOCAL_PROFILE_FILE_H

#include "err.h"
#include "str.h"

enum profile_setting {
    PROFILE_ACCESS_KEY_ID,
    PROFILE_SECRET_ACCESS_KEY,
    PROFILE_SESSION_TOKEN,
    PROFILE_REGION,
    PROFILE_ROLE_ARN,
    PROFILE_SOURCE_PROFILE,
    PROFILE_CREDENTIAL_SOURCE,
    PROFILE_ROLE_SESSION_NAME,
    PROFILE_DURATION_SECONDS,
    PROFILE_CREDENTIAL_PROCESS,
    PROFILE_FIRST_UNSUPPORTED, /* known, because to pass them over would mean other keys */
    PROFILE_WEB_IDENTITY_TOKEN_FILE = PROFILE_FIRST_UNSUPPORTED,
    PROFILE_SSO_SESSION,
    PROFILE_SSO_START_URL,
    PROFILE_SSO_ACCOUNT_ID,
    PROFILE_MFA_SERIAL,
    PROFILE_EXTERNAL_ID,
    PROFILE_N_SETTINGS
};
const char *profile_file_name(enum profile_setting setting); /* "aws_access_key_id" */

struct profile_value {
    struct str text; /* a view into the file's text; absent: not there */
    const char *file;
    unsigned line;
};

struct profile_settings {
    bool found; /* the profile, even an empty one */
    struct profile_value at[PROFILE_N_SETTINGS];
};

enum profile_format { PROFILE_CREDENTIALS, PROFILE_CONFIG };

/* `file` is for error sentences, which name it and the line, never a value; it lives as long as *settings. Other
   settings, and the indented lines under them, are passed over. A profile that is not there is no error. ERR_CONFIG: a
   malformed line, an empty value, a control byte, something twice. */
bool profile_file_read(struct str text, const char *file, enum profile_format format, struct str name,
                       struct profile_settings *settings, struct err *e);

#endif
