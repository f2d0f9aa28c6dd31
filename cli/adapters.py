"""Opens what the configuration names: the files of a data folder, and the notifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import Unavailable

if TYPE_CHECKING:
    from contextlib import ExitStack

    from cli.configuration import Configuration
    from core.blocks import BlockStore
    from core.casefile import CaseFile
    from core.history import TelemetryHistory
    from core.tls import TlsFiles
    from ingest.block_keeper import BlockKeeper
    from ingest.settings import BrokerSettings
    from service.condition_writer import ConditionWriter
    from service.notify_mqtt import MqttNotifier
    from service.settings import MqttNotifierSettings
    from storage.journal_sqlite import SqliteJournal
    from storage.proposals_sqlite import SqliteProposals


def open_journal(config: Configuration) -> SqliteJournal:
    """Open the journal of a configuration's data folder, making both where they are missing."""
    from storage.journal_sqlite import SqliteJournal

    config.data.mkdir(parents=True, exist_ok=True)
    return SqliteJournal(config.data / "journal.db", config.service.journal)


def open_history(config: Configuration) -> TelemetryHistory:
    """Open the telemetry history that the configuration names."""
    from storage.history_memory import MemoryHistory
    from storage.history_sqlite import SqliteHistory

    settings = config.service.history
    if settings.kind == "memory":
        return MemoryHistory()
    if settings.kind == "influxdb":
        from cli.influx import influx_place
        from storage.history_influx import InfluxHistory

        config.data.mkdir(parents=True, exist_ok=True)
        return InfluxHistory(influx_place(settings), settings.bucket, config.data)
    return SqliteHistory(config.data / "history.db")


def open_blocks(config: Configuration) -> BlockStore:
    """Open the store of raw vibration blocks; in memory where the history is."""
    from storage.blocks_memory import MemoryBlocks
    from storage.blocks_sqlite import SqliteBlocks

    if config.service.history.kind == "memory":
        return MemoryBlocks(config.service.blocks.max_size)
    return SqliteBlocks(config.data / "blocks.db", config.service.blocks.max_size)


def open_keeper(config: Configuration, closing: ExitStack) -> BlockKeeper | None:
    """Make the keeper of raw blocks; None where no source sends any, or none are to be kept."""
    from ingest.block_keeper import BlockKeeper
    from ingest.decoders.waveform import WaveformSettings

    sources, blocks = config.service.ingest.sources, config.service.blocks
    if not blocks.max_size or not any(isinstance(s.decoder, WaveformSettings) for s in sources):
        return None
    config.data.mkdir(parents=True, exist_ok=True)
    store = open_blocks(config)
    closing.callback(store.close)
    return BlockKeeper(store, blocks.keep)


def open_proposals(config: Configuration) -> SqliteProposals:
    """Open the list of proposed assets."""
    from storage.proposals_sqlite import SqliteProposals

    config.data.mkdir(parents=True, exist_ok=True)
    return SqliteProposals(config.data / "proposed.db")


def existing(config: Configuration, file: str = "cases.db") -> Configuration:
    """Give the configuration back where something has run on its data folder.

    Unavailable otherwise: a command that only looks must not make files, perhaps of another user.
    """
    if not (config.data / file).exists():
        msg = (
            f"nothing has run on {config.data.resolve()} yet; start `millwright run -c"
            f" {config.folder}`, or name the right folder with -c"
        )
        raise Unavailable(msg)
    return config


def open_casefile(config: Configuration) -> CaseFile:
    """Open the file of cases."""
    from storage.casefile_sqlite import SqliteCaseFile

    config.data.mkdir(parents=True, exist_ok=True)
    return SqliteCaseFile(config.data / "cases.db")


def open_conditions(config: Configuration, casefile: CaseFile) -> ConditionWriter | None:
    """Make the writer of scores, health, life and alerts; None where there is no InfluxDB."""
    settings = config.service.history
    if settings.kind != "influxdb":
        return None
    from cli.influx import influx_place
    from service.condition_writer import ConditionWriter
    from storage.condition_influx import InfluxConditions
    from storage.condition_marks import MarksFile

    place = influx_place(settings)
    marks = MarksFile(
        f"{place.url} {place.org} {settings.condition_bucket}", config.data / "conditions.json"
    )
    return ConditionWriter(casefile, InfluxConditions(place, settings.condition_bucket), marks)


def open_notifiers(config: Configuration) -> tuple[MqttNotifier, ...]:
    """Make the notifiers; what they leave out is as for ingest."""
    from service.notify_mqtt import MqttNotifier, MqttTarget

    broker = config.service.broker
    made = []
    for one in config.service.notifiers:
        own = one.url is not None or one.username is not None  # ours are for our broker only
        secret = one.password if own else broker.password
        target = MqttTarget(
            name=one.name,
            url=one.url or broker.url,
            client_id=one.client_id or f"{broker.client_id}-alerts",
            username=one.username if own else broker.username,
            password=secret.reveal() if secret else None,
            prefix=one.prefix,
            confirm_within=one.confirm_within,
            files=_files(one, broker),
        )
        made.append(MqttNotifier(target, config.plant))
    return tuple(made)


def _files(one: MqttNotifierSettings, broker: BrokerSettings) -> TlsFiles:
    """Choose a notifier's certificates: ours are for our broker only, where it has none."""
    from core.tls import TlsFiles

    chosen: TlsFiles = one if one.url is not None or one.given else broker
    return TlsFiles(ca=chosen.ca, certificate=chosen.certificate, key=chosen.key)
