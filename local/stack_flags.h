/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that say which template is meant, and as which stack: the same for every command that reads one. */
#ifndef LOCAL_STACK_FLAGS_H
#define LOCAL_STACK_FLAGS_H

#include "flags.h"
#include "model.h"

/* The first entries of a command's table, in this order. */
#define STACK_FLAGS \
    {"--template", 0, true, false}, {"--callers", 0, true, false}, {"--callers-account", 0, true, false}, \
        {"--parameter", 0, true, true}, {"--region", 0, true, false}, {"--account", 0, true, false}, \
        {"--stack-name", 0, true, false}, {"--config-env", 0, true, false}, { \
        "--config-file", 0, true, false \
    }
enum {
    STACK_TEMPLATE,
    STACK_CALLERS,
    STACK_CALLERS_ACCOUNT,
    STACK_PARAMETER,
    STACK_REGION,
    STACK_ACCOUNT,
    STACK_NAME,
    STACK_CONFIG_ENV,
    STACK_CONFIG_FILE,
    STACK_N_FLAGS
};

#define STACK_USAGE \
    "  --template FILE    the SAM template (template.yaml)\n" \
    "  --callers FILE     a CloudFormation file with more IAM users and roles\n" \
    "  --callers-account ID  the AWS account of those (that of the template)\n" \
    "  --parameter K=V    a parameter of the template (may be repeated)\n" \
    "  --region NAME      samconfig's, AWS_REGION, AWS_DEFAULT_REGION or us-east-1 when not given\n" \
    "  --account ID       12 digits (123456789012)\n" \
    "  --stack-name NAME  samconfig's or lambda-iam-c when not given\n" \
    "  --config-env ENV   the part of samconfig.toml that holds (default)\n" \
    "  --config-file FILE the configuration of SAM (samconfig.toml, .yaml or .yml beside the template)\n"

/* *options borrows *parameters and the flags. ERR_CONFIG: --parameter is not NAME=VALUE, or twice for one name. */
bool stack_flags_read(const struct flags *f, struct model_options *options, struct http_fields *parameters,
                      struct arena *a, struct err *e);

/* What the command line does not say is taken from the configuration of SAM, if there is one; *taken says what, empty when
   nothing was (taken may be NULL). ERR_CONFIG: it cannot be read. */
bool stack_flags_configure(const struct flags *f, struct model_options *options, struct http_fields *parameters,
                           struct str *taken, struct arena *a, struct err *e);

/* The function that somebody names, by its logical id or FunctionName. ERR_CONFIG: there is none, and which there are. */
bool stack_flags_function(const struct model *m, const char *template_path, struct str name,
                          const struct model_function **function, struct arena *a, struct err *e);

#endif
