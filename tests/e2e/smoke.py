# SPDX-License-Identifier: Apache-2.0
"""scripts/smoke.sh against the local gateway, and against APIs that are wrong in one way each. smoke.py BUILD_DIR"""
import http.server, threading

from apigw import *

build = os.path.abspath(sys.argv[1])
work = tempfile.mkdtemp(prefix="smoke-")
SCRIPT = os.path.join(ROOT, "scripts", "smoke.sh")
CHECKS = ["public, GET", "public, POST", "private, unsigned", "private, signed GET", "private, signed POST", "private, wrong secret",
          "private, wrong method (DELETE)", "private, wrong region (eu-west-1)", "private, missing API key"]
API_KEY = "an-api-key-of-30-characters-00"
REST = "abcdefghij.execute-api.eu-central-1.amazonaws.com/dev"
g = Gateway(build)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


class Smoke:
    """One run: code, rows {check: (expected, got, verdict)}, out, err, and argv: every command line of curl and aws."""

    def __init__(self, *arguments, tools="tools", **environment):
        temporary, argv = tempfile.mkdtemp(dir=work), os.path.join(work, "argv")
        write(argv, "")
        clean = {"PATH": os.path.join(work, tools), "HOME": work, "TMPDIR": temporary, "ARGV": argv}
        r = subprocess.run(["sh", SCRIPT, *arguments], env={**clean, **environment}, capture_output=True, text=True, timeout=120)
        self.code, self.out, self.err = r.returncode, r.stdout, r.stderr
        with open(argv, encoding="utf-8") as f:
            self.argv = f.read()
        lines = [re.split(r"  +", l) for l in self.out.splitlines()]
        self.rows = {l[0]: tuple(l[1:]) for l in lines if len(l) == 4 and l[0] != "check"}
        equal(os.listdir(temporary), [])

    def verdicts(self, **different):
        """Every check has a row; all pass, but the ones given here."""
        expected = {c: "pass" for c in CHECKS}
        expected["private, missing API key"] = "does not apply"
        expected.update({CHECKS[int(n[1:])]: verdict for n, verdict in different.items()})
        equal({c: row[2] for c, row in self.rows.items()}, expected)
        equal((self.code, self.err), (1 if "FAIL" in expected.values() else 0, ""))


def urls(private=None):
    return ["--public-url", g.public, "--private-url", private or g.private]


def by(profile):
    return ["--profile", profile, "--credentials", os.path.join(g.folder, ".apigw", "credentials")]


def in_environment(profile):
    keys = g.keys(profile)
    variables = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    return {**variables, "AWS_SESSION_TOKEN": keys.token} if keys.token else variables


class Front:
    """The private API behind something that asks for an API key, as the gateway would answer."""

    def __enter__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("x-api-key") == API_KEY:
                    fields = [(k, v) for k, v in self.headers.items() if k.lower() != "content-length"]  # send adds it
                    a = send(self.command, g.private, fields, body if body else None)
                else:
                    a = Answer(403, [("x-amzn-ErrorType", "ForbiddenException")], b'{"message":"Forbidden"}')
                self.send_response(a.status)
                for name in ("x-amzn-errortype", "content-type"):
                    if name in a.headers:
                        self.send_header(name, a.headers[name])
                self.send_header("Content-Length", str(len(a.body)))
                self.end_headers()
                self.wfile.write(a.body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/dev/private"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def lay_out_tools():
    """A PATH whose curl writes its command line down first, and one where curl is all there is besides the basics."""
    basics = ("sh", "sed", "grep", "awk", "cat", "cut", "date", "head", "mktemp", "rm")
    for folder in ("tools", "with-aws"):
        for tool in basics:
            os.makedirs(os.path.join(work, folder), exist_ok=True)
            os.symlink(shutil.which(tool), os.path.join(work, folder, tool))
        write(os.path.join(work, folder, "curl"),
              f'#!/bin/sh\nprintf "%s\\n" "curl $*" >>"$ARGV"\nexec {shutil.which("curl")} "$@"\n', 0o755)
    write(os.path.join(work, "with-aws", "aws"), AWS, 0o755)


# Stands for the AWS CLI: knows one stack, $OUTPUTS, and one API key.
AWS = r"""#!/bin/sh
printf "%s\n" "aws $*" >>"$ARGV"
case "$*" in
"cloudformation describe-stacks --stack-name there --query"*) printf "$OUTPUTS" ;;
"apigateway get-api-key --api-key key-id --include-value --query value"*) echo "$API_KEY" ;;
"configure export-credentials --format env-no-export")
    test -n "$CLI_KEY" || exit 255
    printf 'AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n' "$CLI_KEY" "$CLI_SECRET" ;;
*) echo "An error occurred (ValidationError): Stack with id gone does not exist" >&2; exit 254 ;;
esac
"""


def good_callers():
    for arguments, environment, who in ((by("bob"), {}, "user/bob"), ([], in_environment("bob"), "user/bob"),
                                        ([], in_environment("PublicFunctionRole"), "assumed-role/lambda-iam-c-PublicFunctionRole/")):
        s = Smoke(*urls(), *arguments, **environment)
        s.verdicts()
        assert s.rows["private, signed GET"][1].startswith("200 by " + who), s.rows
        assert s.rows["public, POST"][1].startswith("200 by assumed-role/lambda-iam-c-PublicFunctionRole/"), s.rows
        equal(s.rows["private, missing API key"], ("-", "no API key was given", "does not apply"))
        assert "9 checks: 8 passed, 0 failed, 1 not applicable" in s.out, s.out


def refused_callers():
    s = Smoke(*urls(), *by("mallory"))
    s.verdicts(c3="FAIL", c4="FAIL")
    equal(s.rows["private, signed GET"], ("200", "403 AccessDeniedException", "FAIL"))
    Smoke(*urls(), *by("alice")).verdicts(c4="FAIL")
    s = Smoke(*urls(), AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY='a"b\\c"')
    s.verdicts(c3="FAIL", c4="FAIL")
    equal(s.rows["private, signed POST"][1], "403 UnrecognizedClientException")


def open_private():
    with Gateway(build, "--parameter", "PrivateAuth=NONE") as wrong:
        s = Smoke("--public-url", g.public, "--private-url", wrong.private, *by("bob"))
        s.verdicts(c2="FAIL", c3="FAIL", c4="FAIL", c5="FAIL", c7="FAIL")  # signed, too: no caller is named
        equal(s.rows["private, unsigned"], ("403", "200 by nobody", "FAIL"))
        assert s.rows["private, signed GET"][1].endswith("but not with the answer expected"), s.rows


def closed_or_wrong_public():
    s = Smoke("--public-url", g.private, "--private-url", g.private, *by("bob"))
    s.verdicts(c0="FAIL", c1="FAIL")
    equal(s.rows["public, GET"], ("200", "403 MissingAuthenticationTokenException", "FAIL"))


def nobody_there():
    s = Smoke("--public-url", g.public, "--private-url", "http://127.0.0.1:1/dev/private", *by("bob"))
    s.verdicts(**{f"c{n}": "FAIL" for n in range(2, 8)})
    assert s.rows["private, unsigned"][1].startswith("no answer: "), s.rows
    s = Smoke("--public-url", "https://nowhere.invalid/x", "--private-url", g.private, *by("bob"))
    s.verdicts(c0="FAIL", c1="FAIL")
    assert "nowhere.invalid" in s.rows["public, GET"][1], s.rows


def api_key():
    with Front() as private:
        s = Smoke(*urls(private), *by("PublicFunctionRole"), PRIVATE_API_KEY=API_KEY)
        s.verdicts(c8="pass")
        equal(s.rows["private, missing API key"], ("403", "403 ForbiddenException", "pass"))
        equal(s.rows["private, unsigned"][1], "403 MissingAuthenticationTokenException")
        Smoke(*urls(private), *by("bob"), "--api-key", API_KEY).verdicts(c8="pass")
        Smoke(*urls(private), *by("bob"), "--api-key=another-key").verdicts(c3="FAIL", c4="FAIL", c8="pass")
        Smoke(*urls(private), *by("bob")).verdicts(c3="FAIL", c4="FAIL")
    Smoke(*urls(), *by("bob"), "--api-key", API_KEY).verdicts(c8="FAIL")  # nobody asks for it


def other_kinds():
    s = Smoke(*urls(), *by("bob"), "--kind", "function-url")
    s.verdicts(c6="does not apply")
    s = Smoke(*urls(), *by("bob"), "--kind", "http-api")
    s.verdicts(c6="FAIL")
    equal(s.rows["private, wrong method (DELETE)"][0], "404")


def secrets_stay_off_command_lines():
    with Front() as private:
        role = g.keys("PublicFunctionRole")
        s = Smoke(*urls(private), *by("PublicFunctionRole"), PRIVATE_API_KEY=API_KEY)
        equal(s.argv.count("curl -q --config - "), 9)
        for secret in (role.access_key, role.secret_key, role.token, API_KEY):
            for text in (s.argv, s.out, s.err):
                assert secret not in text, "a secret was shown"


def credentials_files():
    keys = g.keys("bob")
    file = write(os.path.join(work, ".aws", "credentials"), "# bob = nobody\r\n[bobby]\r\naws_access_key_id = AKIANOBODY\r\n[ bob ]\r\n"
                 "aws_secret_access_key = x\r\n[bob]\r\n region = x\r\n  aws_access_key_id=" + keys.access_key +
                 "\r\naws_secret_access_key  =\t" + keys.secret_key + "  \r\n[other]\r\naws_access_key_id = AKIANOBODY\r\n", 0o600)
    Smoke(*urls(), "--profile", "bob").verdicts()
    Smoke(*urls(), "--profile", "bob", AWS_SHARED_CREDENTIALS_FILE=file, HOME="/nonexistent").verdicts()
    wrong_usage([*urls(), "--profile", "bobby"], "there are no keys of profile bobby")
    os.remove(file)
    wrong_usage([*urls(), "--profile", "bob"], "there are no keys of profile bob")


def stacks():
    outputs = f"PublicUrl\\t{g.public}\\nPrivateUrl\\t{g.private}\\nPrivateAuthType\\tAWS_IAM\\n"
    s = Smoke("--stack-name", "there", *by("bob"), tools="with-aws", OUTPUTS=outputs)
    s.verdicts()
    equal(s.rows["private, missing API key"][1], "this stack has no API key")
    assert "describe-stacks --stack-name there" in s.argv and "--profile bob" in s.argv, s.argv
    s = Smoke("--stack-name", "there", tools="with-aws", OUTPUTS=outputs + "PrivateApiKind\\tfunction-url\\n",
              CLI_KEY=g.keys("bob").access_key, CLI_SECRET=g.keys("bob").secret_key)
    s.verdicts(c6="does not apply")
    with Front() as private:
        s = Smoke("--stack-name", "there", "--region", REGION, *by("bob"), tools="with-aws", API_KEY=API_KEY,
                  OUTPUTS=f"ApiKeyId\\tkey-id\\nPublicUrl\\t{g.public}\\nPrivateUrl\\t{private}\\n")
        s.verdicts(c8="pass")
        assert "get-api-key" in s.argv and f"--region {REGION}" in s.argv and API_KEY not in s.argv, s.argv


def stacks_that_cannot_be_read():
    for name, outputs, sentence in (("gone", "", "the stack gone cannot be read: An error occurred (ValidationError)"),
                                    ("there", "None", "has no outputs PublicUrl and PrivateUrl"),
                                    ("there", f"PublicUrl\\t{g.public}\\nPrivateUrl\\t{g.private}\\nApiKeyId\\tother\\n",
                                     "set PRIVATE_API_KEY")):
        s = Smoke("--stack-name", name, *by("bob"), tools="with-aws", OUTPUTS=outputs)
        equal((s.code, s.out, s.err.count("\n"), "curl -q --config" in s.argv), (1, "", 1, False))
        assert sentence in s.err, s.err
    wrong_usage(["--stack-name", "there", *by("bob")], "needs the AWS CLI, which is not installed")
    wrong_usage(["--stack-name", "there"], "no keys to sign with", tools="with-aws",
                OUTPUTS=f"PublicUrl\\t{g.public}\\nPrivateUrl\\t{g.private}\\n")


def wrong_usage(arguments, sentence, **more):
    s = Smoke(*arguments, **more)
    equal((arguments, s.code, s.out), (arguments, 2, ""))
    assert s.err.startswith("smoke.sh: ") and sentence in s.err and s.err.endswith("lists the options\n"), s.err
    assert "curl -q --config" not in s.argv, "something was sent"


def wrong_usages():
    bob = by("bob")
    private = ["--public-url", g.public, "--private-url"]
    for arguments, sentence in (
            ([], "give --stack-name, or"), (bob, "give --stack-name, or"), (["--public-url", g.public, *bob], "give --stack-name, or"),
            (["--stack-name", "s", *urls(), *bob], "not both"), ([*urls(), *bob, "extra"], "unknown argument extra"),
            ([*urls(), *bob, "--frobnicate"], "unknown argument --frobnicate"), ([*urls(), "--profile"], "--profile needs a value"),
            ([*urls(), *bob, "--api-key="], "--api-key needs a value"), ([*urls(), *bob, "--kind", "soap"], "--kind is"),
            (urls(), "no keys to sign with"), ([*urls(), "--credentials", "x"], "--credentials needs --profile"),
            ([*urls(), "--profile", "nobody", *bob[2:]], "no keys of profile nobody"),
            ([*private, "127.0.0.1:3000/x", *bob], "is no URL"), ([*private, "ftp://127.0.0.1/x", *bob], "is no URL"),
            ([*private, "http://example.com/x", *bob], "only a loopback host may have http"),
            ([*private, "http://127.0.0.1.example.com/x", *bob], "only a loopback host may have http"),
            ([*private, "http://127.0.0.1@example.com/x", *bob], "must not hold a user"), ([*private, "http:///x", *bob], "has no host"),
            ([*private, g.private + "?a=1", *bob], "must have no query"), ([*private, 'http://127.0.0.1/"', *bob], "no URL has"),
            ([*private, "http://127.0.0.1/\nuser=x", *bob], "no URL has"),
            ([*private, "https://api.example.com/x", *bob], "does not tell its service"),
            ([*private, "https://api.example.com/x", *bob, "--service", "execute-api"], "does not tell its region"),
            ([*private, f"https://{REST}/private", *bob, "--region", "eu-west-1"], "is in eu-central-1")):
        wrong_usage(arguments, sentence)
    wrong_usage(urls(), "needs its session token", AWS_ACCESS_KEY_ID="ASIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY="x")
    wrong_usage(urls(), "a blank or a control character", AWS_ACCESS_KEY_ID="AKIA", AWS_SECRET_ACCESS_KEY='x"\nurl = "http://127.0.0.1:1')
    s = Smoke("--help")
    equal((s.code, s.err, s.out.split("\n")[0]), (0, "", "usage: sh scripts/smoke.sh --stack-name NAME [--region R] [options]"))


try:
    lay_out_tools()
    with g:
        sys.exit(run_cases([
            ("bob and the public function's role pass every check, from a file and from the environment", good_callers),
            ("who may not call fails, and the row says so", refused_callers),
            ("a private API without authorization fails", open_private),
            ("a public API that refuses fails", closed_or_wrong_public),
            ("an address where nobody answers fails", nobody_there),
            ("where an API key is wanted, a call without it must be refused", api_key),
            ("a function URL has no wrong method; an HTTP API answers it with 404", other_kinds),
            ("no key, secret, token or API key on a command line or in the table", secrets_stay_off_command_lines),
            ("a credentials file with odd spacing and CRLF", credentials_files),
            ("a stack: URLs, kind and API key come from its outputs", stacks),
            ("a stack that cannot be read: one sentence, exit code 1", stacks_that_cannot_be_read),
            ("wrong usage: one sentence, exit code 2, nothing sent", wrong_usages),
        ]))
finally:
    shutil.rmtree(work, ignore_errors=True)
