# SPDX-License-Identifier: Apache-2.0
"""serve.py [EMULATOR] BOOTSTRAP: a Runtime API serves one event to `private` and judges the reply. Standard library only,
so that it runs wherever a package can be built. Fake.api() is used by the other tests here."""
import http.server, json, os, queue, subprocess, sys, threading

EVENT = {
    "resource": "/private", "path": "/private", "httpMethod": "POST", "headers": {"content-type": "text/plain"},
    "multiValueHeaders": {"content-type": ["text/plain"]}, "queryStringParameters": {"a": "1"},
    "multiValueQueryStringParameters": {"a": ["1"]}, "pathParameters": None, "stageVariables": None,
    "requestContext": {"resourcePath": "/private", "httpMethod": "POST", "stage": "dev",
                       "identity": {"userArn": "arn:aws:iam::123456789012:user/bob", "sourceIp": "127.0.0.1"}},
    "body": "hello", "isBase64Encoded": False,
}


class Fake:
    """A Runtime API: give(event) hands an event over, take() waits for what came back as (kind, body). posts: all that came
    back, each as (path, fields)."""

    def __init__(self, host="127.0.0.1"):
        self.events, self.answers, self.asked, self.posts = queue.Queue(), queue.Queue(), threading.Event(), []
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.asked.set()
                body = json.dumps(fake.events.get()).encode()
                self.send_response(200)
                for name, value in (("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
                                    ("Lambda-Runtime-Deadline-Ms", "4102444800000"),
                                    ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f"),
                                    ("Content-Type", "application/json"), ("Content-Length", str(len(body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                fake.posts.append((self.path, self.headers))
                fake.answers.put((self.path.rsplit("/", 1)[1], self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a killed bootstrap hangs up
        self.address = f"{host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self, handler, **more):
        return {"_HANDLER": handler, "AWS_LAMBDA_RUNTIME_API": self.address, "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_LAMBDA_FUNCTION_NAME": "f", **more}

    def give(self, event):
        self.events.put(event)

    def take(self, seconds=20):
        return self.answers.get(timeout=seconds)


def main():
    fake = Fake()
    fake.give(EVENT)
    process = subprocess.Popen(sys.argv[1:], env=fake.environment("private"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        kind, body = fake.take()
        reply = json.loads(body)
        said = json.loads(reply["body"])
        good = (kind == "response" and reply["statusCode"] == 200 and said["body"] == "hello" and said["params"] == {"a": "1"}
                and said["userArn"].endswith("user/bob") and process.poll() is None)
    except (queue.Empty, ValueError, KeyError, TypeError) as e:
        good, body = False, repr(e)
    process.kill()
    if not good:
        print(f"{sys.argv[-1]} did not serve its event: {body} {process.stdout.read()!r}", file=sys.stderr)
    return not good


if __name__ == "__main__":
    sys.exit(main())
