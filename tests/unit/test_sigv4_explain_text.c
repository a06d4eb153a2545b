/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_explain_text.c: refusals are read in every form, and what comes out holds no secret. */
#include <stdio.h>

#include "hostile.h"
#include "refused.h"

static void forms(void **state) {
    (void)state;
    const char *theirs = WITH_HOST("/dev", HOST), *ours = WITH_HOST("/dev", "api.example.com");
    struct sigv4_refused r = mismatch_of(ours, theirs);
    struct str json = r.body;
    char bare[2048], crlf[2048], escaped[2048];
    size_t n = 0, k = 0;
    int length = snprintf(bare, sizeof bare,
                          "An error occurred (InvalidSignatureException): " MISMATCH
                          "\n\nThe Canonical String for this request should have been\n'%s'\n\n"
                          "The String-to-Sign should have been\n'" STRING "'\n",
                          theirs);
    for (int i = 0; i < length; i++) {
        if (bare[i] == '\n') crlf[n++] = '\r', escaped[k++] = '\\';
        crlf[n++] = bare[i];
        escaped[k++] = (char)(bare[i] == '\n' ? 'n' : bare[i]);
    }
    const struct str bodies[] = {json, {bare, (size_t)length}, {crlf, n}, {escaped, k}};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        r.body = bodies[i];
        explain(&r);
        check_cause(SIGV4_CAUSE_HOST);
        check_line("header host", 4, 6);
    }
    r.body = (struct str){bare, (size_t)length - 300}; /* cut off: nothing is compared with half a text */
    explain(&r);
    check_cause(SIGV4_CAUSE_UNKNOWN);
}

static void quotes(void **state) {
    (void)state;
#define QUOTED(value) "GET\n/\n\nhost:" HOST "\nx-quote:" value "\n\nhost;x-quote\n" EMPTY
    compare(QUOTED("'it's'"), QUOTED("'it's'"), SIGV4_CAUSE_SECRET);
    compare(QUOTED("'"), QUOTED("'The String-to-Sign should have been"), SIGV4_CAUSE_HEADER);
    compare(QUOTED("Missing Authentication Token"), QUOTED("Signature expired"), SIGV4_CAUSE_HEADER);
    compare(QUOTED("a"), QUOTED("\x1b[31m\xc3\xa9"), SIGV4_CAUSE_HEADER);
    check_text(got.theirs, "x-quote:\\x1b[31m\\xc3\\xa9");
}

static void nothing_private(void **state) {
    (void)state;
#define PRIVATE(path, value) \
    "GET\n" path "\nX-Amz-Security-Token=" value "&X-Amz-Signature=" value "&api_key=" value "&z=" value \
    "\nauthorization:" value "\ncookie:" value "\nhost:" HOST "\nx-api-key:" value "\n\nhost\n" EMPTY
    compare(PRIVATE("/", "hush-hush"), PRIVATE("/", "silence"), SIGV4_CAUSE_QUERY);
    check_has(got.ours, "&z=hush-hush");
    check_has(got.ours, "X-Amz-Security-Token=<hidden, 9 bytes>&X-Amz-Signature=<hidden, 9 bytes>&api_key=<hidden");
    static const char *const names[] = {"authorization", "cookie", "x-api-key", "x-amz-security-token", "my-password"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char ours[512], theirs[512];
        snprintf(ours, sizeof ours, "GET\n/\n\n%s:hush-hush\n\nhost\n" EMPTY, names[i]);
        snprintf(theirs, sizeof theirs, "GET\n/\n\n%s:silence\n\nhost\n" EMPTY, names[i]);
        struct sigv4_refused r = mismatch_of(ours, theirs);
        explain(&r);
        const struct str texts[] = {got.sentence, got.fix, got.ours, got.theirs};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            assert_false(has(texts[k], "hush") || has(texts[k], "silence"));
        check_has(got.ours, "<hidden, 9 bytes>");
    }
    /* The secret and the token, wherever they turn up; check_tidy looks for them. */
    compare(WITH_PATH("/" SECRET), WITH_PATH("/x" SECRET "/"), SIGV4_CAUSE_PATH);
    check_text(got.ours, "/<hidden>");
    compare(WITH_PATH("/wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY"),
            WITH_PATH("/wJalrXUtnFEMI%252FK7MDENG%252BbPxRfiCYEXAMPLEKEY/x"), SIGV4_CAUSE_PATH);
    check_text(got.ours, "/<hidden>");
    check_text(got.theirs, "/<hidden>/x");
    compare(WITH_HOST("/", SECRET), WITH_HOST("/", "x" SECRET), SIGV4_CAUSE_HOST);
    compare(OURS,
            HEAD "accept:" TOKEN "\ncontent-type:application/json\nhost:" HOST "\n" DATED "x-amz-security-token:" TOKEN
                 "\n\n" NAMES "\n" HASH,
            SIGV4_CAUSE_HEADER);
    check_text(got.theirs, "accept:<hidden>");
}

static void clock_texts(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t theirs; /* 0: it does not say */
    } cases[] = {
        {EXPIRED, 1617127743},
        {EARLY, 1617127200},
        {"{\"message\":\"" EXPIRED "\"}", 1617127743},
        {"((20210330T180903Z - 15 min.)", 1617127743},
        {"(20210330T180903Z) (20210330T180000Z + 5 min.)", 1617127200},
        {"Signature expired: 20210330T175821Z", 0},
        {"(20210230T180903Z - 5 min.)", 0},
        {"(20210330T180903Z * 5 min.)", 0},
        {"(20210330T180903Z - 5 h)", 0},
        {"(20210330T180903Z - ", 0},
        {"(20210330T180903Z", 0},
        {"(", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t theirs = 0;
        assert_int_equal(sigv4_refusal_clock(str_of(cases[i].text), &theirs), cases[i].theirs != 0);
        if (cases[i].theirs) assert_int_equal(theirs, cases[i].theirs);
    }
}

/* --- Hostile texts ------------------------------------------------------------------------------------------------ */

static void try_body(struct str piece, bool whole, void *user) {
    (void)whole;
    struct sigv4_refused r = *(const struct sigv4_refused *)user;
    r.body = piece;
    explain(&r);
}

static void try_ours(struct str piece, bool whole, void *user) {
    (void)whole;
    struct sigv4_refused r = *(const struct sigv4_refused *)user;
    r.canonical_request = r.string_to_sign = piece;
    explain(&r);
}

static void damaged(void **state) {
    (void)state;
    struct sigv4_refused r = mismatch_of(OURS, OURS);
    hostile_prefixes(r.body, try_body, &r);
    hostile_changes(r.body, try_body, &r);
    hostile_prefixes(STR(OURS), try_ours, &r);
    hostile_changes(STR(OURS), try_ours, &r);
}

static void huge(void **state) {
    (void)state;
    static char text[2 << 20];
    static const char bytes[] = {'\n', '\'', '(', '{', '[', '"', '%', '&', 0, '\xff'};
    struct sigv4_refused r = {.canonical_request = STR(OURS), .string_to_sign = STR(STRING), .status = 403};
    for (size_t i = 0; i < sizeof bytes; i++) {
        memset(text, bytes[i], sizeof text);
        for (r.body = (struct str){text, 500000}; r.body.n; r.body.n = r.body.n < sizeof text ? sizeof text : 0) {
            explain(&r);
            check_cause(SIGV4_CAUSE_UNKNOWN);
        }
    }
    struct sigv4_refused small = mismatch_of(OURS, OURS);
    small.now_unix_s = INT64_MIN;
    small.date_unix_s = INT64_MAX;
    explain(&small);
    check_cause(SIGV4_CAUSE_SECRET);
    assert_int_equal(got.skew_s, 0);
}

static void no_memory(void **state) {
    (void)state;
    struct sigv4_refused r = mismatch_of(WITH_PATH("/a%20b"), WITH_PATH("/a%2520b"));
    bool done = false;
    for (size_t limit = 0; !done && limit < 1 << 20; limit += 64) {
        struct arena small;
        arena_init(&small, limit);
        e = (struct err){0};
        done = sigv4_explain(&r, &got, &small, &e);
        if (!done) assert_int_equal(e.kind, ERR_MEMORY);
        else check_has(got.sentence, "one time too few");
        arena_close(&small);
    }
    assert_true(done);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a refusal is read as JSON, bare, with CRLF and with JSON's escapes", forms),
        CASE("quotes and sentences of AWS inside of a header's value change nothing", quotes),
        CASE("no secret, token, signature, cookie or key comes out, plain or encoded", nothing_private),
        CASE("the service's clock is read from its text, and from nothing else", clock_texts),
        CASE("a damaged refusal or canonical request is explained as well", damaged),
        CASE("a huge body of any byte is taken, and so is any clock", huge),
        CASE("too little memory is an error", no_memory),
    };
    return cmocka_run_group_tests_name("sigv4_explain_text", tests, open_arena, close_arena);
}
