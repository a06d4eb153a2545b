/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata endpoint of the execution environment: which Availability Zone is this?
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-metadata-endpoint.html */
#ifndef RUNTIME_METADATA_H
#define RUNTIME_METADATA_H

#include "arena.h"
#include "err.h"
#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

struct metadata;

/* The values of AWS_LAMBDA_METADATA_API and AWS_LAMBDA_METADATA_TOKEN. Nothing is asked yet. ERR_CONFIG when one is absent
   or unusable, as everywhere but on Lambda. */
bool metadata_open(struct str host_port, struct str token, struct metadata **m, struct err *e);
void metadata_close(struct metadata *m); /* NULL is fine */

/* "use1-az1": the same place in every account. *id lives in the arena. The first call asks; later ones answer from memory
   for as long as the endpoint's Cache-Control said, 43,200 s if it said nothing. For any number of threads.
   Errors: ERR_REFUSED (401: the token is not this environment's), ERR_PROTOCOL (405, 500, an answer without an id),
   and those of the connection. */
bool metadata_availability_zone_id(struct metadata *m, struct str *id, struct arena *a, struct err *e);

/* The next call asks again: a restored snapshot may be in another zone. For after_restore. */
void metadata_forget(struct metadata *m);

#ifdef __cplusplus
}
#endif

#endif
