#!/bin/sh
# Find a real influxd, or build one from its Go module into a folder outside the checkout.
# It takes five to eight minutes once a machine; a build that breaks off leaves nothing behind.
set -eu
version=2.7.12
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millwright-servers"
built="$cache/influxd-$version/influxd"

found=""
if [ -n "${MILLWRIGHT_INFLUXD:-}" ]; then found="$MILLWRIGHT_INFLUXD"
elif command -v influxd >/dev/null; then found="$(command -v influxd)"
elif [ -x "$built" ]; then found="$built"
fi
[ -z "$found" ] || { echo "influxd: $found"; exit 0; }

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
missing=""
command -v gcc >/dev/null || missing="gcc libc6-dev"
command -v pkg-config >/dev/null || missing="$missing pkg-config"
if [ -n "$missing" ]; then
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
for tool in go cargo; do
  command -v $tool >/dev/null && continue
  echo "influxd: not built, for want of $tool; install Go 1.23 and cargo, or InfluxDB 2 itself," >&2
  echo "influxd: or name the program in MILLWRIGHT_INFLUXD; tests that need it are skipped" >&2
  [ "${MILLWRIGHT_REAL_SERVERS:-}" != required ]
  exit
done

mkdir -p "$cache/influxd-$version"
exec 9>"$cache/influxd-$version/lock"
flock 9
[ ! -x "$built" ] || { echo "influxd: $built"; exit 0; }    # another one built it meanwhile
work="$(mktemp -d "$cache/building.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
echo "influxd: building $version; this takes some minutes, once"
cd "$work"
cat >go.mod <<END
module influxdbuild

go 1.23.0

require github.com/influxdata/influxdb/v2 v$version

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
END
cat >tools.go <<'END'
//go:build tools

package tools

import _ "github.com/influxdata/influxdb/v2/cmd/influxd"
END
# Old Rust must pass a new compiler: warnings stay warnings.
printf '#!/bin/sh\nexec "$@" --cap-lints=warn\n' >rustc-wrap
chmod +x rustc-wrap
# This pkg-config is a wrapper that builds Flux's library in Rust on the way.
GOBIN="$work/bin" go install github.com/influxdata/pkg-config@v0.2.7 >build.log 2>&1 &&
  go mod tidy >>build.log 2>&1 &&
  PKG_CONFIG="$work/bin/pkg-config" RUSTUP_TOOLCHAIN=stable RUSTC_WRAPPER="$work/rustc-wrap" \
    go build -tags sqlite_foreign_keys,sqlite_json -o influxd \
    github.com/influxdata/influxdb/v2/cmd/influxd >>build.log 2>&1 ||
  { tail -n 40 build.log >&2; echo "influxd: the build failed" >&2; exit 1; }
./influxd version
mv influxd "$built"
echo "influxd: $built"
