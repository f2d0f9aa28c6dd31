"""Puts together what a site forwards with, and what a centre answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.configuration import Configuration
    from core.casefile import CaseFile
    from core.clock import Clock
    from core.history import TelemetryHistory
    from core.journal import Journal
    from core.ledger import Line
    from core.secret import Secret
    from service.forwarder import Forwarder
    from service.site_commands import SiteCommands
    from storage.journal_sqlite import SqliteJournal


def make_forwarder(
    config: Configuration,
    journal: SqliteJournal,
    casefile: CaseFile,
    history: TelemetryHistory,
    clock: Clock,
) -> Forwarder:
    """Make the forwarder of a configuration that has a block `forward`; Refused without it."""
    from core import site
    from core.errors import Refused, Unavailable
    from core.ledger import look
    from service.forwarder import CommandDesk, Forwarder
    from service.mqtt_link import LinkTarget, MqttLink
    from service.positions import PositionFile

    settings = config.service.forward
    if settings is None:
        msg = f"{config.folder}/service.yaml has no block forward: say there to which centre"
        raise Refused(msg)

    def ledger() -> Sequence[Line]:
        try:
            return look(history, journal)
        except Unavailable:
            return ()

    target = LinkTarget(
        settings.url,
        settings.client_id or f"{config.service.broker.client_id}-{settings.site}-forward",
        settings.username,
        _revealed(settings.password, "forward.password"),
        settings.confirm_within,
        settings,
    )
    commands = site.topic(settings.prefix, settings.site, site.Topic.COMMANDS)
    positions = PositionFile(config.data / "forward.json")
    link = MqttLink(target, commands, CommandDesk(journal, clock).take)
    return Forwarder(settings, journal, casefile, positions, link, clock, ledger)


def go_on(config: Configuration, journal: SqliteJournal, seen: int, clock: Clock) -> None:
    """Give no new entry a number up to `seen`, or that another consumer has seen.

    What is not configured any more is waited for no longer, and what it had told ends.
    """
    from core.journal import Link, LinkChanged, draft
    from service import forwarder, site_commands
    from service.positions import PositionFile

    files = (config.data / "forward.json", config.data / "commands.json")
    journal.skip_to(max(seen, *(PositionFile(file).now.entry for file in files)))
    marks = journal.marks()
    if config.service.forward is None and forwarder.CONSUMER in marks:
        change = LinkChanged(Link.CENTRE_BACK, "nothing is forwarded any more")
        journal.append([draft(clock(), change)])
        journal.forget(forwarder.CONSUMER)
    if config.service.ingest.sites is None and site_commands.CONSUMER in marks:
        journal.forget(site_commands.CONSUMER)


def make_site_commands(
    config: Configuration, journal: Journal, casefile: CaseFile
) -> SiteCommands | None:
    """Make what sends commands to sites; None where none forwards to us."""
    from service.mqtt_link import LinkTarget, MqttLink
    from service.positions import PositionFile
    from service.site_commands import SiteCommands

    sites, broker = config.service.ingest.sites, config.service.broker
    if sites is None:
        return None
    target = LinkTarget(
        broker.url,
        f"{broker.client_id}-commands",
        broker.username,
        _revealed(broker.password, "broker.password"),
        files=broker,
    )
    positions = PositionFile(config.data / "commands.json")
    return SiteCommands(journal, casefile, positions, MqttLink(target), sites.prefix)


def _revealed(secret: Secret | None, key: str) -> str | None:
    from core.errors import Refused

    try:
        return secret.reveal() if secret else None
    except ValueError as error:
        msg = f"{key}: {error}"
        raise Refused(msg) from error
