# SPDX-License-Identifier: Apache-2.0
"""What `make package` promises, proven on what it builds. `make test-package` runs it, as root; the package for arm64 is
built and tested too where a cross compiler is (ARCHES=x86_64 leaves it out). Standard library, readelf, openssl, ip, unshare."""
import hashlib, os, re, shutil, struct, subprocess, sys, tempfile, unittest, zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{ROOT}/tests/install")
from tool import check_tool

HOST = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
ARCHES = os.environ.get("ARCHES", HOST if HOST == "arm64" else "x86_64 arm64").split()
JOBS = os.environ.get("JOBS", "2")
VERSION = re.search(r"VERSION (\S+) LANGUAGES", open(f"{ROOT}/CMakeLists.txt").read())[1]
FOLDERS = [f"FETCHCONTENT_SOURCE_DIR_{name}" for name in ("CURL", "CJSON", "OPENSSL")]
MB = 1000 * 1000


def make(folder, *words, **environment):
    """Exit code, and both outputs as one text."""
    done = subprocess.run(["make", "-C", folder, f"JOBS={JOBS}", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env={**os.environ, **environment})
    return done.returncode, done.stdout


def copy_of_the_sources(folder):
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for name in names.stdout.splitlines():
        if os.path.exists(f"{ROOT}/{name}"):
            os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
            shutil.copy2(f"{ROOT}/{name}", f"{folder}/{name}")
    return folder


def package(folder, variant):
    return f"{folder}/build/package/{variant}"


def readelf(*words):
    return subprocess.run(["readelf", "-W", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
                          check=True).stdout


def symbols(file):
    """Name -> (address, size, defined)."""
    rows = (line.split() for line in readelf("-s", file).splitlines())
    return {r[7]: (int(r[1], 16), int(r[2], 0), r[6] != "UND") for r in rows if len(r) >= 8 and r[0][:-1].isdigit()}


def code(file, address, size):
    for line in readelf("-l", file).splitlines():
        r = line.split()
        if r[:1] == ["LOAD"] and int(r[2], 16) <= address < int(r[2], 16) + int(r[4], 16):
            with open(file, "rb") as f:
                f.seek(address - int(r[2], 16) + int(r[1], 16))
                return f.read(size)
    raise ValueError(f"{address:x} is nowhere in {file}")


def sha256(file):
    with open(file, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Facts:
    """Read from one package. Subclasses name it."""
    options, limit, pie = (), 2.5 * MB, True

    @classmethod
    def setUpClass(cls):
        status, said = make(ROOT, "package", f"ARCH={cls.arch}", *cls.options)
        assert status == 0, said
        cls.folder = package(ROOT, cls.variant)
        cls.bootstrap, cls.debug = f"{cls.folder}/bootstrap", f"{cls.folder}/bootstrap.debug"
        cls.zip = f"{cls.folder}/lambda-iam-c-{VERSION}-{cls.variant}.zip"
        cls.emulator = []
        if cls.arch != HOST:
            cls.emulator = [next(filter(None, map(shutil.which, ("qemu-aarch64-static", "qemu-aarch64"))))]

    def test_machine_and_type(self):
        header = readelf("-h", self.bootstrap)
        self.assertRegex(header, r"Machine:\s+" + ("AArch64" if self.arch == "arm64" else "Advanced Micro Devices X86-64"))
        self.assertRegex(header, r"Type:\s+" + ("DYN" if self.pie else "EXEC"))

    def test_needs_no_loader_and_no_library(self):
        self.assertNotIn("INTERP", readelf("-l", self.bootstrap))
        self.assertNotIn("NEEDED", readelf("-d", self.bootstrap))

    def test_no_reference_is_left_open(self):
        strong = [line for line in readelf("-s", self.debug).splitlines() if " GLOBAL " in line and " UND " in line]
        self.assertEqual(strong, [])

    def test_full_relro(self):
        self.assertIn("GNU_RELRO", readelf("-l", self.bootstrap))
        if self.pie:  # without PIE and without a dynamic section nothing is bound late in the first place
            dynamic = readelf("-d", self.bootstrap)
            self.assertRegex(dynamic, r"\(FLAGS\)\s+BIND_NOW")
            self.assertRegex(dynamic, r"\(FLAGS_1\)\s+Flags: NOW PIE")

    def test_nothing_is_both_writable_and_executable(self):
        rows = [line.split() for line in readelf("-l", self.bootstrap).splitlines()]
        flags = {r[0]: [] for r in rows if r[:1] in (["LOAD"], ["GNU_STACK"])}
        for r in rows:
            if r[:1] in (["LOAD"], ["GNU_STACK"]):
                flags[r[0]].append("".join(r[6:-1]))
        self.assertEqual(flags["GNU_STACK"], ["RW"])
        self.assertFalse([f for f in flags["LOAD"] if "W" in f and "E" in f], flags)

    def test_stack_protector_and_fortify(self):
        names = symbols(self.debug)
        self.assertIn("__stack_chk_fail", names)
        self.assertTrue([n for n in names if re.fullmatch(r"__(mem|str|v?s?n?printf|fd|recv|read)\w*_chk", n)])

    def test_control_flow_protection(self):
        names = symbols(self.debug)
        marks = (b"\xf3\x0f\x1e\xfa",) if self.arch == "x86_64" else (b"\x3f\x23\x03\xd5", b"\x5f\x24\x03\xd5")
        for name in ("lambda_run", "http_exchange", "private_handle", "curl_easy_setopt", "curl_multi_perform"):
            self.assertIn(code(self.bootstrap, names[name][0], 4), marks, f"{name} has no landing mark")

    def test_stripped_and_its_symbols_beside_it(self):
        self.assertNotIn(".symtab", readelf("-S", self.bootstrap))
        self.assertIn(".debug_info", readelf("-S", self.debug))
        self.assertIn("bootstrap.debug", readelf("-p", ".gnu_debuglink", self.bootstrap))
        build_id = [re.search(r"Build ID: (\w+)", readelf("-n", f))[1] for f in (self.bootstrap, self.debug)]
        self.assertEqual(build_id[0], build_id[1])

    def test_no_folder_of_this_machine_is_in_it(self):
        folders = [ROOT] + [os.environ[name] for name in FOLDERS if os.environ.get(name)]
        for file in (self.bootstrap, self.debug):
            with open(file, "rb") as f:
                held = f.read()
            for folder in folders:
                self.assertFalse(folder.encode() in held, f"{folder} is in {file}")

    def test_zip(self):
        with zipfile.ZipFile(self.zip) as z:
            (entry,) = z.infolist()
            self.assertIsNone(z.testzip())
            self.assertEqual((entry.filename, entry.external_attr >> 16, entry.create_system, entry.extra, entry.comment),
                             ("bootstrap", 0o100755, 3, b"", b""))
            self.assertEqual(entry.date_time, (1980, 1, 1, 0, 0, 0))
            with open(self.bootstrap, "rb") as f:
                self.assertEqual(z.read(entry), f.read())
        with open(self.zip, "rb") as f:
            self.assertEqual(struct.unpack_from("<IHHHHHIIIHH", f.read(30))[10], 0, "extra field")
        self.assertLessEqual(os.path.getsize(self.zip), self.limit)

    def test_version(self):
        said = subprocess.run([*self.emulator, self.bootstrap, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(said, f"lambda-iam-c {VERSION}\n")

    def test_serves_an_event(self):
        subprocess.run([sys.executable, f"{HERE}/serve.py", *self.emulator, self.bootstrap], check=True)

    def test_lives_in_an_empty_root(self):
        done = subprocess.run(["unshare", "--net", sys.executable, f"{HERE}/empty_root.py", self.bootstrap, *self.emulator],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


    def test_crashes_are_reported(self):
        tree = f"{ROOT}/build/package/.tree-{self.variant}"
        subprocess.run(["cmake", "--build", tree, "--target", "crash_package", "--parallel", JOBS], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, env={k: v for k, v in os.environ.items() if k != "MAKEFLAGS"})
        program = f"{tree}/crash/crash_program"
        done = subprocess.run([sys.executable, f"{HERE}/crashes.py", program, f"{program}.debug", self.bootstrap, *self.emulator],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


class Default(Facts, unittest.TestCase):
    arch = variant = HOST


class NoPie(Facts, unittest.TestCase):
    arch, variant, options, pie = HOST, f"{HOST}-nopie", ("PIE=off",), False


class SmallOpenssl(Facts, unittest.TestCase):
    arch, variant, options, limit = HOST, f"{HOST}-small", ("SMALL=yes",), 1.8 * MB


@unittest.skipUnless(set(ARCHES) - {HOST}, "ARCHES names only this machine's")
class OtherArchitecture(Facts, unittest.TestCase):
    arch = variant = "arm64"


class InstalledTool(unittest.TestCase):
    """What `make install STATIC=yes` installs as apigw, after it was moved."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="static-apigw-")
        status, said = make(ROOT, "install", "STATIC=yes", "ARCH=", "PREFIX=/usr", f"DESTDIR={cls.scratch.name}/stage")
        assert status == 0, said
        os.rename(f"{cls.scratch.name}/stage/usr", f"{cls.scratch.name}/moved")
        cls.apigw = f"{cls.scratch.name}/moved/bin/apigw"

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_needs_no_loader_and_no_library(self):
        self.assertNotIn("INTERP", readelf("-l", self.apigw))
        self.assertNotIn("NEEDED", readelf("-d", self.apigw))

    def test_has_every_command_and_calls(self):
        sentences = []
        check_tool(self.apigw, lambda sentence, ok, detail="": ok or sentences.append(f"{sentence}: {detail}"))
        self.assertEqual(sentences, [])

    def test_alone_it_says_what_is_missing(self):
        alone = shutil.copy(self.apigw, f"{self.scratch.name}/apigw")
        done = subprocess.run([alone, "check"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"^apigw: /\S+/libexec/lambda-iam-c/apigw, which has all commands but call, sign and explain: ")

    def test_finds_names_and_authorities_in_an_empty_root(self):
        done = subprocess.run(["unshare", "--net", sys.executable, f"{HERE}/empty_root.py", "--call", self.apigw],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


class Elsewhere(unittest.TestCase):
    """A copy of the sources, in another folder, for another user's habits, at another time."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="lambda-iam-c-another-folder-")
        cls.copy = copy_of_the_sources(f"{cls.scratch.name}/a/longer/path/than/the/first")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_the_same_bytes_and_one_compile_for_both_functions(self):
        status, said = make(ROOT, "package")
        self.assertEqual(status, 0, said)
        old = os.umask(0o077)
        try:
            artifacts = [f"{self.scratch.name}/artifacts {n}" for n in (1, 2)]
            habits = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "SOURCE_DATE_EPOCH": ""}
            status, said = make(self.copy, "build-PublicFunction", f"ARTIFACTS_DIR={artifacts[0]}", **habits)
            self.assertEqual(status, 0, said)
            tree = f"{self.copy}/build/package/.tree-{HOST}"
            compiled = {f: os.stat(f"{tree}/{f}").st_mtime_ns for f in ("bootstrap", "curl/lib/libcurl.a", "base/libbase.a")}
            status, said = make(self.copy, "build-PrivateFunction", f"ARTIFACTS_DIR={artifacts[1]}", **habits)
            self.assertEqual(status, 0, said)
            self.assertEqual(compiled, {f: os.stat(f"{tree}/{f}").st_mtime_ns for f in compiled}, "compiled twice")
        finally:
            os.umask(old)
        for name in ("bootstrap", "bootstrap.debug", f"lambda-iam-c-{VERSION}-{HOST}.zip"):
            self.assertEqual(sha256(f"{package(ROOT, HOST)}/{name}"), sha256(f"{package(self.copy, HOST)}/{name}"), name)
        for folder in artifacts:
            self.assertEqual(os.listdir(folder), ["bootstrap"])
            self.assertEqual(os.stat(f"{folder}/bootstrap").st_mode & 0o7777, 0o755)
            self.assertEqual(sha256(f"{folder}/bootstrap"), sha256(f"{package(ROOT, HOST)}/bootstrap"))

        # A copy of a copy that was built, as sam build makes it: the stale tree is not believed.
        again = f"{self.scratch.name}/again"
        shutil.copytree(self.copy, again, symlinks=True)
        status, said = make(again, "package")
        self.assertEqual(status, 0, said)
        self.assertEqual(sha256(f"{package(again, HOST)}/bootstrap"), sha256(f"{package(ROOT, HOST)}/bootstrap"))


class Refusals(unittest.TestCase):
    """Each: one sentence, an exit code, and nothing half-made."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="package-")
        self.copy = copy_of_the_sources(f"{self.scratch.name}/copy")
        self.addCleanup(self.scratch.cleanup)

    def refused(self, done, sentence):
        status, said = done
        self.assertNotEqual(status, 0)
        lines = [line for line in said.splitlines() if line and not line.startswith("make")]
        self.assertRegex(lines[-1], sentence)
        self.assertEqual(len(lines), 1, said)
        made = os.path.exists(f"{self.copy}/build/package") and os.listdir(f"{self.copy}/build/package") or []
        self.assertEqual([name for name in made if name != ".lock"], [])

    def test_unknown_words(self):
        self.refused(make(self.copy, "package", "ARCH=mips"), r"^package: ARCH is mips; Lambda has x86_64 and arm64$")
        self.refused(make(self.copy, "package", "PIE=maybe"), r"^package: PIE is maybe; it can be on or off$")
        self.refused(make(self.copy, "package", "SMALL=tiny"), r"^package: SMALL is tiny; it can be yes or no$")
        done = subprocess.run(["sh", "cmake/package.sh"], cwd=self.copy, env={**os.environ, "ARCH": "mips"}, stderr=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)

    def test_no_artifacts_folder(self):
        status, said = make(self.copy, "build-PublicFunction", ARTIFACTS_DIR="")
        self.assertNotEqual(status, 0)
        self.assertIn("ARTIFACTS_DIR, the folder that receives bootstrap, is not set", said)

    def test_local_folder_that_is_not_there(self):
        self.refused(make(self.copy, "package", FETCHCONTENT_SOURCE_DIR_CURL="/nowhere"),
                     "^package: FETCHCONTENT_SOURCE_DIR_CURL names /nowhere, which is no folder$")

    def test_no_network(self):
        command = ["unshare", "--net", "make", "-C", self.copy, "package"]
        environment = {k: v for k, v in os.environ.items() if k not in FOLDERS}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        self.refused((done.returncode, done.stdout), r"^package: curl [\d.]+ could not be downloaded from https://\S+ \(.+\); "
                     "offline, give its unpacked release as FETCHCONTENT_SOURCE_DIR_CURL$")

    def test_wrong_hash(self):
        with open(f"{self.scratch.name}/r.tar.gz", "wb") as f:
            f.write(b"not what was released")
        os.mkdir(f"{self.scratch.name}/project")
        with open(f"{self.scratch.name}/project/CMakeLists.txt", "w") as f:
            f.write(f"cmake_minimum_required(VERSION 3.18)\nproject(p NONE)\ninclude({self.copy}/cmake/pinned.cmake)\n"
                    f"pinned(thing 1.0 file://{self.scratch.name}/r.tar.gz {'0' * 64})\n")
        done = subprocess.run(["cmake", "-S", "project", "-B", "tree"], cwd=self.scratch.name, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        self.assertNotEqual(done.returncode, 0)
        with open(f"{self.scratch.name}/tree/why.txt") as f:
            self.assertRegex(f.read(), "^file://.* has SHA-256 [0-9a-f]{64} instead of the pinned 0{64}; it was not used\n$")
        self.assertEqual(os.listdir(f"{self.scratch.name}/tree/downloads"), [])

    def test_no_compiler(self):
        tools = f"{self.scratch.name}/bin"
        os.mkdir(tools)
        for name in ("sh", "make", "uname", "cat", "grep", "rm", "mkdir", "mktemp", "id", "getconf", "dirname", "find", "gzip", "cmake"):
            os.symlink(shutil.which(name), f"{tools}/{name}")
        status, said = make(self.copy, "package", PATH=tools)
        self.assertNotEqual(status, 0)
        self.assertIn("C compiler and C library headers", said)
        self.assertFalse(os.path.exists(f"{self.copy}/build/package"))

    def test_full_disk(self):
        os.mkdir(f"{self.copy}/build")
        for megabytes in (1, 8, 40):
            script = (f"mount -t tmpfs -o size={megabytes}m none {self.copy}/build && make -C {self.copy} package; status=$?; "
                      f"ls -A {self.copy}/build/package 2>/dev/null | grep -v '^.lock$'; exit $status")
            done = subprocess.run(["unshare", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.refused((done.returncode, done.stdout), r"^package: the disk is full \(.*/build\)$")

    def test_another_machine_than_asked_for(self):
        # A build tool that builds for something else: what counts is what the file says.
        tools = f"{self.scratch.name}/bin"
        os.mkdir(tools)
        with open(f"{tools}/cmake", "w") as f:
            f.write(f"""#!/bin/sh
case $* in *--build*) ;; *) exit 0 ;; esac
mkdir -p build/package/.tree-{HOST}/package
printf '\\177ELF%014d\\050' 0 >build/package/.tree-{HOST}/package/bootstrap
""")
        os.chmod(f"{tools}/cmake", 0o755)
        self.refused(make(self.copy, "package", PATH=f"{tools}:{os.environ['PATH']}"),
                     r"^package: bootstrap was built for ELF machine 0x28, not for ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
