#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The story of the project, told by the real binaries: sh local/demo.sh BUILD_DIR
# Ends with 0 when every step answered as it must, else with the number of the step that did not.
set -u
build=${1:-build}
out=$(mktemp -d)
gateway=
step=0

stop() {
    [ -n "$gateway" ] && kill "$gateway" 2>/dev/null && wait "$gateway" 2>/dev/null
    gateway=
    rm -rf "$out"
}
trap stop EXIT
trap 'exit 130' INT TERM

fail() {
    echo "   FAILED step $step: $1"
    echo "   --- the gateway's log:"
    sed 's/^/   /' "$out/log"
    exit "$step"
}

# tell "title" "command line as a reader would type it"
tell() {
    step=$((step + 1))
    printf '\n%d. %s\n   $ %s\n' "$step" "$1" "$2"
}

# send curl-arguments...: leaves the status in $status and the body in $out/body
send() {
    status=$(curl -s --max-time 10 -o "$out/body" -w '%{http_code}' "$@") || fail "curl could not reach the gateway"
    printf '   %s %s\n' "$status" "$(head -n 1 "$out/body" | cut -c 1-400)"
}

# expect STATUS "text in the body" "verdict"
expect() {
    [ "$status" = "$1" ] || fail "expected status $1"
    grep -qF "$2" "$out/body" || fail "expected the answer to hold: $2"
    echo "   -> $3"
}

# sign PROFILE METHOD URL [BODY]: the headers to send, in $out/headers
sign() {
    if [ $# -gt 3 ]; then set -- "$1" "$2" "$3" -H 'Content-Type: application/json' -d "$4"; fi
    profile=$1 method=$2
    shift 2
    "$build/apigw" sign --profile "$profile" --credentials "$out/.apigw/credentials" -X "$method" "$@" >"$out/headers" ||
        fail "apigw sign failed"
}

echo "Starting the gateway: $build/apigw start --port 0 --callers local/callers.yaml"
root=$PWD
case $build in /*) ;; *) build=$root/$build ;; esac
# In a folder of its own: the keys of a gateway that runs here already stay where they are.
(cd "$out" && exec "$build/apigw" start --port 0 --template "$root/template.yaml" --callers "$root/local/callers.yaml") \
    >"$out/lines" 2>"$out/log" &
gateway=$!
tries=0
until test -f "$out/lines" && grep -q '^ready$' "$out/lines"; do
    kill -0 "$gateway" 2>/dev/null || { gateway=; step=1; fail "the gateway did not start"; }
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || { step=1; fail "the gateway was not ready in 10 seconds"; }
    sleep 0.05
done
sed 's/^/   /' "$out/lines"
public=$(sed -n 's/^listening PublicApi //p' "$out/lines")/public
private=$(sed -n 's/^listening PrivateApi //p' "$out/lines")/private

tell "The public API is open. Its function signs with its own role and calls the private API." "curl '$public?client=demo'"
send "$public?client=demo"
expect 200 ':assumed-role/' "the private API saw the public function's role, not us"

tell "A POST with query and body goes the same way." "curl -d '{\"hello\":\"world\"}' -H 'Content-Type: application/json' '$public?tag=a&tag=b'"
send -d '{"hello":"world"}' -H 'Content-Type: application/json' "$public?tag=a&tag=b"
expect 200 '"params":{"tag":["a","b"]},"body":"{\"hello\":\"world\"}"' "method, params and body were echoed"

tell "The private API, unsigned." "curl '$private'"
send "$private"
expect 403 'Missing Authentication Token' "refused: AWS_IAM wants a signature"

tell "The private API, signed by bob, who may GET and POST." "apigw sign --profile bob '$private' | curl -H @- '$private'"
sign bob GET "$private"
send -H "@$out/headers" "$private"
expect 200 ':user/bob' "admitted, and the function knows that it was bob"

tell "The same, signed by mallory, who has no policy." "apigw sign --profile mallory '$private' | curl -H @- '$private'"
sign mallory GET "$private"
send -H "@$out/headers" "$private"
expect 403 'is not authorized to perform: execute-api:Invoke' "refused: a good signature, but no permission"

tell "Signed by bob with one body, sent with another: one byte differs." "apigw sign --profile bob -d '{\"amount\":1}' ... | curl -H @- -d '{\"amount\":9}' '$private'"
sign bob POST "$private" '{"amount":1}'
send -H "@$out/headers" -H 'Content-Type: application/json' -d '{"amount":9}' "$private"
expect 403 'The request signature we calculated does not match' "refused: what arrives must be what was signed"

kill "$gateway" && wait "$gateway"
code=$?
gateway=
[ "$code" -eq 0 ] || { step=$((step + 1)); fail "the gateway ended with $code"; }
printf '\nAll %d steps answered as they must; the gateway has stopped.\n' "$step"
