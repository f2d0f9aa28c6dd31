#!/bin/sh
# Install the Sparkplug edge libraries that drive our host in tests, each in an environment of its own:
# both pin an MQTT client that we cannot share.
set -eu
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millwright-servers/edges"
python="${PYTHON:-python3}"
for package in pysparkplug==0.6.1 mqtt-spb-wrapper==2.1.2; do
  place="$cache/$package"
  [ -e "$place/installed" ] && continue
  rm -rf "$place"
  mkdir -p "$cache"
  "$python" -m venv "$place"
  "$place/bin/python" -m pip install -q --disable-pip-version-check "$package"
  touch "$place/installed"
done
