"""Refuse to change or remove an opinion or an event."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the triggers; on PostgreSQL the role loses the rights too."""
    if op.get_bind().dialect.name == "sqlite":
        for table in ("opinion", "event"):
            for change in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
    )
    for table in ("opinion", "event"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON opinion, event FROM CURRENT_USER, PUBLIC")
