/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of templates has judged already, and said so: its sentences are not written twice. */
#include "lint.h"

static const struct {
    const char *part; /* of the reader's sentence */
    enum lint_rule rule;
} SENTENCES[] = {
    {"SAM would leave the authorizer out silently", LINT_AUTHORIZER_DROPPED},
    {"AWS_IAM without EnableIamAuthorizer: true is an error in SAM", LINT_AUTHORIZER_NOT_ENABLED},
    {"EnableIamAuthorizer is true or false, written out", LINT_AUTHORIZER_NOT_ENABLED},
    {"AWS_IAM is an error in SAM when Auth of the API has no EnableIamAuthorizer", LINT_AUTHORIZER_NOT_ENABLED},
    {"protects nothing by itself", LINT_AUTHORIZER_UNUSED},
    {"is open: SAM leaves the DefaultAuthorizer", LINT_OPTIONS_OPEN},
    {"AWS_IAM without InvokeRole: NONE", LINT_CALLER_CREDENTIALS},
    {"YAML anchors are not supported", LINT_ANCHOR},
    {"YAML aliases are not supported", LINT_ANCHOR},
    {"a key with an anchor", LINT_ANCHOR},
    {"ApiKeyRequired is ON here", LINT_API_KEY_TEXT},
    {"no enabled API key is in a usage plan", LINT_API_KEY_CLOSED},
    {"without OpenApiVersion SAM publishes", LINT_STRAY_STAGE},
    {"has no effect beside Role", LINT_POLICY_IGNORED},
    {"grants nothing here", LINT_POLICY_UNSEEN},
    {" names no action of ", LINT_NO_ACTION},
    {"is no parameter of the template: ignored", LINT_PARAMETER_IGNORED},
};

static bool find(struct str sentence, enum lint_rule *rule) {
    for (size_t i = 0; i < sizeof SENTENCES / sizeof *SENTENCES; i++) {
        if (str_find(sentence, str_of(SENTENCES[i].part)) == SIZE_MAX) continue;
        *rule = SENTENCES[i].rule;
        return true;
    }
    return false;
}

/* "FILE:LINE: sentence"; the name of a file may hold colons too. */
static bool split(struct str text, struct str *file, int64_t *line, struct str *sentence) {
    for (size_t at = 0; at < text.n; at++) {
        if (text.p[at] != ':') continue;
        struct str rest = {text.p + at + 1, text.n - at - 1}, number;
        if (!str_cut(&rest, ':', &number) || !str_read_int64(number, 0, UINT32_MAX, line)) continue;
        *file = (struct str){text.p, at};
        *sentence = str_trim(rest);
        return true;
    }
    return false;
}

static bool add(struct lint *l, struct str text) {
    struct str file, sentence;
    enum lint_rule rule;
    int64_t line;
    if (!find(text, &rule) || !split(text, &file, &line, &sentence)) return false;
    lint_add(l, rule, file, (unsigned)line, "%.*s", STR_ARG(sentence));
    return true;
}

bool lint_said_refusal(struct lint *l, struct str sentence) {
    enum lint_rule rule;
    if (find(sentence, &rule)) l->ignored[rule] = false;
    return add(l, sentence);
}

void lint_said_notices(struct lint *l, const struct model *m) {
    for (size_t i = 0; i < m->n_notices; i++) add(l, m->notices[i]);
}
