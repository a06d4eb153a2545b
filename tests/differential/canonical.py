# SPDX-License-Identifier: Apache-2.0
"""The pieces of a canonical request, to say where a peer departs from ours; and the few rules that such words need."""
import hashlib
import hmac
import re
import time
from urllib.parse import quote, unquote_to_bytes

EMPTY = hashlib.sha256(b"").hexdigest()
BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")


def encode(raw, safe="-._~"):
    return quote(raw, safe=safe)


def decode(text, plus):
    """The bytes behind the escapes; a bad one stays as it is. `plus` is what '+' stands for."""
    return unquote_to_bytes(text.replace("+", plus))


def is_utf8(raw):
    try:
        raw.decode()
        return True
    except UnicodeDecodeError:
        return False


def split_query(query):
    return [tuple(p.partition("=")[::2]) for p in (query or "").split("&") if p]


def pairs(query, plus="%20", text=False, decoded=decode):
    """Encoded anew. text: by way of a text, where bytes that are no UTF-8 become U+FFFD."""
    def anew(piece):
        raw = decoded(piece, plus)
        return encode(raw.decode(errors="replace").encode() if text else raw)
    return [(anew(k), anew(v)) for k, v in split_query(query)]


def path(wire):
    kept = []
    for segment in wire.split("/"):
        if segment == "..":
            kept[-1:] = []
        elif segment not in ("", "."):
            kept.append(encode(segment.encode()))
    return "/" + "/".join(kept) + ("/" if kept and wire.endswith("/") else "")


def is_s3(case):
    return case["service"].startswith("s3")


def refused_by(case):
    """The rules by which the strict signer refuses the case."""
    wire, query, rules = case["path"], case["query"] or "", set()
    segments = wire[1:].split("/")
    if "" in segments[:-1] and not is_s3(case):
        rules.add("empty-segment")
    for segment in segments:
        if unquote_to_bytes(segment) in (b".", b".."):
            rules.add("encoded-dot" if "%" in segment else "dot-segment")
    if "+" in query:
        rules.add("plus")
    if case["query"] and "" in query.split("&"):
        rules.add("empty-pair")
    if any(not k for k, _ in split_query(query)):
        rules.add("empty-name")
    if BAD_ESCAPE.search(wire) or any(BAD_ESCAPE.search(t) for pair in split_query(query) for t in pair):
        rules.add("bad-escape")
    if re.search("[^!-~]", wire + query):
        rules.add("raw-bytes")
    if any("\n" in value for _, value in case["fields"]):
        rules.add("folded-value")
    return rules


class Parts:
    def __init__(self, case, text):
        lines = text.split("\n")
        self.case, self.in_query = case, case["placement"] == "query"
        self.method, self.path = lines[:2]
        self.pairs = split_query(lines[2])
        self.fields = dict(line.split(":", 1) for line in lines[3:-3])
        self.payload = lines[-1]

    def given(self, name):
        """A field of the case in canonical form, or None."""
        values = [" ".join(re.split("[ \t\r\n]+", v.strip(" \t"))) for n, v in self.case["fields"] if n.lower() == name]
        return ",".join(values) if values else None

    def sign(self, *names):
        for name in names:
            if self.given(name) is not None:
                self.fields[name] = self.given(name)

    def unsign(self, *names):
        for name in names:
            self.fields.pop(name, None)

    def authentication(self):
        return [(k, v) for k, v in self.pairs if k.startswith("X-Amz-")]

    def target(self):
        return (self.method, self.path, self.pairs, self.payload)

    def text(self):
        names = sorted(self.fields)
        listed = encode(";".join(names))
        query = sorted((k, listed if k == "X-Amz-SignedHeaders" and self.in_query else v) for k, v in self.pairs)
        return "\n".join([self.method, self.path, "&".join(f"{k}={v}" for k, v in query)]
                         + [f"{n}:{self.fields[n]}" for n in names] + ["", ";".join(names), self.payload])

    def to_sign(self):
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.case["unix_s"]))
        v4a = self.case["algorithm"] == "v4a"
        scope = [stamp[:8]] + ([] if v4a else [self.case["region"]]) + [self.case["service"], "aws4_request"]
        return scope, "\n".join(["AWS4-ECDSA-P256-SHA256" if v4a else "AWS4-HMAC-SHA256", stamp, "/".join(scope),
                                 hashlib.sha256(self.text().encode()).hexdigest()])

    def signature(self):
        scope, text = self.to_sign()
        key = ("AWS4" + self.case["secret"]).encode()
        for word in scope + [text]:
            key = hmac.digest(key, word.encode(), "sha256")
        return key.hex()
