"""How many calls the log has beside the attacks, and how many ran or were refused. Exit 1 if they do not add up."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

QUERY = """
SELECT (SELECT count(DISTINCT txn) FROM mine WHERE event IN ('call.opened', 'token.minted')) AS permitted,
       (SELECT count(*) FROM mine WHERE event = 'token.redeemed') AS redeemed,
       (SELECT count(*) FROM mine WHERE event = 'request.refused') AS refused,
       (SELECT count(*) FROM mine WHERE event = 'request.refused' AND txn IS NULL) AS refused_at_once
"""
MINE = "CREATE TEMP VIEW mine AS SELECT * FROM events WHERE agent IS NOT NULL AND agent NOT LIKE '%/agent/attacker'"


def main(state: Path) -> int:
    """Reads the view that the log has for foreign readers, when the daemon is gone."""
    with closing(sqlite3.connect(f"{(state / 'jeton.db').resolve().as_uri()}?mode=ro", uri=True)) as database:
        database.execute(MINE)
        permitted, redeemed, refused, refused_at_once = database.execute(QUERY).fetchone()
    calls = permitted + refused_at_once
    print(f"calls {calls} redeemed {redeemed} refused {refused}")
    return 0 if calls == redeemed + refused else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
