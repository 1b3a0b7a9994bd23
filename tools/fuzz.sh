#!/bin/sh
# Runs every fuzz test of the module for FUZZTIME each, and fails on the first
# finding.
set -eu
cd "$(dirname "$0")/.."
git ls-files '*_test.go' | xargs grep -l '^func Fuzz' | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file" | while read -r name; do
		echo "fuzz $name in $(dirname "$file")"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-3s}" "./$(dirname "$file")" >"${TMPDIR:-/tmp}/signpost-fuzz.$$" 2>&1 || {
			cat "${TMPDIR:-/tmp}/signpost-fuzz.$$"
			rm -f "${TMPDIR:-/tmp}/signpost-fuzz.$$"
			exit 1
		}
		rm -f "${TMPDIR:-/tmp}/signpost-fuzz.$$"
	done || exit 1
done
