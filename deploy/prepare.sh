#!/bin/sh
# Makes the secrets of compose.yaml in ./secrets beside it: passwords, tokens, an authority and the
# broker's certificate. What is there already stays. Usage:
#   deploy/prepare.sh broker.plant.lan [SITE...]     one broker user for each site
# It needs openssl and mosquitto_passwd (Debian: apt-get install mosquitto).
set -eu
umask 077
[ $# -ge 1 ] || { echo "usage: $0 BROKER-HOST [SITE...]" >&2; exit 2; }
host=$1
shift
PATH=$PATH:/usr/sbin
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets

for name in feed.token influxdb-admin.password influxdb-admin.token grafana-admin.password; do
    [ -s "$name" ] || openssl rand -hex 24 > "$name"
done
# Grafana's token, which only InfluxDB can make; docs/how-to/deploy.md says how.
[ -s influxdb-reading.token ] || echo "not made yet" > influxdb-reading.token

key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
if [ ! -s ca.crt ]; then
    openssl req -x509 $key -days 3650 -subj "/CN=millwright" -keyout ca.key -out ca.crt 2> /dev/null
fi
if [ ! -s broker.crt ]; then
    openssl req -new $key -subj "/CN=$host" -addext "subjectAltName=DNS:$host,DNS:mosquitto" \
        -keyout broker.key -out broker.csr 2> /dev/null
    openssl x509 -req -in broker.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 800 \
        -copy_extensions copy -out broker.crt 2> /dev/null
    rm broker.csr
fi

touch mosquitto.passwd
for user in ingest alerts "$@"; do
    [ -s "$user.password" ] || openssl rand -hex 24 > "$user.password"
    grep -q "^$user:" mosquitto.passwd \
        || mosquitto_passwd -b mosquitto.passwd "$user" "$(cat "$user.password")" 2> /dev/null
done

if [ "$(id -u)" = 0 ]; then
    chown 1883 mosquitto.passwd broker.crt broker.key
    chown 10001 ca.crt ingest.password alerts.password feed.token
    chown 472 grafana-admin.password influxdb-reading.token
else
    echo "run once more as root, so that each container can read its own: sudo $0 $host" >&2
fi
echo "the secrets are in $PWD; keep ca.key somewhere else, machines need ca.crt and their password"
