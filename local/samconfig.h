/* SPDX-License-Identifier: Apache-2.0 */
/* samconfig.toml (or .yaml, .yml) of SAM CLI: of ENV.deploy.parameters, and of ENV.global.parameters what those do not say,
   the name and region of the stack and its parameters. All other options are SAM's own and are not looked at.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html */
#ifndef LOCAL_SAMCONFIG_H
#define LOCAL_SAMCONFIG_H

#include "buf.h"
#include "http_msg.h"

struct samconfig {
    const char *path; /* NULL: there is no such file */
    struct str env;
    struct str stack_name, region; /* absent: the file does not say */
    struct http_fields parameters; /* names and values of parameter_overrides */
    unsigned parameters_line;      /* of the latter */
};

/* `file` NULL: the one beside the template, if there is one. `env` NULL: default. A file or environment that was asked for
   and is not there is an error, and so is what cannot be read; ERR_CONFIG begins with "FILE:LINE: " (FILE alone when it cannot
   be opened). */
bool samconfig_read(const char *template_path, const char *file, const char *env, struct samconfig *config,
                    struct arena *a, struct err *e);

/* The same of a text; the name of its file tells its format. */
bool samconfig_read_text(const char *path, struct str text, const char *env, struct samconfig *config, struct arena *a,
                         struct err *e);

/* "samconfig.toml [default]: stack_name, parameter_overrides PrivateAuth"; nothing when nothing was taken. No value: one
   could be a secret. */
void samconfig_write_taken(const struct samconfig *config, struct buf *out);

#endif
