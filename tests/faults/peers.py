# SPDX-License-Identifier: Apache-2.0
"""Peers that fail in one way each: a scripted TCP server, TLS servers of `openssl s_server`, and a check of SigV4 that
shares no code with ours."""
import email.utils, fcntl, hashlib, hmac, os, re, select, socket, struct, subprocess, termios, threading, time, urllib.parse


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def arrived(connection):
    """Waits until the first bytes are there, and reads none: an end before them would be one of connecting."""
    return bool(connection.recv(1, socket.MSG_PEEK))


def await_delivery(connection):
    """Until the other side's system has all that was sent."""
    end = time.monotonic() + 60
    while struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]:
        assert time.monotonic() < end, "what was sent does not arrive"
        time.sleep(0.001)


def answer(status, body=b"{}", headers=(), length=None):
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(body) if length is None else length}",
             "x-amzn-RequestId: up-1", "x-amz-apigw-id: JKL2fEpPDoEFYFw=", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def http_date(shift_s):
    return "Date: " + email.utils.formatdate(time.time() + shift_s, usegmt=True)


class Request:
    def __init__(self, data, connection):
        head, _, self.body = data.partition(b"\r\n\r\n")
        self.line, *fields = head.decode("latin-1").split("\r\n")
        self.connection = connection
        self.fields = [(n.lower(), v.strip()) for n, _, v in (f.partition(":") for f in fields)]

    def get(self, name):
        return next((v for n, v in self.fields if n == name), None)

    @property
    def signature(self):
        found = re.search(r"Signature=([0-9a-f]{64})$", self.get("authorization") or "")
        return found and found.group(1)

    def signed_at(self):
        return time.mktime(time.strptime(self.get("x-amz-date"), "%Y%m%dT%H%M%SZ")) - time.timezone

    def is_signed_by(self, secret, region, service="execute-api"):
        method, target, _ = self.line.split(" ")
        path, _, query = target.partition("?")
        names = re.search(r"SignedHeaders=([^,]+)", self.get("authorization")).group(1)
        date = self.get("x-amz-date")
        pairs = sorted((urllib.parse.quote(urllib.parse.unquote(k), safe="-_.~"), urllib.parse.quote(urllib.parse.unquote(v), safe="-_.~"))
                       for k, _, v in (p.partition("=") for p in query.split("&") if p))
        canonical = "\n".join([method, urllib.parse.quote(path, safe="/-_.~"), "&".join("=".join(p) for p in pairs),
                               *(f"{n}:{' '.join(self.get(n).split())}" for n in names.split(";")), "", names,
                               hashlib.sha256(self.body).hexdigest()])
        scope = [date[:8], region, service, "aws4_request"]
        key = ("AWS4" + secret).encode()
        for part in scope:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "\n".join(["AWS4-HMAC-SHA256", date, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == self.signature


CLOSED = []


class Peer:
    """Each step of the script is one of: bytes (sent; the connection stays), or a function of (connection, request) that
    returns True when the connection stays. Requests beyond the script are kept, and their connection is closed.
    at_accept: called with each new connection before anything is read; True when it goes on."""

    def __init__(self, *steps, at_accept=None, backlog=16):
        self.steps, self.at_accept = list(steps), at_accept
        self.requests, self.connections, self.open, self.lock = [], 0, [], threading.Lock()
        self.stopped, self.ended = threading.Event(), threading.Semaphore(0)
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(backlog)
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/dev/private"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.open.append(connection)
                number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _read(self, connection):
        data = b""
        while True:
            head, end, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
            if end and len(body) >= (int(length.group(1)) if length else 0):
                return data
            more = connection.recv(65536)
            if not more:
                return None
            data += more

    def _serve(self, connection, number):
        try:
            if self.at_accept and not self.at_accept(connection):
                return
            while (data := self._read(connection)) is not None:
                request = Request(data, number)
                with self.lock:
                    step = self.steps[len(self.requests)] if len(self.requests) < len(self.steps) else None
                    self.requests.append(request)
                if isinstance(step, bytes):
                    connection.sendall(step)
                elif step is None or not step(connection, request):
                    break
        except OSError:
            pass
        finally:
            connection.close()
            self.ended.release()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self.open:
            connection.close()

    # --- steps ---

    def silent(self, _connection, _request):
        self.stopped.wait(120)
        return False


def then_close(data=b""):
    def step(connection, _request):
        connection.sendall(data)
        return False
    return step


def then_reset(data=b""):
    def step(connection, _request):
        connection.sendall(data)
        await_delivery(connection)  # a reset would overtake what was sent
        reset(connection)
        return False
    return step


def drip(data, pause_s):
    def step(connection, _request):
        for i in range(len(data)):
            connection.sendall(data[i:i + 1])
            time.sleep(pause_s)
        return True
    return step


def clock_judge(shift_s, body=b'{"ok":1}'):
    """API Gateway's rule on a clock that is shift_s ahead of ours: 300 s either way."""
    def stamp(t):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(t))

    def step(connection, request):
        now, at = time.time() + shift_s, request.signed_at()
        if abs(now - at) <= 300:
            connection.sendall(answer(200, body, [http_date(shift_s)]))
            return True
        text = (f"Signature expired: {stamp(at)} is now earlier than {stamp(now - 300)} ({stamp(now)} - 5 min.)" if at < now else
                f"Signature not yet current: {stamp(at)} is still later than {stamp(now + 300)} ({stamp(now)} + 5 min.)")
        connection.sendall(answer(403, ('{"message":"%s"}' % text).encode(),
                                  [http_date(shift_s), "x-amzn-ErrorType: InvalidSignatureException"]))
        return True
    return step


def full_backlog():
    """A port whose queue of connections is full: the next one gets no answer, not even a refusal."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(3):
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(listener.getsockname())
        waiting.append(c)
    assert select.select([listener], [], [], 60)[0], "no connection is in the queue"
    return listener, waiting


def closed_port():
    """Nobody listens there, and nobody can: the socket that is bound to it stays to the end."""
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    CLOSED.append(closed)
    return closed.getsockname()[1]


class Authority:
    """Certificates for a day, by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        self.bundle = self._authority("ca")
        self.other_bundle = self._authority("other")

    def _run(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True, timeout=120)

    def _authority(self, name):
        self._run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", name + ".key",
                  "-out", name + ".pem", "-days", "2", "-subj", "/CN=" + name, "-addext", "basicConstraints=critical,CA:TRUE",
                  "-addext", "keyUsage=critical,keyCertSign")
        return os.path.join(self.folder, name + ".pem")

    def certificate(self, name, host="localhost", days=1):
        with open(os.path.join(self.folder, name + ".ext"), "w", encoding="ascii") as f:
            f.write(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
        self._run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", name + ".key", "-out",
                  name + ".csr", "-subj", "/CN=" + host)
        self._run("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
                  "-extfile", name + ".ext", "-out", name + ".pem")
        return name


class TlsServer:
    """openssl s_server: answers GET /dev/private with the file of that name, a whole response."""

    def __init__(self, folder, name, *options):
        os.makedirs(os.path.join(folder, "dev"), exist_ok=True)
        with open(os.path.join(folder, "dev", "private"), "wb") as f:
            f.write(answer(200, b'{"by":"s_server"}', ["Connection: close"]))
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", name + ".pem", "-key", name + ".key", "-HTTP", "-naccept", "4",
             *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if found := re.match(r"ACCEPT .*:(\d+)", line):
                self.port = int(found.group(1))
                break
        else:
            raise RuntimeError("openssl s_server did not start")
        self.url = f"https://localhost:{self.port}/dev/private"
        self.requests = []  # it does not tell

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(120)
        self.process.stdout.close()
