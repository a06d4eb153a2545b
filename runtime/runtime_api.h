/* SPDX-License-Identifier: Apache-2.0 */
/* The Lambda Runtime API, one function per URL. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
   For every call: false with ERR_REFUSED means "log it and go on with the next invocation" (400, 410, 413, and 403 on an
   answer); false with any other kind means the environment is lost: exit with a non-zero status. */
#ifndef RUNTIME_RUNTIME_API_H
#define RUNTIME_RUNTIME_API_H

#include "lambda.h"

struct runtime_api;

/* host_port is the value of AWS_LAMBDA_RUNTIME_API. No connection is made yet. ERR_CONFIG when it is not host:port. */
bool runtime_api_open(struct str host_port, struct runtime_api **api, struct err *e);
void runtime_api_close(struct runtime_api *api);

/* GET /invocation/next: waits for ever, because the environment may be frozen inside. A lost connection is tried again
   a few times with growing pauses. Views in *inv live in the arena. ERR_REFUSED: a delivery without a usable request id. */
bool runtime_api_next(struct runtime_api *api, struct lambda_invocation *inv, struct arena *a, struct err *e);

/* POST /invocation/{id}/response and /error. */
bool runtime_api_response(struct runtime_api *api, const struct lambda_invocation *inv, struct str body, struct err *e);
bool runtime_api_error(struct runtime_api *api, const struct lambda_invocation *inv, const struct err *cause,
                       struct err *e);

/* POST /init/error: once, before the first next; the process must exit afterwards. */
bool runtime_api_init_error(struct runtime_api *api, const struct err *cause, struct err *e);

/* "Function.BadRequest" and the like: the Category.Reason that Lambda passes on. */
const char *runtime_api_error_type(enum err_kind kind);

#endif
