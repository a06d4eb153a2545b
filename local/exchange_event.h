/* SPDX-License-Identifier: Apache-2.0 */
/* The event that a function sees of an admitted request. */
#ifndef LOCAL_EXCHANGE_EVENT_H
#define LOCAL_EXCHANGE_EVENT_H

#include "apigw.h"
#include "exchange.h"

/* ERR_PARSE: query, header, path or body cannot be carried unchanged, so that the function would see something else than
   what was signed. */
bool exchange_event_fill(const struct exchange *x, struct apigw_event *ev, struct err *e);

/* "image/png" by "image/png", "image/" with a star, or two of them; without the parameters of the type, and without case. */
bool exchange_event_is_type(const struct model_api *api, struct str media_type);

enum apigw_format exchange_event_format(enum model_api_kind kind);

#endif
