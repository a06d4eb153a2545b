#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh tests/fuzz/run.sh [SECONDS [NAME...]]: builds the harnesses into build-fuzz/ and runs each (or those named) for so
# long, 60 seconds by default. What a run has learned stays in build-fuzz/corpus/ for the next one.
# Exit code: 0 nothing was found, 1 a finding (its input is in build-fuzz/findings/), 2 it could not be built.
set -u
cd "$(dirname "$0")/../.." || exit 2
build='build-fuzz'
seconds=${1:-60}
[ $# -gt 0 ] && shift
all='json apigw_event apigw_reply http_query url ca_bundle sigv4_canonical sigv4_verify sigv4_roundtrip sigv4_explain node model policy condition gateway profile samconfig zip elf'
names=${*:-$all}
findings=0

give_up() {
    echo "fuzz: $1" >&2
    exit 2
}

check_clang() {
    command -v clang >/dev/null || give_up 'clang is not installed; libFuzzer is a part of it'
    printf '%s\n' '#include <stdint.h>' '#include <stddef.h>' 'int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);' \
        'int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) { return !p && n; }' |
        clang -fsanitize=fuzzer,address,undefined -x c - -o "$build/probe" 2>"$build/probe.log" ||
        give_up "clang has no libFuzzer or no sanitizers; their package is libclang-rt-$(clang -dumpversion |
            sed 's/[.].*//')-dev (Debian) or compiler-rt (Fedora). $build/probe.log says more"
}

# A failed step shows what it said.
quietly() {
    "$@" >"$build/build.log" 2>&1 && return
    cat "$build/build.log" >&2
    give_up 'the harnesses could not be built'
}

# seed KIND NAME: standard input becomes a first input.
seed() {
    mkdir -p "$build/seeds/$1"
    cat >"$build/seeds/$1/$2"
}

make_seeds() {
    rm -rf "$build/seeds"
    mkdir -p "$build/seeds"
    "$build/fuzz_seeds" "$build/seeds" || give_up 'the seeds could not be written'
    seed yaml template <template.yaml
    seed yaml callers <local/callers.yaml
    { cat tests/fuzz/gateway.yaml && echo --- && cat tests/fuzz/gateway-callers.yaml; } | seed yaml kinds
    for f in templates/*.yaml tests/templates/accepted/*.yaml; do
        seed yaml "$(basename "$f" .yaml)" <"$f"
    done
    { cat template.yaml && echo --- && cat local/callers.yaml; } | seed yaml both
    seed reply rest <<'END'
{"statusCode":200,"headers":{"X-A":"1"},"multiValueHeaders":{"x-b":["1","2"]},"body":"AP8=","isBase64Encoded":true}
END
    seed reply v2 <<'END'
{"statusCode":"201","headers":{"X-A":"1","x-a":2,"t":true},"cookies":["a=1; Secure","b=2, c"],"body":"text","extra":1}
END
    printf '"a text"' | seed reply text
    seed reply prelude <<'END'
{"statusCode":201,"headers":{"X-A":1},"multiValueHeaders":{"x-b":["1","2"]},"cookies":["a=1"]}
END
    seed request get <<'END'
7 GET /private/a%20b?x=1&y=%2F
Content-Type: application/json

{}
END
    seed request authorized <<'END'
0POST /
Host: a
X-Amz-Date: 20150830T123600Z
Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

body
END
    seed request presigned <<'END'
@GET /a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Security-Token=token&X-Amz-Signature=00
Host: a

END
    # The first byte: which API, and whether the harness signs (fuzz_gateway.c).
    seed gateway open-rest <<'END'
CGET /dev/items/7?a=1&a=%C3%A9+2 HTTP/1.1
Host: h
Cookie: a=1; b=2
X-A: 1
x-a: 2

END
    seed gateway open-http <<'END'
EPOST /v1/items/gr%C3%BCn?a=b&c HTTP/1.1
Host: h
Content-Type: application/json
Cookie: a=1
cookie: b=2

{"statusCode":201,"headers":{"X-A":"1"},"cookies":["a=1; Secure"],"body":"{}"}
END
    seed gateway open-url <<'END'
AGET /any//where/..?x HTTP/1.1
Host: h
User-Agent: curl/8

{"a":1}
END
    seed gateway signed-rest <<'END'
$POST /dev/files/a/b%20c HTTP/1.1
Host: h
Content-Type: image/png

{"statusCode":"200","multiValueHeaders":{"X-A":["1","2"]},"body":"AP8=","isBase64Encoded":true}
END
    seed gateway signed-http <<'END'
 GET /items/1?a=1 HTTP/1.1
Host: h
User-Agent: abc

END
    seed gateway signed-url <<'END'
"PUT / HTTP/1.1
Host: h
Content-Type: text/plain

text
END
    seed gateway few <<'END'
,GET /items/1 HTTP/1.1
Host: h
User-Agent: abc

END
    seed gateway presigned <<'END'
0GET /dev?x=1 HTTP/1.1
Host: h

END
    # Six bytes of options first.
    seed signable get <<'END'
000000GET /private/a%20b?x=1&y=%2F
Content-Type: application/json
Host: localhost

{}
END
    seed signable odd <<'END'
 ~3abcPUT //a/.././%2e/%zz +?b=&a=+&&=c&%C3%A9=x y
Host: [::1]:80
X-A: b  c
x-a:
Accept: "*  /*"

END
    seed query all <<'END'
a=1&b=%C3%A9&a=+&c&=d&&e=%00
END
    printf 'http://user_1.localhost:3000/a?b' | seed url name
    printf 'HTTPS://[::1]:443' | seed url address
    seed profile two <<'END'
[default]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = secret ; not a comment
aws_session_token=t
region = eu-central-1
# [default]
[ other ]
END
    { printf '\200# a CA\n' && cat tests/fuzz/ca.pem; } | seed ca_bundle one
    { printf '\007' && cat tests/fuzz/ca.pem && sed 's/CERTIFICATE/TRUSTED &/' tests/fuzz/ca.pem; } | seed ca_bundle two
    seed condition texts <<'END'
aws:username=bob&aws:UserAgent=curl/8&aws:SourceIp=10.1.2.3
{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:*","Resource":"*","Condition":{"StringLike":
{"aws:UserAgent":["curl/*","${aws:username}"]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:*/dev/*/${aws:username, 'x'}"}]}
END
    seed condition numbers <<'END'
aws:EpochTime=1767225600&aws:CurrentTime=2026-01-01T00:00:00Z&aws:SecureTransport=true&aws:MultiFactorAuthAge=7
{"Statement":{"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":"*","Condition":{"NumericLessThanIfExists":
{"aws:MultiFactorAuthAge":"3600"},"DateGreaterThan":{"aws:CurrentTime":"2025-12-31T00:00:00Z"},"Bool":{"aws:SecureTransport":
"true"},"Null":{"aws:SourceVpc":"true"},"ForAllValues:StringNotEquals":{"aws:userid":["a","b"]}}}}
END
    printf '0arn:*:execute-api:*:*:a?c/*/GET/*\narn:aws:execute-api:e:1:abc/dev/GET/x' | seed policy resource
    printf '1EXECUTE-api:*\nexecute-api:Invoke' | seed policy action
    seed policy document <<'END'
2{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:Invoke*","Resource":"arn:aws:lambda:*:*:function:f",
"Condition":{"StringEquals":{"aws:username":["alice","${aws:userid}"]},"ForAnyValue:ArnLike":{"aws:PrincipalArn":"arn:*:iam::*:*"}}},
{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}]}
END
    { cat samconfig.toml && printf '%s\n' "parameter_overrides = 'A=b ParameterKey=C,ParameterValue=\"d e\"'"; } | seed samconfig one
    printf '%s\n' 'version: 0.1' 'default: {deploy: {parameters: {region: a, parameter_overrides: [A=b]}}}' | seed samconfig two
    { sed '/^Resources:/q' template.yaml && cat <<'END'; } | seed yaml managed
  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Effect: Allow, Action: "*", Resource: "*"}}}}
  R: {Type: AWS::IAM::Role, Properties: {PermissionsBoundary: !Ref M, ManagedPolicyArns: ["arn:aws:iam::aws:policy/PowerUserAccess"]}}
  U: {Type: AWS::IAM::User, Properties: {PermissionsBoundary: !GetAtt M.PolicyArn}}
END
}

# Where a harness begins, and its words.
seeds_of() {
    case $1 in
    json | apigw_event) echo "events -dict=tests/fuzz/json.dict" ;;
    apigw_reply) echo "$build/seeds/reply events -dict=tests/fuzz/json.dict" ;;
    http_query) echo "$build/seeds/query" ;;
    sigv4_explain) echo "$build/seeds/explain -dict=tests/fuzz/sigv4.dict -max_len=16384" ;;
    sigv4_canonical | sigv4_roundtrip) echo "$build/seeds/signable -dict=tests/fuzz/sigv4.dict -max_len=8192" ;;
    sigv4_*) echo "$build/seeds/request -dict=tests/fuzz/sigv4.dict -max_len=8192" ;;
    condition) echo "$build/seeds/condition -dict=tests/fuzz/policy.dict" ;;
    gateway) echo "$build/seeds/gateway -dict=tests/fuzz/gateway.dict -max_len=8192" ;;
    node | model) echo "$build/seeds/yaml -dict=tests/fuzz/template.dict" ;;
    *) echo "$build/seeds/$1" ;;
    esac
}

report() { # NAME STATUS
    log=$build/logs/$1
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    printf '%-16s %10s executions %6s edges  ' "$1" "${executions:-?}" "${edges:-?}"
    if [ "$2" -eq 0 ]; then
        echo 'none found'
        return
    fi
    findings=$((findings + 1))
    grep -m 1 -E 'does not hold:|runtime error:|^SUMMARY:|ERROR:' "$log" || echo "exit code $2: see $log"
    if [ -n "$input" ]; then echo "    replay: $build/fuzz_$1 $input"; fi
}

run() {
    mkdir -p "$build/corpus/$1"
    # Unquoted: the list of seeds and options is one.
    # shellcheck disable=SC2046
    "$build/fuzz_$1" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$build/findings/$1-" "$build/corpus/$1" $(seeds_of "$1") >"$build/logs/$1" 2>&1
    report "$1" $?
}

case $seconds in '' | *[!0-9]* | 0) give_up "SECONDS is a whole number from 1 on, not '$seconds'" ;; esac
for name in $names; do
    case " $all " in *" $name "*) ;; *) give_up "there is no harness $name; there are: $all" ;; esac
done
mkdir -p "$build/logs" "$build/findings"
check_clang
quietly cmake -S . -B "$build" -DCMAKE_C_COMPILER=clang -DFUZZ=ON -DBUILD_TESTING=OFF
quietly cmake --build "$build" --target fuzz --parallel "${JOBS:-$(getconf _NPROCESSORS_ONLN)}"
make_seeds
for name in $names; do run "$name"; done
if [ "$findings" -gt 0 ]; then
    echo "fuzz: $findings findings; their logs are in $build/logs/"
    exit 1
fi
