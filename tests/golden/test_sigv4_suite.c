/* SPDX-License-Identifier: Apache-2.0 */
/* AWS's SigV4 test suite, every stage of every case. The folder SIGV4_SUITE holds "v4" (awslabs/aws-c-auth,
   tests/aws-signing-test-suite; each case with its fields and with its query signed) and "v4-classic" (boto/botocore,
   tests/unit/auth/aws4_testsuite), unchanged. What signers disagree on is refused until its rule is relaxed, so each
   case says here which rules it needs, and shows that it needs them. Each signed case also goes through sigv4_verify, as
   it is and with one bit flipped in its signature, body and path. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_text.h"
#include "sigv4_stages.h"
#include "sigv4_verify.h"

enum {
    NOT_RUN = 77,
    V4_CASES = 76 /* 38 twice */,
    CLASSIC_CASES = 34,
    MAX_FILE_BYTES = 64 * 1024,
    SUITE_TIME = 1440938160
};

struct suite_case {
    const char *name;
    struct http_request rq;
    struct sigv4_keys keys;
    struct sigv4_scope scope;
    struct str canonical, to_sign, signature; /* what the files say */
    struct http_request signed_rq;
};

/* Stands for the name itself and for its "-normalized" and "-unnormalized" kinds. */
static const struct {
    const char *name;
    unsigned rules;
} needs[] = {
    {"get-header-value-multiline", SIGV4_ALLOW_FOLDED_VALUE},
    {"get-relative", SIGV4_ALLOW_DOT_SEGMENT},
    {"get-relative-relative", SIGV4_ALLOW_DOT_SEGMENT},
    {"get-slash", SIGV4_ALLOW_EMPTY_SEGMENT},
    {"get-slash-dot-slash", SIGV4_ALLOW_DOT_SEGMENT},
    {"get-slash-pointless-dot", SIGV4_ALLOW_DOT_SEGMENT},
    {"get-slashes", SIGV4_ALLOW_EMPTY_SEGMENT},
    {"get-space", SIGV4_ALLOW_RAW_BYTES},
    {"get-utf8", SIGV4_ALLOW_RAW_BYTES},
    {"get-vanilla-utf8-query", SIGV4_ALLOW_RAW_BYTES},
};

static struct arena arena;
static struct err err;
static int cases, differences, verified;

static void quit(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void check(bool ok, const char *what) {
    if (!ok) quit(what, err.msg);
}

static const char *join(const char *folder, const char *name, const char *tail) {
    struct buf b;
    buf_init(&b, 4096, &arena);
    buf_addf(&b, "%s/%s%s", folder, name, tail);
    buf_add(&b, (struct str){"", 1});
    check(buf_ok(&b, &err), folder);
    return b.p;
}

/* Absent if there is no such file. */
static struct str read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return (struct str){0};
    char *p = arena_take(&arena, MAX_FILE_BYTES);
    size_t n = p ? fread(p, 1, MAX_FILE_BYTES, f) : 0;
    if (!p || n == MAX_FILE_BYTES || ferror(f)) quit(path, "cannot be read");
    fclose(f);
    return (struct str){p, n};
}

static struct str need_file(const char *folder, const char *name, const char *tail) {
    const char *path = join(folder, name, tail);
    struct str text = read_file(path);
    if (!text.p) quit(path, "is missing");
    return text;
}

static struct http_request read_request(const char *folder, const char *name, const char *tail) {
    struct http_request rq;
    check(http_text_read(need_file(folder, name, tail), &rq, &arena, &err), name);
    return rq;
}

static void differ(const struct suite_case *c, const char *stage, struct str want, struct str got) {
    differences++;
    printf("%s: %s differs\n  expected <%.*s>\n  actual   <%.*s>\n", c->name, stage, STR_ARG(want), STR_ARG(got));
}

static void compare(const struct suite_case *c, const char *stage, struct str want, struct str got) {
    if (!str_eq(want, got)) differ(c, stage, want, got);
}

static size_t count(const struct http_fields *fields, const struct http_field *one) {
    size_t n = 0;
    for (size_t i = 0; i < fields->n; i++)
        n +=
            str_eq_nocase(fields->at[i].name, one->name) && str_eq(str_trim(fields->at[i].value), str_trim(one->value));
    return n;
}

/* The order of what is added, and the case of field names, are the signer's choice. */
static void compare_lists(const struct suite_case *c, const char *what, const struct http_fields *want,
                          const struct http_fields *got) {
    if (want->n != got->n) differ(c, "number of fields or parameters", STR(""), STR(""));
    for (size_t i = 0; i < want->n; i++)
        if (count(want, &want->at[i]) != count(got, &want->at[i]))
            differ(c, what, want->at[i].value, http_field_get(got, want->at[i].name));
}

static void compare_signed(const struct suite_case *c, const struct http_request *got) {
    struct http_fields want_query, got_query;
    compare(c, "body", c->signed_rq.body, got->body);
    compare(c, "path", c->signed_rq.path, got->path);
    compare_lists(c, "field of the signed request", &c->signed_rq.fields, &got->fields);
    check(http_query_read(c->signed_rq.query, &want_query, &arena, &err), c->name);
    check(http_query_read(got->query, &got_query, &arena, &err), c->name);
    compare_lists(c, "parameter of the signed request", &want_query, &got_query);
}

static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    const struct suite_case *c = user;
    *key = (struct sigv4_known_key){.keys = c->keys};
    return str_eq(id, c->keys.id);
}

static enum sigv4_fault judge(struct suite_case *c, const struct http_request *rq) {
    struct sigv4_verifier v = {.region = c->scope.region,
                               .service = c->scope.service,
                               .unix_s = c->scope.unix_s,
                               .max_skew_s = 300,
                               .find_key = find_key,
                               .user = c};
    struct sigv4_verdict verdict;
    check(sigv4_verify(rq, &v, &verdict, &arena, &err), c->name);
    return verdict.fault;
}

static struct str flip_last(struct str s, unsigned bit) {
    char *p = arena_copy(&arena, s.n ? s : STR("x"));
    if (!p) quit("memory", "is short");
    if (s.n) p[s.n - 1] = (char)((unsigned char)p[s.n - 1] ^ bit);
    return (struct str){p, s.n ? s.n : 1};
}

/* The verifier normalises every path, so the cases of the other kind are not its own. */
static void run_verifier(struct suite_case *c, struct http_request *rq) {
    if (c->scope.path == SIGV4_PATH_KEEP) return;
    verified++;
    if (judge(c, rq) != SIGV4_OK) differ(c, "verdict on the signed request", STR("accepted"), STR("refused"));
    struct http_request body = *rq, path = *rq;
    body.body = flip_last(rq->body, 2);
    path.path = flip_last(rq->path, 2);
    if (judge(c, &body) == SIGV4_OK) differ(c, "verdict on another body", STR("refused"), STR("accepted"));
    if (judge(c, &path) == SIGV4_OK) differ(c, "verdict on another path", STR("refused"), STR("accepted"));
    bool in_query = c->scope.placement == SIGV4_IN_QUERY; /* either way the signature is what ends it */
    struct str *value = in_query ? &rq->query : &rq->fields.at[rq->fields.n - 1].value;
    *value = flip_last(*value, 1);
    if (judge(c, rq) == SIGV4_OK) differ(c, "verdict on another signature", STR("refused"), STR("accepted"));
}

static struct str last_line(struct str text) {
    size_t from = text.n;
    while (from && text.p[from - 1] != '\n') from--;
    return (struct str){text.p + from, text.n - from};
}

static unsigned rules_of(const char *name) {
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        size_t n = strlen(needs[i].name);
        if (strncmp(name, needs[i].name, n) != 0) continue;
        const char *rest = name + n;
        if (!*rest || strcmp(rest, "-normalized") == 0 || strcmp(rest, "-unnormalized") == 0) return needs[i].rules;
    }
    return 0;
}

/* All rules but the one that is needed: refused, and nothing is changed. */
static void check_strict(const struct suite_case *c, unsigned rules) {
    struct http_request rq = c->rq;
    struct sigv4_scope scope = c->scope;
    if (!rules) return;
    scope.allow = SIGV4_ALLOW_ALL & ~rules;
    if (sigv4_sign(&rq, &c->keys, &scope, &arena, &err) || err.kind != ERR_PARSE || rq.fields.n != c->rq.fields.n)
        differ(c, "strict signing", STR("refused"), STR("signed"));
}

static void run_case(struct suite_case *c) {
    struct http_request rq = c->rq;
    struct sigv4_texts texts;
    struct buf names, again;
    c->scope.allow = rules_of(c->name);
    check_strict(c, c->scope.allow);
    check(sigv4_sign_texts(&rq, &c->keys, &c->scope, &texts, &arena, &err), c->name);
    compare(c, "canonical request", c->canonical, texts.canonical_request);
    compare(c, "string to sign", c->to_sign, texts.string_to_sign);
    compare(c, "signature", c->signature, texts.signature);
    compare_signed(c, &rq);
    buf_init(&names, 4096, &arena);
    buf_init(&again, SIGV4_MAX_CANONICAL_BYTES, &arena);
    struct sigv4_canonical how = {.payload_hash = last_line(texts.canonical_request),
                                  .path = sigv4_path_of(c->scope.path, c->scope.service),
                                  .without_token = c->scope.unsigned_token,
                                  .allow = SIGV4_AS_RECEIVED};
    check(sigv4_signed_headers(&names, &rq.fields, c->scope.unsigned_token, &err), c->name);
    how.signed_headers = buf_str(&names);
    check(sigv4_canonical_text(&again, &rq, &how, &err), c->name);
    compare(c, "canonical request as it is received", c->canonical, buf_str(&again));
    run_verifier(c, &rq);
    cases++;
}

static struct str text_of(const cJSON *object, const char *name) {
    const char *p = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return p ? str_of(arena_copy(&arena, str_of(p))) : (struct str){0};
}

static bool is_true(const cJSON *object, const char *name) {
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void run_placement(struct suite_case *c, const char *folder, const char *prefix,
                          enum sigv4_placement placement) {
    c->scope.placement = placement;
    c->canonical = need_file(folder, prefix, "canonical-request.txt");
    c->to_sign = need_file(folder, prefix, "string-to-sign.txt");
    c->signature = need_file(folder, prefix, "signature.txt");
    c->signed_rq = read_request(folder, prefix, "signed-request.txt");
    run_case(c);
}

static void run_v4(const char *folder, const char *name) {
    struct suite_case c = {.name = name};
    struct str text = need_file(folder, "context", ".json");
    cJSON *context = cJSON_ParseWithLength(text.p, text.n);
    if (!context) quit(folder, "context.json is not JSON");
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(context, "credentials");
    c.keys =
        (struct sigv4_keys){text_of(keys, "access_key_id"), text_of(keys, "secret_access_key"), text_of(keys, "token")};
    c.scope = (struct sigv4_scope){.region = text_of(context, "region"), .service = text_of(context, "service")};
    if (!str_eq(text_of(context, "timestamp"), STR("2015-08-30T12:36:00Z"))) quit(folder, "has another timestamp");
    c.scope.unix_s = SUITE_TIME;
    c.scope.path = is_true(context, "normalize") ? SIGV4_PATH_BY_SERVICE : SIGV4_PATH_KEEP;
    c.scope.expires_s =
        (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(context, "expiration_in_seconds"));
    c.scope.send_body_hash = is_true(context, "sign_body");
    c.scope.unsigned_token = is_true(context, "omit_session_token");
    cJSON_Delete(context);
    c.rq = read_request(folder, "request", ".txt");
    run_placement(&c, folder, "header-", SIGV4_IN_HEADERS);
    run_placement(&c, folder, "query-", SIGV4_IN_QUERY);
}

static void drop(struct http_fields *f, struct str name) {
    size_t kept = 0;
    for (size_t i = 0; i < f->n; i++)
        if (!str_eq_nocase(f->at[i].name, name)) f->at[kept++] = f->at[i];
    f->n = kept;
}

/* The requests come with X-Amz-Date (and a token), which the signer adds itself. One case's .sreq shows the signature
   of another case, so every Authorization is taken from .authz. */
static void run_classic(const char *folder, const char *name) {
    struct suite_case c = {.name = name};
    struct str authorization = need_file(folder, name, ".authz");
    c.keys = (struct sigv4_keys){STR("AKIDEXAMPLE"), STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
    c.scope = (struct sigv4_scope){.region = STR("us-east-1"), .service = STR("service"), .unix_s = SUITE_TIME};
    c.rq = read_request(folder, name, ".req");
    c.canonical = need_file(folder, name, ".creq");
    c.to_sign = need_file(folder, name, ".sts");
    c.signature = (struct str){authorization.p + authorization.n - 64, 64};
    c.signed_rq = read_request(folder, name, ".sreq");
    if (!str_eq(authorization, str_trim(http_field_get(&c.signed_rq.fields, STR("Authorization")))) &&
        strcmp(name, "get-vanilla-with-session-token") != 0)
        quit(name, "its .authz and .sreq disagree");
    drop(&c.signed_rq.fields, STR("Authorization"));
    check(http_field_add(&c.signed_rq.fields, STR("Authorization"), authorization, &arena, &err), name);
    c.keys.token = str_trim(http_field_get(&c.signed_rq.fields, STR("X-Amz-Security-Token")));
    c.scope.unsigned_token = str_find(c.canonical, STR("\nx-amz-security-token:")) == SIZE_MAX;
    drop(&c.rq.fields, STR("X-Amz-Date"));
    drop(&c.rq.fields, STR("X-Amz-Security-Token"));
    run_case(&c);
}

/* A folder with the file of a case is a case; any other may hold cases. */
static void walk(const char *folder, const char *file, const char *tail, void (*run)(const char *, const char *)) {
    DIR *d = opendir(folder);
    if (!d) return;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (entry->d_name[0] == '.') continue;
        const char *inner = join(folder, entry->d_name, "");
        const char *name = inner + strlen(folder) + 1;
        FILE *f = fopen(join(inner, file ? file : name, tail), "rb");
        if (f) fclose(f), run(inner, name);
        else walk(inner, file, tail, run);
    }
    closedir(d);
}

static bool run_suite(const char *root, const char *name, const char *file, const char *tail,
                      void (*run)(const char *, const char *), int expected) {
    int before = differences;
    cases = verified = 0;
    walk(join(root, name, ""), file, tail, run);
    printf("%s: %d of %d cases, %d verified, %d differences\n", name, cases, expected, verified, differences - before);
    return cases == expected && differences == before;
}

int main(void) {
    const char *root = getenv("SIGV4_SUITE");
    if (!root || !*root) {
        puts("not run: SIGV4_SUITE is not set");
        return NOT_RUN;
    }
    arena_init(&arena, (size_t)256 * 1024 * 1024);
    bool v4 = run_suite(root, "v4", "context", ".json", run_v4, V4_CASES);
    bool classic = run_suite(root, "v4-classic", NULL, ".req", run_classic, CLASSIC_CASES);
    arena_close(&arena);
    return v4 && classic ? 0 : 1;
}
