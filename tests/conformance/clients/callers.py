# SPDX-License-Identifier: Apache-2.0
"""The Python clients, each used as its own README says. One request per line on standard input, one answer per line on standard
output: {"client", "method", "url", "headers", "body", "keys", "region", "service"} -> {"status", "body"} or {"error"}.
STS: {"client": "boto3", "action", "keys", "region", "endpoint", ...} -> {"arn"} or {"keys"} or {"code"}."""
import io, json, os, subprocess, sys, urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.httpsession
import httpx
import httpx_auth
import httpx_aws_auth
import pycurl
import requests
from aws_requests_auth.aws_auth import AWSRequestsAuth
from requests_auth_aws_sigv4 import AWSSigV4
from requests_aws4auth import AWS4Auth
from requests_aws_sign import AWSV4Sign

TIMEOUT_S = 30


def body_of(ask):
    return None if ask["body"] is None else ask["body"].encode()


def by_requests(auth):
    def call(ask):
        r = requests.request(ask["method"], ask["url"], headers=ask["headers"], data=body_of(ask), auth=auth(ask, ask["keys"]),
                             timeout=TIMEOUT_S)
        return r.status_code, r.text
    return call


def by_httpx(auth):
    def call(ask):
        with httpx.Client(auth=auth(ask, ask["keys"]), timeout=TIMEOUT_S, trust_env=False) as client:
            r = client.request(ask["method"], ask["url"], headers=ask["headers"], content=body_of(ask))
        return r.status_code, r.text
    return call


def aws_requests_auth(ask, k):
    host = urllib.parse.urlsplit(ask["url"]).netloc  # its README names the host, and that is what it signs
    return AWSRequestsAuth(k["id"], k["secret"], host, ask["region"], ask["service"], k["token"])


def botocore_keys(k):
    return botocore.credentials.Credentials(k["id"], k["secret"], k["token"])


def requests_aws_sign(ask, k):
    return AWSV4Sign(botocore_keys(k), ask["region"], ask["service"])


def requests_auth_aws_sigv4(ask, k):
    return AWSSigV4(ask["service"], region=ask["region"], aws_access_key_id=k["id"], aws_secret_access_key=k["secret"],
                    aws_session_token=k["token"])


def requests_aws4auth(ask, k):
    return AWS4Auth(k["id"], k["secret"], ask["region"], ask["service"], session_token=k["token"])


def httpx_auth_aws4(ask, k):
    return httpx_auth.AWS4Auth(k["id"], k["secret"], ask["region"], ask["service"], security_token=k["token"])


def httpx_aws(ask, k):
    keys = httpx_aws_auth.AwsCredentials(access_key=k["id"], secret_key=k["secret"], session_token=k["token"])
    return httpx_aws_auth.AwsSigV4Auth(credentials=keys, region=ask["region"], service=ask["service"])


def by_botocore(ask):
    request = botocore.awsrequest.AWSRequest(ask["method"], ask["url"], headers=ask["headers"], data=body_of(ask))
    botocore.auth.SigV4Auth(botocore_keys(ask["keys"]), ask["service"], ask["region"]).add_auth(request)
    r = botocore.httpsession.URLLib3Session(timeout=TIMEOUT_S).send(request.prepare())
    return r.status_code, r.text


def by_pycurl(ask):
    k, out, c = ask["keys"], io.BytesIO(), pycurl.Curl()
    headers = [f"{name}: {value}" for name, value in ask["headers"].items()]
    if k["token"]:
        headers.append("x-amz-security-token: " + k["token"])
    for option, value in ((c.URL, ask["url"]), (c.CUSTOMREQUEST, ask["method"]), (c.WRITEDATA, out), (c.TIMEOUT, TIMEOUT_S),
                          (c.AWS_SIGV4, f"aws:amz:{ask['region']}:{ask['service']}"), (c.USERPWD, f"{k['id']}:{k['secret']}"),
                          (c.HTTPHEADER, headers), (c.NOPROXY, "*")):
        c.setopt(option, value)
    if ask["body"] is not None:
        c.setopt(c.POSTFIELDS, body_of(ask))
    c.perform()
    return c.getinfo(c.RESPONSE_CODE), out.getvalue().decode()


def run(command, environment, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, env={**os.environ, **environment})
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return done.stdout


def environment_of(k, region):
    made = {"AWS_ACCESS_KEY_ID": k["id"], "AWS_SECRET_ACCESS_KEY": k["secret"], "AWS_DEFAULT_REGION": region}
    return {**made, "AWS_SESSION_TOKEN": k["token"]} if k["token"] else made


def by_curl(ask):
    """The keys come in by standard input, as a file of options."""
    k = ask["keys"]
    options = [f'user = "{k["id"]}:{k["secret"]}"'] + ([f'header = "x-amz-security-token: {k["token"]}"'] if k["token"] else [])
    command = ["curl", "-q", "-s", "-S", "-g", "--noproxy", "*", "-K", "-", "-X", ask["method"], "-w", "\n%{http_code}",
               "--aws-sigv4", f"aws:amz:{ask['region']}:{ask['service']}"]
    for name, value in ask["headers"].items():
        command += ["-H", f"{name}: {value}"]
    if ask["body"] is not None:
        command += ["--data-raw", ask["body"]]
    text, status = run([*command, ask["url"]], {}, "\n".join(options)).rsplit("\n", 1)
    return int(status), text


def by_awscurl(ask):
    """It prints the body and not the status, and ends with an error behind one of 400 and more."""
    command = [os.path.join(os.path.dirname(sys.executable), "awscurl"), "--fail-with-body", "--service", ask["service"], "--region",
               ask["region"], "-X", ask["method"]]
    for name, value in ask["headers"].items():
        command += ["-H", f"{name}: {value}"]
    if ask["body"] is not None:
        command += ["-d", ask["body"]]
    done = subprocess.run([*command, ask["url"]], capture_output=True, text=True, timeout=TIMEOUT_S,
                          env={**os.environ, **environment_of(ask["keys"], ask["region"])})
    return None, done.stdout.removesuffix("\n") or done.stderr.strip().splitlines()[-1]


CLIENTS = {
    "aws-requests-auth": by_requests(aws_requests_auth), "requests-aws-sign": by_requests(requests_aws_sign),
    "requests-auth-aws-sigv4": by_requests(requests_auth_aws_sigv4), "requests-aws4auth": by_requests(requests_aws4auth),
    "httpx-auth": by_httpx(httpx_auth_aws4), "httpx-aws-auth": by_httpx(httpx_aws), "botocore": by_botocore,
    "pycurl": by_pycurl, "curl": by_curl, "awscurl": by_awscurl,
}


def by_boto3(ask):
    k = ask["keys"]
    client = boto3.client("sts", region_name=ask["region"], aws_access_key_id=k["id"], aws_secret_access_key=k["secret"],
                          aws_session_token=k["token"], config=botocore.config.Config(retries={"total_max_attempts": 1}))
    try:
        if ask["action"] == "GetCallerIdentity":
            return {"arn": client.get_caller_identity()["Arn"]}
        return {"keys": client.assume_role(RoleArn=ask["role"], RoleSessionName=ask["session"], DurationSeconds=900)["Credentials"]}
    except botocore.exceptions.ClientError as e:
        return {"code": e.response["Error"]["Code"]}


def by_aws_cli(ask):
    command = [sys.executable, "-m", "awscli", "sts", "--output", "json"]
    command += (["get-caller-identity"] if ask["action"] == "GetCallerIdentity" else
                ["assume-role", "--role-arn", ask["role"], "--role-session-name", ask["session"], "--duration-seconds", "900"])
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                          env={**os.environ, **environment_of(ask["keys"], ask["region"])})
    if done.returncode:
        return {"code": done.stderr.split("An error occurred (", 1)[1].split(")", 1)[0]}
    said = json.loads(done.stdout)
    return {"keys": said["Credentials"]} if "Credentials" in said else {"arn": said["Arn"]}


STS = {"boto3": by_boto3, "aws-cli": by_aws_cli}


def answer(ask):
    try:
        if "action" in ask:
            return STS[ask["client"]](ask)
        status, text = CLIENTS[ask["client"]](ask)
        return {"status": status, "body": text}
    except Exception as problem:
        return {"error": f"{type(problem).__name__}: {problem}"[:500]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line)), default=str), flush=True)
