/* SPDX-License-Identifier: Apache-2.0 */
/* An absolute http or https URL, taken apart without changing a byte (RFC 3986): what is signed must be what is sent. */
#ifndef BASE_URL_H
#define BASE_URL_H

#include "buf.h"

#ifdef __cplusplus
extern "C" {
#endif

struct url {
    bool tls;
    struct str host;  /* as written, IPv6 with its brackets */
    uint16_t port;    /* 443 or 80 when none is written */
    struct str path;  /* as on the wire; "/" when empty */
    struct str query; /* absent without '?' */
};

/* Views into text. ERR_PARSE says which part is wrong; user information and fragments are refused. */
bool url_read(struct str text, struct url *u, struct err *e);

/* The Host field: host, and the port unless it is the scheme's own. */
bool url_host_field(const struct url *u, struct str *host, struct arena *a, struct err *e);

/* localhost, *.localhost (RFC 6761), 127.0.0.0/8 or [::1]. */
bool url_is_loopback(const struct url *u);

#ifdef __cplusplus
}
#endif

#endif
