/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the model share: a small template with holes, read through a file; refusals by line; who may
   call. */
#ifndef TESTS_CHECK_MODEL_H
#define TESTS_CHECK_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "model.h"

enum { LIMIT = 64 * 1024 * 1024 };

static struct arena arena;
static struct err e;
static struct model m;

static inline int open_arena(void **state) {
    (void)state;
    arena_init(&arena, LIMIT);
    return 0;
}

static inline int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

#define PATH "/tmp/test_model-XXXXXX"

static inline void write_file(char *path, struct str text) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.p, text.n), (ssize_t)text.n);
    close(fd);
}

static inline bool try_path(const char *path, const char *callers_path, const struct http_fields *parameters) {
    struct model_options o = {.template_path = path,
                              .callers_path = callers_path,
                              .region = STR("eu-central-1"),
                              .account_id = STR("123456789012"),
                              .stack_name = STR("demo"),
                              .parameters = parameters};
    return model_read(&o, &m, &arena, &e);
}

static inline bool try_text(struct str text, const char *callers) {
    char path[] = PATH, callers_path[] = PATH;
    write_file(path, text);
    if (callers) write_file(callers_path, str_of(callers));
    bool ok = try_path(path, callers ? callers_path : NULL, NULL);
    unlink(path);
    if (callers) unlink(callers_path);
    return ok;
}

static inline void good(const char *text) {
    if (!try_text(str_of(text), NULL)) fail_msg("%s", e.msg);
}

#define refused(text, start) refused_at(text, NULL, start, __LINE__)
#define refused_callers(text, callers, start) refused_at(text, callers, start, __LINE__)

/* `start` begins with ":LINE: "; the path before it is not compared. */
static inline void refused_at(const char *text, const char *callers, const char *start, int line) {
    if (try_text(str_of(text), callers)) {
        print_error("not refused: %s\n", text);
        _fail(__FILE__, line);
    }
    const char *sentence = strncmp(e.msg, PATH, 16) == 0 ? e.msg + sizeof PATH - 1 : e.msg;
    if (strncmp(sentence, start, strlen(start)) == 0) return;
    print_error("expected: %s...\n  actual: %s\n", start, sentence);
    _fail(__FILE__, line);
}

static inline bool noticed(const char *part) {
    for (size_t i = 0; i < m.n_notices; i++)
        if (str_find(m.notices[i], str_of(part)) != SIZE_MAX) return true;
    return false;
}

static inline const struct model_principal *principal(const char *profile) {
    for (size_t i = 0; i < m.n_principals; i++)
        if (str_eq(m.principals[i].profile, str_of(profile))) return &m.principals[i];
    fail_msg("no principal %s", profile);
    return NULL;
}

static inline const struct model_api *api(const char *logical_id) {
    for (size_t i = 0; i < m.n_apis; i++)
        if (str_eq(m.apis[i].logical_id, str_of(logical_id))) return &m.apis[i];
    fail_msg("no API %s", logical_id);
    return NULL;
}

/* May the principal call this on PrivateApi, or on the first API where none is called so? */
static inline enum policy_decision may(const char *profile, const char *tail) {
    char arn[256];
    size_t i = 0;
    while (i < m.n_apis && !str_eq(m.apis[i].logical_id, STR("PrivateApi"))) i++;
    snprintf(arn, sizeof arn, "arn:aws:execute-api:eu-central-1:123456789012:%.*s/%s",
             STR_ARG(m.apis[i < m.n_apis ? i : 0].api_id), tail);
    const struct policy_request rq = {.action = STR("execute-api:Invoke"), .resource = str_of(arn), .arena = &arena};
    return policy_evaluate(&principal(profile)->policies, &rq).decision;
}

/* A template with one protected API, a function and a role; the holes take lines of their own. */
#define TEMPLATE(api_auth, event_auth, function, statement, more) \
    "Transform: AWS::Serverless-2016-10-31\n" \
    "Parameters: {Auth: {Type: String, Default: AWS_IAM}, Off: {Type: String, Default: ''}, Key: {Type: String, " \
    "Default: K}}\n" \
    "Conditions: {Yes: !Equals [a, a], No: !Equals [a, b]}\n" \
    "Resources:\n" \
    "  A:\n" \
    "    Type: AWS::Serverless::Api\n" \
    "    Properties:\n" \
    "      StageName: dev\n" \
    "      OpenApiVersion: 3.0.1\n" \
    "      " api_auth "\n" /* 10 */ \
    "  F:\n" \
    "    Type: AWS::Serverless::Function\n" \
    "    Properties:\n" \
    "      Runtime: provided.al2023\n" \
    "      Handler: private\n" \
    "      Role: !GetAtt R.Arn\n" \
    "      " function "\n" /* 17 */ \
    "      Events:\n" \
    "        Get:\n" \
    "          Type: Api\n" \
    "          Properties:\n" \
    "            RestApiId: !Ref A\n" \
    "            Path: /x\n" \
    "            Method: get\n" \
    "            " event_auth "\n" /* 25 */ \
    "  R:\n" \
    "    Type: AWS::IAM::Role\n" \
    "    Properties:\n" \
    "      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: " \
    "'sts:*'}}\n" \
    "      Policies:\n" \
    "        - PolicyName: p\n" \
    "          PolicyDocument:\n" \
    "            Version: 2012-10-17\n" \
    "            Statement:\n" \
    "              - " statement "\n" /* 35 */ \
        more

#define IAM "Auth: {DefaultAuthorizer: AWS_IAM, InvokeRole: NONE}"
#define GRANT "{Effect: Allow, Action: execute-api:Invoke, Resource: !Sub 'arn:aws:execute-api:*:*:${A}/dev/GET/x'}"
#define API(line) TEMPLATE("Auth: {" line "}", "", "", GRANT, "")
#define API_LINE(line) TEMPLATE(line, "", "", GRANT, "")
#define EVENT(line) TEMPLATE(IAM, line, "", GRANT, "")
#define FUNCTION(line) TEMPLATE(IAM, "", line, GRANT, "")
#define STATEMENT(line) TEMPLATE(IAM, "", "", line, "")
#define MORE(lines) TEMPLATE(IAM, "", "", GRANT, lines)

#endif
