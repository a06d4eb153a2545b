#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""apigw sign and botocore find the same keys for the same files, profile and environment, and refuse the same.

usage: profiles_equal_botocore.py path/to/apigw

Keys are equal when the id, the token and the signature that the secret makes are. STS and the container endpoint are
one server here, whose answer depends on who asks for what. Exit code 77: botocore is not installed.
"""
import hashlib
import hmac
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse

try:
    import botocore.credentials
    import botocore.session
except ImportError:
    print("not run: this python has no botocore (Debian: python3-botocore)")
    sys.exit(77)

URL = "http://127.0.0.1:3000/dev/private"  # nothing is sent there
END = "2999-01-01T00:00:00Z"

CREDENTIALS = """
# a comment
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default/secret+=
region = eu-north-1
[base]
aws_access_key_id: AKIABASE
AWS_SECRET_ACCESS_KEY=base # not a comment
[token]
  aws_access_key_id = ASIATOKEN
  aws_secret_access_key = s
  aws_session_token = tok==
[both]
aws_access_key_id = AKIABOTHCREDENTIALS
aws_secret_access_key = both
[keysandprocess]
aws_access_key_id = AKIAKEYS
aws_secret_access_key = s
[self]
aws_access_key_id = AKIASELF
aws_secret_access_key = self
[region]
region = eu-west-2
[half]
aws_access_key_id = AKIAHALF
"""

CONFIG = """
[profile base]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
  region = nested
[profile both]
aws_access_key_id = ASIABOTHCONFIG
aws_secret_access_key = config
aws_session_token = config
region = ap-south-1
[profile "two words"]
aws_access_key_id = AKIATWOWORDS
aws_secret_access_key = s
[profile config]
aws_access_key_id = AKIACONFIG
aws_secret_access_key = config
[profile region]
region = us-east-1
aws_access_key_id = AKIAREGION
aws_secret_access_key = s
[bare]
aws_access_key_id = AKIABARE
aws_secret_access_key = s
[profile process]
credential_process = %(process)s AKIAPROCESS "a 'secret' with \\\\ and \\" in it" '' ''
[profile processtoken]
credential_process = %(process)s ASIAPROCESS sec\\ ret tok 2999-01-01T00:00:00+00:00
[profile keysandprocess]
credential_process = %(process)s AKIAPROCESS s '' ''
[profile processandkeys]
credential_process = %(process)s AKIAPROCESS s '' ''
aws_access_key_id = AKIACONFIG
aws_secret_access_key = config
[profile role]
role_arn = arn:aws:iam::123456789012:role/path/role
source_profile = base
region = eu-west-1
[profile named]
role_arn = arn:aws:iam::123456789012:role/named
source_profile = base
role_session_name = named@session
duration_seconds = 1800
region = eu-west-1
[profile chain]
role_arn = arn:aws:iam::123456789012:role/chain
source_profile = role
region = eu-west-3
[profile overprocess]
role_arn = arn:aws:iam::123456789012:role/overprocess
source_profile = process
region = eu-west-1
[profile self]
role_arn = arn:aws:iam::123456789012:role/self
source_profile = self
region = eu-west-1
[profile sourcehaskeys]
role_arn = arn:aws:iam::123456789012:role/sourcehaskeys
source_profile = self
region = eu-west-1
[profile environment]
role_arn = arn:aws:iam::123456789012:role/environment
credential_source = Environment
region = eu-west-1
[profile container]
role_arn = arn:aws:iam::123456789012:role/container
credential_source = EcsContainer
region = eu-west-1
[profile loop]
role_arn = arn:aws:iam::123456789012:role/loop
source_profile = pool
region = eu-west-1
[profile pool]
role_arn = arn:aws:iam::123456789012:role/pool
source_profile = loop
region = eu-west-1
[profile nosource]
role_arn = arn:aws:iam::123456789012:role/nosource
region = eu-west-1
[profile twosources]
role_arn = arn:aws:iam::123456789012:role/twosources
source_profile = base
credential_source = Environment
region = eu-west-1
[profile gone]
role_arn = arn:aws:iam::123456789012:role/gone
source_profile = nobody
region = eu-west-1
[profile refused]
role_arn = arn:aws:iam::123456789012:role/refused
source_profile = base
region = eu-west-1
[profile wrongsource]
role_arn = arn:aws:iam::123456789012:role/wrongsource
credential_source = Nothing
region = eu-west-1
[profile nokeys]
region = eu-west-1
[profile emptysource]
role_arn = arn:aws:iam::123456789012:role/emptysource
source_profile = nokeys
region = eu-west-1
[profile processfails]
credential_process = false
[profile processmissing]
credential_process = /nonexistent/process
[profile processwords]
credential_process = echo words
[profile processversion]
credential_process = echo '{"Version": 2, "AccessKeyId": "AKIAX", "SecretAccessKey": "s"}'
[profile processhalf]
credential_process = echo '{"Version": 1, "AccessKeyId": "AKIAX"}'
"""

PROCESS = """
import json, sys
keys = dict(zip(("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"), sys.argv[1:]))
print(json.dumps({"Version": 1, **{name: value for name, value in keys.items() if value}}))
"""

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "ASIAENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "environment"}
SAME = ["default", "base", "token", "both", "region", "config", "two words", "process", "processtoken",
        "keysandprocess", "processandkeys", "role", "named", "chain", "overprocess", "self", "sourcehaskeys"]
REFUSED = ["bare", "half", "nobody", "loop", "pool", "nosource", "twosources", "gone", "refused", "wrongsource",
           "nokeys", "emptysource", "processfails", "processmissing", "processwords", "processversion", "processhalf"]


class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        if self.headers.get("Authorization") != "Bearer of keys":
            return self.answer(403, "{}")
        return self.answer(200, json.dumps({"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "c",
                                            "Token": "container", "Expiration": END}))

    def do_POST(self):
        """AssumeRole: an id that tells the asker, the role, and name and duration where a profile sets them."""
        body = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if body["RoleArn"].endswith("/refused"):
            return self.answer(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
        name = body["RoleSessionName"] if "@" in body["RoleSessionName"] else ""
        duration = body.get("DurationSeconds", "900")
        scope = re.search(r"Credential=([^/]*)/\d*/([^/]*)/sts/", self.headers["Authorization"])
        token = self.headers.get("X-Amz-Security-Token", "")
        seen = "|".join([*scope.groups(), token, body["RoleArn"], name, duration])
        digest = hashlib.sha256(seen.encode()).hexdigest()
        keys = {"AccessKeyId": "ASIA" + digest[:16].upper(), "SecretAccessKey": digest, "SessionToken": "T" + digest}
        if "json" in self.headers.get("Accept", ""):
            return self.answer(200, json.dumps({"AssumeRoleResponse": {"AssumeRoleResult": {
                "Credentials": {**keys, "Expiration": 32472144000}}}}))
        inside = "".join(f"<{tag}>{value}</{tag}>" for tag, value in {**keys, "Expiration": END}.items())
        return self.answer(200, '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
                           f"<AssumeRoleResult><Credentials>{inside}</Credentials></AssumeRoleResult>"
                           "</AssumeRoleResponse>")


def send_botocore_to(url):
    """Older botocores have no AWS_ENDPOINT_URL_STS."""
    def creator(session, region):
        region = {"region_name": region}
        return lambda service, **more: session.create_client(service, **{**region, **more}, endpoint_url=url)
    botocore.credentials._get_client_creator = creator


def signature(secret, string_to_sign):
    key = ("AWS4" + secret).encode()
    for word in [*string_to_sign.split("\n")[2].split("/"), string_to_sign]:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key.hex()


def theirs(profile, environment):
    os.environ.clear()
    os.environ.update(environment)
    try:
        session = botocore.session.Session(profile=profile)
        region = session.get_config_variable("region")
        session.set_config_variable("metadata_service_num_attempts", 0)
        keys = session.get_credentials()
        frozen = keys.get_frozen_credentials() if keys else None
    except Exception as e:  # a refusal is a refusal, whatever botocore calls it
        return "refused", type(e).__name__
    return (frozen.access_key, frozen.secret_key, frozen.token, region) if frozen else ("refused", "nothing found")


def printed(apigw, what, profile, environment):
    flags = ["--profile", profile] if profile else []
    flags += ["--date", "20150830T123600Z", "--print", what]
    return subprocess.run([apigw, "sign", URL, *flags], env=environment, capture_output=True, timeout=120)


def equal(apigw, profile, environment):
    expected = theirs(profile, environment)
    done = printed(apigw, "headers", profile, environment)
    headers = done.stdout.decode()
    if expected[0] == "refused":
        return done.returncode == 3, expected, (done.returncode, done.stderr.decode())
    access_key, secret, token, region = expected
    id_and_region = re.search(r"Credential=([^/]*)/\d*/([^/]*)/", headers)
    if not id_and_region:
        return False, expected, done.stderr.decode()
    sent = re.search(r"^X-Amz-Security-Token: (.*)$", headers, re.M)
    string_to_sign = printed(apigw, "string-to-sign", profile, environment).stdout.decode().rstrip("\n")
    got = (*id_and_region.groups(), sent and sent.group(1), headers.rsplit("Signature=", 1)[1].strip())
    wanted = (access_key, region or environment["AWS_REGION"], token or None, signature(secret, string_to_sign))
    return got == wanted, wanted, got


def cases(environment, container):
    """(profile, environment, is it to be refused)"""
    for profile in SAME:
        yield profile, environment, False
    for profile in REFUSED:
        yield profile, environment, True
    yield None, environment, False
    yield None, {**environment, **ENVIRONMENT, "AWS_DEFAULT_REGION": environment["AWS_REGION"]}, False
    yield "base", {**environment, **ENVIRONMENT}, False
    yield None, {**environment, "AWS_PROFILE": "chain"}, False
    yield None, {**environment, **ENVIRONMENT, "AWS_PROFILE": "chain", "AWS_DEFAULT_REGION": environment["AWS_REGION"]}, False
    yield None, {**environment, **container}, False
    yield None, {**environment, "AWS_PROFILE": "nobody"}, True
    yield "environment", {**environment, **ENVIRONMENT}, False
    yield "environment", environment, True
    yield "container", {**environment, **container}, False
    yield "container", environment, True
    alone = {**environment, "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    yield None, {**alone, **container}, False
    yield None, {**alone, **container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer of nothing"}, True
    yield "base", {**environment, "AWS_CONFIG_FILE": "/nonexistent"}, False
    yield "config", {**environment, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}, False


def write(folder, name, text):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: profiles_equal_botocore.py path/to/apigw")
    apigw = os.path.abspath(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    send_botocore_to(url)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as home:
        process = write(home, "process.py", PROCESS)
        write(home, ".aws/credentials", CREDENTIALS)
        write(home, ".aws/config", CONFIG % {"process": f"{sys.executable} {process}"})
        environment = {"HOME": home, "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_STS": url, "AWS_REGION": "sa-east-1",
                       "AWS_EC2_METADATA_DISABLED": "true"}
        container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/keys",
                     "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Bearer of keys"}
        for profile, variables, refused in cases(environment, container):
            same, wanted, got = equal(apigw, profile, variables)
            if same and (wanted[0] == "refused") == refused:
                passed += 1
                continue
            failed += 1
            print(f"profile {profile}:\n  botocore {wanted}\n  apigw    {got}")
    server.shutdown()
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed else 1


if __name__ == "__main__":
    sys.exit(main())
