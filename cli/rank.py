"""`alerts rank`: open cases by what waiting is expected to cost."""

from __future__ import annotations

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows


def rank(config: ConfigFolder = SHIPPED, as_json: AsJson = False) -> None:
    """Rank open cases by what waiting costs, against acting now.

    Those that cannot be weighed come last, with the reason.

    Examples:
      millwright alerts rank
      millwright alerts rank --json

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from cli.wording import rank_row
    from core.clock import system_clock
    from service.advice import ranking
    from service.metrics import open_alerts
    from service.outlook import renewed

    loaded = existing(load(config))
    casefile = open_casefile(loaded)
    try:
        cases = renewed(open_alerts(casefile), casefile.statuses())
    finally:
        casefile.close()
    now = system_clock()
    found = ranking(cases, loaded.plant, now)
    rows = (rank_row(alert, loaded.plant, now) for alert, _ in found)
    print_rows(rows, ("id", "asset", "title", "words"), as_json=as_json)
