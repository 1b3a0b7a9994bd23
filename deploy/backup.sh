#!/bin/sh
# backup.sh copies everything that a running Redis holds, as of one moment, into
# a file, and looks whether the file is whole.
#
#   SIGNPOST_REDIS_URL_FILE=/etc/signpost/redis_url deploy/backup.sh /var/backups/signpost
#
# It needs redis-cli (or valkey-cli) and sha256sum, and talks to Redis alone: it
# may run on another machine. Passwords come by the environment or a file and
# never stand on a command line. docs/backup.md tells the rest.
#
#   SIGNPOST_REDIS_URL       as Signpost has it: redis:// or rediss://. Of Sentinel or
#                            a Cluster, name one server; a replica is best
#   SIGNPOST_REDIS_URL_FILE  a file that holds it instead
#   BACKUP_KEEP              how many of the newest copies stay; 14
#
# Exit code 0: the copy is there, whole. 1: it is not. 2: something given is wrong.
set -eu
umask 077 # a copy holds what people wrote, and tokens

fail() {
	echo "backup: $*" >&2
	exit 1
}
wrong() {
	echo "backup: $*" >&2
	exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }

# plain undoes the %40 of URLs.
plain() {
	printf '%s\n' "$1" | LC_ALL=C awk '{
		while (match($0, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
			hex = tolower(substr($0, RSTART + 1, 2))
			printf "%s%c", substr($0, 1, RSTART - 1), (index("0123456789abcdef", substr(hex, 1, 1)) - 1) * 16 + index("0123456789abcdef", substr(hex, 2, 1)) - 1
			$0 = substr($0, RSTART + 3)
		}
		printf "%s", $0
	}'
}

[ $# -eq 1 ] || wrong "name the folder for the copies: backup.sh FOLDER"
dir=$1
keep=${BACKUP_KEEP:-14}
case $keep in '' | *[!0-9]* | 0) wrong "BACKUP_KEEP=$keep is not a number from 1" ;; esac
cli=redis-cli
have "$cli" || cli=valkey-cli
have "$cli" || wrong "there is no redis-cli here; install it (Debian: redis-tools), or run this in the Redis image"

url=${SIGNPOST_REDIS_URL:-}
if [ -n "${SIGNPOST_REDIS_URL_FILE:-}" ]; then
	[ -z "$url" ] || wrong "SIGNPOST_REDIS_URL and SIGNPOST_REDIS_URL_FILE are both set; remove one of the two"
	[ -r "$SIGNPOST_REDIS_URL_FILE" ] || wrong "$SIGNPOST_REDIS_URL_FILE cannot be read; check its name and permissions"
	url=$(cat "$SIGNPOST_REDIS_URL_FILE")
fi
url=${url:-redis://127.0.0.1:6379}
case $url in
redis://*) tls= ;;
rediss://*) tls=--tls ;;
*) wrong "the url begins with neither redis:// nor rediss://; of Sentinel or a Cluster, name one server, best a replica" ;;
esac
rest=${url#*://}
query=
case $rest in *\?*) query=${rest#*\?} rest=${rest%%\?*} ;; esac
rest=${rest%%/*} # a copy holds all databases
login=
case $rest in *@*) login=${rest%@*} rest=${rest##*@} ;; esac
port=6379
case $rest in
\[*\]:*) port=${rest##*:} host=${rest#\[} host=${host%%\]*} ;;
\[*\]) host=${rest#\[} host=${host%\]} ;;
*:*) port=${rest##*:} host=${rest%:*} ;;
*) host=$rest ;;
esac

set -- -h "${host:-127.0.0.1}" -p "$port"
if [ -n "$login" ]; then
	user=$(plain "${login%%:*}")
	REDISCLI_AUTH=$(plain "${login#*:}") # redis-cli takes it from there
	export REDISCLI_AUTH
	[ -z "$user" ] || set -- "$@" --user "$user"
fi
if [ -n "$tls" ]; then
	set -- "$@" --tls
	case $host in *:* | *[0-9]) ;; *) set -- "$@" --sni "$host" ;; esac # an address has no name to ask for
	for setting in $(printf '%s' "$query" | tr '&' ' '); do
		case $setting in
		ca=*) set -- "$@" --cacert "$(plain "${setting#*=}")" ;;
		cert=*) set -- "$@" --cert "$(plain "${setting#*=}")" ;;
		key=*) set -- "$@" --key "$(plain "${setting#*=}")" ;;
		esac
	done
fi

mkdir -p "$dir"
began=$(date +%s)
name=signpost-$(date -u +%Y%m%dT%H%M%SZ).rdb
[ ! -e "$dir/$name" ] || fail "$dir/$name is there already; try again in a second"
part=$dir/.$name.part
log=$dir/.$name.log
trap 'rm -f "$part" "$log"' EXIT
trap 'exit 1' INT TERM HUP

# The server makes a snapshot, as for a new replica, and sends it.
if ! "$cli" "$@" --rdb "$part" >"$log" 2>&1 || [ ! -s "$part" ]; then
	tail -n 3 "$log" >&2
	fail "Redis gave no copy; may the user sync (docs/backup.md), and is there room in $dir?"
fi
case $(head -c 6 "$part") in
REDIS0 | VALKEY) ;;
*) fail "what Redis sent is no snapshot" ;;
esac
keys="? (no redis-check-rdb here)"
check=redis-check-rdb
have "$check" || check=valkey-check-rdb
if have "$check"; then
	"$check" "$part" >"$log" 2>&1 || {
		grep -v "^\[info\]" "$log" | tail -n 3 >&2
		fail "the copy is damaged"
	}
	keys=$(sed -n 's/^\[info\] \([0-9]*\) keys read$/\1/p' "$log")
fi
sum=$(sha256sum "$part")
printf '%s  %s\n' "${sum%% *}" "$name" >"$dir/$name.sha256"
mv "$part" "$dir/$name"
sync "$dir/$name" 2>/dev/null || sync

# Names order like times.
find "$dir" -maxdepth 1 -type f -name 'signpost-*T*Z.rdb' | sort -r | tail -n +$((keep + 1)) | while IFS= read -r old; do
	rm -f "$old" "$old.sha256"
done
echo "backup: $dir/$name, $keys keys, $(wc -c <"$dir/$name" | tr -d ' ') bytes, $(($(date +%s) - began)) s"
