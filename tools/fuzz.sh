#!/bin/sh
# Runs every fuzz test of the module for FUZZTIME each, or those in the folder
# given, and fails on a finding. A package is built once for all of its fuzz tests:
# linking it takes longer than a short run of one. Two packages go at a time, since
# a short run mostly waits for its workers to begin.
set -eu
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
	git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n 1 dirname | sort -u | xargs -P 2 -n 1 sh tools/fuzz.sh
	exit
fi
folder="$1"
cache="$(go env GOCACHE)/fuzz"
room="$(mktemp -d)"
trap 'rm -rf "$room"' EXIT

# Go before 1.27 may take the end of the time for a failure. Then it tells nothing
# else: a finding comes with its input.
# Source: https://go.dev/issue/75804
in_time() {
	! grep -qx '    context deadline exceeded' "$1" ||
		grep -qvxE 'fuzz: .*|--- FAIL: .*|    context deadline exceeded|FAIL' "$1"
}

package="$(go list "./$folder")"
go test -c -fuzz . -o "$room/fuzz.test" "./$folder"
cat "$folder"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' >"$room/names"
while read -r name; do
	echo "fuzz $name in $folder"
	(cd "$folder" && "$room/fuzz.test" -test.paniconexit0 -test.run '^$' -test.fuzz "^$name\$" \
		-test.fuzztime "${FUZZTIME:-3s}" -test.fuzzcachedir "$cache/$package") >"$room/out" 2>&1 </dev/null || {
		if in_time "$room/out"; then
			cat "$room/out"
			exit 1
		fi
	}
done <"$room/names"
