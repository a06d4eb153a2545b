#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make.py >verifier.json: requests that a verifier of SigV4 refuses, each with the fault and AWS's sentence.

For any verifier, not only ours; so they are signed here, by a few lines of their own. At least one for each check that
API Gateway makes, in its order, with the signature in the fields and in the query; cases "order-" have several faults
and the first one answers; cases "accepted-" have none, and show that a refused one has only the fault it is named for.
"""
import base64
import copy
import hashlib
import hmac
import json
from urllib.parse import quote

NOW = "20150830T123600Z"
KEYS = {
    "AKIDEXAMPLE": {"secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    "ASIDEXAMPLE": {"secret": "roleSecret", "token": "tok+en=="},
    "ASIDENDED": {"secret": "endedSecret", "token": "ended", "token_expires_unix_s": 1440938159},
}
SCOPE = "eu-west-1/execute-api/aws4_request"
USUAL = ["content-type", "host", "x-amz-date"]
MISSING, INCOMPLETE, INVALID, CLIENT, ENDED, QUERY = (
    name + "Exception" for name in ("MissingAuthenticationToken", "IncompleteSignature", "InvalidSignature",
                                    "UnrecognizedClient", "ExpiredToken", "MalformedQueryString"))
INVALID_TOKEN = "The security token included in the request is invalid."
NAMES = "SignedHeaders must list field names in lower case, each once, separated by ';'."
BOTH = "The request has an Authorization header and a signature in its query string."
FIVE = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
NO_EQUALS = ("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded "
             "with Base64): ")
REQUIRES, SHOWN = "Authorization header requires ", "(Hashed with SHA-256 and encoded with Base64) Authorization="
HOST = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."

cases = []


def encode(text):
    return quote(text, safe="-_.~")


class Request:
    def __init__(self):
        self.method, self.path, self.query, self.body = "POST", "/dev/private", "a=1&b=x%20y", '{"k":1}'
        self.fields = [["Host", "api.example.com"], ["Content-Type", "application/json"]]
        self.signed, self.payload = [], None

    def field(self, name):
        return next((f for f in self.fields if f[0].lower() == name.lower()), [name, ""])

    def without(self, name):
        self.fields = [f for f in self.fields if f[0].lower() != name.lower()]
        return self

    def edit(self, old, new):
        """In the Authorization field, or else in the query."""
        authorization = self.field("Authorization")
        assert old in (authorization[1] or self.query), old
        authorization[1] = authorization[1].replace(old, new, 1)
        if not authorization[1]:
            self.query = self.query.replace(old, new, 1)
        return self

    def canonical(self):
        """Of the paths and queries used here, which need no more than sorting and one more encoding."""
        pieces = [p for p in self.query.split("&") if not p.startswith("X-Amz-Signature=")]
        pairs = sorted(tuple(p.partition("=")[::2]) for p in pieces)
        lines = [self.method, quote(self.path, safe="/-_.~"), "&".join(f"{k}={v}" for k, v in pairs)]
        for name in self.signed:
            lines.append(name + ":" + ",".join(v for n, v in self.fields if n.lower() == name))
        payload = self.payload or hashlib.sha256(self.body.encode()).hexdigest()
        return "\n".join(lines + ["", ";".join(self.signed), payload])

    def sign(self, ident, date, scope, secret=None):
        digest = hashlib.sha256(self.canonical().encode()).hexdigest()
        self.to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, digest])
        key = ("AWS4" + (secret or KEYS[ident]["secret"])).encode()
        for word in scope.split("/") + [self.to_sign]:
            key = hmac.digest(key, word.encode(), "sha256")
        return key.hex()

    def mismatch(self):
        """The sentence for a signature that does not fit this request."""
        date, self.payload = self.to_sign.split("\n")[1], None
        self.sign("AKIDEXAMPLE", date, self.to_sign.split("\n")[2])
        return ("The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String "
                f"for this request should have been\n'{self.canonical()}'\n\nThe String-to-Sign should have been\n"
                f"'{self.to_sign}'\n")


def in_fields(ident="AKIDEXAMPLE", date=NOW, scope=SCOPE, day=None, signed=None, token=None, secret=None, change=None):
    rq = Request()
    rq.fields.append(["X-Amz-Date", date])
    token = KEYS.get(ident, {}).get("token") if token is None else token
    rq.signed = list(signed or USUAL)
    if token:
        rq.fields.append(["X-Amz-Security-Token", token])
        rq.signed.append("x-amz-security-token")
    if change:
        change(rq)
    scope = f"{day or date[:8]}/{scope}"
    signature = rq.sign(ident, date, scope, secret)
    rq.fields.append(["Authorization", f"AWS4-HMAC-SHA256 Credential={ident}/{scope}, SignedHeaders="
                      f"{';'.join(rq.signed)}, Signature={signature}"])
    return rq


def in_query(ident="AKIDEXAMPLE", date=NOW, scope=SCOPE, day=None, signed=None, token=None, secret=None, change=None,
             expires="3600"):
    rq = Request()
    rq.signed = list(signed or ["content-type", "host"])
    token = KEYS.get(ident, {}).get("token") if token is None else token
    scope = f"{day or date[:8]}/{scope}"
    words = {"Algorithm": "AWS4-HMAC-SHA256", "Credential": f"{ident}/{scope}", "Date": date,
             **({} if expires is None else {"Expires": expires}),
             "SignedHeaders": ";".join(rq.signed), **({"Security-Token": token} if token else {})}
    if change:
        change(rq)
    rq.query += "".join(f"&X-Amz-{k}={encode(v)}" for k, v in words.items())
    rq.query += "&X-Amz-Signature=" + rq.sign(ident, date, scope, secret)
    return rq


def case(check, name, rq, fault, message):
    cases.append({"check": check, "name": name, "method": rq.method, "path": rq.path, "query": rq.query,
                  "fields": rq.fields, "body": rq.body, "fault": fault, "message": message})


def altered(rq, **changes):
    for name, value in changes.items():
        setattr(rq, name, value)
    return rq


def hashed(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def target_cases(placement, make):
    for name, path in [("bad-escape", "/a%zz"), ("short-escape", "/a%4"), ("relative", "dev/private"), ("empty", ""),
                       ("above-root", "/a/../.."), ("above-root-first", "/../a")]:
        case("1", f"path-{name}-{placement}", altered(make(), path=path), "", "")
    case("4", f"query-escape-trailing-{placement}", altered(make(), query=make().query + "&c=%4"), QUERY,
         "Incomplete trailing escape % sequence")
    case("4", f"query-escape-illegal-{placement}", altered(make(), query="c=%4g&" + make().query), QUERY,
         "Illegal hex character in escape % pattern: %4g")
    rq = altered(in_fields(), query=make().query + "&X-Amz-Algorithm=AWS4-HMAC-SHA256")
    case("5", f"both-{placement}", rq, INVALID, BOTH)


def header_cases():
    bare = Request()
    case("5", "neither", bare, MISSING, "Missing Authentication Token")
    for name, value in [("bearer", "Bearer x"), ("word", "junk"), ("empty", ""),
                        ("algorithm-alone", "AWS4-HMAC-SHA256"),
                        ("piece", "AWS4-HMAC-SHA256 Credential=a, SignedHeaders")]:
        rq = Request()
        rq.fields.append(["Authorization", value])
        case("6b", f"no-equal-sign-{name}", rq, INCOMPLETE, f"{NO_EQUALS}'{hashed(value)}'.")
    for name in ("AWS4-HMAC-SHA1", "AWS4-HMAC-SHA512", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256"):
        case("6a", f"algorithm-{name}-fields", in_fields().edit("AWS4-HMAC-SHA256", name), INCOMPLETE,
             f"Unsupported AWS 'algorithm': '{name}'.")
    needs = {"Credential": "'Credential' parameter", "Signature": "'Signature' parameter",
             "SignedHeaders": "'SignedHeaders' parameter"}
    for name, what in needs.items():
        rq = in_fields().edit(name + "=", "No" + name + "=")
        case("6d", f"lacks-{name}-fields", rq, INCOMPLETE,
             f"{REQUIRES}{what}. {SHOWN}{hashed(rq.field('Authorization')[1])}")
    date = "existence of either a 'X-Amz-Date' or a 'Date' header"
    rq = in_fields().without("X-Amz-Date")
    case("6d", "lacks-date-fields", rq, INCOMPLETE,
         f"{REQUIRES}{date}. {SHOWN}{hashed(rq.field('Authorization')[1])}")
    rq = Request()
    rq.fields.append(["Authorization", "AWS4-HMAC-SHA256 a=b"])
    case("6d", "lacks-all-fields", rq, INCOMPLETE,
         "".join(f"{REQUIRES}{w}. " for w in [*needs.values(), date]) + SHOWN + hashed("AWS4-HMAC-SHA256 a=b"))
    rq = in_fields()
    rq.fields.append(["authorization", rq.field("Authorization")[1]])
    case("6", "two-authorizations", rq, INCOMPLETE, "There is more than one Authorization header.")
    rq = in_fields()
    rq.fields.append(["X-Amz-Date", NOW])
    case("6", "two-dates", rq, INCOMPLETE, "There is more than one date header.")
    case("6c", "last-part-wins-fields", in_fields().edit("Credential=", "Credential=x, Credential=").edit(
        ", Signature=", ", Credential=only-this, Signature="), INCOMPLETE, FIVE + "'only-this'")


def query_cases():
    for name in ("AWS4-HMAC-SHA1", "AWS4-ECDSA-P256-SHA256"):
        case("7a", f"algorithm-{name}-query", in_query().edit("AWS4-HMAC-SHA256", name), INCOMPLETE,
             f"Unsupported AWS 'algorithm': '{name}'.")
    names = ["X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"]
    for name in names:
        case("7d", f"lacks-{name}-query", in_query().edit(name + "=", name + "x="), INCOMPLETE,
             f"AWS query-string parameters must include '{name}'. Re-examine the query-string parameters.")
    case("7d", "lacks-all-query", altered(Request(), query="X-Amz-Algorithm=AWS4-HMAC-SHA256"), INCOMPLETE,
         "".join(f"AWS query-string parameters must include '{n}'. " for n in names)
         + "Re-examine the query-string parameters.")
    for name, value in [*((n, "x") for n in names), ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Expires", "3600"),
                        ("X-Amz-Signature", ""), ("%58-Amz-Date", NOW)]:
        twice = f"There is more than one '{name.replace('%58', 'X')}' in the query string."
        for where, query in [("first", f"{name}={value}&{in_query().query}"),
                             ("last", f"{in_query().query}&{name}={value}")]:
            label = name.replace("%58", "escaped-X") + ("" if value else "-empty")
            case("7c", f"twice-{label}-{where}-query", altered(in_query(), query=query), INCOMPLETE, twice)
    rq = in_query("ASIDEXAMPLE")
    case("7c", "twice-X-Amz-Security-Token-query", altered(rq, query=rq.query + "&X-Amz-Security-Token=tok%2Ben%3D%3D"),
         INCOMPLETE, "There is more than one 'X-Amz-Security-Token' in the query string.")
    for value in ("", "0", "-1", "abc", "604801", "1.5", "1e3", "99999999999999999999"):
        case("7b", f"expires-{value or 'empty'}-query", in_query(expires=value), INCOMPLETE,
             "X-Amz-Expires must be a whole number of seconds from 1 to 604800.")
    for name, value in [("none", None), ("1", "1"), ("604800", "604800")]:
        case("0", f"accepted-expires-{name}-query", in_query(expires=value), "accepted", "")
    case("0", "accepted-expires-passed-query", in_query(date="20150830T123100Z", expires="1"), "accepted", "")


def claim_cases(placement, make):
    case("8", f"host-unsigned-{placement}", make(signed=["content-type"]), INVALID, HOST)
    usual = USUAL if placement == "fields" else ["content-type", "host"]
    for name, listed in [("upper", ["Host"] + usual), ("twice", usual + ["host"]), ("gap", usual + [""]),
                         ("space", usual + ["a b"])]:
        case("8", f"signed-headers-{name}-{placement}", make(signed=listed), INVALID, NAMES)
    for name, date in [("extended", "2015-08-30T12:36:00Z"), ("imf", "Sun, 30 Aug 2015 12:36:00 GMT"),
                       ("no-zone", "20150830T123600"), ("no-such-day", "20150230T123600Z"), ("word", "now")]:
        case("9", f"date-{name}-{placement}", make(date=date, day="20150830"), INCOMPLETE,
             f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601")
    for name, date in [("second", "20150830T123059Z"), ("day", "20150829T123600Z")]:
        case("10", f"expired-by-a-{name}-{placement}", make(date=date), INVALID,
             f"Signature expired: {date} is now earlier than 20150830T123100Z ({NOW} - 5 min.)")
    for name, date in [("second", "20150830T124101Z"), ("day", "20150831T123600Z")]:
        case("11", f"early-by-a-{name}-{placement}", make(date=date), INVALID,
             f"Signature not yet current: {date} is still later than 20150830T124100Z ({NOW} + 5 min.)")
    for name, scope in [("four", "eu-west-1/execute-api"), ("six", SCOPE + "/x")]:
        case("12", f"credential-{name}-{placement}", make(scope=scope), INCOMPLETE,
             f"{FIVE}'AKIDEXAMPLE/20150830/{scope}'")


def scope_cases(placement, make):
    region = "Credential should be scoped to a valid region, not 'us-east-1'."
    service = "Credential should be scoped to correct service: 'execute-api'."
    term = "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'."
    day = ("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150831' != "
           f"'20150830', from '{NOW}'.")
    case("13", f"region-{placement}", make(scope="us-east-1/execute-api/aws4_request"), INVALID, region)
    case("13", f"service-{placement}", make(scope="eu-west-1/s3/aws4_request"), INVALID, service)
    case("13", f"terminator-{placement}", make(scope="eu-west-1/execute-api/aws4"), INVALID, term)
    case("13", f"day-{placement}", make(day="20150831"), INVALID, day)
    case("13", f"all-{placement}", make(scope="us-east-1/s3/aws4", day="20150831"), INVALID,
         " ".join([region, service, term, day]))
    case("14", f"token-missing-{placement}", make("ASIDEXAMPLE", token=""), CLIENT, INVALID_TOKEN)
    case("14", f"token-wrong-{placement}", make("ASIDEXAMPLE", token="other"), CLIENT, INVALID_TOKEN)
    case("14", f"token-of-nobody-{placement}", make(token="tok+en=="), CLIENT, INVALID_TOKEN)
    case("14", f"token-ended-{placement}", make("ASIDENDED"), ENDED,
         "The security token included in the request is expired")
    rq = make("ASIDEXAMPLE")
    rq.fields.append(["X-Amz-Security-Token", "tok+en=="])
    case("14", f"token-twice-{placement}", rq, CLIENT, INVALID_TOKEN)
    case("15", f"key-unknown-{placement}", make("AKIDSTRANGER", secret="x"), CLIENT, INVALID_TOKEN)


def signature_cases(placement, make):
    def mismatch(name, rq):
        case("16", f"{name}-{placement}", rq, INVALID, rq.mismatch())
    mismatch("secret", make(secret="another"))
    mismatch("method", altered(make(), method="PUT"))
    mismatch("path", altered(make(), path="/dev/Private"))
    mismatch("query-value", altered(make(), query=make().query.replace("a=1", "a=2", 1)))
    mismatch("query-more", altered(make(), query="A=&" + make().query))
    mismatch("query-less", altered(make(), query=make().query.replace("a=1&", "", 1)))
    mismatch("body", altered(make(), body='{"k":2}'))
    rq = make()
    rq.field("Content-Type")[1] = "text/plain"
    mismatch("signed-field", rq)
    rq = make()
    rq.fields.append(["content-type", "application/json"])
    mismatch("signed-field-twice", rq)
    signature = (make().field("Authorization")[1] or make().query).rpartition("Signature=")[2]
    flipped = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for name, other in [("flipped", flipped), ("upper-case", signature.upper()), ("short", signature[:-1]),
                        ("long", signature + "0"), ("zero", "0" * 64)]:
        mismatch("signature-" + name, make().edit(signature, other))
    rq = make(signed=["content-type", "host", "x-absent"] + (["x-amz-date"] if placement == "fields" else []))
    rq.signed.sort()
    mismatch("signed-name-without-field", make(signed=rq.signed))
    mismatch("two-hosts", make(change=lambda rq: rq.fields.append(["Host", "other.example.com"])))
    rq = make()
    rq.fields.append(["X-Amz-Content-Sha256", hashlib.sha256(b"other").hexdigest()])
    mismatch("stated-hash-of-another-body", rq)

    def unsigned(rq):
        rq.payload = "UNSIGNED-PAYLOAD"
        rq.fields.append(["X-Amz-Content-Sha256", rq.payload])
        rq.signed = sorted(rq.signed + ["x-amz-content-sha256"])
    if placement == "fields":
        mismatch("unsigned-payload", make(change=unsigned))


def order_cases(placement, make):
    """Each has every later fault too, down to a secret nobody knows."""
    late = {"ident": "AKIDSTRANGER", "secret": "x"}
    scope = {**late, "scope": "us-east-1/execute-api/aws4_request"}
    region = "Credential should be scoped to a valid region, not 'us-east-1'."
    case("13", f"order-scope-before-key-{placement}", make(**scope), INVALID, region)
    four = {**late, "scope": "us-east-1/execute-api"}
    case("12", f"order-credential-before-key-{placement}", make(**four), INCOMPLETE,
         FIVE + "'AKIDSTRANGER/20150830/us-east-1/execute-api'")
    old = {**four, "date": "20150830T123059Z"}
    case("10", f"order-clock-before-credential-{placement}", make(**old), INVALID,
         f"Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z ({NOW} - 5 min.)")
    case("9", f"order-date-before-credential-{placement}", make(**{**four, "date": "now", "day": "now"}), INCOMPLETE,
         "Date must be in ISO-8601 'basic format'. Got 'now'. See http://en.wikipedia.org/wiki/ISO_8601")
    no_host = {**old, "signed": ["content-type"]}
    case("8", f"order-host-before-clock-{placement}", make(**no_host), INVALID, HOST)
    rq = make(**no_host)
    case("4", f"order-query-escape-before-host-{placement}", altered(rq, query="%zz&" + rq.query), QUERY,
         "Illegal hex character in escape % pattern: %zz")
    case("1", f"order-path-before-query-{placement}", altered(copy.deepcopy(rq), path="/%zz"), "", "")


def main():
    for placement, make in (("fields", in_fields), ("query", in_query)):
        case("0", f"accepted-{placement}", make(), "accepted", "")
        case("0", f"accepted-role-{placement}", make("ASIDEXAMPLE"), "accepted", "")
        case("0", f"accepted-oldest-{placement}", make(date="20150830T123100Z"), "accepted", "")
        case("0", f"accepted-newest-{placement}", make(date="20150830T124100Z"), "accepted", "")
        target_cases(placement, make)
        (header_cases if placement == "fields" else query_cases)()
        for group in (claim_cases, scope_cases, signature_cases, order_cases):
            group(placement, make)
    case("5", "order-path-before-authentication", altered(Request(), path="/a/../.."), "", "")
    case("5", "order-query-before-authentication", altered(Request(), query="%4"), QUERY,
         "Incomplete trailing escape % sequence")
    verifier = {"now": NOW, "now_unix_s": 1440938160, "max_skew_s": 300, "region": "eu-west-1",
                "service": "execute-api", "algorithms": ["AWS4-HMAC-SHA256"],
                "keys": [{"id": i, **k} for i, k in KEYS.items()]}
    about = "Requests that a verifier of SigV4 refuses, and why; made by make.py."
    print(json.dumps({"about": about, "verifier": verifier, "cases": cases}, indent=1))


if __name__ == "__main__":
    main()
