#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""After all tests: no key or token of any of them is in what they printed, in a log, in a public reply or in a core file.
no_secret.py BUILD_DIR, in which ctest ran with a folder `leaks`, as `make test` does it."""
import glob, os, shutil, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "faults"))
from leaks import LEFT, Leaks

# Those that tests written in C, and scripts without a gateway, work with; each is still in its file.
KNOWN = {
    "tests/unit/refused.h": ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"],
    "tests/unit/fake_callers.h": ["alices+secret", "keepers+secret", "mallorys+secret", "roles+secret", "roles+token==", "writers+secret"],
    "tests/unit/test_public.c": ["own-secret", "FakeSessionToken-planted"],
    "tests/unit/test_private_api.c": ["the/token=="],
    "tests/e2e/call.py": ["SECRETCOOKIE", "rolesecret", "roletoken"],
    "tests/e2e/profiles_equal_botocore.py": ["processtoken"],
    "tests/e2e/smoke.py": ["an-api-key-of-30-characters-00"],
}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def know_constants(leaks):
    for path, values in KNOWN.items():
        text = read(os.path.join(ROOT, path))
        for value in values:
            assert value in text, f"a constant listed for {path} is no longer there: correct the list in {__file__}"
            leaks.know("a constant of " + path, value)


def collect(leaks, build):
    leaks.read_left(build)
    assert any(where == "a gateway's log" for where, _ in leaks.texts), \
        f"no gateway left its log in {os.path.join(build, LEFT)}: this runs after all tests, `make test` does so"
    printed = read(os.path.join(build, "Testing", "Temporary", "LastTest.log"))
    assert "e2e_gateway" in printed, "LastTest.log is not of a run of all tests"
    leaks.collect("what a test printed (LastTest.log)", printed)
    for folder in (build, os.path.join(build, "tests"), ROOT):
        for path in glob.glob(os.path.join(folder, "core")) + glob.glob(os.path.join(folder, "core.[0-9]*")):
            leaks.collect(path, read(path))


def main():
    build, leaks = os.path.abspath(sys.argv[1]), Leaks()
    try:
        know_constants(leaks)
        collect(leaks, build)
        print("no secret: " + leaks.check())
    except (AssertionError, OSError) as problem:
        sys.exit(f"no_secret.py: {problem}")
    shutil.rmtree(os.path.join(build, LEFT))


main()
