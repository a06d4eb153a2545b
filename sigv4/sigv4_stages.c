/* SPDX-License-Identifier: Apache-2.0 */
/* The one canonicaliser, for signing and verifying alike, and the key derivation. A request comes in as it is on the
   wire; out go the canonical request, the string to sign and the signature.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "sigv4_stages.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "percent.h"
#include "sha256.h"

enum { MAX_SECRET_BYTES = 1024, DAYS_PER_ERA = 146097 }; /* an era: 400 years, after which the calendar repeats */

static const int64_t LAST_SECOND = 253402300799; /* 9999-12-31T23:59:59Z */

/* Years begin in March here, so that the leap day is the last of its year. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t of_era = y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + of_year;
    return y / 400 * DAYS_PER_ERA + of_era - 719468; /* days from 0000-03-01 to 1970-01-01 */
}

bool sigv4_date_write(char out[static SIGV4_DATE_BYTES], int64_t unix_s) {
    if (unix_s < 0 || unix_s > LAST_SECOND) return false;
    int64_t days = unix_s / 86400, second = unix_s % 86400;
    int64_t year = 1970 + days / 366; /* never too late; at most a few decades too early in the year 9999 */
    while (days_of(year + 1, 1, 1) <= days) year++;
    int64_t month = 1;
    while (month < 12 && days_of(year, month + 1, 1) <= days) month++;
    int64_t day = days - days_of(year, month, 1) + 1;
    int n = snprintf(out, SIGV4_DATE_BYTES, "%04d%02d%02dT%02d%02d%02dZ", (int)year, (int)month, (int)day,
                     (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    return n == SIGV4_DATE_BYTES - 1;
}

static bool read_part(struct str text, size_t at, size_t n, int64_t least, int64_t most, int64_t *out) {
    return str_read_int64((struct str){text.p + at, n}, least, most, out) && text.p[at] != '-';
}

bool sigv4_date_read(struct str text, int64_t *unix_s) {
    int64_t year, month, day, hour, minute, second;
    if (text.n != SIGV4_DATE_BYTES - 1 || text.p[8] != 'T' || text.p[15] != 'Z') return false;
    if (!read_part(text, 0, 4, 1970, 9999, &year) || !read_part(text, 4, 2, 1, 12, &month)) return false;
    if (!read_part(text, 6, 2, 1, 31, &day) || !read_part(text, 9, 2, 0, 23, &hour)) return false;
    if (!read_part(text, 11, 2, 0, 59, &minute) || !read_part(text, 13, 2, 0, 59, &second)) return false;
    int64_t next = month < 12 ? days_of(year, month + 1, 1) : days_of(year + 1, 1, 1);
    if (days_of(year, month, day) >= next) return false; /* 30 February */
    *unix_s = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* What a hop between signer and verifier may add, change or drop; a trailing '*' stands for any rest. */
static bool may_change(struct str name) {
    static const char *const hop[] = {"accept-encoding",
                                      "authorization",
                                      "cache-control",
                                      "connection",
                                      "expect",
                                      "from",
                                      "keep-alive",
                                      "max-forwards",
                                      "pragma",
                                      "proxy-*",
                                      "referer",
                                      "sec-*",
                                      "te",
                                      "trailer",
                                      "upgrade",
                                      "user-agent",
                                      "x-amzn-trace-id",
                                      "transfer-encoding",
                                      "x-forwarded-*"};
    for (size_t i = 0; i < sizeof hop / sizeof *hop; i++) {
        struct str h = str_of(hop[i]);
        bool prefix = h.p[h.n - 1] == '*';
        if (prefix) h.n--;
        if (prefix ? str_starts(name, h) : str_eq(name, h)) return true;
    }
    return false;
}

static struct str lower_case(struct str s, struct arena *a) {
    char *p = arena_take(a, s.n);
    for (size_t i = 0; p && i < s.n; i++) p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] - 'A' + 'a' : s.p[i]);
    return (struct str){p, p ? s.n : 0};
}

static int compare_names(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool sigv4_signed_headers(struct buf *out, const struct http_fields *fields, bool unsigned_token, struct err *e) {
    if (fields->n > HTTP_MAX_FIELDS) return err_set(e, ERR_LIMIT, "more than %d fields", HTTP_MAX_FIELDS);
    struct str *names = arena_take(out->arena, (fields->n + 1) * sizeof *names);
    if (!names) return err_set(e, ERR_MEMORY, "out of memory for %zu names", fields->n);
    size_t n = 0;
    for (size_t i = 0; i < fields->n; i++) {
        struct str name = lower_case(fields->at[i].name, out->arena);
        if (!name.p) return err_set(e, ERR_MEMORY, "out of memory for a field name");
        if (may_change(name) || (unsigned_token && str_eq(name, STR("x-amz-security-token")))) continue;
        names[n++] = name;
    }
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 0; i < n; i++) {
        if (i && str_eq(names[i], names[i - 1])) continue;
        if (i) buf_add_char(out, ';');
        buf_add(out, names[i]);
    }
    return buf_ok(out, e);
}

bool sigv4_hash(char hex[static 65], struct str bytes) {
    unsigned char digest[SHA256_BYTES];
    if (!sha256_digest(digest, bytes)) return false;
    sha256_hex(hex, digest);
    return true;
}

/* Dot segments as AWS's signers treat them, which is not RFC 3986: "/a/." is "/a", and ".." above the root is ignored.
 */
static bool normal_path(struct buf *out, struct str path, struct err *e) {
    size_t slashes = 0, depth = 0;
    for (size_t i = 0; i < path.n; i++) slashes += path.p[i] == '/';
    struct str *kept = arena_take(out->arena, (slashes + 1) * sizeof *kept);
    if (!kept) return err_set(e, ERR_MEMORY, "out of memory for %zu path segments", slashes + 1);
    for (struct str rest = path, segment; rest.p;) {
        str_cut(&rest, '/', &segment);
        if (!segment.n || str_eq(segment, STR("."))) continue;
        if (!str_eq(segment, STR(".."))) kept[depth++] = segment;
        else if (depth) depth--;
    }
    if (!depth) buf_add_char(out, '/');
    for (size_t i = 0; i < depth; i++) {
        buf_add_char(out, '/');
        percent_write(out, kept[i], false);
    }
    if (depth && path.p[path.n - 1] == '/') buf_add_char(out, '/');
    return true;
}

static bool add_path(struct buf *out, struct str path, enum sigv4_path how, struct err *e) {
    if (path.n && path.p[0] != '/') return err_set(e, ERR_PARSE, "the path does not start with '/'");
    if (how == SIGV4_PATH_NORMALIZE) return normal_path(out, path, e);
    if (!path.n) path = STR("/");
    if (how == SIGV4_PATH_S3) buf_add(out, path);
    else percent_write(out, path, true);
    return true;
}

bool sigv4_query_is_signed(struct str query, bool *yes, struct arena *a, struct err *e) {
    struct http_fields params;
    if (!http_query_read(query, &params, a, e)) return err_prefix(e, "query string: ");
    *yes = http_field_count(&params, STR("X-Amz-Signature")) || http_field_count(&params, STR("X-Amz-Algorithm"));
    return true;
}

static int compare_parameters(const void *a, const void *b) {
    const struct http_field *x = a, *y = b;
    int d = str_cmp(x->name, y->name);
    return d ? d : str_cmp(x->value, y->value);
}

static bool encode(struct str *s, struct arena *a, struct err *e) {
    struct buf b;
    buf_init(&b, SIGV4_MAX_CANONICAL_BYTES, a);
    percent_write(&b, *s, false);
    *s = buf_str(&b);
    return buf_ok(&b, e);
}

/* Sorted by encoded name, then by encoded value: sorting joined texts would put "a-b=" before "a=". */
static bool add_query(struct buf *out, struct str query, struct err *e) {
    struct http_fields params;
    if (!http_query_read(query, &params, out->arena, e)) return err_prefix(e, "query string: ");
    for (size_t i = 0; i < params.n; i++)
        if (!encode(&params.at[i].name, out->arena, e) || !encode(&params.at[i].value, out->arena, e)) return false;
    if (params.n) qsort(params.at, params.n, sizeof *params.at, compare_parameters);
    bool first = true;
    for (size_t i = 0; i < params.n; i++) {
        if (str_eq(params.at[i].name, STR("X-Amz-Signature"))) continue; /* it cannot sign itself */
        if (!first) buf_add_char(out, '&');
        first = false;
        buf_add(out, params.at[i].name);
        buf_add_char(out, '=');
        buf_add(out, params.at[i].value);
    }
    return true;
}

static bool white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r'); /* tab, line feed, vertical tab, form feed, carriage return */
}

static void add_value(struct buf *out, struct str v) {
    while (v.n && white(v.p[v.n - 1])) v.n--;
    size_t i = 0;
    while (i < v.n && white(v.p[i])) i++;
    for (; i < v.n; i++) {
        if (!white(v.p[i])) buf_add_char(out, v.p[i]);
        else if (!white(v.p[i - 1])) buf_add_char(out, ' ');
    }
}

static void add_header_lines(struct buf *out, const struct http_fields *fields, struct str names) {
    for (struct str rest = names, name; rest.n;) {
        str_cut(&rest, ';', &name);
        buf_add(out, name);
        char before = ':';
        for (size_t i = 0; i < fields->n; i++) {
            if (!str_eq_nocase(fields->at[i].name, name)) continue;
            buf_add_char(out, before);
            add_value(out, fields->at[i].value);
            before = ',';
        }
        if (before == ':') buf_add_char(out, ':');
        buf_add_char(out, '\n');
    }
}

bool sigv4_canonical_request(struct buf *out, const struct http_request *rq, struct str signed_headers,
                             struct str payload_hash, enum sigv4_path path, struct err *e) {
    buf_add(out, rq->method);
    buf_add_char(out, '\n');
    if (!add_path(out, rq->path, path, e)) return false;
    buf_add_char(out, '\n');
    if (!add_query(out, rq->query, e)) return false;
    buf_add_char(out, '\n');
    add_header_lines(out, &rq->fields, signed_headers);
    buf_add_char(out, '\n');
    buf_add(out, signed_headers);
    buf_add_char(out, '\n');
    buf_add(out, payload_hash);
    return buf_ok(out, e) || err_prefix(e, "canonical request: ");
}

bool sigv4_string_to_sign(struct buf *out, struct str canonical, struct str amz_date, struct str region,
                          struct str service) {
    char hex[65];
    if (amz_date.n != SIGV4_DATE_BYTES - 1 || !sigv4_hash(hex, canonical)) return false;
    buf_add(out, STR("AWS4-HMAC-SHA256\n"));
    buf_add(out, amz_date);
    buf_add_char(out, '\n');
    buf_add(out, (struct str){amz_date.p, 8});
    buf_add_char(out, '/');
    buf_add(out, region);
    buf_add_char(out, '/');
    buf_add(out, service);
    buf_add(out, STR("/aws4_request\n"));
    buf_add(out, str_of(hex));
    return !out->failed;
}

bool sigv4_signature(char hex[static 65], struct str string_to_sign, struct str secret, struct str yyyymmdd,
                     struct str region, struct str service) {
    char first[4 + MAX_SECRET_BYTES] = "AWS4";
    unsigned char key[SHA256_BYTES] = {0}, next[SHA256_BYTES] = {0};
    if (secret.n > MAX_SECRET_BYTES) return false;
    if (secret.n) memcpy(first + 4, secret.p, secret.n);
    const struct str steps[] = {region, service, STR("aws4_request"), string_to_sign};
    bool ok = sha256_hmac(key, (struct str){first, 4 + secret.n}, yyyymmdd);
    for (size_t i = 0; ok && i < sizeof steps / sizeof *steps; i++) {
        ok = sha256_hmac(next, (struct str){(const char *)key, sizeof key}, steps[i]);
        memcpy(key, next, sizeof key);
    }
    if (ok) sha256_hex(hex, key);
    OPENSSL_cleanse(first, sizeof first);
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(next, sizeof next);
    return ok;
}
