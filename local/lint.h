/* SPDX-License-Identifier: Apache-2.0 */
/* What is legal in a template and most likely a mistake. Each rule has a name, by which it can be ignored, and one fix. */
#ifndef LOCAL_LINT_H
#define LOCAL_LINT_H

#include "model.h"

enum lint_rule {
    LINT_AUTHORIZER_DROPPED,
    LINT_AUTHORIZER_NOT_ENABLED,
    LINT_AUTHORIZER_UNUSED,
    LINT_OPTIONS_OPEN,
    LINT_METHOD_OPEN,
    LINT_CALLER_CREDENTIALS,
    LINT_API_KEY_TEXT,
    LINT_API_KEY_CLOSED,
    LINT_NOT_REDEPLOYED,
    LINT_STRAY_STAGE,
    LINT_BUILT_TWICE,
    LINT_ARCHITECTURE,
    LINT_TRACED_HEADERS,
    LINT_ANCHOR,
    LINT_CODE_URI_GLOBAL,
    LINT_CIRCULAR_REFERENCE,
    LINT_POLICY_UNSEEN,
    LINT_POLICY_IGNORED,
    LINT_STAGE_MISSING,
    LINT_SLASH,
    LINT_PATH_PARAMETER,
    LINT_VERB_CASE,
    LINT_OPENS_NOTHING,
    LINT_NO_ACTION,
    LINT_PRINCIPAL_MISSING,
    LINT_PARAMETER_IGNORED,
    LINT_HALF_OF_URL,
    LINT_WIDE,
    LINT_RULES
};

enum lint_level {
    LINT_WARN,
    LINT_ERROR, /* changes who gets in, or does not deploy or start */
};

const char *lint_name(enum lint_rule rule);
enum lint_level lint_level(enum lint_rule rule);
const char *lint_fix(enum lint_rule rule);
bool lint_find(struct str name, enum lint_rule *rule); /* false: no such rule */

struct lint_finding {
    enum lint_rule rule;
    struct str file, reason;
    unsigned line;
};

struct lint {
    struct lint_finding *at;
    size_t n, cap;
    bool ignored[LINT_RULES];
    struct arena *arena;
    bool failed; /* out of memory: the list is not to be used */
};

/* What is ignored, or is there already at the same place, is not kept. */
void lint_add(struct lint *l, enum lint_rule rule, struct str file, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
size_t lint_errors(const struct lint *l);

/* lint_said.c: what the template's reader refuses or notices is a finding where a rule knows the sentence. False: none
   does, or the sentence names no place. A refusal cannot be ignored: there is nothing to go on with. */
bool lint_said_refusal(struct lint *l, struct str sentence);
void lint_said_notices(struct lint *l, const struct model *m);

/* lint_policy.c: the statements about execute-api:Invoke, and about the two actions of a function URL. */
void lint_policy_check(struct lint *l, const struct model *m);

/* lint_principal.c: the principals of trust and resource policies. */
void lint_principal_check(struct lint *l, const struct model *m);

/* lint_route.c: methods beside a protected one that an open route takes. `file` is where the routes stand. */
void lint_route_check(struct lint *l, const struct model *m, struct str file);

/* lint_template.c: what only the file shows. Nothing is found in a file that cannot be read. `bootstrap` may be NULL. */
bool lint_template_check(struct lint *l, const struct model_options *options, const char *bootstrap, struct err *e);

#endif
