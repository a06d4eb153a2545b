/* SPDX-License-Identifier: Apache-2.0 */
/* From a moment to its text and back, and from the canonical request to the string to sign and the signature.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "sigv4_stages.h"

#include <string.h>

#include "sha256.h"

enum { MAX_CREDENTIAL_BYTES = 1024, EPOCH_DAY = 719468, DAYS_PER_ERA = 146097 };

/* Days are counted from 0000-03-01, 719468 days before 1970: years begin in March here, so that the leap day is the last
   of its year. An era has 400 years, after which the calendar repeats. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t of_era = y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + of_year;
    return y / 400 * DAYS_PER_ERA + of_era - EPOCH_DAY;
}

static void write_pair(char *out, uint32_t value) {
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

bool sigv4_date_write(char out[SIGV4_DATE_BYTES], int64_t unix_s) {
    if (unix_s < 0 || unix_s > SIGV4_LAST_SECOND) return false;
    uint32_t days = (uint32_t)(unix_s / 86400) + EPOCH_DAY, second = (uint32_t)(unix_s % 86400);
    uint32_t era = days / DAYS_PER_ERA, of_era = days % DAYS_PER_ERA;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365; /* without its leap days */
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1; /* month 0 is March */
    bool next_year = month >= 10;
    year += era * 400 + next_year;
    write_pair(out, year / 100);
    write_pair(out + 2, year % 100);
    write_pair(out + 4, next_year ? month - 9 : month + 3);
    write_pair(out + 6, day);
    write_pair(out + 9, second / 3600);
    write_pair(out + 11, second / 60 % 60);
    write_pair(out + 13, second % 60);
    out[8] = 'T';
    out[15] = 'Z';
    out[16] = 0;
    return true;
}

/* Two digits, or 100. */
static uint32_t read_pair(const char *p) {
    uint32_t tens = (uint32_t)p[0] - '0', ones = (uint32_t)p[1] - '0';
    return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100;
}

bool sigv4_date_read(struct str text, int64_t *unix_s) {
    const char *p = text.p;
    if (text.n != SIGV4_DATE_BYTES - 1 || p[8] != 'T' || p[15] != 'Z') return false;
    uint32_t century = read_pair(p), of_century = read_pair(p + 2), month = read_pair(p + 4), day = read_pair(p + 6);
    uint32_t hour = read_pair(p + 9), minute = read_pair(p + 11), second = read_pair(p + 13);
    int64_t year = century * 100 + of_century;
    if (century > 99 || of_century > 99 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    int64_t days = days_of(year, month, day);
    if (day > 28 && days >= (month < 12 ? days_of(year, month + 1, 1) : days_of(year + 1, 1, 1))) return false;
    *unix_s = days * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

enum sigv4_path sigv4_path_of(enum sigv4_path path, struct str service) {
    static const struct str s3[] = {STR_INIT("s3"), STR_INIT("s3express"), STR_INIT("s3-outposts"),
                                    STR_INIT("s3-object-lambda")};
    if (path != SIGV4_PATH_BY_SERVICE) return path;
    if (service.n < 2 || service.p[0] != 's' || service.p[1] != '3') return SIGV4_PATH_NORMALIZE; /* almost always */
    for (size_t i = 0; i < sizeof s3 / sizeof *s3; i++)
        if (str_eq(service, s3[i])) return SIGV4_PATH_S3;
    return SIGV4_PATH_NORMALIZE;
}

bool sigv4_hash(char hex[65], struct str bytes) {
    static const char of_nothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    unsigned char digest[SHA256_BYTES];
    if (!bytes.n) { /* most requests have no body */
        memcpy(hex, of_nothing, sizeof of_nothing);
        return true;
    }
    if (!sha256_digest(digest, bytes)) return false;
    sha256_hex(hex, digest);
    return true;
}

/* The public context is larger than ours, so that this one's size may change without a caller's noticing. */
_Static_assert(sizeof(struct sha256) <= sizeof(struct sigv4_payload_hash), "a payload's hash is a hash");

void sigv4_payload_begin(struct sigv4_payload_hash *h) {
    sha256_begin((struct sha256 *)(void *)h->opaque);
}

void sigv4_payload_add(struct sigv4_payload_hash *h, struct str bytes) {
    sha256_add((struct sha256 *)(void *)h->opaque, bytes);
}

bool sigv4_payload_end(struct sigv4_payload_hash *h, char hex[65]) {
    unsigned char digest[SHA256_BYTES];
    if (!sha256_end((struct sha256 *)(void *)h->opaque, digest)) return false;
    sha256_hex(hex, digest);
    return true;
}

const char *sigv4_algorithm_name(enum sigv4_algorithm algorithm) {
    return algorithm == SIGV4_ECDSA ? "AWS4-ECDSA-P256-SHA256" : "AWS4-HMAC-SHA256";
}

bool sigv4_to_sign(struct buf *out, enum sigv4_algorithm algorithm, struct str amz_date, struct str scope,
                   const unsigned char digest[SIGV4_DIGEST_BYTES]) {
    char hex[65];
    struct str name = str_of(sigv4_algorithm_name(algorithm));
    if (amz_date.n != SIGV4_DATE_BYTES - 1) return false;
    char *p = buf_room(out, name.n + 1 + (SIGV4_DATE_BYTES - 1) + 1 + scope.n + 1 + 64);
    if (!p) return false;
    memcpy(p, name.p, name.n);
    p += name.n;
    *p++ = '\n';
    memcpy(p, amz_date.p, SIGV4_DATE_BYTES - 1);
    p += SIGV4_DATE_BYTES - 1;
    *p++ = '\n';
    if (scope.n) memcpy(p, scope.p, scope.n);
    p += scope.n;
    *p++ = '\n';
    sha256_hex(hex, digest);
    memcpy(p, hex, 64);
    return true;
}

bool sigv4_string_to_sign(struct buf *out, struct str canonical, struct str amz_date, struct str region,
                          struct str service) {
    unsigned char digest[SHA256_BYTES];
    struct buf scope;
    if (amz_date.n != SIGV4_DATE_BYTES - 1 || !sha256_digest(digest, canonical)) return false;
    buf_init(&scope, out->limit, out->arena);
    buf_addf(&scope, "%.8s/%.*s/%.*s/aws4_request", amz_date.p, STR_ARG(region), STR_ARG(service));
    return !scope.failed && sigv4_to_sign(out, SIGV4_HMAC, amz_date, buf_str(&scope), digest);
}

bool sigv4_signature(char hex[65], struct str string_to_sign, struct str secret, struct str yyyymmdd, struct str region,
                     struct str service) {
    char memory[MAX_CREDENTIAL_BYTES];
    struct arena a;
    struct buf credential;
    arena_init_fixed(&a, memory, sizeof memory);
    buf_init(&credential, sizeof memory / 4, &a);
    buf_addf(&credential, "/%.*s/%.*s/%.*s/aws4_request", STR_ARG(yyyymmdd), STR_ARG(region), STR_ARG(service));
    bool ok = !credential.failed && sigv4_cache_signature(hex, NULL, buf_str(&credential), secret, string_to_sign);
    arena_close(&a);
    return ok;
}
