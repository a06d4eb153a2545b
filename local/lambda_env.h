/* SPDX-License-Identifier: Apache-2.0 */
/* What the environments of one function have in common, as Lambda's OS-only runtime sets it, with the role's keys of this run.
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
#ifndef LOCAL_LAMBDA_ENV_H
#define LOCAL_LAMBDA_ENV_H

#include "model.h"
#include "sigv4.h"

struct lambda_env {
    const struct model *model;
    const struct model_function *function;
    const struct sigv4_keys *keys;
    const char *task_root;
    const uint16_t *api_ports; /* of model->apis */
    uint16_t sts_port;
};

/* *variables is NULL-terminated, "NAME=value" each, in the arena. A value that holds an API's AWS address
   (https://{api}.execute-api.{region}.{suffix}, https://{url}.lambda-url.{region}.on.aws) gets its local one,
   http://{api}.execute-api.{region}.localhost:PORT, whose host still tells service and region. Of our own environment only sanitizer options are passed on. */
bool lambda_env_make(const struct lambda_env *env, char *const **variables, struct arena *a, struct err *e);

#endif
