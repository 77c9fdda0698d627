"""Make the full-text index over what customers wrote."""

from alembic import op

revision = "0003"
down_revision = "0002"

_ADD = "INSERT INTO body_search(rowid, text) VALUES (new.seq, new.text);"
_REMOVE = "INSERT INTO body_search(body_search, rowid, text) VALUES ('delete', old.seq, old.text);"


def upgrade() -> None:
    """Make an FTS5 table that follows `body`, or a GIN index on it."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE body_search USING fts5(text, content='body', content_rowid='seq', "
            "tokenize='unicode61 remove_diacritics 2')"
        )
        op.execute(f"CREATE TRIGGER body_added AFTER INSERT ON body BEGIN {_ADD} END")
        op.execute(f"CREATE TRIGGER body_removed AFTER DELETE ON body BEGIN {_REMOVE} END")
        op.execute(f"CREATE TRIGGER body_changed AFTER UPDATE ON body BEGIN {_REMOVE} {_ADD} END")
        op.execute("INSERT INTO body_search(body_search) VALUES ('rebuild')")
        return
    op.execute("CREATE INDEX body_search ON body USING gin (to_tsvector('simple', text))")
