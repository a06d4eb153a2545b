/* SPDX-License-Identifier: Apache-2.0 */
/* The Lambda Runtime API, one function per URL. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
   lambda.h is what a program needs; this is for those who write a loop of their own. An api belongs to one thread at a
   time and holds one connection.
   For every call: false with ERR_REFUSED means "log it and go on with the next invocation" (400, 410, 413, and 403 on an
   answer); false with any other kind means the environment is lost: exit with a non-zero status. Bodies are sent from the
   caller's memory. */
#ifndef RUNTIME_RUNTIME_API_H
#define RUNTIME_RUNTIME_API_H

#include "lambda.h"

#ifdef __cplusplus
extern "C" {
#endif

struct runtime_api;

/* host_port is the value of AWS_LAMBDA_RUNTIME_API; user_agent may be absent. No connection is made yet.
   ERR_CONFIG when host_port is not host:port, or the agent has a byte that no header field has. */
bool runtime_api_open(struct str host_port, struct str user_agent, struct runtime_api **api, struct err *e);
void runtime_api_close(struct runtime_api *api);

/* The HTTP status of the last call's answer; 0 when there was none. */
int runtime_api_status(const struct runtime_api *api);

/* The connection is given up; the next call opens another. After a restore from a snapshot, for example. */
void runtime_api_disconnect(struct runtime_api *api);

/* GET /invocation/next: waits for ever, because the environment may be frozen inside. A lost connection is tried again
   a few times with growing pauses. Views in *inv live in the arena. ERR_REFUSED: a delivery without a usable request id. */
bool runtime_api_next(struct runtime_api *api, struct lambda_invocation *inv, struct arena *a, struct err *e);

/* POST /invocation/{id}/response and /error. ERR_LIMIT (nothing was sent): the body is over LAMBDA_MAX_REPLY_BYTES.
   An absent content_type is application/json. */
bool runtime_api_response(struct runtime_api *api, const struct lambda_invocation *inv, struct str content_type,
                          struct str body, struct err *e);
bool runtime_api_error(struct runtime_api *api, const struct lambda_invocation *inv,
                       const struct lambda_failure *failure, struct err *e);

/* POST /invocation/{id}/response in pieces. failure: NULL, or what goes into the trailers. After a begin that was true
   there must be one end, which reads Lambda's answer. */
bool runtime_api_stream_begin(struct runtime_api *api, const struct lambda_invocation *inv, struct str content_type,
                              struct err *e);
bool runtime_api_stream_write(struct runtime_api *api, struct str bytes, struct err *e);
bool runtime_api_stream_end(struct runtime_api *api, const struct lambda_failure *failure, struct err *e);

/* POST /init/error: once, before the first next; the process must exit afterwards. */
bool runtime_api_init_error(struct runtime_api *api, const struct lambda_failure *failure, struct err *e);

/* SnapStart: GET /restore/next returns in the restored copy; POST /restore/error, then the process must exit. */
bool runtime_api_restore_next(struct runtime_api *api, struct err *e);
bool runtime_api_restore_error(struct runtime_api *api, const struct lambda_failure *failure, struct err *e);

/* The Extensions API, as far as an internal extension without events needs it.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
   register: POST /2020-01-01/extension/register, {"events":[]}; the identifier is NUL-terminated, in the arena.
   next: GET /2020-01-01/extension/event/next, which returns only when the environment ends. */
bool runtime_api_extension_register(struct runtime_api *api, struct str name, struct str *identifier, struct arena *a,
                                    struct err *e);
bool runtime_api_extension_next(struct runtime_api *api, struct str identifier, struct err *e);

/* "Function.BadRequest" and the like: the Category.Reason that Lambda passes on. */
const char *runtime_api_error_type(enum err_kind kind);

#ifdef __cplusplus
}
#endif

#endif
