"""Makes in InfluxDB what Millwright needs there, and says what it did; twice does no harm."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.clock import SECOND, Span
from core.errors import Refused
from core.quantity import span_text
from storage.influx_server import InfluxServer
from storage.influx_task import SumTask

DESCRIPTION = "Millwright: read and write {}"


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was set up; `how` is made, changed, or already there."""

    what: str
    how: str
    detail: str = ""


class InfluxSetup:
    """Sets up one organisation, with the rights of an operator's token."""

    def __init__(self, server: InfluxServer) -> None:
        self._server = server
        self._org = self._found_org()

    def buckets(self, keeps: Mapping[str, Span]) -> Iterator[Done]:
        """Make buckets, each with how long it keeps; where one keeps longer, it stays so."""
        for name, keep in keeps.items():
            seconds = keep // SECOND
            bucket = self._bucket(name)
            if bucket is None:
                self._server.call(partial(_make_bucket, name=name, seconds=seconds, org=self._org))
                yield Done(f"bucket {name}", "made", f"keeps {span_text(keep)}")
                continue
            held = sum(int(rule.every_seconds) for rule in bucket.retention_rules)
            said = f"keeps {span_text(held * SECOND) if held else 'for ever'}"
            if held and held < seconds:
                self._server.call(partial(_keep_longer, bucket=bucket, seconds=seconds))
                yield Done(f"bucket {name}", "changed", f"{said} until now, {span_text(keep)} now")
            else:
                yield Done(f"bucket {name}", "already there", said)

    def tasks(self, wanted: Sequence[SumTask]) -> Iterator[Done]:
        """Make tasks, or bring them up to date."""
        for task in wanted:
            what = f"task {task.name!r}"
            mine = self._server.call(partial(_tasks, name=task.name, org=self._org))
            if not mine:
                self._server.call(partial(_make_task, task=task, org=self._org))
                yield Done(what, "made", f"each {task.step} of {task.source}, every {task.every}")
            elif mine[0].flux.strip() != task.flux.strip():
                self._server.call(partial(_renew_task, task_id=mine[0].id, task=task))
                yield Done(what, "changed", "brought up to date")
            else:
                yield Done(what, "already there", f"every {task.every}")

    def token(self, buckets: Sequence[str], file: Path) -> Done:
        """Make a token for just these buckets, in a file that only this user can read.

        `Refused` where the file holds something else than such a token.
        """
        what = f"token in {file}"
        description = DESCRIPTION.format(", ".join(buckets))
        known = self._server.call(
            lambda c: c.authorizations_api().find_authorizations(org_id=self._org.id)
        )
        mine = [each for each in known if each.description == description]
        wanted = [bucket for name in buckets if (bucket := self._bucket(name)) is not None]
        if file.exists():
            held = file.read_text("utf-8").strip()
            if found := [each for each in mine if each.token == held]:
                if _serves(found[0], wanted):
                    return Done(what, "already there")
                made = self._server.call(lambda c: _make_token(c, description, wanted, self._org))
                _write_private(file, made.token + "\n")
                return Done(what, "changed", "the one before was for buckets that are gone")
            msg = (
                f"{file} holds something else than a token that was made here for these buckets;"
                " move it away, or name another file with --out"
            )
            raise Refused(msg)
        made = self._server.call(lambda c: _make_token(c, description, wanted, self._org))
        _write_private(file, made.token + "\n")
        left = f"; {len(mine)} made before, of which the file is gone, still work" if mine else ""
        return Done(
            what, "made", f"may read and write {', '.join(buckets)}, and nothing else{left}"
        )

    def _found_org(self) -> Any:
        name = self._server.place.org
        found = self._server.call(lambda c: c.organizations_api().find_organizations())
        for org in found:
            if org.name == name:
                return org
        known = ", ".join(org.name for org in found) or "none that this token may see"
        msg = f"history.org: InfluxDB has no organisation {name!r}; known: {known}"
        raise Refused(msg)

    def _bucket(self, name: str) -> Any:
        found = self._server.find(
            lambda c: c.buckets_api().find_buckets(name=name, org_id=self._org.id)
        )
        known = () if found is None else found.buckets
        return next((bucket for bucket in known if bucket.name == name), None)


def _make_bucket(client: Any, name: str, seconds: int, org: Any) -> Any:
    from influxdb_client.domain import bucket_retention_rules as rules

    made: Any = rules.BucketRetentionRules
    rule = made(type="expire", every_seconds=seconds)
    return client.buckets_api().create_bucket(bucket_name=name, retention_rules=rule, org=org)


def _keep_longer(client: Any, bucket: Any, seconds: int) -> Any:
    bucket.retention_rules[0].every_seconds = seconds
    bucket.retention_rules[0].shard_group_duration_seconds = None  # InfluxDB chooses again
    return client.buckets_api().update_bucket(bucket=bucket)


def _tasks(client: Any, name: str, org: Any) -> list[Any]:
    found = client.tasks_api().find_tasks(name=name)
    return [each for each in found or () if each.org_id == org.id]


def _renew_task(client: Any, task_id: str, task: SumTask) -> Any:
    from influxdb_client.domain import task_update_request

    made: Any = task_update_request.TaskUpdateRequest
    return client.tasks_api().update_task_request(task_id, made(flux=task.flux))


def _make_task(client: Any, task: SumTask, org: Any) -> Any:
    from influxdb_client.domain import task_create_request

    made: Any = task_create_request.TaskCreateRequest
    request = made(org_id=org.id, flux=task.flux, status="active")
    return client.tasks_api().create_task(task_create_request=request)


def _make_token(client: Any, description: str, buckets: Sequence[Any], org: Any) -> Any:
    from influxdb_client.domain import authorization, permission, permission_resource

    resource: Any = permission_resource.PermissionResource
    one: Any = permission.Permission
    whole: Any = authorization.Authorization
    rights = [
        one(action=action, resource=resource(type="buckets", id=bucket.id, org_id=org.id))
        for bucket in buckets
        for action in ("read", "write")
    ]
    made = whole(org_id=org.id, permissions=rights)
    made.description = description
    return client.authorizations_api().create_authorization(authorization=made)


def _write_private(file: Path, text: str) -> None:
    """Write a file that nobody else can read, not even for a moment, in place of one of ours."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)


def _serves(token: Any, buckets: Sequence[Any]) -> bool:
    """Tell whether a token may read and write these very buckets; one made anew has another id."""
    may = {(right.action, right.resource.id) for right in token.permissions}
    return all((action, one.id) in may for one in buckets for action in ("read", "write"))
