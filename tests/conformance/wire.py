# SPDX-License-Identifier: Apache-2.0
"""What is between a client and the gateway: a relay on loopback that keeps each request as it was sent, the same bytes sent
again with one of them changed, and botocore's opinion of a signature."""
import hmac, re, socket, threading, urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials


class Request:
    """One request as bytes, taken apart for reading only."""

    def __init__(self, raw):
        self.raw = raw
        head, self.body = raw.split(b"\r\n\r\n", 1)
        self.line, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = self.line.split(" ", 2)
        self.fields = [(name.lower(), value.strip()) for name, value in (line.split(":", 1) for line in lines)]

    def field(self, name):
        return next((value for n, value in self.fields if n == name), None)


class Answer:
    def __init__(self, raw):
        head, self.body = raw.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        fields = {n.lower(): v.strip() for n, v in (line.split(":", 1) for line in lines[1:])}
        self.error_type, self.id = fields.get("x-amzn-errortype"), fields.get("x-amzn-requestid")


def read_message(stream):
    """One HTTP message; its length is told, for all that clients and gateway send here is short."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(65536)
        if not line:
            assert not head, f"the connection ended in {head!r}"
            return None
        head += line
    assert b"\r\ntransfer-encoding:" not in head.lower(), f"a body in pieces: {head!r}"
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    return head + stream.read(int(length.group(1)) if length else 0)


def exchange(port, raw):
    """Exactly these bytes; the answer as bytes."""
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        s.sendall(raw)
        with s.makefile("rb") as stream:
            return read_message(stream)


def send(port, raw):
    return Answer(exchange(port, raw))


class Relay:
    """`with Relay() as relay`: passes what comes to relay.port on to relay.target, byte for byte. relay.seen: (Request, Answer)."""

    def __init__(self):
        self.target, self.seen, self.ended = None, [], False

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended = True
        socket.create_connection(("127.0.0.1", self.port), 5).close()  # wakes accept
        self.socket.close()

    def _accept(self):
        while True:
            client, _ = self.socket.accept()
            if self.ended:
                client.close()
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client, client.makefile("rb") as stream:
                while (raw := read_message(stream)) is not None:
                    answer = exchange(self.target, raw)
                    self.seen.append((Request(raw), Answer(answer)))
                    client.sendall(answer)
        except OSError:
            pass


# ---------------------------------------------------------------------------------------------------- one byte changed


def other(character):
    """Another one of its kind, so that what is changed stays well-formed."""
    if character.isdigit():
        return str((int(character) + 1) % 10)
    return "b" if character != "b" else "c"


def alter(raw, pattern):
    """`raw` with the one byte changed that `pattern` has as its group."""
    text = raw.decode("latin-1")
    found = re.search(pattern, text, re.I)
    if not found:
        return None
    at = found.start(1)
    return (text[:at] + other(text[at]) + text[at + 1:]).encode("latin-1")


MISMATCH = ("InvalidSignatureException", "the signature does not fit this request")
SCOPE = ("InvalidSignatureException", "signed for another region, service or day")
TOKEN = ("UnrecognizedClientException", "the key's session token is missing or wrong")
UNKNOWN = ("UnrecognizedClientException", "the access key is unknown")

# What is changed, where it is, how it must be refused; every signed request holds the first ones.
ALTERATIONS = [
    ("query", r"^\S+ \S+\?a=(1)", MISMATCH), ("body", r"\r\n\r\n.*?(\d)", MISMATCH), ("host", r"\r\nhost: *\S*(\d)\r\n", MISMATCH),
    ("date", r"\r\nx-amz-date: *\d{8}T\d{5}(\d)Z", MISMATCH), ("signature", r"signature=[0-9a-f]{63}([0-9a-f])", MISMATCH),
    ("region", r"credential=[^/]+/\d+/us-east-(1)/", SCOPE), ("service", r"credential=[^/]+/\d+/[^/]+/([a-z])[a-z-]+/aws4_request", SCOPE),
    ("key id", r"credential=[^/]*([^/])/", UNKNOWN), ("token", r"\r\nx-amz-security-token: *\S*([0-9A-Za-z])\S*\r\n", TOKEN),
]


# --------------------------------------------------------------------------------------------------- a second opinion


def normal(target):
    """The same request with its query as SigV4 writes it: botocore signs a URL's query as it stands."""
    path, mark, query = target.partition("?")
    pairs = [tuple(urllib.parse.unquote(part, "latin-1") for part in piece.partition("=")[::2]) for piece in query.split("&") if piece]
    return path + mark + "&".join("=".join(urllib.parse.quote(part, "-_.~", "latin-1") for part in pair) for pair in pairs)


def botocore_agrees(request, keys, region, service, path=None, query=None):
    """Whether the signature in the request is the one that botocore computes for the bytes that were sent; or, were `path` or
    `query` what stands in the canonical request, for those."""
    claim = dict(part.strip().split("=", 1) for part in request.field("authorization").split(" ", 1)[1].split(","))
    names = claim["SignedHeaders"].split(";")
    fields = {name: request.field(name) for name in {*names, "x-amz-content-sha256"} if request.field(name)}
    signed = botocore.awsrequest.AWSRequest(method=request.method, url=f"http://{request.field('host')}{normal(request.target)}",
                                            data=request.body, headers=fields)
    signed.context["timestamp"] = request.field("x-amz-date")
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(keys["id"], keys["secret"], keys["token"]), service, region)
    signer.headers_to_sign = lambda r: with_names(r, names)
    if path is not None:
        signer._normalize_url_path = lambda _: path
    if query is not None:
        signer.canonical_query_string = lambda r: query
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    return hmac.compare_digest(signer.signature(text, signed), claim["Signature"])


def with_names(request, names):
    made = botocore.auth.HTTPHeaders()
    for name in names:
        made[name] = request.headers[name]
    return made
