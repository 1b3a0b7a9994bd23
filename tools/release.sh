#!/bin/sh
# Builds the program for every system into dist, with SHA256SUMS and a list of what
# is inside. The same commit, version and Go give the same bytes, wherever and
# whenever: no path, time or host goes in.
#
#   VERSION=v1.2.3 tools/release.sh
#   TARGETS=linux/amd64 DIST=/tmp/one tools/release.sh
set -eu
cd "$(dirname "$0")/.."
version=${VERSION:?such as v1.2.3}
dist=${DIST:-dist}
targets=${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64}
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT=

mkdir -p "$dist"
rm -f "$dist"/signpost-* "$dist/SHA256SUMS"
for target in $targets; do
	os=${target%/*}
	arch=${target#*/}
	file=signpost-$version-$os-$arch
	[ "$os" != windows ] || file=$file.exe
	GOOS=$os GOARCH=$arch go build -trimpath -ldflags "-s -w -buildid= -X main.version=$version" -o "$dist/$file" .
	echo "$dist/$file"
done

# One list for all: the modules are the same on every system, which the program that
# makes it checks.
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
dist=$(cd "$dist" && pwd)
(cd tools && GOFLAGS='' go run ./sbom -version "$version" -time "$time" "$dist"/signpost-"$version"-*) >"$dist/signpost-$version.cdx.json"
cd "$dist"
sha256sum signpost-* >SHA256SUMS
echo "$dist/SHA256SUMS"
