#!/bin/sh
# Builds one target of the release twice, from two folders and as of two times, and
# compares every byte.
set -eu
cd "$(dirname "$0")/.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' INT TERM
target="$(go env GOOS)/$(go env GOARCH)"

for n in 1 2; do
	copy=$room/folder$n/and/deeper$n
	mkdir -p "$copy"
	# What git knows, as it is here.
	git ls-files -z --cached | tar --null --files-from=- -cf - 2>/dev/null | tar -xf - -C "$copy"
	find "$copy" -exec touch -d "200$n-01-01" {} +
	VERSION=v0.0.0 TARGETS=$target DIST=$room/dist$n SOURCE_DATE_EPOCH=1700000000 sh "$copy/tools/release.sh" >/dev/null
done
cmp "$room/dist1/SHA256SUMS" "$room/dist2/SHA256SUMS"
for file in "$room"/dist1/*; do cmp "$file" "$room/dist2/${file##*/}"; done
if grep -qF "$room" "$room"/dist1/signpost-*; then
	echo "the folder that it was built in can be read from the program" >&2
	exit 1
fi
(cd "$room/dist1" && sha256sum -c --quiet SHA256SUMS)
echo "reproduced: two builds of $target are the same, byte by byte"
