#!/bin/sh
# init.sh makes the folder that compose.yaml uses, ./local unless another is named:
# settings, secrets (a password for Redis, and empty files for tokens), and
# folders for articles, snippets and copies. What is there stays as it is.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
local=${1:-local}
mkdir -p "$local"
chmod 700 "$local"
mkdir -p "$local/secrets" "$local/articles" "$local/snippets" "$local/backups"
if [ ! -e "$local/signpost.yaml" ]; then cp "$here/compose/signpost.yaml" "$local/signpost.yaml"; fi

cd "$local/secrets"
if [ ! -e redis_password ]; then
	[ ! -e redis_url ] || { echo "init: secrets/redis_url is there without secrets/redis_password; write that, or remove both" >&2 && exit 1; }
	LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40 >redis_password
fi
if [ ! -e redis_url ]; then printf 'redis://:%s@redis:6379/0\n' "$(cat redis_password)" >redis_url; fi
for name in slack_bot_token slack_app_token slack_signing_secret discord_token; do
	[ -e "$name" ] || : >"$name"
done
# The users in the containers read them; on this machine nobody else gets past the
# folder.
chmod 644 redis_password redis_url slack_bot_token slack_app_token slack_signing_secret discord_token ../signpost.yaml
chmod 755 ../articles ../snippets
echo "init: $(cd .. && pwd) is ready. Next: articles into articles/, tokens into secrets/, both into signpost.yaml; then docker compose up -d --build"
