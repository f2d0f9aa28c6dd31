"""The page that shows how to connect a plant does what it shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app
from tests.configurations import faults

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "connect-your-plant.md").read_text("utf-8")


def test_its_files_are_sound_and_its_message_becomes_what_it_says(tmp_path: Path) -> None:
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", PAGE, re.M | re.S):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    message = re.search(r"^```json\n(.*?)^```", PAGE, re.M | re.S)
    shown = re.search(r"^```text\n(.*?)^```", PAGE, re.M | re.S)
    command = re.search(r"^millwright (messages try .*)$", PAGE, re.M)
    assert message
    assert shown
    assert command
    (tmp_path / "message.json").write_text(message[1])
    places = {"my-plant": str(tmp_path), "message.json": str(tmp_path / "message.json")}

    assert faults(tmp_path) == []
    words = [places.get(word, word) for word in shlex.split(command[1])]
    ran = CliRunner().invoke(app, words)

    assert ran.exit_code == 0, ran.output
    assert ran.output == shown[1]
