#!/bin/bash
# fuzz.sh [TIME] [PATTERN]: runs every fuzz target whose name matches for TIME (5s). Inputs that break something are left in the
# package's testdata/fuzz: commit them with the cure.
set -eu
time=${1:-5s} pattern=${2:-.}
cd "$(dirname "$0")/.."
failed=0 ran=0
while IFS=: read -r file func; do
    name=$(sed 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/' <<<"$func")
    grep -q "$pattern" <<<"$name" || continue
    echo "== $(dirname "$file") $name"
    ran=$((ran + 1))
    go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")" || failed=$((failed + 1))
done < <(grep -r --include='*_test.go' '^func Fuzz' . | sort)
echo "$((ran - failed)) passed, $failed failed"
[ "$failed" = 0 ]
