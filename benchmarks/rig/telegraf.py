"""Telegraf as the peer: the tool that people would otherwise use between MQTT and InfluxDB 2."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from core.errors import Unavailable
from simulators.influx import PrivateInflux

VERSION = "1.37.2"
MISSING = "Telegraf is not installed; benchmarks/rig/telegraf.sh builds it, with Go"
_LAYOUT = "2006-01-02T15:04:05Z07:00"
_PLAIN = f"""
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "{_LAYOUT}"
"""
_MAPPED = f"""
  data_format = "json_v2"
  [[inputs.mqtt_consumer.json_v2]]
    timestamp_path = "ts"
    timestamp_format = "{_LAYOUT}"
"""


def telegraf_path() -> str | None:
    """Find Telegraf: in the PATH, or as `benchmarks/rig/telegraf.sh` built it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = cache / "millwright-servers" / f"telegraf-{VERSION}" / "telegraf"
    return shutil.which("telegraf") or shutil.which(str(built))


def write_config(
    path: Path,
    broker: str,
    store: PrivateInflux,
    bucket: str,
    client_id: str,
    topic_filter: str,
    *,
    fields: tuple[str, ...] = (),
    ca: Path | None = None,
) -> None:
    """Write a configuration for the drain; with `fields`, the mapping of json_v2 names each.

    Batches, buffers and the number of undelivered messages are those at which it was fastest.
    """
    reader = _PLAIN
    if fields:
        paths = "".join(
            f'    [[inputs.mqtt_consumer.json_v2.field]]\n      path = "{name}"\n'
            f'      rename = "{name.rpartition(".")[2]}"\n      type = "float"\n'
            for name in fields
        )
        reader = _MAPPED + paths
    tls = f'  tls_ca = "{ca}"\n' if ca is not None else ""
    path.write_text(
        f"""[agent]
  interval = "1s"
  flush_interval = "1s"
  metric_batch_size = 5000
  metric_buffer_limit = 400000
  omit_hostname = true
[[outputs.influxdb_v2]]
  urls = ["{store.url}"]
  token = "{store.token}"
  organization = "{store.org}"
  bucket = "{bucket}"
[[inputs.mqtt_consumer]]
  servers = ["{broker}"]
  topics = ["{topic_filter}"]
  qos = 1
  persistent_session = true
  client_id = "{client_id}"
  max_undelivered_messages = 20000
  topic_tag = "topic"
{tls}{reader}""",
        encoding="utf-8",
    )


def start(config: Path) -> subprocess.Popen[bytes]:
    """Start Telegraf; `Unavailable` where it is not to be found."""
    program = telegraf_path()
    if program is None:
        raise Unavailable(MISSING)
    with config.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            [program, "--config", str(config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
