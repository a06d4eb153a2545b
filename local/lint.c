/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rules and the list of findings. */
#include "lint.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_REASON = 1024 };

static const struct {
    const char *name;
    enum lint_level level;
    const char *fix;
} RULES[] = {
    [LINT_AUTHORIZER_DROPPED] = {"authorizer-dropped", LINT_ERROR,
                                 "write DefaultAuthorizer: AWS_IAM, or !Ref to a parameter of AWS_IAM or NONE"},
    [LINT_AUTHORIZER_NOT_ENABLED] = {"authorizer-not-enabled", LINT_ERROR,
                                     "write EnableIamAuthorizer: true into Auth of the AWS::Serverless::HttpApi"},
    [LINT_AUTHORIZER_UNUSED] = {"authorizer-unused", LINT_ERROR,
                                "add DefaultAuthorizer: AWS_IAM, or leave EnableIamAuthorizer out"},
    [LINT_OPTIONS_OPEN] = {"options-open", LINT_WARN, "write Auth: {Authorizer: AWS_IAM} at the event"},
    [LINT_METHOD_OPEN] = {"method-open", LINT_WARN,
                          "write Method: ANY there, or Auth: {Authorizer: AWS_IAM} at the wider route"},
    [LINT_CALLER_CREDENTIALS] = {"caller-credentials", LINT_ERROR, "set InvokeRole: NONE in Auth of the API"},
    [LINT_API_KEY_TEXT] = {"api-key-text", LINT_ERROR,
                           "write false, or !Ref to a parameter whose value for off is an empty text"},
    [LINT_API_KEY_CLOSED] = {"api-key-closed", LINT_ERROR,
                             "add an AWS::ApiGateway::ApiKey, a UsagePlan of the stage and a UsagePlanKey"},
    [LINT_NOT_REDEPLOYED] = {"not-redeployed", LINT_ERROR,
                             "write Auth in the API with !Ref to a parameter, or set AlwaysDeploy: true"},
    [LINT_STRAY_STAGE] = {"stray-stage", LINT_WARN, "set OpenApiVersion: 3.0.1 in Globals.Api"},
    [LINT_BUILT_TWICE] = {"built-twice", LINT_WARN,
                          "leave Metadata.BuildMethod out: provided.al2023 runs make by itself, and once"},
    [LINT_ARCHITECTURE] = {"architecture", LINT_ERROR,
                           "build for the architecture of the template, or change Architectures"},
    [LINT_TRACED_HEADERS] = {"traced-headers", LINT_WARN, "leave DataTraceEnabled out and use AccessLogSetting"},
    [LINT_ANCHOR] = {"anchor", LINT_ERROR, "write the value out at each place, or use a parameter"},
    [LINT_CODE_URI_GLOBAL] = {"code-uri-global", LINT_WARN, "move CodeUri to each function"},
    [LINT_CIRCULAR_REFERENCE] =
        {"circular-reference", LINT_ERROR,
         "move the statement into an AWS::IAM::Policy of its own, or give each function an API of its own"},
    [LINT_POLICY_UNSEEN] = {"policy-unseen", LINT_WARN, "write its statements inline to see them here"},
    [LINT_POLICY_IGNORED] = {"policy-ignored", LINT_ERROR, "move the statements to the role, or leave Role out"},
    [LINT_STAGE_MISSING] = {"stage-missing", LINT_ERROR,
                            "write API/STAGE/METHOD/path: the stage stands behind the API"},
    [LINT_SLASH] = {"slash", LINT_ERROR, "write API/STAGE/METHOD/path with one slash between, and none at the end"},
    [LINT_PATH_PARAMETER] = {"path-parameter", LINT_ERROR,
                             "write * for the parameter: what is compared is the path that was called"},
    [LINT_VERB_CASE] = {"verb-case", LINT_ERROR, "write the method in capitals"},
    [LINT_OPENS_NOTHING] = {"opens-nothing", LINT_ERROR,
                            "compare its stage, method and path with the routes of the API"},
    [LINT_NO_ACTION] = {"no-action", LINT_ERROR, "write the action as its service spells it, as execute-api:Invoke"},
    [LINT_PRINCIPAL_MISSING] = {"principal-missing", LINT_WARN,
                                "compare the name; a principal that does not exist is refused when it is deployed"},
    [LINT_PARAMETER_IGNORED] = {"parameter-ignored", LINT_WARN, "compare the name with Parameters of the template"},
    [LINT_HALF_OF_URL] = {"half-of-url", LINT_ERROR,
                          "allow lambda:InvokeFunctionUrl and lambda:InvokeFunction: a function URL wants both"},
    [LINT_WIDE] = {"wide", LINT_WARN, "name the API, stage, method and path that the caller needs"},
};

const char *lint_name(enum lint_rule rule) {
    return RULES[rule].name;
}

enum lint_level lint_level(enum lint_rule rule) {
    return RULES[rule].level;
}

const char *lint_fix(enum lint_rule rule) {
    return RULES[rule].fix;
}

bool lint_find(struct str name, enum lint_rule *rule) {
    for (int i = 0; i < LINT_RULES; i++) {
        if (!str_eq(name, str_of(RULES[i].name))) continue;
        *rule = (enum lint_rule)i;
        return true;
    }
    return false;
}

static bool is_there(const struct lint *l, const struct lint_finding *f) {
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].rule == f->rule && l->at[i].line == f->line && str_eq(l->at[i].file, f->file) &&
            str_eq(l->at[i].reason, f->reason))
            return true;
    return false;
}

void lint_add(struct lint *l, enum lint_rule rule, struct str file, unsigned line, const char *fmt, ...) {
    char reason[MAX_REASON];
    struct lint_finding f = {.rule = rule, .line = line};
    va_list ap;
    if (l->ignored[rule] || l->failed) return;
    va_start(ap, fmt);
    vsnprintf(reason, sizeof reason, fmt, ap);
    va_end(ap);
    f.file = str_of(arena_copy(l->arena, file));
    f.reason = str_of(arena_copy(l->arena, str_of(reason)));
    if (f.reason.p && f.file.p && is_there(l, &f)) return;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        void *grown = arena_grow(l->arena, l->at, l->cap * sizeof f, cap * sizeof f);
        l->failed = !grown;
        if (l->failed) return;
        l->at = grown;
        l->cap = cap;
    }
    l->failed = !f.file.p || !f.reason.p;
    if (!l->failed) l->at[l->n++] = f;
}

size_t lint_errors(const struct lint *l) {
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) n += lint_level(l->at[i].rule) == LINT_ERROR;
    return n;
}
