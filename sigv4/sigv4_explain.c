/* SPDX-License-Identifier: Apache-2.0 */
/* A refusal comes in; its cause and cure go out. The message says what kind of refusal it is, else x-amzn-ErrorType
   does; only a mismatch needs comparing (sigv4_explain_compare.c).
   https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden */
#include "sigv4_explain.h"

#include "sigv4_endpoint.h"
#include "sigv4_explain_parts.h"
#include "sigv4_stages.h"

enum {
    HEAD_BYTES = 2048,    /* of a message: its first sentence says what it is, the rest is the caller's own text */
    MIN_TOKEN_BYTES = 16, /* shorter ones are placeholders */
};

static const int64_t LAST_SECOND = 253402300799; /* 9999-12-31T23:59:59Z */

const char *sigv4_cause_name(enum sigv4_cause cause) {
    static const char *const names[] = {
        [SIGV4_CAUSE_UNKNOWN] = "unknown",
        [SIGV4_CAUSE_NOT_SIGNED] = "not-signed",
        [SIGV4_CAUSE_BAD_AUTHORIZATION] = "bad-authorization",
        [SIGV4_CAUSE_CLOCK] = "clock",
        [SIGV4_CAUSE_SCOPE] = "scope",
        [SIGV4_CAUSE_TOKEN] = "token",
        [SIGV4_CAUSE_METHOD] = "method",
        [SIGV4_CAUSE_PATH] = "path",
        [SIGV4_CAUSE_PATH_ENCODING] = "path-encoding",
        [SIGV4_CAUSE_QUERY] = "query",
        [SIGV4_CAUSE_HOST] = "host",
        [SIGV4_CAUSE_HEADER] = "header",
        [SIGV4_CAUSE_BODY] = "body",
        [SIGV4_CAUSE_SECRET] = "secret",
        [SIGV4_CAUSE_STRING_TO_SIGN] = "string-to-sign",
        [SIGV4_CAUSE_POLICY] = "policy",
        [SIGV4_CAUSE_API_KEY] = "api-key",
    };
    return (size_t)cause < sizeof names / sizeof *names ? names[cause] : "unknown";
}

static bool contains(struct str s, struct str word) {
    return str_find(s, word) != SIZE_MAX;
}

/* What stands behind `lead`, up to the first byte of `ends` or the end; absent without lead. */
static struct str behind(struct str s, struct str lead, const char *ends) {
    size_t at = str_find(s, lead), n = 0;
    if (at == SIZE_MAX) return (struct str){0};
    s = (struct str){s.p + at + lead.n, s.n - at - lead.n};
    while (n < s.n && s.n && !contains(str_of(ends), (struct str){s.p + n, 1})) n++;
    return (struct str){s.p, n};
}

static struct str our_host(const struct sigv4_explainer *x) {
    struct str port = sigv4_explain_header(&x->ours, STR("host")), name;
    str_cut(&port, ':', &name);
    return name;
}

/* Service and region of our credential scope, "20150830/eu-west-1/execute-api/aws4_request"; absent if not known. */
static void our_scope(const struct sigv4_explainer *x, struct str *region, struct str *service) {
    struct str rest = x->in->string_to_sign, scope = {0}, ignored;
    str_cut(&rest, '\n', &ignored);
    str_cut(&rest, '\n', &ignored);
    str_cut(&rest, '\n', &scope);
    str_cut(&scope, '/', &ignored);
    str_cut(&scope, '/', region);
    str_cut(&scope, '/', service);
    if (!str_eq(scope, STR("aws4_request"))) *region = *service = (struct str){0}; /* SigV4A has no region in it */
}

/* --- One function for each kind of refusal ------------------------------------------------------------------------ */

static void not_signed(struct sigv4_explainer *x) {
    if (!x->ours.path.p) {
        sigv4_explain_say(x, SIGV4_CAUSE_NOT_SIGNED,
                          "There is no such route (stage, path and method), or the request is not "
                          "signed: API Gateway answers both with this text.");
        sigv4_explain_fix(
            x, "Compare method and path with the deployed routes, stage first (/{stage}/{path}); if they are "
               "right, sign the request.");
        return;
    }
    struct str method = sigv4_explain_shown(x, x->ours.method), path = sigv4_explain_shown(x, x->ours.path);
    sigv4_explain_say(x, SIGV4_CAUSE_NOT_SIGNED,
                      "The request was signed, so there is most likely no route %.*s %.*s: API "
                      "Gateway answers that with this text, too.",
                      STR_ARG(method), STR_ARG(path));
    sigv4_explain_fix(
        x, "Compare method and path with the deployed routes, stage first (/{stage}/{path}), and deploy the API "
           "after a change; if they are right, something on the way drops the Authorization header.");
}

static void bad_authorization(struct sigv4_explainer *x) {
    if (contains(x->message, STR("equal-sign")) || contains(x->message, STR("Unsupported AWS 'algorithm'"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_BAD_AUTHORIZATION,
                          "The Authorization header is not a SigV4 signature (a Bearer token "
                          "or Basic password, perhaps), or there is no such route.");
        sigv4_explain_fix(x, "Sign the request with IAM keys instead (Authorization: AWS4-HMAC-SHA256 Credential=..., "
                             "SignedHeaders=..., Signature=...), and check stage, path and method.");
    } else if (contains(x->message, STR("'SignedHeader'"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_BAD_AUTHORIZATION, "The Host header is not among the signed headers.");
        sigv4_explain_fix(x, "Sign host (and x-amz-date) always.");
    } else if (contains(x->message, STR("Date must be in ISO-8601"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_BAD_AUTHORIZATION,
                          "The date of the signature is not written as AWS wants it.");
        sigv4_explain_fix(x, "Send X-Amz-Date in the form 20150830T123600Z, in UTC.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_BAD_AUTHORIZATION, "The signature is there but not complete.");
        sigv4_explain_fix(
            x, "Send Authorization with Credential=KEYID/date/region/service/aws4_request, SignedHeaders= and "
               "Signature=, separated by commas, and X-Amz-Date beside it.");
    }
}

static void say_stale(struct sigv4_explainer *x, int64_t age_s) {
    if (age_s > 0)
        sigv4_explain_say(x, SIGV4_CAUSE_CLOCK,
                          "The signature was %lld s old when it arrived, and both clocks agree: it was "
                          "made too early or used again (it lives %d s).",
                          (long long)age_s, EXPLAIN_MAX_SKEW_S);
    else
        sigv4_explain_say(x, SIGV4_CAUSE_CLOCK, "The signature is dated %lld s ahead, though both clocks agree.",
                          (long long)-age_s);
    sigv4_explain_fix(
        x, "Sign every attempt right before it is sent, with the current time; never keep or send again a signed "
           "request or link.");
}

/* signed_at: what the refused signature says, or 0. */
static void say_clock(struct sigv4_explainer *x, int64_t signed_at) {
    int64_t skew = x->out->skew_s;
    if (skew == 0 && !(x->now && x->theirs)) {
        sigv4_explain_say(x, SIGV4_CAUSE_CLOCK, "The time of the signature is more than %d s from the service's clock.",
                          EXPLAIN_MAX_SKEW_S);
    } else if (x->now && skew >= -EXPLAIN_MAX_SKEW_S && skew <= EXPLAIN_MAX_SKEW_S && signed_at) {
        say_stale(x, x->theirs - signed_at);
        return;
    }
    sigv4_explain_say(x, SIGV4_CAUSE_CLOCK, "This machine's clock is %lld s %s the service's%s.",
                      (long long)(skew < 0 ? -skew : skew), skew < 0 ? "ahead of" : "behind",
                      x->now || skew < 0 ? "" : " (or the request was signed that long before it was sent)");
    sigv4_explain_fix(
        x,
        "Set this machine's clock (timedatectl set-ntp true; a virtual machine or container takes its host's), "
        "and sign right before sending: a signature lives %d s.",
        EXPLAIN_MAX_SKEW_S);
}

static void clock_refusal(struct sigv4_explainer *x) {
    const struct str leads[] = {STR("expired: "), STR("current: ")};
    int64_t signed_at = 0;
    for (size_t i = 0; !signed_at && i < sizeof leads / sizeof *leads; i++)
        if (!sigv4_date_read(behind(x->message, leads[i], " "), &signed_at)) signed_at = 0;
    if (!x->now && x->theirs && signed_at) x->out->skew_s = x->theirs - signed_at;
    say_clock(x, signed_at);
}

/* A region or service that somebody wrote, if it looks like one. */
static bool is_scope_word(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-') return false;
    return s.n > 0 && s.n <= 40;
}

static void wrong_region(struct sigv4_explainer *x) {
    struct str used = behind(x->message, STR("valid region, not '"), "'"), service, region, own, ours;
    our_scope(x, &ours, &own);
    if (!is_scope_word(used)) used = is_scope_word(ours) ? ours : STR("this region");
    sigv4_explain_say(x, SIGV4_CAUSE_SCOPE, "The request was signed for %.*s, but the API is in another region.",
                      STR_ARG(used));
    if (sigv4_endpoint_infer(our_host(x), &service, &region))
        sigv4_explain_fix(x, "Sign for the region %.*s, as the host says.", STR_ARG(region));
    else
        sigv4_explain_fix(
            x, "Sign for the region the API is deployed in (of {api}.execute-api.{region}.amazonaws.com behind a "
               "custom domain), not for the caller's own.");
}

static void scope_refusal(struct sigv4_explainer *x) {
    struct str service = behind(x->message, STR("correct service: '"), "'");
    if (is_scope_word(service)) {
        sigv4_explain_say(x, SIGV4_CAUSE_SCOPE, "The request was signed for another service than %.*s.",
                          STR_ARG(service));
        sigv4_explain_fix(x, "Sign with the service name %.*s.", STR_ARG(service));
    } else if (contains(x->message, STR("valid region"))) wrong_region(x);
    else if (contains(x->message, STR("Date in Credential scope"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_SCOPE, "The day in the credential scope is not the day of X-Amz-Date.");
        sigv4_explain_fix(x, "Take both from one UTC time, and derive the signing key anew each day.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_SCOPE, "The credential scope is not one that the service takes.");
        sigv4_explain_fix(
            x, "Sign for Credential=KEYID/date/region/service/aws4_request, with the API's own region and the "
               "service execute-api (lambda for a function URL).");
    }
}

static bool is_placeholder(struct str token) {
    static const char *const words[] = {"undefined", "null", "None", "nil", "(null)"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq_nocase(token, str_of(words[i]))) return true;
    return token.p && !token.n;
}

static void token_refusal(struct sigv4_explainer *x) {
    struct str token = sigv4_explain_header(&x->ours, STR("x-amz-security-token"));
    if (contains(x->message, STR("expired")) || contains(x->in->error_type, STR("ExpiredToken"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_TOKEN, "The session token has expired.");
        sigv4_explain_fix(x,
                          "Get new temporary credentials (log in or assume the role again) and read them anew for each "
                          "request instead of keeping them.");
    } else if (is_placeholder(token)) {
        sigv4_explain_say(x, SIGV4_CAUSE_TOKEN,
                          "The session token was not sent, or what was sent is empty or a placeholder, not a token.");
        sigv4_explain_fix(
            x, "Leave X-Amz-Security-Token out with long-term keys (AKIA...), and fill it in with temporary ones "
               "(ASIA...).");
    } else if (x->ours.path.p && !token.p) {
        sigv4_explain_say(x, SIGV4_CAUSE_TOKEN,
                          "The service does not know these credentials, and no session token was signed.");
        sigv4_explain_fix(
            x, "Temporary keys (ASIA...) need their session token (AWS_SESSION_TOKEN) in X-Amz-Security-Token; of "
               "long-term keys (AKIA...) check that the key exists, is active and is of this partition.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_TOKEN,
                          "The service does not know the access key id, or the session token is not its "
                          "own.");
        sigv4_explain_fix(
            x, "Take key id, secret and session token from the same credentials, whole; an ASIA... key needs its "
               "token, an AKIA... key must have none.");
    }
}

/* --- Policies ----------------------------------------------------------------------------------------------------- */

static const char *policy_kind(struct str message) {
    static const struct {
        struct str word;
        const char *kind;
    } kinds[] = {
        {STR_INIT("identity-based"), "the caller's own (identity-based) policy"},
        {STR_INIT("resource-based"), "the API's resource policy"},
        {STR_INIT("VPC endpoint"), "the VPC endpoint's policy"},
        {STR_INIT("service control"), "the organization's service control policy"},
        {STR_INIT("resource control"), "the organization's resource control policy"},
        {STR_INIT("permissions boundary"), "the caller's permissions boundary"},
        {STR_INIT("session polic"), "the session policy of the assumed role"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (contains(message, kinds[i].word)) return kinds[i].kind;
    return NULL;
}

static const char *odd_resource(struct str resource) {
    if (contains(resource, STR("//")))
        return "; the path asked for has '//' in it, which a statement for '/' does not match";
    if (str_ends(resource, STR("/")))
        return "; the path asked for ends in '/', which a statement without it does not match";
    if (contains(resource, STR("{")) || contains(resource, STR("%7B")))
        return "; the path asked for has a placeholder in braces that nobody filled in";
    return "";
}

static void policy(struct sigv4_explainer *x) {
    struct str who = behind(x->message, STR("User: "), " "), action = behind(x->message, STR("to perform: "), " ");
    struct str resource = behind(x->message, STR("on resource: "), " \n\"");
    const char *kind = policy_kind(x->message), *odd = odd_resource(resource);
    bool anonymous = str_eq(who, STR("anonymous"));
    who = who.n ? sigv4_explain_shown(x, who) : STR("the caller");
    action = action.n ? sigv4_explain_shown(x, action) : STR("execute-api:Invoke");
    resource = resource.n ? sigv4_explain_shown(x, resource) : STR("this method");
    if (anonymous) {
        sigv4_explain_say(x, SIGV4_CAUSE_POLICY,
                          "The API's resource policy does not let unsigned callers in, and this method "
                          "takes every caller for one (User: anonymous).");
        sigv4_explain_fix(
            x, "Set the method's authorization to AWS_IAM, deploy, and sign the request; or let the resource policy "
               "allow everybody.");
    } else if (contains(x->message, STR("explicit deny"))) {
        sigv4_explain_say(x, SIGV4_CAUSE_POLICY, "The signature is right, but %.*s is denied %.*s on %.*s.",
                          STR_ARG(who), STR_ARG(action), STR_ARG(resource));
        sigv4_explain_fix(x, "Narrow the Deny statement in %s: no Allow outweighs it.",
                          kind ? kind : "the caller's or the API's policy");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_POLICY, "The signature is right, but %.*s is not allowed %.*s on %.*s.",
                          STR_ARG(who), STR_ARG(action), STR_ARG(resource));
        sigv4_explain_fix(
            x,
            "Allow %.*s on that resource in %s; API, stage, method and path must match the statement (a '*' "
            "matches anything), and a caller of another account needs both policies%s.",
            STR_ARG(action), kind ? kind : "the caller's own (identity-based) policy", odd);
    }
}

static void api_key(struct sigv4_explainer *x) {
    bool sent = sigv4_explain_header(&x->ours, STR("x-api-key")).p;
    sigv4_explain_say(x, SIGV4_CAUSE_API_KEY, "%s (a resource policy or a firewall, WAF, can say the same).",
                      sent ? "The API key was refused" : "The method wants an API key, and none or a wrong one came");
    sigv4_explain_fix(
        x, "Send x-api-key with a key that is enabled and in a usage plan of this API and stage; the signature is "
           "wanted besides.");
}

static bool is_function_url(const struct sigv4_explainer *x) {
    struct str service = {0}, region;
    if (sigv4_endpoint_infer(our_host(x), &service, &region)) return str_eq(service, STR("lambda"));
    return x->capital || str_starts(x->message, STR("Forbidden. For troubleshooting Function URL"));
}

static void function_url(struct sigv4_explainer *x) {
    if (x->ours.path.p) {
        sigv4_explain_say(x, SIGV4_CAUSE_POLICY, "The function URL does not let this caller in.");
        sigv4_explain_fix(
            x, "Allow the caller both lambda:InvokeFunctionUrl and lambda:InvokeFunction on the function, in its "
               "own policy or the function's (a caller of another account: in both).");
    } else {
        sigv4_explain_say(
            x, SIGV4_CAUSE_NOT_SIGNED,
            "The function URL got no signature, or does not let this caller in: it answers both with Forbidden.");
        sigv4_explain_fix(x, "Sign the request for the service lambda; the caller needs lambda:InvokeFunctionUrl and "
                             "lambda:InvokeFunction on the function.");
    }
}

/* --- What the service does not say -------------------------------------------------------------------------------- */

static bool is_hops_own(struct str name) {
    static const char *const names[] = {
        "accept-encoding", "connection",        "content-length", "expect",     "keep-alive", "te",
        "trailer",         "transfer-encoding", "upgrade",        "user-agent", "via",        "forwarded",
        "x-amzn-trace-id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq_nocase(name, str_of(names[i]))) return true;
    return str_starts(name, STR("x-forwarded-"));
}

static bool suspect_scope(struct sigv4_explainer *x) {
    struct str service, region, own_service, own_region;
    our_scope(x, &own_region, &own_service);
    if (!own_region.n || !sigv4_endpoint_infer(our_host(x), &service, &region)) return false;
    if (str_eq(service, own_service) && str_eq(region, own_region)) return false;
    own_service = sigv4_explain_shown(x, own_service);
    own_region = sigv4_explain_shown(x, own_region);
    sigv4_explain_say(x, SIGV4_CAUSE_SCOPE,
                      "The request was signed for %.*s in %.*s, but its host belongs to %.*s in %.*s.",
                      STR_ARG(own_service), STR_ARG(own_region), STR_ARG(service), STR_ARG(region));
    sigv4_explain_fix(x, "Sign for the service %.*s and the region %.*s.", STR_ARG(service), STR_ARG(region));
    return true;
}

static bool suspect_body(struct sigv4_explainer *x) {
    struct str service, region;
    our_scope(x, &region, &service);
    if (!str_eq(x->ours.payload_hash, STR("UNSIGNED-PAYLOAD")) ||
        (!str_eq(service, STR("execute-api")) && !str_eq(service, STR("lambda"))))
        return false;
    sigv4_explain_say(x, SIGV4_CAUSE_BODY,
                      "The body was left out of the signature (UNSIGNED-PAYLOAD), which the service %.*s "
                      "does not take.",
                      STR_ARG(service));
    sigv4_explain_fix(x, "Sign the SHA-256 of the body.");
    return true;
}

static bool suspect_header(struct sigv4_explainer *x) {
    struct str rest = x->ours.signed_headers, name;
    while (rest.p) {
        str_cut(&rest, ';', &name);
        if (!is_hops_own(name)) continue;
        name = sigv4_explain_shown(x, name);
        sigv4_explain_say(x, SIGV4_CAUSE_HEADER,
                          "The header %.*s is signed, which a client or proxy on the way may change.", STR_ARG(name));
        sigv4_explain_fix(x, "Leave %.*s out of the signed headers (host, x-amz-* and content-type are enough).",
                          STR_ARG(name));
        return true;
    }
    return false;
}

/* True: what we signed has a fault of its own, or the clocks differ. */
static bool suspect(struct sigv4_explainer *x) {
    int64_t skew = x->out->skew_s;
    if (skew > EXPLAIN_MAX_SKEW_S || skew < -EXPLAIN_MAX_SKEW_S) {
        say_clock(x, 0);
        return true;
    }
    return suspect_scope(x) || suspect_body(x) || suspect_header(x);
}

static void mismatch(struct sigv4_explainer *x) {
    if (x->canonical.p && x->ours.path.p) {
        sigv4_explain_compare(x);
    } else if (x->canonical.p) {
        sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN,
                          "The signature does not match; the service shows its canonical request, but "
                          "ours is not known.");
        sigv4_explain_fix(
            x, "Give the request that was refused, with the headers and the date it was signed with, so that both "
               "can be compared.");
    } else if (!suspect(x)) {
        sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN,
                          "The signature does not match, and the service does not show what it "
                          "expected.");
        sigv4_explain_fix(
            x, "Check in this order: the secret is of that access key id, the host signed is the host the service "
               "sees, and path, query and body are sent byte for byte as they were signed.");
    }
}

static void forbidden(struct sigv4_explainer *x) {
    if (contains(x->in->error_type, STR("ForbiddenException"))) {
        api_key(x);
    } else if (is_function_url(x)) {
        function_url(x);
    } else if (!suspect(x)) {
        sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN,
                          "The service says no more than Forbidden: an HTTP API does so for a wrong "
                          "signature, an old one and a missing permission alike.");
        sigv4_explain_fix(
            x, "Check that the caller's policy allows execute-api:Invoke on API, stage, method and path, then secret "
               "and host; if the answer has x-amzn-ErrorType: ForbiddenException, the API key is what is wrong.");
    }
}

static void nothing_known(struct sigv4_explainer *x) {
    struct str type = sigv4_explain_shown(x, x->in->error_type);
    if (x->in->status && x->in->status < 400) {
        sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN, "The status %d is not a refusal.", x->in->status);
        sigv4_explain_fix(x, "There is nothing to explain.");
        return;
    }
    sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN,
                      "This is no refusal of IAM that is known (status %d, x-amzn-ErrorType %.*s).", x->in->status,
                      STR_ARG(type.n ? type : STR("not given")));
    sigv4_explain_fix(
        x, "Look whether a proxy, a firewall or the function itself gave this answer; API Gateway's own has an "
           "x-amzn-RequestId and a JSON message.");
}

/* --- Which kind it is --------------------------------------------------------------------------------------------- */

typedef void refusal(struct sigv4_explainer *x);

/* The one that stands first in the message is meant. */
static const struct {
    struct str text;
    refusal *explain;
} BY_MESSAGE[] = {
    {STR_INIT("Missing Authentication Token"), not_signed},
    {STR_INIT("key=value pair (missing equal-sign)"), bad_authorization},
    {STR_INIT("Authorization header requires"), bad_authorization},
    {STR_INIT("query-string parameters must include"), bad_authorization},
    {STR_INIT("Unsupported AWS 'algorithm'"), bad_authorization},
    {STR_INIT("must be a 'SignedHeader'"), bad_authorization},
    {STR_INIT("Credential must have exactly 5"), bad_authorization},
    {STR_INIT("Date must be in ISO-8601"), bad_authorization},
    {STR_INIT("Signature expired"), clock_refusal},
    {STR_INIT("Signature not yet current"), clock_refusal},
    {STR_INIT("Credential should be scoped"), scope_refusal},
    {STR_INIT("Date in Credential scope"), scope_refusal},
    {STR_INIT("security token included in the request"), token_refusal},
    {STR_INIT("not authorized to"), policy},
    {STR_INIT("signature we calculated does not match"), mismatch},
};

static const struct {
    struct str text;
    refusal *explain;
} BY_TYPE[] = {
    {STR_INIT("MissingAuthenticationToken"), not_signed},
    {STR_INIT("IncompleteSignature"), bad_authorization},
    {STR_INIT("InvalidSignature"), mismatch},
    {STR_INIT("UnrecognizedClient"), token_refusal},
    {STR_INIT("ExpiredToken"), token_refusal},
    {STR_INIT("AccessDenied"), policy},
    {STR_INIT("ForbiddenException"), api_key},
};

static refusal *find_kind(const struct sigv4_explainer *x) {
    struct str head = {x->message.p, x->message.n < HEAD_BYTES ? x->message.n : HEAD_BYTES};
    refusal *kind = NULL;
    for (size_t i = 0, first = SIZE_MAX; i < sizeof BY_MESSAGE / sizeof *BY_MESSAGE; i++) {
        size_t at = str_find(head, BY_MESSAGE[i].text);
        if (at >= first) continue;
        first = at;
        kind = BY_MESSAGE[i].explain;
    }
    if (kind) return kind;
    if (str_eq(head, STR("Forbidden")) || str_starts(head, STR("Forbidden. "))) return forbidden;
    for (size_t i = 0; i < sizeof BY_TYPE / sizeof *BY_TYPE; i++)
        if (contains(x->in->error_type, BY_TYPE[i].text)) return BY_TYPE[i].explain;
    return nothing_known;
}

/* The two texts that a mismatch shows, between quotes that may stand in the texts as well. */
static void find_shown(struct sigv4_explainer *x) {
    const struct str lead = STR("The Canonical String for this request should have been\n'");
    const struct str middle = STR("'\n\nThe String-to-Sign should have been\n'");
    size_t at = str_find(x->message, lead);
    if (at == SIZE_MAX) return;
    struct str rest = {x->message.p + at + lead.n, x->message.n - at - lead.n};
    at = str_find(rest, middle);
    if (at == SIZE_MAX) return; /* cut short: half a text would differ where it ends */
    x->canonical = (struct str){rest.p, at};
    rest = (struct str){rest.p + at + middle.n, rest.n - at - middle.n};
    while (rest.n && rest.p[rest.n - 1] != '\'') rest.n--;
    if (rest.n) x->string_to_sign = (struct str){rest.p, rest.n - 1};
}

static int64_t known_time(int64_t unix_s) {
    return unix_s > 0 && unix_s <= LAST_SECOND ? unix_s : 0;
}

static void find_clocks(struct sigv4_explainer *x) {
    x->now = known_time(x->in->now_unix_s);
    if (!sigv4_refusal_clock(x->message, &x->theirs)) x->theirs = known_time(x->in->date_unix_s);
    if (x->now && x->theirs) x->out->skew_s = x->theirs - x->now;
}

static void hide_secrets(struct sigv4_explainer *x) {
    struct sigv4_explain_lines theirs;
    const struct str name = STR("x-amz-security-token");
    sigv4_explain_split(x->canonical, &theirs);
    const struct str tokens[] = {sigv4_explain_header(&x->ours, name), sigv4_explain_header(&theirs, name)};
    sigv4_explain_hide(x, x->in->secret);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        if (tokens[i].n >= MIN_TOKEN_BYTES) sigv4_explain_hide(x, tokens[i]);
}

bool sigv4_explain(const struct sigv4_refused *refused, struct sigv4_explanation *explanation, struct arena *a,
                   struct err *e) {
    struct sigv4_explainer x = {.in = refused, .out = explanation, .a = a};
    *explanation = (struct sigv4_explanation){0};
    sigv4_explain_split(refused->canonical_request, &x.ours);
    sigv4_explain_read_message(&x);
    find_clocks(&x);
    find_shown(&x);
    hide_secrets(&x);
    refusal *explain = find_kind(&x);
    explain(&x);
    return !x.failed || err_set(e, ERR_MEMORY, "out of memory for explaining a refusal");
}
