/* SPDX-License-Identifier: Apache-2.0 */
/* In a static build OpenSSL starts with the first client for https, not with libcurl, and without its error texts, its
   table of old cipher names and its configuration file: a function that speaks no TLS pays nothing for it. */
#ifndef HTTP_LATE_TLS_H
#define HTTP_LATE_TLS_H

#ifdef HTTP_LATE_TLS
void late_tls_hold(void);    /* before curl_global_init */
void late_tls_release(void); /* after it */
void late_tls_start(void);   /* before TLS is used */
#else
static inline void late_tls_hold(void) {}
static inline void late_tls_release(void) {}
static inline void late_tls_start(void) {}
#endif

#endif
