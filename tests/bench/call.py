#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds from the start of a program to the first byte of the answer: apigw call, curl --aws-sigv4 and awscurl, the
same signed GET to the local gateway, in turn; each answer must be the caller's.

usage: call.py path/to/build [--installed FILE] [--awscurl FILE]    the apigw that was installed; what is missing is named
"""
import argparse, os, shutil, statistics, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from apigw import Gateway, REGION

ROUNDS = 31


def first_byte_ms(command, environment):
    begin = time.perf_counter()
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    first = os.read(p.stdout.fileno(), 1)
    ms = (time.perf_counter() - begin) * 1e3
    answer = first + p.stdout.read()
    problem = p.stderr.read()
    p.wait()
    p.stdout.close()
    p.stderr.close()
    if b"user/bob" not in answer:
        sys.exit(f"{command[0]}: {answer!r} {problem.decode()}")
    return ms


def commands(options, url, keys):
    yield "apigw call, installed", [options.installed, "call", url]
    yield "apigw call, build/", [os.path.join(options.build, "apigw"), "call", url]
    yield "curl --aws-sigv4", ["curl", "-s", "--aws-sigv4", f"aws:amz:{REGION}:execute-api", "--user",
                               f"{keys.access_key}:{keys.secret_key}", url]
    yield "awscurl", [options.awscurl, "--service", "execute-api", "--region", REGION, url]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=os.path.abspath)
    for flag in ("--installed", "--awscurl"):
        parser.add_argument(flag, type=os.path.abspath, default="")
    options = parser.parse_args()
    with Gateway(options.build) as gateway:
        keys = gateway.keys("bob")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        environment.update(AWS_ACCESS_KEY_ID=keys.access_key, AWS_SECRET_ACCESS_KEY=keys.secret_key, AWS_REGION=REGION)
        programs = list(commands(options, gateway.private, keys))
        missing = [name for name, command in programs if not shutil.which(command[0])]
        programs = [(name, command) for name, command in programs if name not in missing]
        times = {name: [] for name, _ in programs}
        for turn in range(ROUNDS + 1):
            for name, command in programs:
                ms = first_byte_ms(command, environment)
                if turn:  # the first fills caches
                    times[name].append(ms)
    slowest = max(statistics.median(ms) for ms in times.values())
    print(f"start to the answer's first byte, ms, median of {ROUNDS} in turn (least, most), and how much sooner than the last:")
    for name, ms in times.items():
        median = statistics.median(ms)
        print(f"  {name:<22} {median:8.1f} ({min(ms):.1f}, {max(ms):.1f}) {slowest / median:8.1f} x")
    for name in missing:
        print(f"  not measured: {name}")


if __name__ == "__main__":
    main()
