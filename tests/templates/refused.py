# SPDX-License-Identifier: Apache-2.0
"""Every template in refused/ is refused by apigw with the line and the sentence that stand at its top. refused.py BUILD_DIR
(what SAM does with it, which stands there too, is the business of sam_agrees.py)."""
import glob, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
build = os.path.abspath(sys.argv[1])


def expected(path):
    with open(path, encoding="utf-8") as f:
        line, sentence = f.read().split("\n")[1][len("# apigw: "):].split(": ", 1)
    return f"{path}:{line}: ", sentence


def refused(path):
    """By start, which serves nothing then, and by check."""
    place, sentence = expected(path)
    for command, codes in ((("start", "--port", "0"), (1,)), (("check",), (1, 3))):
        r = subprocess.run([os.path.join(build, "apigw"), *command, "--template", path], capture_output=True, text=True, timeout=120)
        said = r.stdout + r.stderr
        assert r.returncode in codes and place in said and sentence in said, f"{command[0]}: exit {r.returncode}: {said}"


def main():
    failed, paths = 0, sorted(glob.glob(os.path.join(HERE, "refused", "*.yaml")))
    for path in paths:
        name = os.path.basename(path)[:-len(".yaml")]
        try:
            refused(path)
            print(f"ok      {name}", flush=True)
        except Exception as problem:  # a failed case must not hide the next ones
            failed += 1
            print(f"FAILED  {name}\n        {type(problem).__name__}: {problem}", flush=True)
    print(f"{len(paths) - failed} refused, {failed} failed")
    return 1 if failed or len(paths) < 20 else 0


sys.exit(main())
