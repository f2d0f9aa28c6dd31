#!/bin/sh
# Build the Telegraf that the ingest benchmark compares with, once a machine; needs Go 1.25.
# Only the parts that the benchmark uses are built in.
set -eu
version=1.37.2
cache="${XDG_CACHE_HOME:-$HOME/.cache}/millwright-servers"
made="$cache/telegraf-$version/telegraf"
[ ! -x "$made" ] || { echo "$made"; exit 0; }
module=github.com/influxdata/telegraf
tags=custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json,parsers.json_v2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'module telegrafbuild\n\ngo 1.25.5\n\ngodebug x509negativeserial=1\n\nrequire %s v%s\n' \
  "$module" "$version" >go.mod
go mod download "$module@v$version"
cp "$(go list -m -f '{{.Dir}}' "$module")/go.sum" go.sum
chmod u+w go.sum
go build -mod=mod -tags "$tags" -o telegraf "$module/cmd/telegraf"
mkdir -p "$(dirname "$made")"
mv telegraf "$made.new"
mv "$made.new" "$made"
echo "$made"
