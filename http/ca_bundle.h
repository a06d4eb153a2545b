/* SPDX-License-Identifier: Apache-2.0 */
/* A file of CA certificates in PEM (RFC 7468), read only as far as needed to find one by the name of its owner. */
#ifndef HTTP_CA_BUNDLE_H
#define HTTP_CA_BUNDLE_H

#include "str.h"

struct ca_block {
    struct str base64; /* between its first and last line; absent: it begins and does not end as it should */
    bool trusted;      /* "TRUSTED CERTIFICATE", OpenSSL's own: the certificate, then what it is trusted for */
};

/* Takes text up to the end of the next certificate away from *text. False: there is none that is whole; then *text is what
   must be seen again with the bytes behind it. The last line needs its line feed. */
bool ca_bundle_next(struct str *text, struct ca_block *block);

/* A number of the name: of a certificate's owner, whose beginning is enough, or of a Name (RFC 5280 section 4.1.2.4). Names
   that OpenSSL calls equal have equal numbers; names with equal numbers still have to be compared. False: no DER, or
   (certificate) not enough of it. */
bool ca_bundle_owner_key(struct str certificate, uint64_t *key);
bool ca_bundle_name_key(struct str name, uint64_t *key);

#endif
