#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Microseconds per signature of other signers, for the requests of tests/bench/sigv4.c; their keys stay the same.

usage: sigv4_peers.py    botocore and awscrt, if this python has them; @smithy/signature-v4 and aws4, if `node` finds them
                         (NODE_PATH, or the folder BENCH_NODE that holds node_modules). What is missing is named.
"""
import os
import shutil
import statistics
import subprocess
import sys

ROUNDS, TURNS = 15, 300
HOST, PATH = "abcdef1234.execute-api.eu-west-1.amazonaws.com", "/prod/private?page=2&name=x"
ID, SECRET, TOKEN = "ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "T" * 1000
BODY = b"b" * 1024


def median_us(run):
    import time
    run()
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        for _ in range(TURNS):
            run()
        rounds.append((time.perf_counter() - begin) / TURNS * 1e6)
    return statistics.median(rounds)


def show(name, get, post):
    print(f"{name:<40} {get:9.2f} {post:9.2f}")


def botocore():
    from botocore import __version__
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    signer = SigV4Auth(Credentials(ID, SECRET, TOKEN), "execute-api", "eu-west-1")

    def sign(method, body):
        signer.add_auth(AWSRequest(method=method, url="https://" + HOST + PATH, data=body))
    show("botocore " + __version__, median_us(lambda: sign("GET", b"")), median_us(lambda: sign("POST", BODY)))


def awscrt():
    import awscrt
    from awscrt import auth, http, io
    provider = auth.AwsCredentialsProvider.new_static(ID, SECRET, TOKEN)
    config = auth.AwsSigningConfig(auth.AwsSigningAlgorithm.V4, credentials_provider=provider, region="eu-west-1",
                                   service="execute-api", signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS)

    def sign(method, body):
        import io as streams
        stream = io.InputStream(streams.BytesIO(body)) if body else None
        request = http.HttpRequest(method, PATH, http.HttpHeaders([("Host", HOST)]), body_stream=stream)
        auth.aws_sign_request(request, config).result()
    show("awscrt " + awscrt.__version__, median_us(lambda: sign("GET", b"")), median_us(lambda: sign("POST", BODY)))


NODE = r"""
const [what, rounds, turns, host, path, id, secret, token] = process.argv.slice(1);
const body = 'b'.repeat(1024), median = a => a.sort((x, y) => x - y)[a.length >> 1];
async function time(run) {
  await run();
  const us = [];
  for (let r = 0; r < rounds; r++) {
    const from = process.hrtime.bigint();
    for (let i = 0; i < turns; i++) await run();
    us.push(Number(process.hrtime.bigint() - from) / 1e3 / turns);
  }
  return median(us);
}
function signers() {
  if (what === 'aws4') {
    const aws4 = require('aws4');
    return m => aws4.sign({host, path, method: m, body: m === 'POST' ? body : undefined, service: 'execute-api',
      region: 'eu-west-1', headers: {}}, {accessKeyId: id, secretAccessKey: secret, sessionToken: token});
  }
  const {SignatureV4} = require('@smithy/signature-v4'), {createHash, createHmac} = require('crypto');
  class Sha256 {
    constructor(key) { this.h = key ? createHmac('sha256', key) : createHash('sha256'); }
    update(data) { this.h.update(data); }
    async digest() { return this.h.digest(); }
  }
  const signer = new SignatureV4({service: 'execute-api', region: 'eu-west-1', sha256: Sha256,
    credentials: {accessKeyId: id, secretAccessKey: secret, sessionToken: token}});
  return m => signer.sign({method: m, protocol: 'https:', hostname: host, path: path.split('?')[0],
    query: {page: '2', name: 'x'}, headers: {host}, body: m === 'POST' ? body : undefined});
}
(async () => {
  const sign = signers();
  console.log(await time(() => sign('GET')), await time(() => sign('POST')));
})();
"""


def node(package):
    program = shutil.which("node")
    if not program:
        raise ImportError("there is no node")
    environment = dict(os.environ)
    if environment.get("BENCH_NODE"):
        environment["NODE_PATH"] = os.path.join(environment["BENCH_NODE"], "node_modules")
    run = subprocess.run([program, "-e", NODE, package, str(ROUNDS), str(TURNS * 10), HOST, PATH, ID, SECRET, TOKEN],
                         env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise ImportError("node does not find it, or it failed")
    show(package, *(float(us) for us in run.stdout.split()))


def main():
    print(f"\n{'others, us':<40} {'GET':>9} {'POST 1 KB':>9}")
    peers = [("botocore", botocore), ("awscrt", awscrt), ("aws4", lambda: node("aws4")),
             ("@smithy/signature-v4", lambda: node("@smithy/signature-v4"))]
    for name, measure in peers:
        try:
            measure()
        except ImportError as e:
            print(f"not measured: {name}: {e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
