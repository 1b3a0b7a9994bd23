#!/bin/sh
# redis-start.sh starts Redis (or Valkey) as Signpost needs it. It takes back what
# a server that was killed, or lost power, has written of half a step: a server
# itself drops that half, but leaves its beginning in the file, and carries it out
# at the next start but one.
# Source: https://github.com/valkey-io/valkey/pull/4342
#
#   redis-start.sh [SETTING ...]     settings as for redis-server, such as --port 6380
#   redis-start.sh --mend            only takes back, for an ExecStartPre
#
#   REDIS_DIR            its folder; /data
#   REDIS_PASSWORD_FILE  a file with the password of the default user; without one
#                        there is none
#   REDIS_TORN_MOST      how many bytes are taken back at most; 8 MiB. More is no
#                        torn end but damage: then nothing is changed and nothing starts
#
# What is taken back is kept in the folder torn, beside the files.
set -eu
umask 077

fail() {
	echo "redis-start: $*" >&2
	exit 1
}
kind=redis
command -v redis-server >/dev/null 2>&1 || kind=valkey
dir=${REDIS_DIR:-/data}
most=${REDIS_TORN_MOST:-8388608}
cd "$dir"

# mend takes back the torn end of the file that was written last. The others are
# whole, and the server says so if not; valkey-check-aof of 9.0 finds fault with a
# whole one. Source: https://github.com/valkey-io/valkey/pull/4739
mend() {
	name=$(sed -n 's/^file \([^ ]*\) .*type i.*$/\1/p' "$1" | tail -n 1)
	file=${1%/*}/$name
	if [ -z "$name" ] || [ ! -e "$file" ]; then return; fi
	said=$("$kind-check-aof" "$file" 2>&1) && return
	# AOF analyzed: filename=appendonly.aof.1.incr.aof, size=504, ok_up_to=365, ok_up_to_line=109, diff=139
	torn=$(printf '%s\n' "$said" | sed -n 's/^AOF analyzed: .*, ok_up_to=\([0-9]*\),.* diff=\([0-9]*\)$/\2 \1/p')
	cut=${torn% *}
	if [ -z "$torn" ] || [ "$cut" = 0 ]; then
		printf '%s\n' "$said" | tail -n 5 >&2
		fail "$dir/$file is damaged, and not at its end; restore a copy: docs/backup.md"
	fi
	[ "$cut" -le "$most" ] || fail "$cut bytes at the end of $dir/$file cannot be read, which no crash explains; restore a copy (docs/backup.md), or set REDIS_TORN_MOST=$cut to go on without them"
	mkdir -p torn
	kept=torn/$name.$(date -u +%Y%m%dT%H%M%SZ)
	tail -c "+$((${torn#* } + 1))" "$file" >"$kept"
	said=$(echo y | "$kind-check-aof" --fix "$file" 2>&1) || {
		printf '%s\n' "$said" | tail -n 5 >&2
		fail "the torn end of $dir/$file could not be taken back"
	}
	echo "redis-start: $cut bytes of half a step were taken back; they are in $dir/$kept"
}

for manifest in appendonlydir/*.manifest; do
	[ ! -e "$manifest" ] || mend "$manifest"
done
[ "${1:-}" != --mend ] || exit 0

set -- --dir "$dir" --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction "$@"
if [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
	[ -s "$REDIS_PASSWORD_FILE" ] || fail "$REDIS_PASSWORD_FILE is missing or empty; write the password there"
	password=$(sed 's/[\\"]/\\&/g' "$REDIS_PASSWORD_FILE")
	# From its standard input: what stands on a command line can be seen.
	exec "$kind-server" - "$@" <<-EOF
		requirepass "$password"
	EOF
fi
exec "$kind-server" "$@"
