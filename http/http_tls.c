/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of a client: which CAs, which versions, sessions that outlive connections, and words for a certificate that is
   refused. Chain and host name are checked by OpenSSL and libcurl; nothing here decides about trust. */
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http_client.h"
#include "late_tls.h"

enum { MAX_NAMES = 8, NAMES_BYTES = 256 };

/* --- CAs ---------------------------------------------------------------------------------------------------------- */

/* AWS_CA_BUNDLE, else where AL2023 and Debian keep theirs, else (true, and none) what libcurl was built with. */
static bool find_bundle(struct http_client *c, struct err *e) {
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"};
    const char *path = getenv("AWS_CA_BUNDLE");
    if (path && *path) {
        if (access(path, R_OK) != 0)
            return err_set(e, ERR_CONFIG, "AWS_CA_BUNDLE names %s, which cannot be read", path);
    } else {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && access(known[i], R_OK) != 0) i++;
        path = i < sizeof known / sizeof *known ? known[i] : NULL;
    }
    if (path && !(c->ca_file = strdup(path))) return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    return true;
}

/* The SSL_CTX that libcurl shows is ours to use only if it is of the same OpenSSL. */
static bool same_openssl(void) {
    char text[64];
    const char *of_curl = curl_version_info(CURLVERSION_NOW)->ssl_version;
    snprintf(text, sizeof text, "OpenSSL/%s", OpenSSL_version(OPENSSL_VERSION_STRING));
    return of_curl && strcmp(of_curl, text) == 0 && OPENSSL_version_major() == 3;
}

static void keep(X509 **kept, X509 *x509) {
    if (x509) X509_up_ref(x509);
    X509_free(*kept);
    *kept = x509;
}

/* OpenSSL's own verdict; what it was about is kept for the error's sentence. */
static int on_verify(X509_STORE_CTX *chain, void *user) {
    struct http_client *c = user;
    int ok = X509_verify_cert(chain);
    c->verdict = X509_STORE_CTX_get_error(chain);
    keep(&c->leaf, X509_STORE_CTX_get0_cert(chain));
    keep(&c->culprit, ok > 0 ? NULL : X509_STORE_CTX_get_current_cert(chain));
    return ok > 0;
}

/* Without a bundle to read, a libcurl may have filled its store with OpenSSL's defaults: ours takes its place, with the flags
   that libcurl sets. */
static CURLcode on_context(CURL *curl, void *context, void *user) {
    struct http_client *c = user;
    X509_STORE *store = X509_STORE_new();
    (void)curl;
    if (!store || !ca_lookup_attach(c->ca, store)) {
        X509_STORE_free(store);
        return CURLE_OUT_OF_MEMORY;
    }
    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_cert_store(context, store);
    SSL_CTX_set_cert_verify_callback(context, on_verify, c);
    return CURLE_OK;
}

static bool set_cas(struct http_client *c, struct err *e) {
    if (!find_bundle(c, e)) return false;
    if (!c->ca_file) return true;
    if (!same_openssl()) {
        curl_easy_setopt(c->curl, CURLOPT_CAINFO, c->ca_file);
        return true;
    }
    if (!ca_lookup_open(c->ca_file, &c->ca, e)) return false;
    curl_easy_setopt(c->curl, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(c->curl, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_DATA, c);
    return true;
}

bool http_tls_open(struct http_client *c, struct err *e) {
    late_tls_start();
    c->tls = true;
    curl_easy_setopt(c->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    c->sessions = curl_share_init();
    if (!c->sessions) return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    curl_share_setopt(c->sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    http_tls_share(c);
    return set_cas(c, e);
}

/* Sessions would otherwise go with the easy handle or the multi handle, depending on libcurl's version. */
void http_tls_share(struct http_client *c) {
    if (c->sessions) curl_easy_setopt(c->curl, CURLOPT_SHARE, c->sessions);
}

void http_tls_forget(struct http_client *c) {
    keep(&c->leaf, NULL);
    keep(&c->culprit, NULL);
    c->verdict = X509_V_OK;
}

void http_tls_close(struct http_client *c) {
    if (!c->tls) return;
    http_tls_forget(c);
    curl_share_cleanup(c->sessions);
    ca_lookup_close(c->ca);
    free(c->ca_file);
}

/* --- SIGPIPE ------------------------------------------------------------------------------------------------------ */

/* CURLOPT_NOSIGNAL leaves SIGPIPE alone, and libcurl before 7.88 lets OpenSSL write to the socket with write(). */
void http_tls_hush(const struct http_client *c, struct http_hush *hush) {
    sigset_t pipe;
    hush->hushed = false;
    if (!c->tls) return;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    hush->hushed = pthread_sigmask(SIG_BLOCK, &pipe, &hush->before) == 0 && !sigismember(&hush->before, SIGPIPE);
}

void http_tls_unhush(const struct http_hush *hush) {
    static const struct timespec at_once = {0};
    sigset_t pipe;
    if (!hush->hushed) return;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR) {}
    pthread_sigmask(SIG_SETMASK, &hush->before, NULL);
}

/* --- Words -------------------------------------------------------------------------------------------------------- */

/* A peer's name in our log: what is no plain ASCII becomes '?'. */
static void add_name(char *names, const ASN1_STRING *name) {
    size_t at = strlen(names), n = (size_t)ASN1_STRING_length(name);
    const unsigned char *p = ASN1_STRING_get0_data(name);
    if (at && at + 2 < NAMES_BYTES) at += (size_t)snprintf(names + at, NAMES_BYTES - at, ", ");
    for (size_t i = 0; i < n && at + 1 < NAMES_BYTES; i++) names[at++] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : '?';
    names[at] = 0;
}

static void common_name(X509 *x509, char *names) {
    const X509_NAME *subject = X509_get_subject_name(x509);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at >= 0) add_name(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

static void host_names(X509 *leaf, char *names) {
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    int shown = 0;
    *names = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && shown < MAX_NAMES; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS) continue;
        add_name(names, name->d.dNSName);
        shown++;
    }
    if (!shown) common_name(leaf, names);
    GENERAL_NAMES_free(all);
    if (!*names) snprintf(names, NAMES_BYTES, "no host");
}

static void date_text(const ASN1_TIME *t, char *text, size_t n) {
    struct tm tm;
    if (!ASN1_TIME_to_tm(t, &tm) || !strftime(text, n, "%Y-%m-%d %H:%M:%S UTC", &tm))
        snprintf(text, n, "a date unknown");
}

/* "the certificate of HOST", or of a CA above it. */
static void whose(const struct http_client *c, char *text, size_t n) {
    char name[NAMES_BYTES] = "";
    if (!c->leaf || !c->culprit || X509_cmp(c->leaf, c->culprit) == 0) {
        snprintf(text, n, "the server's certificate");
        return;
    }
    common_name(c->culprit, name);
    snprintf(text, n, "the certificate of the CA %s, on which the server's rests,", *name ? name : "(without a name)");
}

static bool bad_date(const struct http_client *c, struct err *e) {
    char date[64], subject[NAMES_BYTES + 64];
    bool late = c->verdict == X509_V_ERR_CERT_HAS_EXPIRED;
    if (!c->culprit) return false;
    whose(c, subject, sizeof subject);
    date_text(late ? X509_get0_notAfter(c->culprit) : X509_get0_notBefore(c->culprit), date, sizeof date);
    err_set(e, ERR_NETWORK, late ? "%s expired on %s" : "%s is valid from %s only; or this machine's clock is wrong",
            subject, date);
    return true;
}

static void no_ca(const struct http_client *c, struct err *e) {
    if (c->verdict == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
        err_set(e, ERR_NETWORK,
                "the server's certificate is self-signed and is not in %s; to trust it, name a file that "
                "holds it in AWS_CA_BUNDLE",
                c->ca_file);
    else
        err_set(e, ERR_NETWORK,
                "the server's certificate is signed by no CA of %s; a private CA belongs in the file that "
                "AWS_CA_BUNDLE names, and a server has to send its intermediate certificates",
                c->ca_file);
}

bool http_tls_explain(const struct http_client *c, CURLcode code, struct err *e) {
    char names[NAMES_BYTES];
    /* a wrong signature leaves more in OpenSSL's queue, and libcurl takes it for a failed handshake */
    bool refused = code == CURLE_SSL_CONNECT_ERROR && c->verdict != X509_V_OK;
    if (!c->leaf || !(refused || code == CURLE_PEER_FAILED_VERIFICATION)) return false;
    switch (c->verdict) {
    case X509_V_OK:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        host_names(c->leaf, names);
        err_set(e, ERR_NETWORK, "the server's certificate is for %s, not for this host", names);
        return true;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return bad_date(c, e);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: no_ca(c, e); return true;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        err_set(e, ERR_NETWORK, "the server's certificate, or one above it, was not signed by the CA that it names");
        return true;
    default: return false;
    }
}
