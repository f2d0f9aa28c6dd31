"""How `--help` teaches: examples as they were written, and the exit codes below every command."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

_AS_IT_IS = "\b\n"  # what click takes as: leave the lines of this paragraph alone
_EXAMPLES = re.compile(r"^(Examples?:)", re.MULTILINE)

EXIT_CODES = f"""{_AS_IT_IS}Exit codes:
  0    done, or ended because it was asked to (run, ingest, serve, demo, alerts tail)
  1    a check did not hold (doctor, messages try, demo --until-alert), or an unforeseen error
  2    the configuration or the command line is wrong
  3    refused; trying again will not help
  4    something needed is not there now; trying again may help
  130  interrupted by Ctrl-C before it was done; 143 by SIGTERM, 129 by a closed terminal
"""


class Teaching(TyperCommand):
    """A command whose help keeps the lines of its examples and ends with the exit codes."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.help = _EXAMPLES.sub(rf"{_AS_IT_IS}\1", self.help or "")
        self.epilog = EXIT_CODES
