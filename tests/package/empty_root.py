# SPDX-License-Identifier: Apache-2.0
"""empty_root.py BOOTSTRAP [EMULATOR]: as root, in a network of its own, `public` runs in a folder that holds nothing but
bootstrap, /etc/resolv.conf and a CA bundle in Amazon Linux 2023's place, and calls the private API by name over HTTPS.
empty_root.py --call APIGW: so does a static `apigw call`, which finds names and CA bundles where any machine keeps them.
The name server, the certificate authority and the private API are here; prints what happened, one line a check."""
import http.server, json, os, shutil, socket, ssl, struct, subprocess, sys, tempfile, threading

from serve import EVENT, Fake

HOST, DOMAIN = "abcde12345.execute-api.us-east-1.amazonaws.com", "execute-api.us-east-1.amazonaws.com"
AMAZON, DEBIAN = "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/certs/ca-certificates.crt"
asked, seen, unanswered = [], [], set()


def name_server():
    """Knows one name. A: 127.0.0.1, AAAA: none; every other name does not exist. Kinds in `unanswered` get no answer."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))

    def serve():
        while True:
            query, peer = udp.recvfrom(1500)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind, name = struct.unpack(">H", query[at + 1:at + 3])[0], ".".join(labels)
            asked.append((name, kind))
            if kind in unanswered:
                continue
            known = name == HOST
            answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1]) if known and kind == 1 else b""
            flags = 0x8180 if known else 0x8183
            udp.sendto(query[:2] + struct.pack(">HHHHH", flags, 1, bool(answer), 0, 0) + query[12:at + 5] + answer, peer)

    threading.Thread(target=serve, daemon=True).start()


def authority(folder, name):
    """A CA of one day, and a certificate for HOST signed by it."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    with open(f"{folder}/{name}.ext", "w") as f:
        f.write(f"subjectAltName=DNS:{HOST}\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}", "-keyout", f"{name}.ca.key",
            "-out", f"{name}.ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={HOST}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    openssl("x509", "-req", "-days", "1", "-in", f"{name}.csr", "-CA", f"{name}.ca.pem", "-CAkey", f"{name}.ca.key",
            "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


class PrivateApi(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen.append((self.path, dict(self.headers), body))
        text = json.dumps({"message": "Hi from AWS_IAM auth enabled API", "body": body.decode()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def https_server(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/good.pem", f"{folder}/good.key")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), PrivateApi)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # a client that does not trust us hangs up
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def put(file, root, path):
    os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
    shutil.copy(file, f"{root}/{path}")


def empty_root(folder, bootstrap, bundle, emulator):
    root = tempfile.mkdtemp(dir=folder)
    shutil.copy(bootstrap, f"{root}/bootstrap")
    os.mkdir(f"{root}/etc")
    with open(f"{root}/etc/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\n")
    if bundle:
        put(bundle, root, AMAZON)
    if emulator:
        shutil.copy(emulator, f"{root}/emulator")
    return root


def ask(root, host=HOST):
    """One event to `public` in that root; its reply as (status, body as an object). What it printed is printed."""
    fake = Fake()
    fake.give({**EVENT, "resource": "/public", "path": "/public"})
    command = ["/emulator", "/bootstrap"] if os.path.exists(f"{root}/emulator") else ["/bootstrap"]
    process = subprocess.Popen(command, env=fake.environment("public", PRIVATE_API_URL=f"https://{host}/dev/private"),
                               preexec_fn=lambda: (os.chroot(root), os.chdir("/")), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        kind, body = fake.take()
        reply = json.loads(body)
        return reply.get("statusCode"), json.loads(reply.get("body", "null"))
    except Exception as e:
        return None, repr(e)
    finally:
        process.kill()
        print("    " + process.stdout.read().decode(errors="replace").strip().replace("\n", "\n    "))


def call(root, host=HOST, **environment):
    """Exit code and output of `apigw call` in that root."""
    done = subprocess.run(["/bootstrap", "call", f"https://{host}/dev/private", "-d", "hello", "--service", "execute-api"],
                          env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
                               **environment}, preexec_fn=lambda: (os.chroot(root), os.chdir("/")), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60)
    print("    " + done.stderr.decode(errors="replace").strip())
    return done.returncode, done.stdout


def check_call(folder, apigw, check):
    def root(bundle_path):
        made = empty_root(folder, apigw, None, None)
        if bundle_path:
            put(f"{folder}/good.ca.pem", made, bundle_path)
        return made

    for path, environment in ((AMAZON, {}), (DEBIAN, {}), ("own.pem", {"AWS_CA_BUNDLE": "/own.pem"})):
        code, body = call(root(path), **environment)
        check(f"the CA bundle is found in {path}", code == 0 and b"AWS_IAM" in body, code, body)
    check("without a bundle nothing is sent", call(root(None))[0] in (60, 77))
    check("a name that does not exist is exit code 6", call(root(AMAZON), "nobody." + DOMAIN)[0] == 6)

    searching = root(AMAZON)
    with open(f"{searching}/etc/resolv.conf", "a") as f:
        f.write(f"search {DOMAIN}\n")
    asked.clear()
    code, _ = call(searching, HOST.split(".")[0])  # found by its short name, for which the certificate is not
    check("resolv.conf's search domain is tried", code == 60 and (HOST, 1) in asked, code, asked)

    listed = root(AMAZON)
    with open(f"{listed}/etc/hosts", "w") as f:
        f.write(f"127.0.0.1 {HOST}\n")
    asked.clear()
    code, body = call(listed)
    check("an address in /etc/hosts is not asked of the name server", code == 0 and (HOST, 1) not in asked, code, body, asked)


def main():
    bootstrap, emulator = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    failed = 0

    def check(sentence, condition, *what):
        nonlocal failed
        failed += not condition
        print(f"{'ok    ' if condition else 'FAILED'} {sentence}", *(() if condition else what))

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        authority(folder, "good")
        authority(folder, "other")
        name_server()
        https_server(folder)
        if bootstrap == "--call":
            check_call(folder, sys.argv[2], check)
            return failed != 0

        status, body = ask(empty_root(folder, bootstrap, f"{folder}/good.ca.pem", emulator))
        check("the private API answers through public", status == 200 and body.get("body") == "hello", status, body)
        check("the name was asked of the name server", (HOST, 1) in asked, asked)
        path, headers, sent = seen[0] if seen else ("", {}, b"")
        check("the request arrived whole", path == "/dev/private?a=1" and sent == b"hello", path, sent)
        check("it was signed", headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), headers)
        check("User-Agent carries the version", headers.get("User-Agent", "").startswith("lambda-iam-c/"), headers)

        patient = empty_root(folder, bootstrap, f"{folder}/good.ca.pem", emulator)
        with open(f"{patient}/etc/resolv.conf", "a") as f:
            f.write("options timeout:30\n")  # longer than an answer is waited for
        unanswered.add(28)
        status, body = ask(patient)
        check("a name server that says nothing about AAAA is not waited for", status == 200, status, body)
        unanswered.clear()

        seen.clear()
        status, body = ask(empty_root(folder, bootstrap, f"{folder}/other.ca.pem", emulator))
        check("another authority's bundle is 502", status == 502, status, body)
        status, body = ask(empty_root(folder, bootstrap, None, emulator))
        check("no bundle at all is 502", status == 502, status, body)
        status, body = ask(empty_root(folder, bootstrap, f"{folder}/good.ca.pem", emulator), "zzzzz.execute-api.us-east-1.amazonaws.com")
        check("a name that does not exist is 502", status == 502, status, body)
        check("and nothing was sent then", not seen, seen)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
