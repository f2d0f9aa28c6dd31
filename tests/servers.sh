#!/bin/sh
# Install the real servers that the tests use, from the distribution's own packages.
set -eu
missing=""
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing="mosquitto mosquitto-clients"
command -v chromium >/dev/null || missing="$missing chromium fonts-noto-core fonts-noto-cjk"
command -v openssl >/dev/null || missing="$missing openssl"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -n "$missing" ] || { echo "all there"; exit 0; }
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
# policy-rc.d keeps the packages from starting system services: tests start their own, on loopback.
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086
$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
