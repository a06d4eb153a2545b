# SPDX-License-Identifier: Apache-2.0
# GNU make. CMake builds; this file gives its ways of use short names and installs what is missing first.
#   build            bootstrap and apigw, in build/ (the default)
#   demo             the whole story, step by step; fails with the step that failed
#   run              the local gateway, until Ctrl-C
#   test             every test that needs no container; with CI set, a test that did not run is a failure
#   test-asan        the same under AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan/
#   test-valgrind    the unit tests under valgrind
#   test-tsan        what has threads, under ThreadSanitizer, in build-tsan/: http/, runtime/, concurrent invocations
#   lint             gcc, clang, clang-format, house style, cfn-lint, shell syntax; each alone: lint-compile lint-format
#                    lint-style lint-templates lint-shell
#   format           clang-format, in place
#   package          the static bootstrap for Lambda, its zip and its symbols, in build/package/<arch>/.
#                    ARCH=x86_64|arm64 (this machine's by default), PIE=off (fixed addresses), SMALL=yes (small OpenSSL);
#                    FETCHCONTENT_SOURCE_DIR_CURL= _CJSON= _OPENSSL= unpacked releases, to build offline
#   test-package     proves what package built: hardening, zip, reproducibility, life in an empty root (needs root)
#   install          libraries, headers, CMake and pkg-config files, apigw. PREFIX=/usr/local, DESTDIR=; STATIC=yes: the
#                    libraries with those they need (as package), for programs that start on Lambda wherever they were built,
#                    and an apigw whose calls start four times as fast
#   build-PublicFunction, build-PrivateFunction   what `sam build` calls: package, and bootstrap into $(ARTIFACTS_DIR)
#   bench-coldstart  start and memory of the packages, the development build, and PEERS="a/bootstrap b/bootstrap"
#   bench-sigv4      a signature beside the least it could cost, and beside other signers: python's botocore and awscrt, and
#                    node's aws4 and @smithy/signature-v4 from NODE_PATH or BENCH_NODE=folder
#   bench-call       `apigw call` beside awscurl and curl, from start to first byte; a signed call beside an unsigned one
#   bench-runtime    what one invocation costs (processor time, system calls, instructions, memory): the development build,
#                    the static one, raw sockets, and PEERS="a/bootstrap b/bootstrap" that echo their event
#   bench-public     what the handler public adds to the round trip to the private API, on a warm TLS connection
#   bench-tls        what the first HTTPS request of a process costs, with all CPU and (as root) with 1/14 of it
#   conformance      AWS's own tools against this project: SAM CLI, cfn-lint, the RIE, moto (needs root for Docker)
#   differential     sigv4/ against botocore, AWS's CRT, smithy and aws4: DIFFERENTIAL_CASES=110000 requests, every
#                    difference explained (needs python3-venv, node and npm; installs the peers into build/)
#   load             the gateway under load for LOAD_SECONDS=60, every answer judged: wrk and a judge of ours against the build
#                    with sanitizers, then under valgrind
#   fuzz             every parser under libFuzzer, FUZZ_SECONDS=60 each
#   clean            removes what the targets above built
.DEFAULT_GOAL := build
.PHONY: build demo run test test-asan test-valgrind test-tsan lint lint-compile lint-format lint-style lint-templates lint-shell \
        format install package test-package bench-coldstart bench-runtime bench-sigv4 bench-call bench-public bench-tls \
        conformance differential load fuzz build-PublicFunction build-PrivateFunction clean help tests lint-tools

# Targets share build/, so they run one after the other; -j is for the compiler, and CMake gives it.
.NOTPARALLEL:
unexport MAKEFLAGS MFLAGS MAKELEVEL

JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
CFN_LINT_VERSION := 1.51.0
CFN_LINT := build/venv/bin/cfn-lint

install = sh cmake/install-dependencies.sh
configure = cmake -DCMAKE_BUILD_TYPE=RelWithDebInfo -S . -B
package = JOBS='$(JOBS)' ARCH='$(ARCH)' PIE='$(PIE)' SMALL='$(SMALL)' $(pinned_folders) sh cmake/package.sh
pinned_folders = $(foreach d,CURL CJSON OPENSSL,FETCHCONTENT_SOURCE_DIR_$d='$(FETCHCONTENT_SOURCE_DIR_$d)')
compile = MAKEFLAGS=--no-print-directory cmake --build $(1) --parallel $(JOBS)

sources = $(shell find base sigv4 http runtime handlers local tests -name '*.[ch]' -o -name '*.[ch]pp')
scripts = $(shell find cmake local scripts tests -name '*.sh')

# only_if_run(names): says which tests did not run; on a build server that is a failure, for nobody reads the log there.
define only_if_run
not_run=$(1); \
if test -n "$$not_run"; then \
    echo "Not run: $$not_run"; \
    test -z "$$CI" || { echo "CI is set, so a test that was not run is a failure: $$not_run" >&2; exit 1; }; \
fi
endef

# ctest_in(folder): all tests, then a search through all that they made for the keys they used, which they leave in leaks/.
define ctest_in
rm -rf $(1)/leaks && mkdir -m 700 $(1)/leaks || exit 1; \
(cd $(1) && ctest --output-on-failure --no-tests=error -O tests.log); status=$$?; \
python3 tests/e2e/no_secret.py $(1) && test $$status = 0 || exit 1; \
$(call only_if_run,$$(sed -n '/did not run:$$/,/^$$/s/^[[:space:]]*[0-9][0-9]* - \(.*\) (.*)$$/\1/p' $(1)/tests.log | xargs))
endef

help:
	@sed -n 's/^#   //p' Makefile

# The first time without tests, for they need cmocka; later as the folder was set up.
build:
	@$(install) build
	@$(configure) build $$(test -f build/CMakeCache.txt || echo -DBUILD_TESTING=OFF)
	@$(call compile,build) --target bootstrap apigw

tests:
	@$(install) test
	@$(configure) build -DBUILD_TESTING=ON
	@$(call compile,build)

demo: build
	@sh local/demo.sh build

run: build
	@exec build/apigw start --callers local/callers.yaml

test: tests
	@$(call ctest_in,build)

test-asan:
	@$(install) asan
	@$(configure) build-asan -DBUILD_TESTING=ON -DSANITIZE=address,undefined
	@$(call compile,build-asan)
	@export UBSAN_OPTIONS=print_stacktrace=1; $(call ctest_in,build-asan)

# 77 is a test's own word for "not run".
test-valgrind: tests
	@$(install) valgrind
	@not_run=''; \
	for t in build/test_*; do \
	    echo "valgrind $$t"; \
	    status=0; \
	    valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
	        --errors-for-leak-kinds=definite "$$t" >build/valgrind.log 2>&1 || status=$$?; \
	    case $$status in \
	    0) ;; \
	    77) not_run="$$not_run$${not_run:+ }$${t#build/test_}" ;; \
	    *) cat build/valgrind.log; echo "$$t under valgrind: exit code $$status" >&2; exit 1 ;; \
	    esac; \
	done; \
	$(call only_if_run,$$not_run)

# The tests that have threads of their own or drive some.
threaded = ^(http|runtime|lambda|lifecycle|metadata|crash|e2e_runtime_api)
test-tsan:
	@$(install) asan
	@$(configure) build-tsan -DBUILD_TESTING=ON -DBUILD_LOCAL=OFF -DSANITIZE=thread
	@$(call compile,build-tsan)
	@export RUNTIME_API_GROUPS=concurrency,stream,lifecycle,snapstart,crash; \
	cd build-tsan && ctest --output-on-failure --no-tests=error -R '$(threaded)'

lint: lint-compile lint-format lint-style lint-templates lint-shell

lint-tools:
	@$(install) lint

lint-compile: lint-tools
	@for cc in gcc clang; do \
	    $(configure) build-lint-$$cc -DCMAKE_C_COMPILER=$$cc -DBUILD_TESTING=ON && \
	    $(call compile,build-lint-$$cc) || exit 1; \
	done

lint-format: lint-tools
	@clang-format --dry-run -Werror $(sources)

lint-style: lint-tools
	@python3 tests/check_style.py

lint-templates: $(CFN_LINT)-$(CFN_LINT_VERSION)
	@$(CFN_LINT) -c I -t template.yaml local/callers.yaml templates/*.yaml

# The file's name holds the version: another version, another installation.
$(CFN_LINT)-$(CFN_LINT_VERSION): | lint-tools
	@python3 -m venv --clear build/venv
	@build/venv/bin/pip install --quiet --disable-pip-version-check cfn-lint==$(CFN_LINT_VERSION)
	@touch $@

lint-shell:
	@for f in $(scripts); do sh -n $$f || exit 1; done
	@bash -n .ci/run

format: lint-tools
	@clang-format -i $(sources)

PREFIX ?= /usr/local
STATIC ?= no
arch = $(or $(ARCH),$(patsubst aarch64,arm64,$(shell uname -m)))
static_tree = build/package/.tree-$(arch)$(if $(filter off,$(PIE)),-nopie)$(if $(filter yes,$(SMALL)),-small)
install: $(if $(filter yes,$(STATIC)),package,build)
	@$(if $(filter yes,$(STATIC)),$(call compile,$(static_tree)) --target apigw >build/install.log 2>&1 || \
	    { cat build/install.log >&2; exit 1; })
	@DESTDIR='$(DESTDIR)' cmake --install $(if $(filter yes,$(STATIC)),$(static_tree),build) --prefix '$(PREFIX)'

package:
	@DOCTOR=build/apigw $(package)

test-package:
	@$(install) package-test
	@JOBS=$(JOBS) python3 tests/package/run.py

# The last processor, for the first serves the machine's interrupts.
bench-sigv4: tests
	@$(call compile,build) --target bench_sigv4
	@build/bench_sigv4
	@BENCH_NODE='$(BENCH_NODE)' taskset -c $$(($$(getconf _NPROCESSORS_ONLN) - 1)) python3 tests/bench/sigv4_peers.py

# Caller and peer share one processor, for which one the scheduler gives the peer decides about more than a signature does.
# What is measured first is what `make install STATIC=yes` installs; where that fails, the table says that it is missing.
AWSCURL_VERSION := 0.44
AWSCURL := build/venv-bench/bin/awscurl
bench-call: tests $(AWSCURL)-$(AWSCURL_VERSION)
	@$(call compile,build) --target bench_call
	@taskset -c $$(($$(getconf _NPROCESSORS_ONLN) - 1)) build/bench_call
	@rm -rf build/installed; \
	$(MAKE) install STATIC=yes ARCH= DESTDIR= PREFIX=$$PWD/build/installed >build/bench.log 2>&1 || rm -rf build/installed; \
	python3 tests/bench/call.py build --installed build/installed/bin/apigw --awscurl $(AWSCURL)

$(AWSCURL)-$(AWSCURL_VERSION): | lint-tools
	@python3 -m venv --clear build/venv-bench
	@build/venv-bench/bin/pip install --quiet --disable-pip-version-check awscurl==$(AWSCURL_VERSION)
	@touch $@

# Peers are other people's bootstraps that lie on this machine; without any, the table says so.
bench-coldstart: build
	@$(package)
	@$(subst PIE='$(PIE)',PIE=off,$(package))
	@cc -O2 -o build/coldstart tests/bench/coldstart.c
	@echo "_HANDLER=private, exec to the first GET next, median of 105 starts in turn:"
	@build/coldstart 105 build/package/*/bootstrap build/bootstrap $(PEERS)
	@test "$$(id -u)" != 0 || { echo "the same with an empty page cache, 21 starts:"; \
	    build/coldstart --dropped 21 build/package/*/bootstrap build/bootstrap $(PEERS); }
	@echo "_HANDLER=public:"
	@_HANDLER=public build/coldstart 105 build/package/*/bootstrap build/bootstrap
	@test "$$(id -u)" = 0 || echo "not measured: starts with an empty page cache (needs root)"
	@test -n "$(PEERS)" || echo "not measured: a peer (give PEERS=\"path/to/bootstrap ...\")"

# The static echo is built where package built bootstrap; without that folder the table says that it is missing.
bench-runtime: tests
	@tree=build/package/.tree-$$(uname -m | sed s/aarch64/arm64/); \
	cmake --build $$tree --target runtime_echo --parallel $(JOBS) >build/bench.log 2>&1 || rm -f $$tree/runtime_echo; \
	python3 tests/bench/runtime.py build ours=build/runtime_echo ours-static=$$tree/runtime_echo $(addprefix --peer=,$(PEERS))

# One processor for all, as for bench-call.
bench-public: tests
	@$(call compile,build) --target bench_public
	@taskset -c $$(($$(getconf _NPROCESSORS_ONLN) - 1)) build/bench_public build/bootstrap build/runtime_echo \
	    events/rest-get-public.json

bench-tls: tests
	@$(call compile,build) --target bench_tls
	@build/bench_tls 51

conformance: tests
	@sh tests/conformance/run.sh

DIFFERENTIAL_CASES ?= 110000
differential:
	@$(install) test
	@$(configure) build -DBUILD_TESTING=ON
	@$(call compile,build) --target sigv4_signer
	@sh tests/differential/run.sh build/sigv4_signer $(DIFFERENTIAL_CASES)

LOAD_SECONDS ?= 60
load:
	@$(install) load
	@$(configure) build-asan -DBUILD_TESTING=ON -DSANITIZE=address,undefined
	@$(call compile,build-asan) --target apigw load_function
	@export UBSAN_OPTIONS=print_stacktrace=1; \
	/usr/bin/python3 tests/load/run.py build-asan $(LOAD_SECONDS) --wrk --connections 16
	@$(configure) build -DBUILD_TESTING=ON
	@$(call compile,build) --target apigw load_function
	@/usr/bin/python3 tests/load/run.py build $(LOAD_SECONDS) --wrk --valgrind --connections 8

FUZZ_SECONDS ?= 60
fuzz:
	@sh tests/fuzz/run.sh $(FUZZ_SECONDS)

# SAM calls these in a copy of the folder; the second one finds everything compiled.
build-PublicFunction build-PrivateFunction:
	@test -n "$(ARTIFACTS_DIR)" || { \
	    echo "$@: ARTIFACTS_DIR, the folder that receives bootstrap, is not set (sam build sets it)" >&2; exit 1; }
	@$(package) "$(ARTIFACTS_DIR)"

clean:
	@rm -rf build build-asan build-tsan build-fuzz build-lint-gcc build-lint-clang
