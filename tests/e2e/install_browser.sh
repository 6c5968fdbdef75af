#!/bin/sh
# A Chromium for the browser tests: the system's if there is one, else the distribution's, else Playwright's own.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
    root=""
    [ "$(id -u)" -eq 0 ] || root="sudo"
    if $root apt-get update -qq && $root apt-get install -y -qq chromium; then exit 0; fi
fi
exec "$1/playwright" install --with-deps chromium
