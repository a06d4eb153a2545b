# SPDX-License-Identifier: Apache-2.0
"""Two small servers on loopback for the group `sts`: moto's STS with AWS's JSON around its answers, and a private API that
checks each signature with botocore."""
import datetime, hmac, http.client, http.server, json, threading, xml.etree.ElementTree

import botocore.auth
import botocore.awsrequest
import botocore.credentials


class Server:
    """`with` starts and ends it; a subclass has answer(method, path, headers, body) -> (status, content type, body)."""

    def __enter__(self):
        answer = self.answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, data = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = reply

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def strip(tag):
    return tag.rsplit("}", 1)[-1]


def find(root, name):
    return next((node for node in root.iter() if strip(node.tag) == name), None)


class StsInJson(Server):
    """Passes a request to moto as it came, signature, Host and all. moto answers XML; AWS answers JSON to who accepts it."""

    def __init__(self, moto_port):
        self.moto_port, self.answers, self.keys = moto_port, [], None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def answer(self, method, path, headers, body):
        if headers.get("Accept") != "application/json":
            return 406, "text/plain", b"this relay speaks JSON only"
        c = http.client.HTTPConnection("127.0.0.1", self.moto_port, timeout=30)
        c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            c.putheader(name, value)
        c.endheaders(body)
        got = c.getresponse()
        root = xml.etree.ElementTree.fromstring(got.read())
        c.close()
        if got.status != 200:
            error = {"Code": find(root, "Code").text, "Message": find(root, "Message").text}
            self.answers.append((got.status, error["Code"]))
            return got.status, "application/json", json.dumps({"Error": error}).encode()
        self.keys = {strip(node.tag): node.text for node in find(root, "Credentials")}
        moment = datetime.datetime.fromisoformat(self.keys["Expiration"].replace("Z", "+00:00")).timestamp()
        self.answers.append((got.status, None))
        result = {"Credentials": {**self.keys, "Expiration": moment}}
        return 200, "application/json", json.dumps({"AssumeRoleResponse": {"AssumeRoleResult": result}}).encode()


class PrivateApi(Server):
    """Takes what is signed with the keys that STS gave out last, and nothing else."""

    def __init__(self, sts):
        self.sts, self.requests, self.problem = sts, 0, None

    @property
    def url(self):
        return f"http://privateapi.execute-api.us-east-1.localhost:{self.port}/dev/private"

    def verify(self, method, path, headers, body):
        keys = self.sts.keys
        given = dict(part.strip().split("=", 1) for part in headers["Authorization"].split(" ", 1)[1].split(","))
        names = given["SignedHeaders"].split(";")
        assert headers["X-Amz-Security-Token"] == keys["SessionToken"], "another session token"
        assert given["Credential"].split("/") == [keys["AccessKeyId"], headers["X-Amz-Date"][:8], "us-east-1", "execute-api",
                                                  "aws4_request"], given["Credential"]
        request = botocore.awsrequest.AWSRequest(method=method, url=f"http://{headers['Host']}{path}", data=body,
                                                 headers={name: headers[name] for name in names})
        request.context["timestamp"] = headers["X-Amz-Date"]
        own = botocore.credentials.Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        signer = botocore.auth.SigV4Auth(own, "execute-api", "us-east-1")
        text = signer.string_to_sign(request, signer.canonical_request(request))
        assert hmac.compare_digest(signer.signature(text, request), given["Signature"]), "botocore computes another signature"

    def answer(self, method, path, headers, body):
        self.requests += 1
        try:
            self.verify(method, path, headers, body)
        except Exception as problem:
            self.problem = f"{type(problem).__name__}: {problem}"
            return 403, "application/json", b'{"message":"Forbidden"}'
        return 200, "application/json", b'{"verified":true}'
