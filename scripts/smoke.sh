#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Do the public and the private API let in whom they must, and nobody else? For a deployed stack and for the local gateway.
# Secrets reach curl through its standard input, because anybody on the machine can list a command line.
set -u
umask 077

usage() {
    cat <<'END'
usage: sh scripts/smoke.sh --stack-name NAME [--region R] [options]
       sh scripts/smoke.sh --public-url URL --private-url URL [options]
  --stack-name NAME    reads the URLs, and the API key if there is one, with the AWS CLI
  --public-url URL, --private-url URL
                       without a query; https, or http to a loopback host
  --api-key KEY        what the private API wants as x-api-key; PRIVATE_API_KEY says it without showing it to others
  --profile NAME       whose keys sign; else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN;
                       else, with --stack-name, whatever keys the AWS CLI uses
  --credentials FILE   where the profile is (else AWS_SHARED_CREDENTIALS_FILE, ~/.aws/credentials)
  --region R, --service S
                       for a private host that does not tell; a loopback host is us-east-1, execute-api
  --kind rest-api|http-api|function-url
                       what the private URL is; a stack and a lambda-url host tell, else rest-api
exit code: 0 every check passed; 1 one did not, or could not be made; 2 wrong usage
END
}

wrong() {
    echo "smoke.sh: $1" >&2
    echo "smoke.sh --help lists the options" >&2
    exit 2
}

give_up() {
    echo "smoke.sh: $1" >&2
    exit 1
}

stack='' public='' private='' api_key=${PRIVATE_API_KEY:-} profile='' credentials='' region='' service='' kind=''
while [ $# -gt 0 ]; do
    case $1 in
    --*=*)
        option=${1%%=*} value=${1#*=}
        shift
        set -- "$option" "$value" "$@"
        ;;
    esac
    case $1 in
    -h | --help)
        usage
        exit 0
        ;;
    --stack-name | --public-url | --private-url | --api-key | --profile | --credentials | --region | --service | --kind)
        [ -n "${2:-}" ] || wrong "$1 needs a value"
        ;;
    *) wrong "unknown argument $1" ;;
    esac
    case $1 in
    --stack-name) stack=$2 ;;
    --public-url) public=$2 ;;
    --private-url) private=$2 ;;
    --api-key) api_key=$2 ;;
    --profile) profile=$2 ;;
    --credentials) credentials=$2 ;;
    --region) region=$2 ;;
    --service) service=$2 ;;
    --kind) kind=$2 ;;
    esac
    shift 2
done

if [ -n "$stack" ]; then
    [ -z "$public$private" ] || wrong "give --stack-name or the two URLs, not both"
elif [ -z "$public" ] || [ -z "$private" ]; then
    wrong "give --stack-name, or --public-url and --private-url"
fi
[ -z "$credentials" ] || [ -n "$profile" ] || wrong "--credentials needs --profile"
case $kind in '' | rest-api | http-api | function-url) ;; *) wrong "--kind is rest-api, http-api or function-url" ;; esac
command -v curl >/dev/null 2>&1 || wrong "curl is not installed"
curl -q --help all 2>/dev/null | grep -q -e --aws-sigv4 || wrong "this curl has no --aws-sigv4; 7.75 is the first that has it"

work=$(mktemp -d) || give_up "no folder for temporary files"
# A mismatch answer repeats the session token, so what was received goes too.
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---------------------------------------------------------------- the stack

# ask_aws ARGUMENT...: the answer on standard output, a complaint in $work/error
ask_aws() {
    AWS_PAGER='' AWS_SHARED_CREDENTIALS_FILE=${credentials:-${AWS_SHARED_CREDENTIALS_FILE:-${HOME:-}/.aws/credentials}} \
        aws "$@" ${profile:+--profile "$profile"} ${region:+--region "$region"} --output text 2>"$work/error"
}

first_error() { sed -n '/./{p;q;}' "$work/error" | cut -c 1-200; }

# output NAME: the value of one output of the stack
output() { awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$work/outputs"; }

read_stack() {
    command -v aws >/dev/null 2>&1 || wrong "--stack-name needs the AWS CLI, which is not installed; give the two URLs instead"
    ask_aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' \
        >"$work/outputs" || give_up "the stack $stack cannot be read: $(first_error)"
    public=$(output PublicUrl) private=$(output PrivateUrl)
    if [ -z "$public" ] || [ -z "$private" ]; then give_up "the stack $stack has no outputs PublicUrl and PrivateUrl"; fi
    [ -n "$kind" ] || kind=$(output PrivateApiKind)
    key_id=$(output ApiKeyId)
    if [ -n "$key_id" ] && [ -z "$api_key" ]; then
        api_key=$(ask_aws apigateway get-api-key --api-key "$key_id" --include-value --query value) ||
            give_up "the API key of the stack cannot be read; set PRIVATE_API_KEY: $(first_error)"
    fi
}

[ -z "$stack" ] || read_stack

# ----------------------------------------------------------------- the URLs

# read_url OPTION URL: sets $host and $loopback
read_url() {
    case $2 in
    *[![:graph:]]* | *\"* | *\\*) wrong "$1 holds a character that no URL has" ;;
    *[?#]*) wrong "$1 must have no query and no fragment" ;;
    http://?* | https://?*) ;;
    *) wrong "$1 is no URL: it begins neither with https:// nor with http://" ;;
    esac
    host=${2#*://}
    host=${host%%/*}
    case $host in
    *@*) wrong "$1 must not hold a user or a password" ;;
    \[*\]*) host=${host%%]*}] ;;
    *) host=${host%%:*} ;;
    esac
    [ -n "$host" ] || wrong "$1 has no host"
    loopback=no
    case $host in
    localhost | *.localhost | \[::1\]) loopback=yes ;;
    *[!0-9.]*) ;;
    127.*.*.*) loopback=yes ;;
    esac
    case $2 in http://*) [ $loopback = yes ] || wrong "$1 must be https: only a loopback host may have http" ;; esac
}

if [ -n "$stack" ]; then from="PublicUrl of the stack"; else from=--public-url; fi
read_url "$from" "$public"
if [ $loopback = yes ]; then public_proxy='noproxy = "*"'; else public_proxy=''; fi
if [ -n "$stack" ]; then from="PrivateUrl of the stack"; else from=--private-url; fi
read_url "$from" "$private"
if [ $loopback = yes ]; then private_proxy='noproxy = "*"'; else private_proxy=''; fi

# Service and region stand in an AWS host: {id}.execute-api.{region}.… and {id}.lambda-url.{region}.on.aws.
case $host in
*.execute-api.*.*) told=execute-api told_region=${host#*.execute-api.} ;;
*.lambda-url.*.on.aws) told=lambda told_region=${host#*.lambda-url.} ;;
*) told='' told_region='' ;;
esac
told_region=${told_region%%.*}
if [ -z "$kind" ]; then
    if [ "$told" = lambda ]; then kind=function-url; else kind=rest-api; fi
fi
[ -n "$service" ] || service=$told
if [ -z "$service" ] && [ $loopback = yes ]; then service=execute-api; fi
[ -n "$service" ] || wrong "the host $host does not tell its service: add --service"
if [ -n "$told_region" ]; then
    [ -z "$region" ] || [ "$region" = "$told_region" ] || wrong "--region is $region, but the host $host is in $told_region"
    region=$told_region
fi
if [ -z "$region" ] && [ $loopback = yes ]; then region=us-east-1; fi
[ -n "$region" ] || wrong "the host $host does not tell its region: add --region"
case $region$service in *[!A-Za-z0-9-]*) wrong "region and service are letters, digits and dashes" ;; esac

# ----------------------------------------------------------------- the keys

key='' secret='' token=''

# field NAME: one value of the profile, from a shared credentials file
field() {
    awk -v section="[$profile]" -v name="$1" '
        { sub(/\r$/, ""); line = $0; sub(/^[ \t]+/, "", line); sub(/[ \t]+$/, "", line) }
        line ~ /^\[/ { inside = line == section; next }
        inside && (at = index(line, "=")) {
            left = substr(line, 1, at - 1); sub(/[ \t]+$/, "", left)
            right = substr(line, at + 1); sub(/^[ \t]+/, "", right)
            if (left == name) value = right
        }
        END { print value }' "$file"
}

read_file() {
    file=${credentials:-${AWS_SHARED_CREDENTIALS_FILE:-${HOME:-}/.aws/credentials}}
    [ -r "$file" ] || return 1
    key=$(field aws_access_key_id) secret=$(field aws_secret_access_key) token=$(field aws_session_token)
    [ -n "$key" ] && [ -n "$secret" ]
}

# Sign-on and role profiles have no keys in the file; version 2 of the AWS CLI hands out what it would use.
read_cli() {
    command -v aws >/dev/null 2>&1 || return 1
    aws configure export-credentials ${profile:+--profile "$profile"} --format env-no-export >"$work/keys" 2>/dev/null || return 1
    key=$(sed -n 's/^AWS_ACCESS_KEY_ID=//p' "$work/keys") secret=$(sed -n 's/^AWS_SECRET_ACCESS_KEY=//p' "$work/keys")
    token=$(sed -n 's/^AWS_SESSION_TOKEN=//p' "$work/keys")
    rm -f "$work/keys"
    [ -n "$key" ] && [ -n "$secret" ]
}

if [ -n "$profile" ]; then
    signer="profile $profile"
    if ! read_file; then
        [ -z "$credentials" ] || wrong "there are no keys of profile $profile in $credentials"
        read_cli || wrong "there are no keys of profile $profile in $file, and the AWS CLI gives none (version 2 would)"
    fi
elif [ -n "${AWS_ACCESS_KEY_ID:-}" ] && [ -n "${AWS_SECRET_ACCESS_KEY:-}" ]; then
    signer='the keys in the environment'
    key=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY token=${AWS_SESSION_TOKEN:-}
elif [ -n "$stack" ] && read_cli; then
    signer='the keys of the AWS CLI'
else
    wrong "no keys to sign with: give --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
fi
case $key in ASIA*) [ -n "$token" ] || wrong "a key that begins with ASIA needs its session token" ;; esac
case $key$secret$token$api_key in
*[![:graph:]]*) wrong "a key, secret, token or API key holds a blank or a control character" ;;
esac

# --------------------------------------------------------------- the checks

# quote TEXT: as curl's configuration wants it between double quotes
quote() {
    sed 's/[\\"]/\\&/g' <<END
$1
END
}

# Every request but one carries the API key, so that each refusal has one cause.
with_key=''
[ -z "$api_key" ] || with_key="header = \"x-api-key: $(quote "$api_key")\""
with_token=''
[ -z "$token" ] || with_token="header = \"x-amz-security-token: $(quote "$token")\""

# signed SECRET REGION: the lines of curl's configuration that sign
signed() {
    cat <<END
aws-sigv4 = "aws:amz:$2:$service"
user = "$(quote "$key:$1")"
$with_token
END
}

# ask URL LINES: sends, and leaves $status, $work/head and $work/body
ask() {
    : >"$work/head"
    : >"$work/body"
    status=$(
        curl -q --config - --silent --show-error --globoff --max-time 35 --dump-header "$work/head" \
            --output "$work/body" --write-out '%{http_code}' 2>"$work/error" <<END
url = "$1"
$2
END
    ) || status="no answer: $(sed -n 's/^curl: ([0-9]*) //p' "$work/error" | head -n 1 | cut -c 1-90)"
}

# in_body NAME: a text of the answer, kept to harmless characters
in_body() { sed -n "s/.*\"$1\":\"\\([A-Za-z0-9:/_+=,.@-]*\\)\".*/\\1/p" "$work/body" | head -n 1; }

# Who the private function says has called; without the account, so that the table can be shown around.
who_called() {
    who=$(in_body userArn | sed 's/^arn:[^:]*:[^:]*:[^:]*:[^:]*://')
    echo "${who:-nobody}"
}

error_type() {
    type=$(sed -n 's/^[Xx]-[Aa][Mm][Zz][Nn]-[Ee]rror[Tt]ype: *\([A-Za-z]*\).*/\1/p' "$work/head" | head -n 1)
    echo "${type:-$(in_body errorType)}"
}

row() { printf '%s\t%s\t%s\t%s\n' "$@" >>"$work/rows"; }

# expect CHECK STATUS [TEXT...]: a row; the body of the answer must hold every TEXT
expect() {
    check=$1 expected=$2 got=$status verdict=pass
    shift 2
    [ "$status" = "$expected" ] || verdict=FAIL
    for text; do grep -qF -e "$text" "$work/body" || verdict=FAIL; done
    case $status in
    no*) ;;
    200)
        got="$got by $(who_called)"
        [ "$verdict$expected" != FAIL200 ] || got="$got, but not with the answer expected"
        ;;
    *) got="$got $(error_type)" ;;
    esac
    row "$check" "$expected" "$got" "$verdict"
}

hello='"message":"Hi from AWS_IAM auth enabled API"'
arn='"userArn":"arn:'
nonce="smoke-$(date +%s)-$$"
post="header = \"Content-Type: application/json\"
data = \"{\\\"smoke\\\":\\\"$nonce\\\"}\""
if [ "$region" = eu-west-1 ]; then elsewhere=us-east-1; else elsewhere=eu-west-1; fi

ask "$public?client=$nonce" "$public_proxy"
expect 'public, GET' 200 "$hello" '"method":"GET"' "$nonce" "$arn"
ask "$public" "$public_proxy
$post"
expect 'public, POST' 200 "$hello" '"method":"POST"' "$nonce" "$arn"

ask "$private" "$private_proxy
$with_key"
expect 'private, unsigned' 403

usual="$private_proxy
$with_key
$(signed "$secret" "$region")"
ask "$private" "$usual"
expect 'private, signed GET' 200 "$hello" '"method":"GET"' "$arn"
ask "$private" "$usual
$post"
expect 'private, signed POST' 200 "$hello" '"method":"POST"' "$nonce" "$arn"

ask "$private" "$private_proxy
$with_key
$(signed AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "$region")"
expect 'private, wrong secret' 403

delete="$usual
request = \"DELETE\""
case $kind in
function-url) row 'private, wrong method (DELETE)' - 'a function URL has no methods of its own' 'does not apply' ;;
http-api)
    ask "$private" "$delete"
    expect 'private, wrong method (DELETE)' 404
    ;;
*)
    ask "$private" "$delete"
    expect 'private, wrong method (DELETE)' 403
    ;;
esac

ask "$private" "$private_proxy
$with_key
$(signed "$secret" "$elsewhere")"
expect "private, wrong region ($elsewhere)" 403

if [ -n "$api_key" ]; then
    ask "$private" "$private_proxy
$(signed "$secret" "$region")"
    expect 'private, missing API key' 403
else
    if [ -n "$stack" ]; then reason='this stack has no API key'; else reason='no API key was given'; fi
    row 'private, missing API key' - "$reason" 'does not apply'
fi

echo "public   $public"
echo "private  $private"
echo "signed   with $signer, for $region/$service"
[ -z "$stack" ] || [ "$(output PrivateAuthType)" != NONE ] ||
    echo "note     PrivateAuth=NONE: authorization is off in this stack, so the refusals below cannot pass"
echo
awk -F '\t' '
    function pad(text, n) { return sprintf("%-" n + 2 "s", text) }
    { for (i = 1; i <= 4; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
    NR > 1 { count[$4]++ }
    END {
        for (n = 1; n <= NR; n++)
            print pad(cell[n, 1], width[1]) pad(cell[n, 2], width[2]) pad(cell[n, 3], width[3]) cell[n, 4]
        printf "\n%d checks: %d passed, %d failed, %d not applicable\n",
               NR - 1, count["pass"], count["FAIL"], count["does not apply"]
        exit count["pass"] + count["does not apply"] != 9
    }' - "$work/rows" <<END || exit 1
$(printf 'check\texpected\tgot\tverdict')
END
