/* SPDX-License-Identifier: Apache-2.0 */
/* One row of test_documented.c: a template and a callers file are written from it and read, and then it is asked. */
#ifndef TESTS_DOCUMENTED_H
#define TESTS_DOCUMENTED_H

#include "access.h"
#include "check_model.h"
#include "facts.h"

enum who { USER, ROLE, NOBODY }; /* user/jane, or assumed-role/tester/session of role/tester */
enum asked { API_CALL, URL_CALL, ASSUME };

struct row {
    const char *sentence;
    /* Statements as YAML; NULL: there is no such policy. The resource policy is the API's, the function's (as members of an
       AWS::Lambda::Permission) or the trust policy of the role that is to be assumed. */
    const char *identity, *boundary, *session, *resource;
    bool allowed;
    enum who who;
    bool elsewhere;      /* the caller is of another account than the API */
    const char *address; /* 192.0.2.10 unless said */
    enum asked asked;
};

static inline void add_list(struct buf *b, const char *before, const char *statements, const char *behind) {
    if (statements) buf_addf(b, "%s[%s]%s", before, statements, behind);
}

static inline void write_template(struct buf *b, const struct row *r) {
    buf_add(b, STR("Transform: AWS::Serverless-2016-10-31\nResources:\n"
                   "  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: dev\n"
                   "      OpenApiVersion: 3.0.1\n      Auth: {DefaultAuthorizer: AWS_IAM, InvokeRole: NONE"));
    if (r->asked == API_CALL) add_list(b, ", ResourcePolicy: {CustomStatements: ", r->resource, "}");
    buf_add(b, STR("}\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n"
                   "      Handler: h\n      FunctionUrlConfig: {AuthType: AWS_IAM}\n"));
    struct str rest = str_of(r->asked == URL_CALL ? r->resource : NULL), one;
    for (char name = 'P'; rest.p; name++) {
        str_cut(&rest, '|', &one);
        buf_addf(b, "  %c: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F, %.*s}}\n", name,
                 STR_ARG(one));
    }
    buf_add(b, STR("  T:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: target\n"));
    if (r->asked == ASSUME) add_list(b, "      AssumeRolePolicyDocument: {Statement: ", r->resource, "}\n");
}

/* The session's policy is read as that of a user of its own. */
static inline void write_callers(struct buf *b, const struct row *r, struct str api_id) {
    const char *type = r->who == ROLE ? "Role" : "User", *name = r->who == ROLE ? "tester" : "jane";
    static const char policies[] = "Policies: [{PolicyName: p, PolicyDocument: {Version: 2012-10-17, Statement: ";
    buf_addf(b, "Parameters:\n  Api: {Type: String, Default: '%.*s'}\nResources:\n", STR_ARG(api_id));
    if (r->boundary) {
        buf_add(b, STR("  B:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"));
        add_list(b, "      PolicyDocument: {Version: 2012-10-17, Statement: ", r->boundary, "}\n");
    }
    if (r->session) {
        buf_addf(b, "  S:\n    Type: AWS::IAM::User\n    Properties:\n      %s[%s]}}]\n", policies, r->session);
    }
    buf_addf(b, "  C:\n    Type: AWS::IAM::%s\n    Properties:\n      %sName: %s\n", type, type, name);
    if (r->boundary) buf_add(b, STR("      PermissionsBoundary: !Ref B\n"));
    if (r->identity) buf_addf(b, "      %s[%s]}}]\n", policies, r->identity);
}

static inline void read_row(const struct row *r, const char *callers) {
    char path[] = PATH, callers_path[] = PATH;
    struct buf text;
    const struct model_options o = {.template_path = path,
                                    .callers_path = callers ? callers_path : NULL,
                                    .region = STR("eu-central-1"),
                                    .account_id = STR("123456789012"),
                                    .stack_name = STR("demo"),
                                    .callers_account = r->elsewhere ? STR("111122223333") : STR("123456789012")};
    buf_init(&text, 64 * 1024, &arena);
    write_template(&text, r);
    write_file(path, buf_str(&text));
    if (callers) write_file(callers_path, str_of(callers));
    bool ok = model_read(&o, &m, &arena, &e);
    unlink(path);
    if (callers) unlink(callers_path);
    if (!ok) fail_msg("%s: %s", r->sentence, e.msg);
}

static inline bool decide(const struct row *r, const struct facts *facts, struct str action, struct str resource,
                          const struct policy_statements *policy) {
    struct http_fields known = {0};
    struct access_answer answer;
    const struct access_question q = {.caller = facts->caller,
                                      .action = action,
                                      .resource = resource,
                                      .owner_account = STR("123456789012"),
                                      .facts = &known,
                                      .resource_policy = policy,
                                      .suffices = r->asked == ASSUME ? POLICY_BY_ARN : POLICY_BY_ANYONE};
    check_ok(facts_add(facts, &known, &arena, &e) && access_decide(&q, &answer, &arena, &e), e);
    return answer.allowed;
}

static inline bool ask(const struct row *r, const struct facts *facts) {
    if (r->asked == ASSUME) {
        const struct model_principal *target = principal("T");
        return decide(r, facts, STR("sts:AssumeRole"), target->arn, &target->trust);
    }
    if (r->asked == API_CALL) {
        const struct model_api *a = api("Api");
        struct buf arn;
        buf_init(&arn, 1024, &arena);
        buf_addf(&arn, "arn:aws:execute-api:eu-central-1:123456789012:%.*s/dev/GET/pets", STR_ARG(a->api_id));
        return decide(r, facts, STR("execute-api:Invoke"), buf_str(&arn), a->has_policy ? &a->policy : NULL);
    }
    struct facts url = *facts, invoke = *facts;
    url.function_url_auth_type = STR("AWS_IAM");
    invoke.invoked_via_function_url = true;
    return decide(r, &url, STR("lambda:InvokeFunctionUrl"), m.functions[0].arn, &api("FUrl")->policy) &&
           decide(r, &invoke, STR("lambda:InvokeFunction"), m.functions[0].arn, &api("FUrl")->policy);
}

static inline bool holds(const struct row *r) {
    static const struct http_request rq;
    bool role = r->who == ROLE;
    struct buf callers;
    read_row(r, NULL); /* for the API's id */
    buf_init(&callers, 64 * 1024, &arena);
    write_callers(&callers, r, api("Api")->api_id);
    buf_add_char(&callers, 0);
    read_row(r, callers.p);
    struct keyring_entry entry = {.who = principal(role ? "C" : "jane"),
                                  .session_policy = r->session ? &principal("S")->policies : NULL};
    if (role) {
        entry.keys.token = STR("t");
        entry.session = STR("session");
        entry.user_arn = r->elsewhere ? STR("arn:aws:sts::111122223333:assumed-role/tester/session")
                                      : STR("arn:aws:sts::123456789012:assumed-role/tester/session");
    }
    const struct facts facts = {.caller = r->who == NOBODY ? NULL : &entry,
                                .rq = &rq,
                                .peer_ip = str_of(r->address ? r->address : "192.0.2.10"),
                                .region = STR("eu-central-1"),
                                .owner_account = STR("123456789012"),
                                .now_s = 1748779200};
    return ask(r, &facts) == r->allowed;
}

static inline void check_page(const char *page, const struct row *rows, size_t n) {
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        arena_reset(&arena);
        if (holds(&rows[i])) continue;
        print_error("%s: \"%s\" is not %s\n", page, rows[i].sentence, rows[i].allowed ? "allowed" : "denied");
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#endif
