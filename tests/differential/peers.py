# SPDX-License-Identifier: Apache-2.0
"""peers.py NAME <cases >answers: botocore, botocore-params or crt signs each case of generate.py, one JSON object a
line.

botocore takes a URL; its second way, botocore-params, takes the query as decoded parameters, as its own clients do. crt
is AWS's Common Runtime through awscrt. What a signer cannot be given is answered with "refused" and its own words.
"""
import base64
import datetime
import json
import re
import sys
import types
from urllib.parse import unquote_plus


def moment(case):
    return datetime.datetime.fromtimestamp(case["unix_s"], datetime.timezone.utc)


class Botocore:
    def __init__(self, params):
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        self.auth, self.request, self.credentials = botocore.auth, AWSRequest, Credentials
        self.params = params
        self.now = None
        peer = self

        class Frozen(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return peer.now

        if hasattr(botocore.auth, "get_current_datetime"):
            botocore.auth.get_current_datetime = lambda remove_tzinfo=True: peer.now
        else:
            botocore.auth.datetime = types.SimpleNamespace(datetime=Frozen)

    def pairs(self, query):
        pieces = [p.partition("=") for p in (query or "").split("&") if p]
        return [(unquote_plus(k, errors="strict"), unquote_plus(v, errors="strict")) for k, _, v in pieces]

    def signer(self, case, request):
        s3, query = case["service"].startswith("s3"), case["placement"] == "query"
        kind = {(False, False): "SigV4Auth", (True, False): "S3SigV4Auth", (False, True): "SigV4QueryAuth",
                (True, True): "S3SigV4QueryAuth"}[s3, query]
        token = None if case["unsigned_token"] else case["token"] or None
        arguments = [self.credentials(case["id"], case["secret"], token), case["service"], case["region"]]
        signs_payload = case["payload_hash"] != "UNSIGNED-PAYLOAD"
        config = types.SimpleNamespace(s3={"payload_signing_enabled": signs_payload})
        request.context.update(client_config=config, payload_signing_enabled=signs_payload)
        return getattr(self.auth, kind)(*arguments, *([case["expires_s"]] if query else []))

    def sign(self, case):
        query, in_query = case["query"], case["placement"] == "query"
        host = next(v for n, v in case["fields"] if n.lower() == "host")
        url = "https://" + host + case["path"]
        if query is not None and not self.params:
            url += "?" + query
        # A presigned body would be read as JSON and put into the query.
        request = self.request(method=case["method"], url=url, data=b"" if in_query else base64.b64decode(case["body"]))
        if self.params:
            request.params = self.pairs(query)
        for name, value in case["fields"]:
            if name.lower() != "host" or case["n"] % 3:  # without it, botocore takes the URL's
                request.headers[name] = value
        if case["send_hash"]:
            request.headers["X-Amz-Content-Sha256"] = case["payload_hash"]
        self.now = moment(case).replace(tzinfo=None)
        seen = []
        signer = self.signer(case, request)
        make = signer.canonical_request
        signer.canonical_request = lambda r: seen.append(make(r)) or seen[-1]
        signer.add_auth(request)
        signed = request.url if in_query else request.headers["Authorization"]
        return {"signature": signed.rpartition("Signature=")[2], "canonical": seen[-1]}


class Crt:
    def __init__(self):
        import awscrt.auth
        import awscrt.http
        self.auth, self.http = awscrt.auth, awscrt.http

    def config(self, case):
        auth, s3 = self.auth, case["service"].startswith("s3")
        keys = auth.AwsCredentialsProvider.new_static(case["id"], case["secret"], case["token"] or None)
        v4a, query = case["algorithm"] == "v4a", case["placement"] == "query"
        algorithm = auth.AwsSigningAlgorithm
        kind = auth.AwsSignatureType
        header = auth.AwsSignedBodyHeaderType
        given = any(n.lower() == "x-amz-content-sha256" for n, _ in case["fields"])
        return auth.AwsSigningConfig(
            algorithm=algorithm.V4_ASYMMETRIC if v4a else algorithm.V4,
            signature_type=kind.HTTP_REQUEST_QUERY_PARAMS if query else kind.HTTP_REQUEST_HEADERS,
            credentials_provider=keys, region=case["region"], service=case["service"], date=moment(case),
            use_double_uri_encode=not s3, should_normalize_uri_path=not s3, signed_body_value=case["payload_hash"],
            signed_body_header_type=header.X_AMZ_CONTENT_SHA_256 if case["send_hash"] or given else header.NONE,
            expiration_in_seconds=case["expires_s"] if query else None, omit_session_token=case["unsigned_token"])

    def sign(self, case):
        target = case["path"] + ("" if case["query"] is None else "?" + case["query"])
        fields = [(n, v) for n, v in case["fields"] if n.lower() != "x-amz-content-sha256"]
        request = self.http.HttpRequest(case["method"], target, self.http.HttpHeaders(fields))
        self.auth.aws_sign_request(request, self.config(case)).result(10)
        signed = request.path if case["placement"] == "query" else request.headers.get("Authorization")
        answer = {"signature": re.search("Signature=([0-9a-f]*)", signed).group(1)}
        if case["algorithm"] == "v4a":
            answer["fields"] = list(request.headers)
            answer["query"] = request.path.partition("?")[2] if "?" in request.path else None
        return answer


def main():
    name = sys.argv[1]
    peer = Crt() if name == "crt" else Botocore(params=name == "botocore-params")
    for line in sys.stdin:
        case = json.loads(line)
        try:
            answer = peer.sign(case)
        except Exception as e:  # whatever a peer throws is its answer
            answer = {"refused": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
