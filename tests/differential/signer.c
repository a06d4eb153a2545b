/* SPDX-License-Identifier: Apache-2.0 */
/* signer sign | verify: cases of generate.py on standard input, one JSON object a line; one answer a line. "sign" signs
   by the strict rules first and, if those refuse, with all of them relaxed; then verifies what it signed. "verify" takes
   the case's fields and query as they are, with a signature that may be somebody else's. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "json.h"
#include "sigv4_stages.h"
#include "sigv4_verify.h"

enum { MAX_BYTES = 16 * 1024 * 1024 };

static struct arena arena;
static struct err err;

struct test_case {
    struct http_request rq;
    struct sigv4_keys keys;
    struct sigv4_scope scope;
};

static void quit(const char *why) {
    fprintf(stderr, "signer: %s\n", why);
    exit(1);
}

static void check(bool ok) {
    if (!ok) quit(err.msg);
}

static struct str text(const cJSON *object, const char *name) {
    return json_get_text(object, name);
}

static void read_fields(const cJSON *list, struct http_fields *fields) {
    const cJSON *pair;
    cJSON_ArrayForEach(pair, list) {
        struct str name = json_text(pair->child), value = json_text(pair->child ? pair->child->next : NULL);
        check(http_field_add(fields, name, value, &arena, &err));
    }
}

static void read_scope(const cJSON *json, struct sigv4_scope *scope) {
    bool v4a = str_eq(text(json, "algorithm"), STR("v4a")), query = str_eq(text(json, "placement"), STR("query"));
    *scope = (struct sigv4_scope){.region = text(json, "region"),
                                  .service = text(json, "service"),
                                  .algorithm = v4a ? SIGV4_ECDSA : SIGV4_HMAC,
                                  .placement = query ? SIGV4_IN_QUERY : SIGV4_IN_HEADERS,
                                  .send_body_hash = json_is_true(json_get(json, "send_hash")),
                                  .unsigned_token = json_is_true(json_get(json, "unsigned_token"))};
    const cJSON *now = json_get(json, "unix_s"), *expires = json_get(json, "expires_s");
    if (!now || !expires) quit("a case has no unix_s or no expires_s");
    scope->unix_s = (int64_t)now->valuedouble;
    scope->expires_s = (int64_t)expires->valuedouble;
    struct str payload = text(json, "payload");
    if (str_eq(payload, STR("unsigned"))) scope->payload = SIGV4_PAYLOAD_UNSIGNED;
    if (!str_eq(payload, STR("hash"))) return;
    scope->payload = SIGV4_PAYLOAD_HASH;
    scope->payload_hash = text(json, "payload_hash");
}

static void read_case(const cJSON *json, struct test_case *c) {
    *c = (struct test_case){
        .rq = {.method = text(json, "method"), .path = text(json, "path"), .query = text(json, "query")},
        .keys = {text(json, "id"), text(json, "secret"), text(json, "token")}};
    check(base64_read(text(json, "body"), &c->rq.body, &arena, &err));
    read_fields(json_get(json, "fields"), &c->rq.fields);
    read_scope(json, &c->scope);
}

/* --- Answers ----------------------------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, struct str value) {
    buf_addf(out, "%s\"%s\":", out->n > 1 ? "," : "", name);
    json_write_text(out, value);
}

static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    *key = (struct sigv4_known_key){.keys = *(const struct sigv4_keys *)user};
    return str_eq(id, key->keys.id);
}

static bool takes_unsigned(struct str service) {
    return str_starts(service, STR("s3")) || str_eq(service, STR("vpc-lattice-svcs"));
}

/* For SigV4A the verifier's region is one that the set covers. */
static void add_verdict(struct buf *out, struct test_case *c, const struct http_request *rq) {
    struct sigv4_verdict verdict;
    struct str region = c->scope.region;
    if (c->scope.algorithm == SIGV4_ECDSA) {
        struct str rest = region;
        str_cut(&rest, ',', &region);
        if (str_eq(region, STR("*"))) region = STR("eu-west-1");
    }
    struct sigv4_verifier v = {.region = region,
                               .service = c->scope.service,
                               .unix_s = c->scope.unix_s,
                               .max_skew_s = 300,
                               .allow_ecdsa = true,
                               .allow_unsigned_payload = takes_unsigned(c->scope.service),
                               .find_key = find_key,
                               .user = &c->keys};
    check(sigv4_verify(rq, &v, &verdict, &arena, &err));
    bool malformed = verdict.fault == SIGV4_MALFORMED_REQUEST;
    add_text(out, "verdict", malformed ? STR("malformed") : str_of(sigv4_fault_name(verdict.fault)));
}

static void answer_sign(struct buf *out, struct test_case *c) {
    struct http_request rq = c->rq;
    struct sigv4_texts texts;
    bool ok = sigv4_sign_texts(&rq, &c->keys, &c->scope, &texts, &arena, &err);
    if (!ok) {
        add_text(out, "strict", str_of(err.msg));
        c->scope.allow = SIGV4_ALLOW_ALL;
        ok = sigv4_sign_texts(&rq, &c->keys, &c->scope, &texts, &arena, &err);
    }
    if (!ok) {
        add_text(out, "refused", str_of(err.msg));
        return;
    }
    add_text(out, "canonical", texts.canonical_request);
    add_text(out, "string_to_sign", texts.string_to_sign);
    add_text(out, "signature", texts.signature);
    add_verdict(out, c, &rq);
}

static void answer(struct str line, bool verify) {
    struct cJSON *json;
    struct test_case c;
    struct buf out;
    if (!json_read(line, &json, &err)) quit(err.msg);
    read_case(json, &c);
    buf_init(&out, MAX_BYTES, &arena);
    buf_add_char(&out, '{');
    if (verify) add_verdict(&out, &c, &c.rq);
    else answer_sign(&out, &c);
    buf_add(&out, STR("}\n"));
    check(buf_ok(&out, &err));
    if (fwrite(out.p, 1, out.n, stdout) != out.n) quit("standard output cannot be written");
    json_close(json);
    arena_reset(&arena);
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool verify = argc == 2 && strcmp(argv[1], "verify") == 0;
    if (argc != 2 || (!verify && strcmp(argv[1], "sign") != 0)) quit("usage: signer sign|verify <cases >answers");
    arena_init(&arena, 2 * MAX_BYTES);
    while ((n = getline(&line, &room, stdin)) > 0) answer((struct str){line, (size_t)n}, verify);
    free(line);
    arena_close(&arena);
    return fflush(stdout) == 0 ? 0 : 1;
}
