# SPDX-License-Identifier: Apache-2.0
"""Where other signers depart from ours, one row each. A row turns our canonical request into the peer's, or says that
the peer refuses; what no row explains is a failure, and so is a row that a long run never needs. "right": who signs
what the service computes; "refuse": nobody should sign it."""
import collections
import email.utils
import re
from urllib.parse import unquote_to_bytes

import canonical
from canonical import BAD_ESCAPE, EMPTY, encode, is_s3, is_utf8, split_query

Row = collections.namedtuple("Row", "rule peers right why change")
ROWS = []


class Refused(Exception):
    pass


def row(rule, peers, right, why):
    def keep(change):
        ROWS.append(Row(rule, peers.split(), right, why, change))
        return change
    return keep


# --- Botocore --------------------------------------------------------------------------------------------------------

@row("method-case", "botocore botocore-params", "ours",
     "methods have case (RFC 9110); botocore signs them in upper case")
def _(p):
    p.method = p.method.upper()


@row("query-as-written", "botocore", "ours",
     "in a URL, botocore neither decodes nor encodes: '+', lower-case escapes, marks, a second '=', '&&'")
def _(p):
    if p.case["query"] and not p.in_query:
        p.pairs = [tuple(piece.partition("=")[::2]) for piece in p.case["query"].split("&")]


@row("no-utf8-parameter", "botocore-params", "ours", "its parameters are texts; %FF is none")
def _(p):
    if any(not is_utf8(canonical.decode(t, " ")) for pair in split_query(p.case["query"]) for t in pair):
        raise Refused


@row("presigned-repeats", "botocore botocore-params", "ours",
     "presigning, botocore keeps one value of a repeated parameter and sends only that: the first of a URL, the last "
     "of a list; bytes that are no UTF-8 become U+FFFD")
def _(p):
    if not p.in_query:
        return
    found, last = {}, p.peer == "botocore-params"
    for key, value in canonical.pairs(p.case["query"], text=True):
        if last or key not in found:
            found[key] = value
    p.pairs = list(found.items()) + p.authentication()


@row("presigned-body", "botocore botocore-params", "ours",
     "presigning, botocore reads a body as JSON and moves it into the query, so it gets none here")
def _(p):
    if p.in_query and p.payload != "UNSIGNED-PAYLOAD" and "x-amz-content-sha256" not in p.fields:
        p.payload = EMPTY


@row("date-field", "botocore botocore-params", "both",
     "a given Date is set to the moment of signing and stands for X-Amz-Date; ours signs both")
def _(p):
    if "date" in p.fields and not p.in_query:
        p.unsign("x-amz-date")
        p.fields["date"] = email.utils.formatdate(p.case["unix_s"])


@row("signs-hop-fields", "botocore botocore-params", "ours", "a hop may change or drop these; an older one signs more")
def _(p):
    p.sign("accept-encoding", "cache-control", "from", "max-forwards", "pragma", "referer", "proxy-connection",
           "sec-fetch-mode", "sec-websocket-key", "x-forwarded-for")
    if p.old:
        p.sign("baggage", "traceparent", "tracestate")
        p.sign("connection", "transfer-encoding", "te", "trailer", "upgrade", "keep-alive", "proxy-authorization")


# --- AWS's Common Runtime --------------------------------------------------------------------------------------------

@row("colon-slash", "crt", "ours",
     "the target is read as a URL: behind its first ':' a single '/' is refused, and of '/a?u=https://b/c' only '/c' "
     "is signed")
def _(p):
    target = p.case["path"] + ("" if p.case["query"] is None else "?" + p.case["query"])
    before, colon, rest = target.partition(":")
    p.query = p.case["query"]
    if not rest.startswith("/"):
        return
    if not rest.startswith("//"):
        raise Refused
    at = rest.find("/", 2) if "/" in rest[2:] else rest.find("?") if "?" in rest else len(rest)
    authority = rest[2:at]
    wire, _, p.query = rest[at:].partition("?")
    host = authority.partition("@")[2] if "@" in authority else authority
    if rest == "//" or not re.fullmatch(r"(\[.*\]|(?!\[))[^:]*(:[0-9]*)?", host):
        raise Refused
    p.path = wire if is_s3(p.case) else canonical.path(wire)
    p.pairs = canonical.pairs(p.query) + p.authentication()


@row("plus", "crt", "ours", "'+' is taken as a plus (%2B); services and most clients read a space")
def _(p):
    if "+" in (p.query or ""):
        p.pairs = canonical.pairs(p.query, plus="%2B") + p.authentication()


@row("bad-escape", "crt", "refuse", "a '%' without two hex digits in the query")
def _(p):
    if any(BAD_ESCAPE.search(t) for pair in split_query(p.query) for t in pair):
        raise Refused


@row("presigned-hash", "crt", "ours",
     "presigning, a given X-Amz-Content-Sha256 is hashed with, but neither signed nor sent; for VPC Lattice one is "
     "added")
def _(p):
    if not p.in_query:
        return
    p.unsign("x-amz-content-sha256")
    if p.case["service"] == "vpc-lattice-svcs":
        p.fields["x-amz-content-sha256"] = p.payload


@row("signs-hop-fields", "crt", "ours", "a hop may change or drop these")
def _(p):
    p.sign("accept-encoding", "cache-control", "from", "max-forwards", "pragma", "referer", "proxy-connection",
           "sec-fetch-mode", "x-forwarded-for", "te", "trailer", "keep-alive", "proxy-authorization", "connection",
           "baggage", "traceparent", "tracestate")


# --- smithy ----------------------------------------------------------------------------------------------------------

@row("no-utf8-parameter", "smithy", "ours", "its parameters are texts; %FF and a bad escape are none")
def _(p):
    for piece in (t for pair in split_query(p.case["query"]) for t in pair):
        if BAD_ESCAPE.search(piece) or not is_utf8(unquote_to_bytes(piece)):
            raise Refused


@row("v4a-presigned", "smithy", "ours", "it has SigV4A for fields only")
def _(p):
    if p.case["algorithm"] == "v4a" and p.in_query:
        raise Refused


@row("date-field", "smithy", "both", "a given Date is dropped, and not sent")
def _(p):
    p.unsign("date")


@row("signs-hop-fields", "smithy", "ours", "a hop may change or drop these")
def _(p):
    p.sign("accept-encoding", "x-forwarded-for", "baggage", "traceparent", "tracestate")


# --- aws4 ------------------------------------------------------------------------------------------------------------

def decode_uri(text):
    """JavaScript's decodeURI: escapes of reserved characters stay."""
    def run(match):
        raw = unquote_to_bytes(match.group(0))
        if not is_utf8(raw):
            raise Refused
        out, at = "", 0
        for c in raw.decode():
            length = 3 * len(c.encode())
            out += match.group(0)[at:at + length] if c in ";/?:@&=+$,#" else c
            at += length
        return out
    if BAD_ESCAPE.search(text):
        raise Refused
    return re.sub("(?:%[0-9A-Fa-f]{2})+", run, text)


@row("v4a", "aws4", "ours", "it has no SigV4A")
def _(p):
    if p.case["algorithm"] == "v4a":
        raise Refused


@row("rewritten-target", "aws4", "both",
     "with a byte in it that no URL has, the target is decoded, encoded anew and sent like that")
def _(p):
    query = p.case["query"]
    target = p.case["path"] + ("" if query is None else "?" + query)
    if re.search(r"[^0-9A-Za-z;,/?:@&=+$\-_.!~*'()#%]", target):
        target = encode(decode_uri(target), safe=";/?:@&=+$,#-_.!~*'()")
    p.wire, _, p.query = target.partition("?")
    p.path = p.wire if is_s3(p.case) else canonical.path(p.wire)
    p.pairs = canonical.pairs(p.query) + p.authentication()


@row("no-utf8-parameter", "aws4", "ours", "bytes that are no UTF-8 become U+FFFD, signed and sent")
def _(p):
    p.pairs = canonical.pairs(p.query, text=True) + p.authentication()


@row("empty-name", "aws4", "refuse", "\"=b\" is dropped, and not sent")
def _(p):
    p.pairs = [(k, v) for k, v in p.pairs if k]


@row("s3-path", "aws4", "both", "an S3 path is decoded and encoded anew; '+' becomes a space there")
def _(p):
    if p.case["service"] != "s3":
        return
    if p.wire == "/":
        return
    if BAD_ESCAPE.search(p.wire):
        raise Refused
    pieces = [unquote_to_bytes(piece.replace("+", " ")) for piece in p.wire.split("/")]
    if not all(map(is_utf8, pieces)):
        raise Refused
    p.path = "/".join(map(encode, pieces)).replace("%2F", "/")


@row("s3-family", "aws4", "ours", "of the services that take their path as it is, it knows s3 alone")
def _(p):
    if is_s3(p.case) and p.case["service"] != "s3":
        p.path = canonical.path(p.wire)


@row("s3-repeats", "aws4", "ours", "of a repeated parameter, S3 gets the first value alone")
def _(p):
    if p.case["service"] == "s3":
        first = {}
        for key, value in canonical.pairs(p.query, text=True):
            if key:
                first.setdefault(key, value)
        p.pairs = list(first.items()) + p.authentication()


@row("presigned-payload", "aws4", "ours", "only for s3 does it presign UNSIGNED-PAYLOAD")
def _(p):
    if p.in_query and p.case["service"] != "s3" and p.payload == "UNSIGNED-PAYLOAD":
        p.payload = p.body_hash


@row("signs-hop-fields", "aws4", "ours", "a hop may change or drop these")
def _(p):
    p.sign("accept-encoding", "cache-control", "from", "max-forwards", "pragma", "referer", "proxy-connection",
           "sec-fetch-mode", "sec-websocket-key", "x-forwarded-for", "te", "trailer", "keep-alive", "upgrade",
           "proxy-authorization", "transfer-encoding", "baggage", "traceparent", "tracestate")


@row("leaves-out-range", "aws4", "both", "Range and Presigned-Expires are left out")
def _(p):
    p.unsign("range", "presigned-expires")


# --- Several ---------------------------------------------------------------------------------------------------------

@row("unicode-space", "botocore botocore-params aws4", "ours",
     "in a field's value, white space is what their language calls so, U+00A0 too; for HTTP it is space and tab")
def _(p):
    for name, value in p.fields.items():
        p.fields[name] = " ".join(value.split())
