#!/bin/sh
# Photographs Signpost's messages and forms for the docs, as docs/images/slack-*.png,
# from the golden files of adapters/slack. It needs Chromium, and looks best with
# the fonts Lato and Noto Color Emoji. No test runs it.
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

for scene in answer unsure form card reply home; do
	page="file://$PWD/docs/blocks/index.html?$scene"
	height=$(look --window-size=680,400 --dump-dom "$page" | sed -n 's/.*data-height="\([0-9]*\)".*/\1/p')
	if [ -z "$height" ]; then echo "$scene could not be drawn"; exit 1; fi
	look --window-size="680,$height" --screenshot="docs/images/slack-$scene.png" "$page"
	echo "docs/images/slack-$scene.png"
done
