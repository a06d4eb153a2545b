/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint beside a container, or beside a function restored from a snapshot, that gives out its role's keys.
   https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
   Read anew whenever it is asked:
     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI   a path at http://169.254.170.2; wins over
     AWS_CONTAINER_CREDENTIALS_FULL_URI       https, or http to a loopback host, 169.254.170.2, 169.254.170.23 or
                                              [fd00:ec2::23]
     AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, else AWS_CONTAINER_AUTHORIZATION_TOKEN   sent as Authorization */
#ifndef HANDLERS_CONTAINER_CREDENTIALS_H
#define HANDLERS_CONTAINER_CREDENTIALS_H

#include "credentials_cache.h"
#include "url.h"

/* Is one of the two URIs set? */
bool container_credentials_given(void);

/* Where they lead, if that is an address that may be asked; nothing is sent. Views into the arena. ERR_CONFIG. */
bool container_credentials_url(struct url *u, struct arena *a, struct err *e);

/* *keys are copies in the arena. ERR_CONFIG names the variable that is wrong; ERR_REFUSED, ERR_PROTOCOL, ERR_NETWORK
   and ERR_TIMEOUT are the endpoint's. No sentence shows the path: whoever knows it may be given the keys. */
bool container_credentials_keys(struct credentials_cache *cache, const struct credentials_time *when,
                                struct sigv4_keys *keys, struct arena *a, struct err *e);

#endif
