"""Feeds, deliveries and decisions are kept alike on both databases."""

from datetime import date

import msgspec
from sqlalchemy import Engine

from models.store import decisions, deliverers, files
from models.store.deliverers import Delivery, Feed, Key
from models.store.engine import reading, writing

AT = "2024-03-05T00:00:00Z"
DAY = date(2024, 3, 5)


def test_delivery_nonce_and_key(engine: Engine) -> None:
    """The same again is not added twice; what is settled waits no longer."""
    feed = Feed(feed="bank", accounts=("62-A", "账"), made_at=AT)
    one = Delivery(delivery="d", feed="bank", sha256="a", name="甲", size_bytes=3, received_at=AT)
    with writing(engine) as connection:
        assert deliverers.add_feed(connection, feed)
        assert not deliverers.add_feed(connection, feed)
        deliverers.add_key(connection, Key(key_id="k", feed="bank", made_at=AT))
        deliverers.end_keys(connection, ["k"], AT)
        assert [True, False] == [deliverers.use_nonce(connection, "k", "n", AT) for _ in "12"]
        deliverers.forget_nonces(connection, "2024-03-06T00:00:00Z")
        assert deliverers.use_nonce(connection, "k", "n", AT)
        assert one == deliverers.add(connection, one)
        assert one == deliverers.add(connection, msgspec.structs.replace(one, sha256="b"))
        assert [one] == deliverers.waiting(connection)
        deliverers.settle(connection, [("done", "{}", "d")])
    with reading(engine) as connection:
        assert [] == deliverers.waiting(connection)
        assert [feed] == deliverers.feeds(connection)
        assert AT == deliverers.keys(connection, "bank")[0].ends_at
        assert "bank" == deliverers.last_feed(connection, "a")


def test_decision_and_outbox(engine: Engine) -> None:
    """A held row is settled once, is a task until it is done, and its decision stays."""
    file = files.File(
        sha256="a", name="甲", size_bytes=1, format="camt", state="done", received_at=AT
    )
    told = files.Held(position="row 1", reason="why", account="62-A", statement="S")
    with writing(engine) as connection:
        files.register(connection, [file], {"a": [told]})
        (held_id,), _ = decisions.waiting_ids(connection)
        about = decisions.held(connection, held_id)
        assert about is not None
        decided = decisions.settle(
            connection, about, "resubmit", reason="x", who="李", at=AT, today=DAY
        )
        (task,) = decisions.tasks(connection)
        assert (decided, about, False) == (task.decision, task.about, task.is_statement)
        decisions.done(connection, [task.outbox_id])
        assert [] == decisions.tasks(connection)
        assert ["李"] == [one.who for one in decisions.history(connection, about)]
