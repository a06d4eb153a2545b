# SPDX-License-Identifier: Apache-2.0
"""Requests to sign: as random as the seed, the same at every run. Every second one is plain; the others have what
signers disagree on. A case says what is on the wire, who signs it and how; nothing in it says what the answer is."""
import base64
import hashlib
import random

NOW = 1440938160
UNRESERVED = "abcxyzABCXYZ0189-_.~"
PATH_MARKS = "!$&'()*,;=:@+"
QUERY_MARKS = "!$'()*,;:@/?"
RARE_MARKS = "\"<>[]^`{|}\\"
LETTERS = ["\u00e9", "\u00df", "\u1234", "\u65e5\u672c", "\U0001f600", "\u0301"]
S3 = ["s3", "s3-outposts", "s3-object-lambda"]
SERVICES = ["execute-api"] * 8 + ["lambda", "appsync", "iam", "vpc-lattice-svcs"] + S3
REGIONS = ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"]
REGION_SETS = ["*", "eu-west-1", "eu-west-1,us-east-1", "us-east-1,*"]
METHODS = ["GET"] * 4 + ["POST", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PURGE"]
HOSTS = ["a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", "api.example.com", "127.0.0.1:3000", "localhost:8443",
         "[::1]:8080", "[fd00::12]", "x.execute-api.cn-north-1.amazonaws.com.cn"]
KEYS = [("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""),
        ("ASIADIFFERENTIAL", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom", "IQoJb3JpZ2luX2VjEPT//////////wEa+abc/def=="),
        ("ASIALONGTOKEN000", "k" * 40, "FwoGZXIvYXdzE" + "Ab0+/" * 180 + "=="),
        ("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom", "")]
NAMES = ["Content-Type", "Accept", "X-A", "x-a", "X-B", "X-Amz-Meta-Z", "X-Amz-Meta-A", "x-api-key", "Cookie", "X-0",
         "ETag", "X_Under", "x-amzn-apigateway-api-id"]
# What one signer or another leaves out, because a hop may change it.
SKIPPED = ["User-Agent", "Connection", "Expect", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive",
           "X-Amzn-Trace-Id", "Cache-Control", "From", "Max-Forwards", "Pragma", "Referer", "Proxy-Authorization",
           "Proxy-Connection", "Sec-Fetch-Mode", "Sec-WebSocket-Key", "Accept-Encoding", "X-Forwarded-For", "Range",
           "baggage", "traceparent", "tracestate", "Content-Length", "Presigned-Expires"]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def one_in(self, n):
        return self.r.randrange(n) == 0

    def word(self, alphabet, least, most):
        return "".join(self.r.choice(alphabet) for _ in range(self.r.randint(least, most)))

    def escape(self, odd):
        """Percent-encoded UTF-8, or ASCII that did not need it, in either case of its digits; odd: not UTF-8."""
        kind = self.r.randrange(6)
        if odd and self.one_in(25):
            raw = bytes([self.r.randrange(128, 256)])
        elif kind == 0:
            raw = self.r.choice(LETTERS).encode()
        elif kind == 1:
            raw = self.r.choice("%/?&=+ #~aZ.").encode()
        else:
            raw = bytes([self.r.randrange(1, 127)])
        form = "%%%02X" if self.r.randrange(2) else "%%%02x"
        text = "".join(form % b for b in raw)
        return "%25" + text[1:] if self.one_in(8) else text

    def odd_piece(self, where):
        choices = ["%zz", "%4", "%", " ", self.r.choice(LETTERS), self.r.choice(LETTERS)]
        if where == "query":
            choices += ["+"] * 6
        return self.r.choice(choices)

    def text(self, marks, where, odd):
        out = self.word(UNRESERVED, 1, 6)
        for _ in range(self.r.randrange(4)):
            kind = self.r.randrange(4)
            if kind == 0:
                out += self.word(UNRESERVED, 1, 8)
            elif kind == 1:
                out += self.word(marks, 1, 3)
            else:
                out += self.escape(odd)
        if odd and self.one_in(8):
            out += self.odd_piece(where)
        if odd and self.one_in(40):
            out += self.r.choice(RARE_MARKS)
        return out

    def path(self, odd):
        segments = [self.text(PATH_MARKS, "path", odd) for _ in range(self.r.randrange(5))]
        segments = [s if s.strip(".") else s + "a" for s in segments]
        for _ in range(self.r.randrange(4) if odd else 0):
            segments.insert(self.r.randint(0, len(segments)),
                            self.r.choice(["", "", ".", ".", "..", "..", "%2e%2e", "%2E", ".%2e", "...", ".a"]))
        last = "/" if segments and self.one_in(3) else ""
        return "/" + "/".join(segments) + last

    def pair(self, odd):
        key = self.text(QUERY_MARKS.replace("/", ""), "query", odd) if self.one_in(2) else self.word("ab-._~1", 1, 3)
        form = self.r.randrange(6)
        if form == 0:
            return key
        value = "" if form == 1 else self.text(QUERY_MARKS + ("=" if self.one_in(2) else ""), "query", odd)
        if odd and self.one_in(10):
            return self.r.choice(["", "=" + value])
        return key + "=" + value

    def query(self, odd):
        if self.one_in(4):
            return None
        pairs = [self.pair(odd) for _ in range(self.r.randrange(7))]
        if pairs and self.one_in(3):
            key = pairs[0].split("=")[0]
            pairs += [key + "=" + self.word(UNRESERVED, 0, 3) for _ in range(self.r.randint(1, 3))]
        self.r.shuffle(pairs)
        return "&".join(pairs)

    def value(self, odd):
        kind = self.r.randrange(10)
        if kind == 0:
            return ""
        words = [self.word(UNRESERVED + ",;=()/'\"", 1, 8) for _ in range(self.r.randint(1, 4))]
        out = " ".join(words) if kind < 5 else (" " * self.r.randint(1, 4)).join(words)
        if kind == 9:
            out = '"' + out + '"'
        if self.one_in(6):
            out = " " * self.r.randrange(4) + out + " " * self.r.randrange(4)
        if self.one_in(8):
            out += self.r.choice(LETTERS)
        if odd and self.one_in(8):
            out += self.r.choice(["\u00a0", "\u2003", "\u3000"]) + "x"
        if odd and self.one_in(150):
            out += "\tx"
        if odd and self.one_in(60):
            out += self.r.choice(["\n y", "\r\n\ty", "\n  y z"])
        return out

    def fields(self, host, odd):
        fields = [[self.r.choice(["Host", "host"]), host]]
        for _ in range(self.r.randrange(7)):
            fields.append([self.r.choice(NAMES), self.value(odd)])
        if odd and self.one_in(2):
            names = self.r.sample(SKIPPED, self.r.randint(1, 3))
            fields += [[name, self.value(False).strip() or "v"] for name in names]
        if odd and self.one_in(20):
            fields.append(["Date", "Sun, 30 Aug 2015 12:36:00 GMT"])
        self.r.shuffle(fields)
        return fields

    def payload(self, case, body):
        """How the body is signed, and what a peer that does not know the service's rules is told."""
        s3, lattice = case["service"] in S3, case["service"] == "vpc-lattice-svcs"
        query = case["placement"] == "query"
        digest = hashlib.sha256(body).hexdigest()
        case["payload"] = self.r.choice(["body"] * 4 + ["hash"])
        if lattice or (s3 and query):
            case["payload"] = self.r.choice(["body", "unsigned"])
        elif s3 and self.one_in(3):
            case["payload"] = "unsigned"
        is_unsigned = lattice or case["payload"] == "unsigned" or (s3 and query and case["payload"] == "body")
        case["payload_hash"] = "UNSIGNED-PAYLOAD" if is_unsigned else digest
        case["send_hash"] = not query and (s3 or lattice or self.one_in(6))
        if not lattice and not s3 and not case["send_hash"] and self.one_in(10):
            case["fields"].append([self.r.choice(["X-Amz-Content-Sha256", "x-amz-content-sha256"]), digest])

    def case(self, number):
        odd = number % 2 == 1
        host = self.r.choice(HOSTS)
        ident, secret, token = self.r.choice(KEYS)
        v4a = self.one_in(14)
        case = {"n": number, "algorithm": "v4a" if v4a else "v4", "placement": "query" if self.one_in(4) else "header",
                "method": self.r.choice(METHODS), "path": self.path(odd), "query": self.query(odd),
                "fields": self.fields(host, odd), "id": ident, "secret": secret, "token": token,
                "unsigned_token": bool(token) and self.one_in(5), "service": self.r.choice(SERVICES),
                "region": self.r.choice(REGION_SETS if v4a else REGIONS),
                "unix_s": NOW + self.r.randrange(86400 * 3650), "expires_s": self.r.choice([1, 300, 3600, 604800])}
        if odd and self.one_in(30):
            case["method"] = "patch"
        body = self.word("abc{}\":\r\n \u00e9", 1, 60).encode() if self.one_in(3) else b""
        if self.one_in(50):
            body = self.r.randbytes(self.r.randrange(5000))
        case["body"] = base64.b64encode(body).decode()
        self.payload(case, body)
        return case


def cases(count, seed):
    generator = Generator(seed)
    return [generator.case(number) for number in range(count)]
