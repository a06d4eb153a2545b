/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS's documentation says of policies, in one table a page: the policies as a template has them, who calls, and
   whether he may. They go through the reader, the facts of a request and the decision, as in the gateway. */
#include "documented.h"

#define IAM_GUIDE "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
#define API_GUIDE "https://docs.aws.amazon.com/apigateway/latest/developerguide/"

/* The API asked is GET /dev/pets of API; A stands for its ARN without what is behind the stage. */
#define A "!Sub 'arn:aws:execute-api:eu-central-1:123456789012:${Api}/dev/"
#define MAY(resource) "{Effect: Allow, Action: execute-api:Invoke, Resource: " resource "}"
#define MAY_NOT(resource) "{Effect: Deny, Action: execute-api:Invoke, Resource: " resource "}"
#define OPEN(who, more) \
    "{Effect: Allow, Principal: " who ", Action: execute-api:Invoke, Resource: 'execute-api:/*'" more "}"
#define SHUT(who, more) \
    "{Effect: Deny, Principal: " who ", Action: execute-api:Invoke, Resource: 'execute-api:/*'" more "}"
#define IF(condition) "{Effect: Allow, Action: '*', Resource: '*', Condition: {" condition "}}"
#define ALL "{Effect: Allow, Action: '*', Resource: '*'}"
#define NONE_OF_IT "{Effect: Allow, Action: 's3:*', Resource: '*'}"
#define DENY_ALL "{Effect: Deny, Action: '*', Resource: '*'}"
#define EVERYBODY "'*'"
#define JANE "{AWS: 'arn:aws:iam::123456789012:user/jane'}"
#define JANE_ELSEWHERE "{AWS: 'arn:aws:iam::111122223333:user/jane'}"
#define TESTER "{AWS: 'arn:aws:iam::123456789012:role/tester'}"
#define SESSION "{AWS: 'arn:aws:sts::123456789012:assumed-role/tester/session'}"
#define ROOT "{AWS: 'arn:aws:iam::123456789012:root'}"

static const struct row LOGIC[] = {
    {.sentence = "by default all requests are denied"},
    {.sentence = "an explicit Allow overrides the default", .identity = ALL, .allowed = true},
    {.sentence = "an explicit Deny overrides any Allow", .identity = ALL ", " MAY_NOT("'*'")},
    {.sentence = "whatever the order", .identity = MAY_NOT("'*'") ", " ALL},
    {.sentence = "an Allow of something else is none", .identity = NONE_OF_IT},
    {.sentence = "a Deny of something else is none",
     .identity = ALL ", {Effect: Deny, Action: 's3:*', Resource: '*'}",
     .allowed = true},
    {.sentence = "actions are compared without case",
     .identity = "{Effect: Allow, Action: 'EXECUTE-API:invoke', Resource: '*'}",
     .allowed = true},
    {.sentence = "* and ? in an action",
     .identity = "{Effect: Allow, Action: 'execute-api:In?ok*', Resource: '*'}",
     .allowed = true},
    {.sentence = "one of several actions",
     .identity = "{Effect: Allow, Action: [s3:GetObject, execute-api:Invoke], Resource: '*'}",
     .allowed = true},
    {.sentence = "one of several resources", .identity = MAY("['arn:aws:s3:::b/*', " A "GET/pets']"), .allowed = true},
};

static const struct row CONTROL[] = {
    {.sentence = "the method and path", .identity = MAY(A "GET/pets'"), .allowed = true},
    {.sentence = "another method", .identity = MAY(A "POST/pets'")},
    {.sentence = "another path", .identity = MAY(A "GET/dogs'")},
    {.sentence = "any POST along a path", .identity = MAY(A "POST/pets/*'")},
    {.sentence = "any method of the path", .identity = MAY(A "*/pets'"), .allowed = true},
    {.sentence = "any stage, any method",
     .identity = MAY("!Sub 'arn:aws:execute-api:*:*:${Api}/*/*/pets'"),
     .allowed = true},
    {.sentence = "a * alone for everything of the stage", .identity = MAY(A "*'"), .allowed = true},
    {.sentence = "every API of account and region",
     .identity = MAY("'arn:aws:execute-api:eu-central-1:123456789012:*'"),
     .allowed = true},
    {.sentence = "another region", .identity = MAY("'arn:aws:execute-api:us-east-1:123456789012:*'")},
    {.sentence = "execute-api:* is more than Invoke",
     .identity = "{Effect: Allow, Action: 'execute-api:*', Resource: '*'}",
     .allowed = true},
    {.sentence = "the caching action is another one",
     .identity = "{Effect: Allow, Action: execute-api:InvalidateCache, Resource: '*'}"},
    {.sentence = "the control service is another one",
     .identity = "{Effect: Allow, Action: 'apigateway:*', Resource: '*'}"},
};

/* Tables A and B: the caller's policy, the API's. */
static const struct row FLOW[] = {
    {.sentence = "A: allow, allow", .identity = ALL, .resource = OPEN(JANE, ""), .allowed = true},
    {.sentence = "A: allow, neither", .identity = ALL, .resource = OPEN(SESSION, ""), .allowed = true},
    {.sentence = "A: allow, deny", .identity = ALL, .resource = SHUT(JANE, "")},
    {.sentence = "A: neither, allow", .resource = OPEN(JANE, ""), .allowed = true},
    {.sentence = "A: neither, neither", .resource = OPEN(SESSION, "")},
    {.sentence = "A: neither, deny", .resource = SHUT(JANE, "")},
    {.sentence = "A: deny, allow", .identity = DENY_ALL, .resource = OPEN(JANE, "")},
    {.sentence = "A: deny, neither", .identity = DENY_ALL, .resource = OPEN(SESSION, "")},
    {.sentence = "A: deny, deny", .identity = DENY_ALL, .resource = SHUT(JANE, "")},
    {.sentence = "B: allow, allow",
     .elsewhere = true,
     .identity = ALL,
     .resource = OPEN(JANE_ELSEWHERE, ""),
     .allowed = true},
    {.sentence = "B: allow, neither", .elsewhere = true, .identity = ALL, .resource = OPEN(JANE, "")},
    {.sentence = "B: allow, no policy", .elsewhere = true, .identity = ALL},
    {.sentence = "B: allow, deny", .elsewhere = true, .identity = ALL, .resource = SHUT(JANE_ELSEWHERE, "")},
    {.sentence = "B: neither, allow", .elsewhere = true, .resource = OPEN(JANE_ELSEWHERE, "")},
    {.sentence = "B: neither, neither", .elsewhere = true, .resource = OPEN(JANE, "")},
    {.sentence = "B: deny, allow", .elsewhere = true, .identity = DENY_ALL, .resource = OPEN(JANE_ELSEWHERE, "")},
    {.sentence = "B: deny, deny", .elsewhere = true, .identity = DENY_ALL, .resource = SHUT(JANE_ELSEWHERE, "")},
    {.sentence = "resource policy only: an explicit Allow",
     .who = NOBODY,
     .resource = OPEN(EVERYBODY, ""),
     .allowed = true},
    {.sentence = "resource policy only: neither", .who = NOBODY, .resource = OPEN(JANE, "")},
    {.sentence = "resource policy only: a Deny",
     .who = NOBODY,
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, "")},
};

#define FROM(range) ", Condition: {IpAddress: {aws:SourceIp: [" range "]}}"
#define NOT_FROM(range) ", Condition: {NotIpAddress: {aws:SourceIp: [" range "]}}"
static const struct row EXAMPLES[] = {
    {.sentence = "a range of addresses is denied",
     .who = NOBODY,
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, FROM("192.0.2.0/24, 198.51.100.0/24"))},
    {.sentence = "the others are not",
     .who = NOBODY,
     .address = "203.0.113.9",
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, FROM("192.0.2.0/24, 198.51.100.0/24")),
     .allowed = true},
    {.sentence = "all but a range are denied",
     .who = NOBODY,
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, NOT_FROM("192.0.2.0/24")),
     .allowed = true},
    {.sentence = "from outside the range",
     .who = NOBODY,
     .address = "198.51.100.7",
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, NOT_FROM("192.0.2.0/24"))},
    {.sentence = "an IPv6 range",
     .who = NOBODY,
     .address = "2001:db8::7",
     .resource = OPEN(EVERYBODY, FROM("'2001:db8::/32'")),
     .allowed = true},
    {.sentence = "only from a VPC: over the internet nobody is in one",
     .identity = ALL,
     .resource = OPEN(EVERYBODY, "") ", " SHUT(EVERYBODY, ", Condition: {StringNotEquals: {aws:SourceVpc: vpc-1}}")},
    {.sentence = "only from a VPC endpoint",
     .who = NOBODY,
     .resource = OPEN(EVERYBODY, ", Condition: {StringEquals: {aws:SourceVpce: vpce-1}}")},
    {.sentence = "users of another account",
     .elsewhere = true,
     .identity = ALL,
     .resource = OPEN("{AWS: ['arn:aws:iam::111122223333:user/jane', '999999999999']}", ""),
     .allowed = true},
    {.sentence = "another account as a whole",
     .elsewhere = true,
     .identity = ALL,
     .resource = OPEN("{AWS: '111122223333'}", ""),
     .allowed = true},
    {.sentence = "a role of another account",
     .elsewhere = true,
     .who = ROLE,
     .identity = ALL,
     .resource = OPEN("{AWS: 'arn:aws:iam::111122223333:role/tester'}", ""),
     .allowed = true},
    {.sentence = "one stage and method",
     .resource = "{Effect: Allow, Principal: '*', Action: execute-api:Invoke, Resource: 'execute-api:/dev/GET/pets'}",
     .allowed = true},
    {.sentence = "another stage",
     .resource = "{Effect: Allow, Principal: '*', Action: execute-api:Invoke, Resource: 'execute-api:/prod/GET/pets'}"},
};

/* Permissions in one account: how principals differ. */
static const struct row ACCOUNT[] = {
    {.sentence = "either of identity and resource policy", .resource = OPEN(JANE, ""), .allowed = true},
    {.sentence = "the account's root leaves it to the identity policy", .resource = OPEN(ROOT, "")},
    {.sentence = "and then that allows", .identity = ALL, .resource = OPEN(ROOT, ""), .allowed = true},
    {.sentence = "a Deny for the root is for everybody in the account", .identity = ALL, .resource = SHUT(ROOT, "")},
    {.sentence = "a role by its ARN", .who = ROLE, .resource = OPEN(TESTER, ""), .allowed = true},
    {.sentence = "a session by its ARN", .who = ROLE, .resource = OPEN(SESSION, ""), .allowed = true},
    {.sentence = "a user's ARN is no role's", .who = ROLE, .resource = OPEN(JANE, "")},
    {.sentence = "a Deny for the role is one for its sessions",
     .who = ROLE,
     .identity = ALL,
     .resource = SHUT(TESTER, "")},
    {.sentence = "to a user by ARN: no boundary limits it",
     .boundary = NONE_OF_IT,
     .resource = OPEN(JANE, ""),
     .allowed = true},
    {.sentence = "to a role by ARN: the boundary limits it",
     .who = ROLE,
     .boundary = NONE_OF_IT,
     .resource = OPEN(TESTER, "")},
    {.sentence = "to a role by ARN: within the boundary",
     .who = ROLE,
     .boundary = ALL,
     .resource = OPEN(TESTER, ""),
     .allowed = true},
    {.sentence = "to a role by ARN: the session policy limits it",
     .who = ROLE,
     .session = NONE_OF_IT,
     .resource = OPEN(TESTER, "")},
    {.sentence = "to a session by ARN: no boundary limits it",
     .who = ROLE,
     .boundary = NONE_OF_IT,
     .resource = OPEN(SESSION, ""),
     .allowed = true},
    {.sentence = "to a session by ARN: no session policy limits it",
     .who = ROLE,
     .session = NONE_OF_IT,
     .resource = OPEN(SESSION, ""),
     .allowed = true},
    {.sentence = "a Deny in the boundary does", .who = ROLE, .boundary = DENY_ALL, .resource = OPEN(SESSION, "")},
    {.sentence = "a Deny in the session policy does", .who = ROLE, .session = DENY_ALL, .resource = OPEN(SESSION, "")},
    {.sentence = "a Deny in the identity policy does",
     .who = ROLE,
     .identity = DENY_ALL,
     .resource = OPEN(SESSION, "")},
    {.sentence = "all five kinds, and each allows",
     .who = ROLE,
     .identity = ALL,
     .boundary = ALL,
     .session = ALL,
     .resource = OPEN(TESTER, ""),
     .allowed = true},
};

static const struct row BOUNDARIES[] = {
    {.sentence = "a boundary alone gives nothing", .boundary = ALL},
    {.sentence = "both allow", .identity = ALL, .boundary = MAY(A "GET/*'"), .allowed = true},
    {.sentence = "the boundary does not", .identity = ALL, .boundary = MAY(A "POST/*'")},
    {.sentence = "the identity policy does not", .identity = MAY(A "POST/*'"), .boundary = ALL},
    {.sentence = "a Deny in the boundary", .identity = ALL, .boundary = ALL ", " MAY_NOT(A "GET/pets'")},
    {.sentence = "of a role", .who = ROLE, .identity = ALL, .boundary = NONE_OF_IT},
    {.sentence = "with a session policy all three must allow",
     .who = ROLE,
     .identity = ALL,
     .boundary = ALL,
     .session = ALL,
     .allowed = true},
    {.sentence = "with a session policy: the boundary does not",
     .who = ROLE,
     .identity = ALL,
     .boundary = NONE_OF_IT,
     .session = ALL},
    {.sentence = "with a session policy: that does not",
     .who = ROLE,
     .identity = ALL,
     .boundary = ALL,
     .session = NONE_OF_IT},
    {.sentence = "from another account",
     .elsewhere = true,
     .identity = ALL,
     .boundary = NONE_OF_IT,
     .resource = OPEN(JANE_ELSEWHERE, "")},
    {.sentence = "from another account, within it",
     .elsewhere = true,
     .identity = ALL,
     .boundary = ALL,
     .resource = OPEN(JANE_ELSEWHERE, ""),
     .allowed = true},
    {.sentence = "a Condition in it", .identity = ALL, .boundary = IF("IpAddress: {aws:SourceIp: 198.51.100.0/24}")},
};

static const struct row SESSIONS[] = {
    {.sentence = "the session has what both allow",
     .who = ROLE,
     .identity = ALL,
     .session = MAY(A "GET/pets'"),
     .allowed = true},
    {.sentence = "not what the session policy lacks", .who = ROLE, .identity = ALL, .session = MAY(A "POST/pets'")},
    {.sentence = "not what the role lacks", .who = ROLE, .session = ALL},
    {.sentence = "a Deny in it", .who = ROLE, .identity = ALL, .session = ALL ", " MAY_NOT("'*'")},
    {.sentence = "without one the role's policies hold", .who = ROLE, .identity = ALL, .allowed = true},
};

static const struct row OPERATORS[] = {
    {.sentence = "StringEquals", .identity = IF("StringEquals: {aws:username: jane}"), .allowed = true},
    {.sentence = "StringEquals minds case", .identity = IF("StringEquals: {aws:username: Jane}")},
    {.sentence = "StringEqualsIgnoreCase does not",
     .identity = IF("StringEqualsIgnoreCase: {aws:username: JANE}"),
     .allowed = true},
    {.sentence = "StringNotEquals", .identity = IF("StringNotEquals: {aws:username: jane}")},
    {.sentence = "StringLike", .identity = IF("StringLike: {aws:username: 'j?n*'}"), .allowed = true},
    {.sentence = "several values are alternatives",
     .identity = IF("StringEquals: {aws:username: [joe, jane]}"),
     .allowed = true},
    {.sentence = "under a negated operator none may fit",
     .identity = IF("StringNotEquals: {aws:username: [joe, jane]}")},
    {.sentence = "several keys must all hold",
     .identity = IF("StringEquals: {aws:username: jane, aws:PrincipalType: AssumedRole}")},
    {.sentence = "several operators too",
     .identity = IF("StringEquals: {aws:username: jane}, Bool: {aws:SecureTransport: true}"),
     .allowed = true},
    {.sentence = "a key that is not there does not match", .identity = IF("StringEquals: {aws:SourceVpce: vpce-1}")},
    {.sentence = "...IfExists lets it pass",
     .identity = IF("StringEqualsIfExists: {aws:SourceVpce: vpce-1}"),
     .allowed = true},
    {.sentence = "a negated operator lets it pass",
     .identity = IF("StringNotEquals: {aws:SourceVpce: vpce-1}"),
     .allowed = true},
    {.sentence = "Null: true wants it absent", .identity = IF("'Null': {aws:SourceVpce: true}"), .allowed = true},
    {.sentence = "Null: false wants it there", .identity = IF("'Null': {aws:SourceVpce: false}")},
    {.sentence = "IpAddress", .identity = IF("IpAddress: {aws:SourceIp: 192.0.2.0/24}"), .allowed = true},
    {.sentence = "NotIpAddress", .identity = IF("NotIpAddress: {aws:SourceIp: 192.0.2.0/24}")},
    {.sentence = "Bool", .identity = IF("Bool: {aws:SecureTransport: false}")},
    {.sentence = "a user's own keys have no MFA key", .identity = IF("Bool: {aws:MultiFactorAuthPresent: false}")},
    {.sentence = "BoolIfExists of it",
     .identity = IF("BoolIfExists: {aws:MultiFactorAuthPresent: false}"),
     .allowed = true},
    {.sentence = "DateGreaterThan",
     .identity = IF("DateGreaterThan: {aws:CurrentTime: '2025-01-01T00:00:00Z'}"),
     .allowed = true},
    {.sentence = "DateLessThan", .identity = IF("DateLessThan: {aws:CurrentTime: '2025-01-01T00:00:00Z'}")},
    {.sentence = "NumericLessThan of the epoch", .identity = IF("NumericLessThan: {aws:EpochTime: 1735689600}")},
    {.sentence = "ArnLike, segment by segment",
     .identity = IF("ArnLike: {aws:PrincipalArn: 'arn:aws:iam::*:user/ja*'}"),
     .allowed = true},
    {.sentence = "ArnEquals of a role, asked with its session",
     .who = ROLE,
     .identity = IF("ArnEquals: {aws:PrincipalArn: 'arn:aws:iam::123456789012:role/tester'}"),
     .allowed = true},
    {.sentence = "a Condition on a key that is not known opens nothing",
     .identity = IF("StringEquals: {'aws:PrincipalTag/team': red}")},
};

static const struct row VARIABLES[] = {
    {.sentence = "in a Resource",
     .identity = MAY("'arn:aws:execute-api:${aws:RequestedRegion}:*:*/dev/GET/pets'"),
     .allowed = true},
    {.sentence = "in a Resource, of another value",
     .identity = MAY("!Sub 'arn:aws:execute-api:*:*:${Api}/dev/GET/${!aws:username}'")},
    {.sentence = "in a Condition",
     .identity = IF("StringLike: {aws:PrincipalArn: '*/${aws:username}'}"),
     .allowed = true},
    {.sentence = "a role has no aws:username: its Resource matches nothing",
     .who = ROLE,
     .identity = MAY("'arn:aws:execute-api:*:*:*${aws:username}'")},
    {.sentence = "a default for it",
     .who = ROLE,
     .identity = IF("StringEquals: {aws:PrincipalType: \"${aws:username, 'AssumedRole'}\"}"),
     .allowed = true},
    {.sentence = "${*} is a star", .identity = IF("StringLike: {aws:username: 'jan${*}'}")},
    {.sentence = "the session's name in aws:userid",
     .who = ROLE,
     .identity = IF("StringLike: {aws:userid: '*:session'}"),
     .allowed = true},
};

#define PERMIT(action, principal, more) "Action: 'lambda:" action "', Principal: '" principal "'" more
#define URL_PERMIT(principal) PERMIT("InvokeFunctionUrl", principal, ", FunctionUrlAuthType: AWS_IAM")
#define BOTH_PERMIT(principal) \
    URL_PERMIT(principal) "|" PERMIT("InvokeFunction", principal, ", InvokedViaFunctionUrl: true")
#define F_ARN "arn:aws:lambda:eu-central-1:123456789012:function:demo-F"
#define URL_MAY(action, more) "{Effect: Allow, Action: 'lambda:" action "', Resource: '" F_ARN "'" more "}"
static const struct row URLS[] = {
    {.sentence = "nothing is said", .asked = URL_CALL},
    {.sentence = "both actions of the caller's",
     .asked = URL_CALL,
     .identity = URL_MAY("InvokeFunctionUrl", "") ", " URL_MAY("InvokeFunction", ""),
     .allowed = true},
    {.sentence = "only the URL's action", .asked = URL_CALL, .identity = URL_MAY("InvokeFunctionUrl", "")},
    {.sentence = "only the function's action", .asked = URL_CALL, .identity = URL_MAY("InvokeFunction", "")},
    {.sentence = "with the conditions of the documentation",
     .asked = URL_CALL,
     .allowed = true,
     .identity = URL_MAY("InvokeFunctionUrl",
                         ", Condition: {StringEquals: {lambda:FunctionUrlAuthType: "
                         "AWS_IAM}}") ", " URL_MAY("InvokeFunction",
                                                   ", Condition: {Bool: {lambda:InvokedViaFunctionUrl: true}}")},
    {.sentence = "for URLs that are open only",
     .asked = URL_CALL,
     .identity = ALL ", {Effect: Deny, Action: lambda:InvokeFunctionUrl, Resource: '*', Condition: "
                     "{StringNotEquals: {lambda:FunctionUrlAuthType: NONE}}}"},
    {.sentence = "not through a URL",
     .asked = URL_CALL,
     .identity = ALL ", {Effect: Deny, Action: lambda:InvokeFunction, Resource: '*', Condition: {Bool: "
                     "{lambda:InvokedViaFunctionUrl: true}}}"},
    {.sentence = "every function",
     .asked = URL_CALL,
     .identity = "{Effect: Allow, Action: 'lambda:Invoke*', Resource: 'arn:aws:lambda:*:*:function:*'}",
     .allowed = true},
    {.sentence = "the function's versions are not the function",
     .asked = URL_CALL,
     .identity = "{Effect: Allow, Action: 'lambda:*', Resource: '" F_ARN ":*'}"},
    {.sentence = "in one account the function's policy is enough",
     .asked = URL_CALL,
     .resource = BOTH_PERMIT("arn:aws:iam::123456789012:user/jane"),
     .allowed = true},
    {.sentence = "one side for each action",
     .asked = URL_CALL,
     .identity = URL_MAY("InvokeFunction", ""),
     .resource = URL_PERMIT("arn:aws:iam::123456789012:user/jane"),
     .allowed = true},
    {.sentence = "the account's number leaves it to the caller's policy",
     .asked = URL_CALL,
     .resource = BOTH_PERMIT("123456789012")},
    {.sentence = "from another account both sides",
     .asked = URL_CALL,
     .elsewhere = true,
     .identity = "{Effect: Allow, Action: 'lambda:*', Resource: '*'}",
     .resource = BOTH_PERMIT("111122223333"),
     .allowed = true},
    {.sentence = "from another account the caller's side alone", .asked = URL_CALL, .elsewhere = true, .identity = ALL},
    {.sentence = "from another account the function's side alone",
     .asked = URL_CALL,
     .elsewhere = true,
     .resource = BOTH_PERMIT("111122223333")},
    {.sentence = "from another account for both actions",
     .asked = URL_CALL,
     .elsewhere = true,
     .identity = ALL,
     .resource = URL_PERMIT("111122223333")},
    {.sentence = "a boundary that is for APIs only", .asked = URL_CALL, .identity = ALL, .boundary = MAY("'*'")},
    {.sentence = "execute-api is another service",
     .asked = URL_CALL,
     .identity = "{Effect: Allow, Action: 'execute-api:*', Resource: '*'}"},
};

#define TRUSTS(who, more) "{Effect: Allow, Principal: " who ", Action: sts:AssumeRole" more "}"
static const struct row TRUST[] = {
    {.sentence = "who is named needs no policy of his in the same account",
     .asked = ASSUME,
     .resource = TRUSTS(JANE, ""),
     .allowed = true},
    {.sentence = "the account leaves it to the caller's policy", .asked = ASSUME, .resource = TRUSTS(ROOT, "")},
    {.sentence = "and that allows",
     .asked = ASSUME,
     .identity = "{Effect: Allow, Action: sts:AssumeRole, Resource: !Sub 'arn:aws:iam::${AWS::AccountId}:role/target'}",
     .resource = TRUSTS(ROOT, ""),
     .allowed = true},
    {.sentence = "a policy without trust",
     .asked = ASSUME,
     .identity = ALL,
     .resource = TRUSTS("{Service: lambda.amazonaws.com}", "")},
    {.sentence = "from another account both sides",
     .asked = ASSUME,
     .elsewhere = true,
     .identity = ALL,
     .resource = TRUSTS(JANE_ELSEWHERE, ""),
     .allowed = true},
    {.sentence = "from another account the trust alone",
     .asked = ASSUME,
     .elsewhere = true,
     .resource = TRUSTS(JANE_ELSEWHERE, "")},
    {.sentence = "an external id that was not sent",
     .asked = ASSUME,
     .identity = ALL,
     .resource = TRUSTS(JANE, ", Condition: {StringEquals: {sts:ExternalId: x}}")},
    {.sentence = "a Deny of the trust policy",
     .asked = ASSUME,
     .identity = ALL,
     .resource = TRUSTS(JANE, "") ", {Effect: Deny, Principal: " JANE ", Action: 'sts:*'}"},
};

/* ---- the pages ---- */

#define PAGE(name, rows, page) \
    static void name(void **state) { \
        (void)state; \
        check_page(page, rows, sizeof(rows) / sizeof *(rows)); \
    }

PAGE(logic, LOGIC, IAM_GUIDE "reference_policies_evaluation-logic.html")
PAGE(control, CONTROL, API_GUIDE "api-gateway-control-access-using-iam-policies-to-invoke-api.html")
PAGE(flow, FLOW, API_GUIDE "apigateway-authorization-flow.html")
PAGE(examples, EXAMPLES, API_GUIDE "apigateway-resource-policies-examples.html")
PAGE(account, ACCOUNT, IAM_GUIDE "reference_policies_evaluation-logic_policy-eval-basics.html")
PAGE(boundaries, BOUNDARIES, IAM_GUIDE "access_policies_boundaries.html")
PAGE(sessions, SESSIONS, IAM_GUIDE "access_policies.html")
PAGE(operators, OPERATORS, IAM_GUIDE "reference_policies_elements_condition_operators.html")
PAGE(variables, VARIABLES, IAM_GUIDE "reference_policies_variables.html")
PAGE(urls, URLS, "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html")
PAGE(trust, TRUST, IAM_GUIDE "id_roles_manage-assume.html")

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("the logic of evaluation", logic),
        CASE("who may invoke an API", control),
        CASE("tables A and B of API Gateway, and a resource policy alone", flow),
        CASE("examples of API resource policies", examples),
        CASE("in one account: to whom a resource policy gives, and what limits it", account),
        CASE("permissions boundaries", boundaries),
        CASE("session policies", sessions),
        CASE("condition operators", operators),
        CASE("policy variables", variables),
        CASE("function URLs", urls),
        CASE("trust policies", trust),
    };
    return cmocka_run_group_tests_name("documented", cases, open_arena, close_arena);
}
