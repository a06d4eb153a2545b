# SPDX-License-Identifier: Apache-2.0
"""What the groups of checks share: the report, a working folder, and the tools in it."""
import os, shutil, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

TOOLS = os.path.dirname(sys.executable)
REGIONS = ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"]
EVENTS = os.path.join(ROOT, "events")


class Unavailable(Exception):
    """What a group needs is not to be had; one sentence says why."""


class Report:
    """One line per check. `group` names the part of the run that the check belongs to."""

    def __init__(self):
        self.passed, self.failed, self.missing, self.left_out, self.group, self.times = 0, 0, [], [], "", []

    def check(self, sentence, function, *arguments):
        try:
            note = function(*arguments)
            self.passed += 1
            print(f"ok      {self.group}: {sentence}" + (f" ({note})" if note else ""), flush=True)
            return True
        except Unavailable as reason:
            self.not_run(sentence, reason)
        except Exception as problem:  # a failed check must not hide the next ones
            self.failed += 1
            print(f"FAILED  {self.group}: {sentence}\n        {type(problem).__name__}: {str(problem)[:3000]}", flush=True)
        return False

    def not_run(self, sentence, reason):
        self.missing.append(f"{self.group}: {sentence}")
        print(f"NOT RUN {self.group}: {sentence}\n        {reason}", flush=True)

    def run(self, name, function, room, sentence):
        self.group, begin = name, time.monotonic()
        try:
            function(self, room)
        except Unavailable as reason:
            self.not_run(sentence, reason)
        except Exception as problem:
            self.failed += 1
            print(f"FAILED  {name}: {sentence}\n        {type(problem).__name__}: {str(problem)[:3000]}", flush=True)
        self.times.append(f"{name} {time.monotonic() - begin:.0f} s")

    def leave_out(self, name, reason):
        self.left_out.append(name)
        print(f"LEFT OUT {name}: {reason}", flush=True)

    def end(self):
        print("Time: " + ", ".join(self.times))
        if self.left_out:
            print("Left out: " + ", ".join(self.left_out))
        if self.missing:
            print(f"Not run, and so this run fails: {len(self.missing)}")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or self.missing else 0


class Room:
    """The working folder and everything in it that has to be ended or removed. `with Room(build) as room`."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="conformance-")
        self.copy = os.path.join(self.folder, "copy")
        self.closers, self.built, self.docker = [], None, None

    def __enter__(self):
        top = os.path.normpath(ROOT)

        def not_ours(folder, names):
            at_top = os.path.normpath(folder) == top
            return [n for n in names if n in (".git", ".aws-sam", ".apigw", "__pycache__") or (at_top and n.startswith("build"))]

        shutil.copytree(ROOT, self.copy, ignore=not_ours)
        return self

    def __exit__(self, *_):
        for close in reversed(self.closers):
            try:
                close()
            except Exception as problem:
                print(f"conformance: cleaning up: {problem}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def on_exit(self, function):
        self.closers.append(function)

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def environment(self, **more):
        """The caller's, but no credentials, no profile and no home of his: nothing here is to reach an account."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SAM_CLI_", "PYTHON", "VIRTUAL_ENV"))}
        kept.update(HOME=self.folder, PATH=TOOLS + os.pathsep + kept.get("PATH", os.defpath), AWS_DEFAULT_REGION="us-east-1",
                    AWS_EC2_METADATA_DISABLED="true", AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_MAX_ATTEMPTS="1",
                    SAM_CLI_TELEMETRY="0", PYTHONWARNINGS="ignore")
        if self.docker:
            kept["DOCKER_HOST"] = self.docker.host
        return {**kept, **more}

    def start(self, command, log, **more):
        """A process of ours: ended with the room at the latest."""
        more.setdefault("env", self.environment())
        with open(log, "ab") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)
        self.on_exit(lambda: end(process))
        return process


def end(process, grace_s=20):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(command, timeout_s=300, **more):
    """The finished process; what it said is in the sentence when it ended otherwise than with `expect`."""
    expect = more.pop("expect", 0)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, **more)
    if expect is not None and done.returncode != expect:
        said = (done.stdout + done.stderr).strip()
        raise AssertionError(f"{' '.join(map(str, command))[:200]}: exit code {done.returncode}: ...{said[-2000:]}")
    return done


def free_port(host="127.0.0.1"):
    with socket.socket() as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def wait_for_port(port, process, log, host="127.0.0.1", timeout_s=60):
    limit = time.monotonic() + timeout_s
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            socket.create_connection((host, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing listens on port {port}: {tail(log)}")


def read(path, mode="r"):
    with open(path, mode) as f:
        return f.read()


def tail(log, characters=1500):
    return read(log, "rb").decode("utf-8", "replace")[-characters:].strip()


def equal(actual, expected, what=""):
    assert actual == expected, f"{what}{': ' if what else ''}expected {expected!r}, got {actual!r}"
