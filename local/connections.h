/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of one server: how many there may be, and how long each may take to send the head of a request, and as
   long again for its body. Who comes in too many, or sends a byte now and then, is closed with a line in the log. */
#ifndef LOCAL_CONNECTIONS_H
#define LOCAL_CONNECTIONS_H

#include <stdint.h>

#include "err.h"

struct connections;
struct connection;

bool connections_open(struct connections **all, unsigned max, unsigned part_s, struct err *e); /* part_s 0: for ever */
void connections_close(struct connections *all);                   /* when all have left; NULL is fine */
void connections_set_port(struct connections *all, uint16_t port); /* for the log */

bool connections_admit(struct connections *all); /* false: one more would be too many */
/* Its descriptor is open until connections_leave. NULL: no memory; the calls below take it. */
struct connection *connections_join(struct connections *all, int fd);
void connections_leave(struct connections *all, struct connection *c);

void connections_await_part(struct connections *all, struct connection *c);   /* from now on: head or body */
void connections_have_request(struct connections *all, struct connection *c); /* it is whole; no time runs */

#endif
