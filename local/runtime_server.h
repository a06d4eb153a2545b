/* SPDX-License-Identifier: Apache-2.0 */
/* The server side of the Lambda Runtime API for one function, on a loopback port of its own. */
#ifndef LOCAL_RUNTIME_SERVER_H
#define LOCAL_RUNTIME_SERVER_H

#include "function.h"
#include "http_server.h"

/* *function may be set after the server has started and before its process does: each needs the other's address. Until then
   every request is closed without an answer. */
bool runtime_server_start(_Atomic(struct function *) *function, struct http_server **server, struct err *e);

#endif
