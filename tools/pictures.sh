#!/bin/sh
# Photographs Signpost's messages and forms for the docs, as docs/images/*.png,
# from the golden files of adapters/slack and adapters/discord. It needs Chromium,
# and looks best with the fonts Lato and Noto Color Emoji. No test runs it.
# sh tools/pictures.sh discord-card takes that picture only.
set -eu
cd "$(dirname "$0")/.."

browser=""
for name in chromium chromium-browser google-chrome chrome; do
	if command -v "$name" >/dev/null 2>&1; then browser=$name; break; fi
done
if [ -z "$browser" ]; then echo "pictures need Chromium; install it"; exit 1; fi

# Without a sandbox, since it cannot be had as root; nothing foreign is opened.
look() {
	"$browser" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files \
		--force-device-scale-factor=2 "$@" 2>/dev/null
}

[ $# -gt 0 ] || set -- slack-answer slack-unsure slack-form slack-card slack-reply slack-thread slack-home \
	discord-answer discord-unsure discord-form discord-card discord-reply discord-late discord-commands
for scene; do
	page="file://$PWD/docs/blocks/index.html?$scene"
	height=$(look --window-size=680,400 --dump-dom "$page" | sed -n 's/.*data-height="\([0-9]*\)".*/\1/p')
	if [ -z "$height" ]; then echo "$scene could not be drawn"; exit 1; fi
	look --window-size="680,$height" --screenshot="docs/images/$scene.png" "$page"
	echo "docs/images/$scene.png"
done
