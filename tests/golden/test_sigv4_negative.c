/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of negative/verifier.json (made by negative/make.py) through sigv4_verify: each has the fault and the
   sentence that the file says. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sigv4_verify.h"

enum { MAX_FILE_BYTES = 1024 * 1024, LEAST_CASES = 150 };

static struct arena arena;
static struct err err;

static void quit(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static struct cJSON *read_file(const char *path) {
    struct cJSON *root = NULL;
    char *p = arena_take(&arena, MAX_FILE_BYTES);
    FILE *f = fopen(path, "rb");
    if (!p || !f) quit(path, "cannot be read");
    size_t n = fread(p, 1, MAX_FILE_BYTES, f);
    if (n == MAX_FILE_BYTES || ferror(f) || fclose(f)) quit(path, "cannot be read, or is too long");
    if (!json_read((struct str){p, n}, &root, &err)) quit(path, err.msg);
    return root;
}

static int64_t number(const cJSON *object, const char *name) {
    const cJSON *value = json_get(object, name);
    return value ? (int64_t)value->valuedouble : 0;
}

/* user is the file's list of keys. */
static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    const cJSON *one;
    cJSON_ArrayForEach(one, (const cJSON *)user) {
        if (!str_eq(json_get_text(one, "id"), id)) continue;
        key->keys = (struct sigv4_keys){id, json_get_text(one, "secret"), json_get_text(one, "token")};
        key->token_expires_unix_s = number(one, "token_expires_unix_s");
        return true;
    }
    return false;
}

static struct http_request read_request(const cJSON *one) {
    struct http_request rq = {.method = json_get_text(one, "method"),
                              .path = json_get_text(one, "path"),
                              .query = json_get_text(one, "query"),
                              .body = json_get_text(one, "body")};
    const cJSON *field;
    cJSON_ArrayForEach(field, json_get(one, "fields")) {
        if (!http_field_add(&rq.fields, json_text(field->child), json_text(field->child->next), &arena, &err))
            quit("a field", err.msg);
    }
    return rq;
}

/* "accepted" is SIGV4_OK; a malformed request has no name. */
static bool fits(const struct sigv4_verdict *verdict, struct str fault, struct str message) {
    bool accepted = str_eq(fault, STR("accepted"));
    return accepted == (verdict->fault == SIGV4_OK) &&
           (accepted || str_eq(fault, str_of(sigv4_fault_name(verdict->fault)))) && str_eq(verdict->message, message);
}

static bool check_case(const cJSON *one, const struct sigv4_verifier *v) {
    struct http_request rq = read_request(one);
    struct sigv4_verdict verdict;
    struct str name = json_get_text(one, "name"), fault = json_get_text(one, "fault");
    struct str message = json_get_text(one, "message");
    if (!sigv4_verify(&rq, v, &verdict, &arena, &err)) quit("sigv4_verify", err.msg);
    bool good = fits(&verdict, fault, message);
    if (!good)
        printf("%.*s:\n  expected %.*s <%.*s>\n  actual   %s <%.*s>\n", STR_ARG(name), STR_ARG(fault), STR_ARG(message),
               sigv4_fault_name(verdict.fault), STR_ARG(verdict.message));
    return good;
}

int main(void) {
    arena_init(&arena, 64 * 1024 * 1024);
    struct cJSON *root = read_file("tests/golden/negative/verifier.json"), *one;
    const cJSON *says = json_get(root, "verifier");
    struct sigv4_verifier v = {.region = json_get_text(says, "region"),
                               .service = json_get_text(says, "service"),
                               .unix_s = number(says, "now_unix_s"),
                               .max_skew_s = number(says, "max_skew_s"),
                               .find_key = find_key,
                               .user = cJSON_GetObjectItem(says, "keys")};
    int n = 0, failed = 0;
    cJSON_ArrayForEach(one, json_get(root, "cases")) {
        n++;
        failed += !check_case(one, &v);
    }
    printf("%d cases, %d failed\n", n, failed);
    json_close(root);
    arena_close(&arena);
    return failed || n < LEAST_CASES;
}
