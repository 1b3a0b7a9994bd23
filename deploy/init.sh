#!/bin/sh
# init.sh makes the folder that compose.yaml uses, ./local unless another is named:
# settings, secrets (a password for Redis, a key for the audit, and empty files for
# tokens), and folders for articles, snippets and copies. What is there stays as it is.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
local=${1:-local}
mkdir -p "$local"
chmod 700 "$local"
# The users in the containers read what is inside; on this machine nobody else gets
# past the folder.
umask 022
mkdir -p "$local/secrets" "$local/articles" "$local/snippets" "$local/backups"
if [ ! -e "$local/signpost.yaml" ]; then cat "$here/compose/signpost.yaml" >"$local/signpost.yaml"; fi
chmod a+r "$here/redis-start.sh" 2>/dev/null || true # it is mounted, too

cd "$local/secrets"
if [ ! -e redis_password ]; then
	[ ! -e redis_url ] || { echo "init: secrets/redis_url is there without secrets/redis_password; write that, or remove both" >&2 && exit 1; }
	LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >redis_password
fi
if [ ! -e redis_url ]; then printf 'redis://:%s@redis:6379/0\n' "$(cat redis_password)" >redis_url; fi
if [ ! -e audit_key ]; then head -c 32 /dev/urandom | base64 >audit_key; fi
for name in slack_bot_token slack_app_token slack_signing_secret discord_token; do
	[ -e "$name" ] || : >"$name"
done
chmod a+r ./* # a token may have been put here by a stricter hand
echo "init: $(cd .. && pwd) is ready. Next: articles into articles/, tokens into secrets/, both into signpost.yaml; then docker compose up -d --build"
