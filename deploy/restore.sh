#!/bin/sh
# restore.sh fills the folder of a Redis that does not run with a copy that
# backup.sh has made.
#
#   systemctl stop signpost redis
#   deploy/restore.sh /var/backups/signpost/signpost-20261126T030000Z.rdb /var/lib/redis
#   systemctl start redis signpost
#
# It needs redis-server and redis-cli (or valkey-...), of the version that will
# run on the folder. For a moment it runs a server of its own there, reached by a
# socket that nobody else can open: that server reads the copy and writes the
# append-only files anew, since one with `appendonly yes` reads nothing else.
#
#   --force       the folder holds data: put them aside, in before-restore-TIME
#   RESTORE_SKIP  how far numbers of tickets skip ahead; 1000. Those given out after
#                 the copy was made are known to people, and must not come again
#
#   RESTORE_ASK   host:port where no Redis may answer: of one in another container
#                 nothing else is seen
#
# Exit code 0: everything of the copy is there. 1: it is not, and the folder is not
# to be used. 2: something given is wrong, and nothing was changed.
set -eu
umask 077

fail() {
	echo "restore: $*" >&2
	exit 1
}
wrong() {
	echo "restore: $*" >&2
	exit 2
}
have() { command -v "$1" >/dev/null 2>&1; }

force=
if [ "${1:-}" = --force ]; then
	force=yes
	shift
fi
[ $# -eq 2 ] || wrong "name the copy and the folder: restore.sh [--force] FILE.rdb FOLDER"
copy=$1
dir=$2
skip=${RESTORE_SKIP:-1000}
case $skip in '' | *[!0-9]*) wrong "RESTORE_SKIP=$skip is not a number" ;; esac
kind=redis
have redis-server || kind=valkey
for program in server cli check-rdb; do
	have "$kind-$program" || wrong "there is no $kind-$program here; install Redis, or run this in the Redis image"
done

[ -r "$copy" ] || wrong "$copy cannot be read"
[ -d "$dir" ] || wrong "there is no folder $dir; make it, for the user that Redis runs as"
dir=$(cd "$dir" && pwd)
for link in /proc/[0-9]*/cwd; do
	if [ "$(readlink "$link" 2>/dev/null)" = "$dir" ]; then
		pid=${link#/proc/}
		case $(cat "/proc/${pid%/cwd}/comm" 2>/dev/null) in
		*redis-server* | *valkey-server*) wrong "process ${pid%/cwd} is a Redis that runs in $dir; stop it, and Signpost before it" ;;
		esac
	fi
done

if [ -n "${RESTORE_ASK:-}" ] && "$kind-cli" -h "${RESTORE_ASK%:*}" -p "${RESTORE_ASK##*:}" ping >/dev/null 2>&1; then
	wrong "a Redis answers at $RESTORE_ASK; stop it, and Signpost before it"
fi

room=$(mktemp -d)
server=
leave() {
	if [ -n "$server" ]; then kill -9 "$server" 2>/dev/null || true; fi
	rm -rf "$room" "$dir/.restore.rdb"
}
trap leave EXIT
trap 'exit 1' INT TERM HUP

if [ -r "$copy.sha256" ]; then
	want=$(cut -d ' ' -f 1 "$copy.sha256")
	have_sum=$(sha256sum <"$copy")
	[ "${have_sum%% *}" = "$want" ] || wrong "$copy is not what $copy.sha256 says; take another copy"
else
	echo "restore: there is no $copy.sha256, so it is taken on trust that the copy is the one that was made" >&2
fi
"$kind-check-rdb" "$copy" >"$room/log" 2>&1 || {
	grep -v "^\[info\]" "$room/log" | tail -n 3 >&2
	wrong "$copy is damaged, or of a newer server than this; take another copy"
}
want=$(sed -n 's/^\[info\] \([0-9]*\) keys read$/\1/p' "$room/log")
fleeting=$(sed -n 's/^\[info\] \([0-9]*\) expires$/\1/p' "$room/log") # none of them is Signpost's

held=''
aside=''
for name in appendonlydir dump.rdb; do
	[ ! -e "$dir/$name" ] || held="$held $name"
done
if [ -n "$held" ]; then
	[ -n "$force" ] || wrong "$dir holds data:$held; with --force they are put aside"
	aside=$dir/before-restore-$(date -u +%Y%m%dT%H%M%SZ)
	mkdir "$aside"
	for name in $held; do mv "$dir/$name" "$aside/"; done
	echo "restore: what was in $dir is in $aside now; remove it once all is well"
fi

cp "$copy" "$dir/.restore.rdb"
"$kind-server" --port 0 --unixsocket "$room/socket" --unixsocketperm 700 --dir "$dir" --dbfilename .restore.rdb \
	--appendonly no --save '' --auto-aof-rewrite-percentage 0 --daemonize no >"$room/server" 2>&1 &
server=$!
ask() { "$kind-cli" -s "$room/socket" "$@"; }
pause() { sleep 0.1 2>/dev/null || sleep 1; }
alive() {
	kill -0 "$server" 2>/dev/null && return
	tail -n 5 "$room/server" >&2
	fail "the server that reads the copy has ended; nothing runs on $dir as it is"
}
# told is one line of INFO.
told() { ask info "$1" | tr -d '\r' | sed -n "s/^$2://p"; }

until [ "$(ask ping 2>/dev/null)" = PONG ]; do
	alive
	pause
done
keys=0
for count in $(ask info keyspace | tr -d '\r' | sed -n 's/^db[0-9]*:keys=\([0-9]*\),.*/\1/p'); do
	keys=$((keys + count))
done
if [ "$keys" -gt "$want" ] || [ "$keys" -lt $((want - fleeting)) ]; then
	fail "$keys keys were read of $want; take another copy"
fi

# Nothing given out after the copy was made may come again: numbers of tickets,
# and the fences by which replicas know who holds a connection.
for db in $(ask info keyspace | tr -d '\r' | sed -n 's/^db\([0-9]*\):keys=.*/\1/p'); do
	for key in $(ask -n "$db" --scan --pattern 'signpost:{*}:number') $(ask -n "$db" --scan --pattern 'signpost:{*}:fence'); do
		at=$(ask -n "$db" incrby "$key" "$skip")
		case $key in
		*:number)
			tickets=$(ask -n "$db" --scan --pattern "${key%:number}:ticket:*" | wc -l | tr -d ' ')
			echo "restore: ${key%:number} (database $db): $tickets tickets; the newest number given out was $((at - skip)), the next ticket is T-$((at + 1))"
			;;
		esac
	done
done

[ "$(ask config set appendonly yes)" = OK ] || fail "the server does not begin its append-only files"
until [ "$(told persistence aof_rewrite_in_progress)$(told persistence aof_rewrite_scheduled)" = 00 ]; do
	alive
	pause
done
[ "$(told persistence aof_enabled)$(told persistence aof_last_bgrewrite_status)" = 1ok ] || {
	tail -n 5 "$room/server" >&2
	fail "the append-only files could not be written; is there room in $dir?"
}
ask shutdown nosave >/dev/null 2>&1 || true
wait "$server" || true
server=
ls "$dir"/appendonlydir/*.manifest >/dev/null 2>&1 || fail "the append-only files are not there"
if [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2012 # the folder's owner, in a way that every system has
	chown -R "$(ls -nd "$dir" | awk '{ print $3 ":" $4 }')" "$dir/appendonlydir" ${aside:+"$aside"}
fi
echo "restore: $keys keys are in $dir; start Redis on it, with appendonly yes, and then Signpost"
