/* SPDX-License-Identifier: Apache-2.0 */
/* The server side of the Lambda Runtime API for one execution environment, on a loopback port of its own. */
#ifndef LOCAL_RUNTIME_SERVER_H
#define LOCAL_RUNTIME_SERVER_H

#include "environment.h"
#include "http_server.h"

bool runtime_server_start(struct environment *env, struct http_server **server, struct err *e);

#endif
