/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_explain.c and sigv4_explain_compare.c: every refusal has one cause and one cure. */
#include "refused.h"

/* --- The six commonest pains -------------------------------------------------------------------------------------- */

static void pain_encoding(void **state) {
    (void)state;
    compare(WITH_PATH("/dev/a%20b"), WITH_PATH("/dev/a%2520b"), SIGV4_CAUSE_PATH_ENCODING);
    check_line("path", 2, 8);
    check_text(got.ours, "/dev/a%20b");
    check_text(got.theirs, "/dev/a%2520b");
    check_has(got.sentence, "one time too few");
    check_has(got.sentence, "%20b instead of %2520b");
    check_has(got.fix, "once more");
    compare(WITH_PATH("/dev/a%252520b"), WITH_PATH("/dev/a%2520b"), SIGV4_CAUSE_PATH_ENCODING);
    check_has(got.sentence, "once too often");
    check_has(got.fix, "exactly as it is sent");
    compare(WITH_PATH("/dev/@connections/x="), WITH_PATH("/dev/%40connections/x%3D"), SIGV4_CAUSE_PATH_ENCODING);
    check_has(got.sentence, "one time too few");
    compare(WITH_PATH("/dev/a%252fb"), WITH_PATH("/dev/a%252Fb"), SIGV4_CAUSE_PATH_ENCODING);
    check_has(got.sentence, "other percent-escapes");
    compare(WITH_PATH("/dev/a%252Fb"), WITH_PATH("/dev/a/b"), SIGV4_CAUSE_PATH_ENCODING);
#define WITH_QUERY(query) "GET\n/\n" query "\nhost:" HOST "\n\nhost\n" EMPTY
    compare(WITH_QUERY("a=b/c"), WITH_QUERY("a=b%2Fc"), SIGV4_CAUSE_QUERY);
    check_line("query", 3, 3);
    check_has(got.fix, "Percent-encode");
    compare(WITH_QUERY("q=a%2Bb"), WITH_QUERY("q=a%20b"), SIGV4_CAUSE_QUERY);
    check_has(got.fix, "%20 for a space and %2B for a plus");
}

static void pain_host(void **state) {
    (void)state;
    compare(WITH_HOST("/dev", "api.example.com"), WITH_HOST("/dev", HOST), SIGV4_CAUSE_HOST);
    check_line("header host", 4, 6);
    check_text(got.ours, "host:api.example.com");
    check_text(got.theirs, "host:" HOST);
    check_has(got.sentence, "api.example.com, but the service was asked for " HOST);
    check_has(got.fix, "Sign with the host " HOST);
    check_has(got.fix, "proxy");
    /* A hop that changes the host may change the path as well: the host is the cause. */
    compare(WITH_HOST("/private", "api.example.com"), WITH_HOST("/dev/private", HOST), SIGV4_CAUSE_HOST);
    compare(WITH_HOST("/dev", "localhost"), WITH_HOST("/dev", "localhost:3000"), SIGV4_CAUSE_HOST);
    check_has(got.fix, "with its port");
    compare(WITH_HOST("/dev", HOST), WITH_HOST("/dev", ""), SIGV4_CAUSE_HOST);
    check_has(got.fix, "exactly as it is sent");
}

static void pain_policy(void **state) {
    (void)state;
#define NOT_ALLOWED(user, rest) \
    "{\"Message\":\"User: " user " is not authorized to perform: execute-api:Invoke on resource: " \
    "arn:aws:execute-api:eu-west-1:********7089:a1b2c3/dev/GET/" rest "\"}"
#define ROLE "arn:aws:sts::123456789012:assumed-role/caller/f"
    message("AccessDeniedException", NOT_ALLOWED(ROLE, "private"), SIGV4_CAUSE_POLICY);
    check_has(got.sentence, ROLE " is not allowed execute-api:Invoke on arn:aws:execute-api:eu-west-1:");
    check_has(got.sentence, "/dev/GET/private.");
    check_has(got.fix, "Allow execute-api:Invoke");
    message("AccessDeniedException", NOT_ALLOWED(ROLE, "private/"), SIGV4_CAUSE_POLICY);
    check_has(got.fix, "ends in '/'");
    message("AccessDeniedException", NOT_ALLOWED(ROLE, "/private"), SIGV4_CAUSE_POLICY);
    check_has(got.fix, "'//'");
    message("AccessDeniedException", NOT_ALLOWED(ROLE, "{id}"), SIGV4_CAUSE_POLICY);
    check_has(got.fix, "braces");
    message("AccessDeniedException",
            NOT_ALLOWED(ROLE, "p because no resource-based policy allows the execute-api:Invoke action"),
            SIGV4_CAUSE_POLICY);
    check_has(got.fix, "the API's resource policy");
    message("AccessDeniedException", NOT_ALLOWED(ROLE, "p with an explicit deny in an identity-based policy"),
            SIGV4_CAUSE_POLICY);
    check_has(got.sentence, "is denied");
    check_has(got.fix, "Narrow the Deny statement in the caller's own");
    message("AccessDeniedException", NOT_ALLOWED("anonymous", "private"), SIGV4_CAUSE_POLICY);
    check_has(got.fix, "AWS_IAM");
    message("AccessDeniedException", "{\"Message\":null}", SIGV4_CAUSE_POLICY);
}

static void pain_no_route(void **state) {
    (void)state;
    const char *text = "{\"message\":\"Missing Authentication Token\"}";
    message("MissingAuthenticationTokenException", text, SIGV4_CAUSE_NOT_SIGNED);
    check_has(got.sentence, "no such route");
    check_has(got.sentence, "not signed");
    check_has(got.fix, "/{stage}/{path}");
    struct sigv4_refused r = {.canonical_request = STR(OURS), .status = 403, .body = str_of(text)};
    explain(&r);
    check_cause(SIGV4_CAUSE_NOT_SIGNED);
    check_has(got.sentence, "no route POST /dev/private");
    check_has(got.fix, "deployed routes");
}

static void pain_body(void **state) {
    (void)state;
#define WITH_HASH(hash) "POST\n/dev\n\nhost:" HOST "\n" DATED "\nhost;x-amz-date\n" hash
    compare(WITH_HASH(HASH), WITH_HASH("5" HASH), SIGV4_CAUSE_BODY);
    check_line("payload hash", 8, 0);
    check_has(got.fix, "exact bytes that are sent");
    compare(WITH_HASH(HASH), WITH_HASH(EMPTY), SIGV4_CAUSE_BODY);
    check_has(got.sentence, "got an empty one");
    compare(WITH_HASH(EMPTY), WITH_HASH(HASH), SIGV4_CAUSE_BODY);
    check_has(got.sentence, "An empty body was signed");
    check_has(got.fix, "Give the signer the body");
    compare(WITH_HASH("UNSIGNED-PAYLOAD"), WITH_HASH(HASH), SIGV4_CAUSE_BODY);
    check_has(got.fix, "SHA-256");
}

static void pain_clock(void **state) {
    (void)state;
    message("InvalidSignatureException", "{\"message\":\"" EXPIRED "\"}", SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, 642);
    check_has(got.sentence, "642 s behind");
    check_has(got.fix, "timedatectl");
    message("InvalidSignatureException", EARLY, SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, -900);
    check_text(got.sentence, "This machine's clock is 900 s ahead of the service's.");
    /* Both clocks known: either the clock is off, or the request was kept. 20210330T180903Z is 1617127743. */
    struct sigv4_refused r = {.status = 403, .body = STR(EXPIRED), .now_unix_s = 1617127743 - 600};
    explain(&r);
    check_cause(SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, 600);
    check_text(got.sentence, "This machine's clock is 600 s behind the service's.");
    r.now_unix_s = 1617127743 - 2;
    explain(&r);
    check_cause(SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, 2);
    check_has(got.sentence, "642 s old when it arrived, and both clocks agree");
    check_has(got.fix, "right before it is sent");
    r.body = STR("Signature expired");
    r.now_unix_s = 1000;
    r.date_unix_s = 5000;
    explain(&r);
    check_cause(SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, 4000);
    message(NULL, "Signature expired: yesterday", SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, 0);
}

/* --- The next ones ------------------------------------------------------------------------------------------------ */

static void session_token(void **state) {
    (void)state;
    const char *invalid = "{\"message\":\"The security token included in the request is invalid.\"}";
    message("UnrecognizedClientException", invalid, SIGV4_CAUSE_TOKEN);
    check_has(got.fix, "an ASIA... key needs its token");
    struct sigv4_refused r = {.canonical_request = STR(WITH_HASH(EMPTY)), .status = 403, .body = str_of(invalid)};
    explain(&r);
    check_cause(SIGV4_CAUSE_TOKEN);
    check_has(got.sentence, "no session token was signed");
    check_has(got.fix, "AWS_SESSION_TOKEN");
    r.canonical_request = STR("GET\n/\n\nhost:h\nx-amz-security-token:undefined\n\nhost\n" EMPTY);
    explain(&r);
    check_cause(SIGV4_CAUSE_TOKEN);
    check_has(got.sentence, "placeholder");
    message("ExpiredTokenException", "{\"message\":\"The security token included in the request is expired\"}",
            SIGV4_CAUSE_TOKEN);
    check_has(got.sentence, "expired");
    check_has(got.fix, "new temporary credentials");
    compare(OURS,
            HEAD "accept:*/*\ncontent-type:application/json\nhost:" HOST "\n" DATED "x-amz-security-token:\n\n" NAMES
                 "\n" HASH,
            SIGV4_CAUSE_TOKEN);
    check_line("header x-amz-security-token", 8, 21);
    check_text(got.ours, "x-amz-security-token:<hidden, 51 bytes>");
    check_text(got.theirs, "x-amz-security-token:");
    check_has(got.sentence, "did not arrive");
}

static void changed_headers(void **state) {
    (void)state;
#define WITH_HEADERS(accept, type) \
    HEAD accept type "host:" HOST "\n" DATED "x-amz-security-token:" TOKEN "\n\n" NAMES "\n" HASH
    compare(OURS, WITH_HEADERS("accept:text/html\n", "content-type:application/json\n"), SIGV4_CAUSE_HEADER);
    check_line("header accept", 4, 7);
    check_text(got.sentence, "The header accept was signed as '*/*' but arrived as 'text/html'.");
    check_has(got.fix, "Leave accept out of the signed headers");
    compare(OURS, WITH_HEADERS("accept:\n", "content-type:application/json\n"), SIGV4_CAUSE_HEADER);
    check_has(got.sentence, "removed it");
    compare(OURS, WITH_HEADERS("accept:*/*\n", "content-type:application/json; charset=UTF-8\n"), SIGV4_CAUSE_HEADER);
    check_line("header content-type", 5, 29);
    check_has(got.fix, "with its charset");
    compare(OURS, WITH_HEADERS("", "content-type:application/json\n"), SIGV4_CAUSE_HEADER);
    check_line("header accept", 4, 0);
    check_text(got.ours, "accept:*/*");
    assert_null(got.theirs.p);
    check_has(got.sentence, "in our canonical request only");
    compare(WITH_HEADERS("", "content-type:application/json\n"), OURS, SIGV4_CAUSE_HEADER);
    check_line("header accept", 4, 0);
    assert_null(got.ours.p);
    check_has(got.sentence, "in the service's canonical request only");
    compare(OURS, HEAD HEADERS "\nhost\n" HASH, SIGV4_CAUSE_HEADER);
    check_line("signed headers", 10, 0);
    compare(WITH_HASH(HASH), "POST\n/dev\n\nhost:" HOST "\nx-amz-date:20150830T123700Z\n\nhost;x-amz-date\n" HASH,
            SIGV4_CAUSE_HEADER);
    check_has(got.fix, "this very attempt");
}

static void changed_targets(void **state) {
    (void)state;
    compare(OURS, "GET\n/dev/private\na=1&b=2\n" HEADERS "\n" NAMES "\n" HASH, SIGV4_CAUSE_METHOD);
    check_line("method", 1, 0);
    check_text(got.sentence, "The request was signed as POST but arrived as GET.");
    check_has(got.fix, "redirect");
    compare(WITH_PATH("/private"), WITH_PATH("/dev/private"), SIGV4_CAUSE_PATH);
    check_has(got.fix, "with /dev (the stage");
    compare(WITH_PATH("/base/private"), WITH_PATH("/private"), SIGV4_CAUSE_PATH);
    check_has(got.fix, "A proxy took /base off");
    compare(WITH_PATH("/dev/a"), WITH_PATH("/dev/a/"), SIGV4_CAUSE_PATH);
    check_line("path", 2, 6);
    check_has(got.fix, "its last '/'");
    compare(WITH_QUERY("a=1&B=2"), WITH_QUERY("B=2&a=1"), SIGV4_CAUSE_QUERY);
    check_has(got.sentence, "another order");
    compare(WITH_QUERY("a=1"), WITH_QUERY("a=1&b=2"), SIGV4_CAUSE_QUERY);
    check_text(got.sentence, "The query parameter 'b' arrived but was not signed.");
    compare(WITH_QUERY("a=1&b=2"), WITH_QUERY("b=2"), SIGV4_CAUSE_QUERY);
    check_text(got.sentence, "The query parameter 'a' was signed but did not arrive.");
    compare(WITH_QUERY("a=1&b=2"), WITH_QUERY(""), SIGV4_CAUSE_QUERY);
    check_has(got.sentence, "did not arrive");
    compare(WITH_QUERY("a=1&a=1"), WITH_QUERY("a=1"), SIGV4_CAUSE_QUERY);
    check_has(got.sentence, "parameter 'a' was signed but did not arrive");
    compare(WITH_QUERY("a=1"), WITH_QUERY("a=2"), SIGV4_CAUSE_QUERY);
    check_has(got.sentence, "another value");
    compare(WITH_QUERY("a=1"), WITH_QUERY("c=2"), SIGV4_CAUSE_QUERY);
    check_has(got.sentence, "'a' was signed, but 'c' arrived");
}

static void equal_texts(void **state) {
    (void)state;
    compare(OURS, OURS, SIGV4_CAUSE_SECRET);
    assert_null(got.line.p);
    assert_int_equal(got.line_number, 0);
    check_has(got.sentence, "secret access key");
    check_has(got.fix, "Copy the secret anew");
    struct sigv4_refused r = mismatch_of(OURS, OURS);
    r.string_to_sign = STR("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/execute-api/aws4_request\n" HASH);
    explain(&r);
    check_cause(SIGV4_CAUSE_STRING_TO_SIGN);
    check_line("string to sign: scope", 3, 9);
    check_has(got.sentence, "us-east-1");
    r.string_to_sign = (struct str){0};
    explain(&r);
    check_cause(SIGV4_CAUSE_UNKNOWN);
    r.canonical_request = (struct str){0};
    explain(&r);
    check_cause(SIGV4_CAUSE_UNKNOWN);
    check_has(got.sentence, "ours is not known");
}

static void wrong_scopes(void **state) {
    (void)state;
    message("InvalidSignatureException", "Credential should be scoped to a valid region, not 'us-east-1'. ",
            SIGV4_CAUSE_SCOPE);
    check_has(got.sentence, "signed for us-east-1");
    check_has(got.fix, "region the API is deployed in");
    struct sigv4_refused r = {.canonical_request = STR(OURS),
                              .status = 403,
                              .body = STR("Credential should be scoped to a valid region, not 'us-east-1'.")};
    explain(&r);
    check_cause(SIGV4_CAUSE_SCOPE);
    check_text(got.fix, "Sign for the region eu-west-1, as the host says.");
    message(NULL, "{\"message\":\"Credential should be scoped to correct service: 'execute-api'.\"}",
            SIGV4_CAUSE_SCOPE);
    check_text(got.fix, "Sign with the service name execute-api.");
    message(NULL, "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'.", SIGV4_CAUSE_SCOPE);
    message(
        NULL,
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'a' != 'b', from "
        "'..'.",
        SIGV4_CAUSE_SCOPE);
    check_has(got.sentence, "day");
    message(NULL, "Credential should be scoped to a valid region, not '<b>\033[1m" SECRET "'.", SIGV4_CAUSE_SCOPE);
}

static void incomplete(void **state) {
    (void)state;
    static const char *const texts[] = {
        "'x' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer x'.",
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256): '47DEQpj8='.",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.",
        "Unsupported AWS 'algorithm': 'x'.",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        "Date must be in ISO-8601 'basic format'. Got 'x'. See http://en.wikipedia.org/wiki/ISO_8601",
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'x'",
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        message("IncompleteSignatureException", texts[i], SIGV4_CAUSE_BAD_AUTHORIZATION);
    message("IncompleteSignatureException", "", SIGV4_CAUSE_BAD_AUTHORIZATION);
}

static void only_forbidden(void **state) {
    (void)state;
    message("ForbiddenException", "{\"message\":\"Forbidden\"}", SIGV4_CAUSE_API_KEY);
    check_has(got.fix, "x-api-key");
    message(NULL, "{\"message\":\"Forbidden\"}", SIGV4_CAUSE_UNKNOWN);
    check_has(got.sentence, "HTTP API");
    check_has(got.fix, "API key");
    message("AccessDeniedException", "{\"Message\":\"Forbidden\"}", SIGV4_CAUSE_NOT_SIGNED);
    check_has(got.fix, "service lambda");
    message("AccessDeniedException",
            "{\"Message\":\"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs\"}",
            SIGV4_CAUSE_NOT_SIGNED);
    struct sigv4_refused r = {.canonical_request =
                                  STR("GET\n/\n\nhost:abc.lambda-url.eu-west-1.on.aws\n\nhost\n" EMPTY),
                              .status = 403,
                              .body = STR("{\"Message\":\"Forbidden\"}")};
    explain(&r);
    check_cause(SIGV4_CAUSE_POLICY);
    check_has(got.fix, "lambda:InvokeFunctionUrl");
}

/* The service shows nothing, but what we signed has a fault that can be seen. */
static void suspicions(void **state) {
    (void)state;
    struct sigv4_refused r = {.canonical_request = STR(WITH_HASH(HASH)),
                              .string_to_sign = STR(STRING),
                              .status = 403,
                              .body = STR("{\"message\":\"" MISMATCH "\"}")};
    explain(&r);
    check_cause(SIGV4_CAUSE_UNKNOWN);
    check_has(got.fix, "Check in this order");
    r.string_to_sign = STR("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/execute-api/aws4_request\n" HASH);
    explain(&r);
    check_cause(SIGV4_CAUSE_SCOPE);
    check_has(got.fix, "eu-west-1");
    r.string_to_sign = STR(STRING);
    r.canonical_request = STR(WITH_HASH("UNSIGNED-PAYLOAD"));
    explain(&r);
    check_cause(SIGV4_CAUSE_BODY);
    r.canonical_request = STR("GET\n/\n\nconnection:close\nhost:" HOST "\n\nconnection;host\n" EMPTY);
    explain(&r);
    check_cause(SIGV4_CAUSE_HEADER);
    check_has(got.sentence, "connection");
    r.body = STR("{\"message\":\"Forbidden\"}");
    r.now_unix_s = 1440938160;
    r.date_unix_s = 1440938160 - 4000;
    explain(&r);
    check_cause(SIGV4_CAUSE_CLOCK);
    assert_int_equal(got.skew_s, -4000);
    check_has(got.sentence, "4000 s ahead of");
}

static void unknown(void **state) {
    (void)state;
    message(NULL, "", SIGV4_CAUSE_UNKNOWN);
    message(NULL, "<html><title>ERROR</title></html>", SIGV4_CAUSE_UNKNOWN);
    message("X\033[1mY", "{\"message\":\"Internal server error\"}", SIGV4_CAUSE_UNKNOWN);
    struct sigv4_refused r = {.status = 200, .body = STR("{}")};
    explain(&r);
    check_cause(SIGV4_CAUSE_UNKNOWN);
    check_has(got.sentence, "200 is not a refusal");
    for (unsigned i = 0; i <= SIGV4_CAUSE_API_KEY; i++) assert_true(strlen(sigv4_cause_name((enum sigv4_cause)i)) > 2);
    assert_string_equal(sigv4_cause_name(SIGV4_CAUSE_PATH_ENCODING), "path-encoding");
    assert_string_equal(sigv4_cause_name((enum sigv4_cause)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("pain 1: a path or query encoded too few times or too often is named, with the way to encode it",
             pain_encoding),
        CASE("pain 2: the host that the service sees is named, with the host that was signed", pain_host),
        CASE("pain 3: a policy's refusal names caller, action and resource, and the policy to change", pain_policy),
        CASE("pain 4: Missing Authentication Token points at the route first", pain_no_route),
        CASE("pain 5: a body that was changed, lost or not hashed is told apart", pain_body),
        CASE("pain 6: a wrong clock is told in seconds, and a signature that was kept from a wrong clock", pain_clock),
        CASE("a session token that is missing, a placeholder, expired or another's is told apart", session_token),
        CASE("a header that was changed, added or removed on the way is named", changed_headers),
        CASE("method, path and query are named with the piece that differs", changed_targets),
        CASE("equal canonical requests and strings to sign mean a wrong secret", equal_texts),
        CASE("a wrong region, service, day or terminator is named with the right one", wrong_scopes),
        CASE("an Authorization that is no whole signature is told from a missing one", incomplete),
        CASE("Forbidden means an API key, a function URL or an HTTP API", only_forbidden),
        CASE("without the service's text, what we signed is looked at for faults", suspicions),
        CASE("what is no refusal of IAM is called unknown", unknown),
    };
    return cmocka_run_group_tests_name("sigv4_explain", tests, open_arena, close_arena);
}
