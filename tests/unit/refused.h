/* SPDX-License-Identifier: Apache-2.0 */
/* Refused requests for the tests of sigv4_explain*.c, and what holds for every explanation. */
#ifndef TESTS_REFUSED_H
#define TESTS_REFUSED_H

#include "check.h"
#include "json.h"
#include "sigv4_explain.h"

#define TOKEN "IQoJb3JpZ2luX2VjEPT//////////wEaCWV1LXdlc3QtMSJ+abc"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define HASH "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST "a1b2c3.execute-api.eu-west-1.amazonaws.com"
#define DATED "x-amz-date:20150830T123600Z\n"
#define HEAD "POST\n/dev/private\na=1&b=2\n"
#define HEADERS "accept:*/*\ncontent-type:application/json\nhost:" HOST "\n" DATED "x-amz-security-token:" TOKEN "\n"
#define NAMES "accept;content-type;host;x-amz-date;x-amz-security-token"
#define OURS HEAD HEADERS "\n" NAMES "\n" HASH
#define STRING "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/eu-west-1/execute-api/aws4_request\n" HASH
#define WITH_PATH(path) "GET\n" path "\n\nhost:" HOST "\n\nhost\n" EMPTY
#define WITH_HOST(path, host) "GET\n" path "\n\nhost:" host "\n" DATED "\nhost;x-amz-date\n" EMPTY
#define EXPIRED "Signature expired: 20210330T175821Z is now earlier than 20210330T180403Z (20210330T180903Z - 5 min.)"
#define EARLY \
    "Signature not yet current: 20210330T181500Z is still later than 20210330T180500Z (20210330T180000Z + 5 min.)"
#define MISMATCH \
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " \
    "and signing method. Consult the service documentation for details."

static struct arena arena;
static struct err e;
static struct sigv4_explanation got;

static inline int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static inline int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static inline bool has(struct str s, const char *word) {
    return str_find(s, str_of(word)) != SIZE_MAX;
}

static inline void check_has(struct str s, const char *word) {
    if (!has(s, word)) fail_msg("no <%s> in <%.*s>", word, STR_ARG(s));
}

/* One sentence each, ended, without a secret in it; cause and fix are always there. */
static inline void check_tidy(void) {
    const struct str texts[] = {got.sentence, got.fix, got.ours, got.theirs, got.line};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (i < 2) {
            assert_true(texts[i].n > 10 && texts[i].p[texts[i].n - 1] == '.');
            assert_true(texts[i].p[0] >= 'A' && texts[i].p[0] <= 'Z');
        }
        assert_false(str_has_control(texts[i]));
        assert_false(has(texts[i], SECRET) || has(texts[i], TOKEN));
    }
}

static inline void explain(const struct sigv4_refused *refused) {
    arena_reset(&arena);
    struct sigv4_refused r = *refused;
    r.secret = STR(SECRET);
    check_ok(sigv4_explain(&r, &got, &arena, &e), e);
    check_tidy();
}

static inline void check_cause(enum sigv4_cause cause) {
    if (got.cause == cause) return;
    fail_msg("%s instead of %s: %.*s", sigv4_cause_name(got.cause), sigv4_cause_name(cause), STR_ARG(got.sentence));
}

/* What API Gateway writes when it reckons with those texts. */
static inline struct str refusal_of(const char *canonical, const char *to_sign) {
    static struct arena kept;
    static struct buf text, body;
    arena_close(&kept);
    arena_init(&kept, 16 << 20);
    buf_init(&text, 8 << 20, &kept);
    buf_init(&body, 8 << 20, &kept);
    buf_addf(&text,
             MISMATCH "\n\nThe Canonical String for this request should have been\n'%s'\n\n"
                      "The String-to-Sign should have been\n'%s'\n",
             canonical, to_sign);
    buf_add(&body, STR("{\"message\":"));
    json_write_text(&body, buf_str(&text));
    buf_add(&body, STR("}"));
    assert_true(buf_ok(&body, &e));
    return buf_str(&body);
}

static inline struct sigv4_refused mismatch_of(const char *ours, const char *theirs) {
    return (struct sigv4_refused){.canonical_request = str_of(ours),
                                  .string_to_sign = STR(STRING),
                                  .status = 403,
                                  .error_type = STR("InvalidSignatureException"),
                                  .body = refusal_of(theirs, STRING)};
}

static inline void compare(const char *ours, const char *theirs, enum sigv4_cause cause) {
    struct sigv4_refused r = mismatch_of(ours, theirs);
    explain(&r);
    check_cause(cause);
}

static inline void check_line(const char *line, size_t number, size_t byte) {
    check_str(got.line, str_of(line));
    assert_int_equal(got.line_number, number);
    assert_int_equal(got.byte, byte);
}

/* A message without anything of ours. */
static inline void message(const char *type, const char *text, enum sigv4_cause cause) {
    struct sigv4_refused r = {.status = 403, .error_type = str_of(type), .body = str_of(text)};
    explain(&r);
    check_cause(cause);
}

#endif
