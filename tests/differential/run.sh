#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh SIGNER [CASES [SEED]]: our signer against botocore, AWS's CRT, smithy and aws4, which are installed into build/
# as requirements.txt and package-lock.json pin them. compare.py says what is compared.
set -u
cd "$(dirname "$0")/../.." || exit 1
here=tests/differential
venv=build/differential/venv node=build/differential/node

give_up() {
    echo "$0: $1" >&2
    exit 1
}

python3 -c 'import ensurepip, venv' 2>/dev/null || give_up 'needs python3 with venv (Debian: python3-venv)'
command -v npm >/dev/null || give_up 'needs node and npm (Debian: nodejs npm)'

# The stamp is the list it was made from: another list, another installation.
if ! cmp -s $here/requirements.txt $venv/requirements.txt; then
    mkdir -p build/differential
    python3 -m venv --clear $venv &&
        $venv/bin/pip install --quiet --disable-pip-version-check -r $here/requirements.txt &&
        cp $here/requirements.txt $venv/requirements.txt || give_up "$here/requirements.txt could not be installed"
fi
if ! cmp -s $here/package-lock.json $node/installed.json; then
    rm -rf $node
    mkdir -p $node
    cp $here/package.json $here/package-lock.json $node/ &&
        npm ci --prefix $node --silent --no-audit --no-fund --ignore-scripts &&
        cp $here/package-lock.json $node/installed.json || give_up "$here/package-lock.json could not be installed"
fi

exec python3 -B $here/compare.py "$1" --cases "${2:-110000}" --seed "${3:-1}" \
    --python $venv/bin/python --modules $node/node_modules
