/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/ as a whole: thousands of requests are signed and accepted; with any one bit flipped they are not. The requests
   look random and are the same at every run. */
#include "signed_request.h"

enum { REQUESTS = 6000, FLIPS = 4 };

/* xorshift: the same requests at every run */
static uint32_t random_state;

static uint32_t any(uint32_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % below;
}

static struct str any_text(const char *alphabet, uint32_t least, uint32_t most) {
    struct buf b;
    buf_init(&b, 100000, &arena);
    for (uint32_t i = least + any(most - least + 1); i > 0; i--)
        buf_add_char(&b, alphabet[any((uint32_t)strlen(alphabet))]);
    return buf_str(&b);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789"

static const char *const escapes[] = {"%20", "%2B", "%C3%A9", "%2F", "%25", "%00", "%3D", "%26"};

/* No dot segments and no "//": AWS's normalisation makes "//" and "/./", one bit apart, the same path. */
static struct str any_path(void) {
    struct buf b;
    buf_init(&b, 100000, &arena);
    for (uint32_t i = 1 + any(4); i > 0; i--) {
        buf_add_char(&b, '/');
        buf_add(&b, any_text(LETTERS, 1, 2));
        buf_add(&b, any_text(LETTERS "-_.~@=+ $", 0, 8));
        if (any(2)) buf_add(&b, str_of(escapes[any(8)]));
    }
    if (any(3) == 0) buf_add_char(&b, '/');
    return buf_str(&b);
}

static struct str any_query(void) {
    struct buf b;
    buf_init(&b, 100000, &arena);
    for (uint32_t i = any(6); i > 0; i--) {
        buf_add(&b, any_text(LETTERS "-_.~", 1, 5));
        if (any(5)) buf_add_char(&b, '=');
        for (uint32_t k = any(3); k > 0; k--) {
            buf_add(&b, any_text(LETTERS "-_.~+/*!", 0, 5));
            buf_add(&b, str_of(escapes[any(8)]));
        }
        if (i > 1) buf_add_char(&b, '&');
    }
    return b.n || any(2) ? buf_str(&b) : (struct str){0};
}

static struct http_request any_request(void) {
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
    static const char *const names[] = {"X-A", "x-b", "Content-Type", "X-A", "Accept", "X-Amz-Meta"};
    struct http_request rq = {.method = str_of(methods[any(7)]), .path = any_path(), .query = any_query()};
    struct err e;
    add(&rq, "Host", any(2) ? "127.0.0.1:3000" : "x.execute-api.eu-west-1.amazonaws.com");
    for (uint32_t i = any(7); i > 0; i--) {
        struct str value = any_text(LETTERS "    ,;=\"'()/", 0, 20);
        check_ok(http_field_add(&rq.fields, str_of(names[any(6)]), value, &arena, &e), e);
    }
    rq.body = any_text(LETTERS "\n\r\t {}\"", 0, any(3) ? 60 : 0);
    return rq;
}

/* %2b and %2B are the same query: flipping the case of an escape's digit changes nothing that is signed. */
static bool only_escape_case(struct str s, size_t at, unsigned bit) {
    bool letter = (s.p[at] >= 'A' && s.p[at] <= 'F') || (s.p[at] >= 'a' && s.p[at] <= 'f');
    bool escape = (at > 0 && s.p[at - 1] == '%') || (at > 1 && s.p[at - 2] == '%');
    return bit == 5 && letter && escape;
}

static void flip_one_bit(struct http_request *rq) {
    struct http_field *f = &rq->fields.at[any((uint32_t)rq->fields.n)];
    bool whole = !str_eq(f->name, STR("Authorization"));
    struct str *const parts[] = {&rq->method, &rq->path, &rq->query, &rq->body, &f->value, &f->value};
    size_t which = any(6);
    struct str *s = parts[which];
    if (!s->n) s = &rq->path;
    size_t from = which >= 4 && s == &f->value && !whole ? s->n - 64 : 0;
    size_t at = from + any((uint32_t)(s->n - from));
    unsigned bit = any(8);
    if (s == &rq->query && only_escape_case(*s, at, bit)) bit = 0;
    char *p = arena_copy(&arena, *s);
    p[at] = (char)((unsigned char)p[at] ^ (1u << bit));
    s->p = p;
}

static void property(void **state) {
    (void)state;
    random_state = 2463534242u;
    for (int i = 0; i < REQUESTS; i++) {
        struct http_request rq = any_request();
        struct sigv4_scope scope = SCOPE;
        struct err e;
        scope.unix_s = NOW - 300 + (int64_t)any(601);
        scope.send_body_hash = any(2);
        scope.allow = SIGV4_ALLOW_PLUS | SIGV4_ALLOW_RAW_BYTES;
        scope.placement = any(3) ? SIGV4_IN_HEADERS : SIGV4_IN_QUERY;
        scope.expires_s = 300;
        check_ok(sigv4_sign(&rq, any(2) ? &ROLE : &USER, &scope, &arena, &e), e);
        struct sigv4_verdict v = judge(&rq, &VERIFIER);
        if (v.fault != SIGV4_OK) fail_msg("request %d: %.*s", i, STR_ARG(v.message));
        for (int k = 0; k < FLIPS; k++) {
            struct http_request other = rq;
            other.fields.at = arena_take(&arena, rq.fields.n * sizeof *rq.fields.at);
            memcpy(other.fields.at, rq.fields.at, rq.fields.n * sizeof *rq.fields.at);
            flip_one_bit(&other);
            if (judge(&other, &VERIFIER).fault == SIGV4_OK)
                fail_msg("accepted: request %d, %.*s ? %.*s", i, STR_ARG(other.path), STR_ARG(other.query));
        }
        arena_reset(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {CASE("signed is accepted, one flipped bit is not", property)};
    return cmocka_run_group_tests_name("sigv4_property", tests, open_arena, close_arena);
}
