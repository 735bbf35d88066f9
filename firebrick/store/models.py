"""The tables. Migrations make them; a test holds the two together.

The same in SQLite and PostgreSQL. Times are seconds since the
epoch, UTC. Columns that may hold a secret, or a text that a provider wrote, are encrypted.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from firebrick.store.types import EncryptedJSON, EncryptedText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""64 bits in both: SQLite numbers rows only in a column that is called INTEGER."""

stacks = Table(
    "stacks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project", String(255), nullable=False),
    Column("name", String(255), nullable=False),
    Column("description", EncryptedText, nullable=False),
    Column("owner", String(255), nullable=False),
    Column("action", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_reason", EncryptedText, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double),
    Column("deleted_at", Double),
    Column("timeout_mins", Integer),
    Column("disable_rollback", Boolean, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("template", EncryptedText, nullable=False),
    Column("environment", EncryptedText, nullable=False),
    Column("parameters", EncryptedJSON, nullable=False),
    Column("files", EncryptedJSON, nullable=False),
    Column("shown_parameters", EncryptedJSON, nullable=False),
    Column("outputs", EncryptedJSON, nullable=False),
    # Sequence of the operation that RUNS, 0 when none does: whoever claims a row must be it.
    Column("operation_seq", Integer, nullable=False),
    Column("accepted_seq", Integer, nullable=False),  # the last sequence given to an operation
    Column("event_seq", Integer, nullable=False),  # the last sequence given to an event
    # Sequence of the operation whose state and inputs the stack shows: the last one that was accepted; the next one,
    # when its rollback was announced by a cancel. 0: an operation that a program before this column accepted.
    Column("state_seq", Integer, nullable=False, server_default=text("0")),
    # Targets: the one it is brought to, the one before that, and the last one it was complete with.
    Column("template_id", String(64), nullable=False, server_default=text("''")),
    Column("previous_template_id", String(64), nullable=False, server_default=text("''")),
    Column("complete_template_id", String(64), nullable=False, server_default=text("''")),
    # Of a nested stack: whose it is, the row there that it stands for, how deep. root_id "": it is a root.
    Column("owner_id", String(36)),
    Column("owner_row", RowId),
    Column("root_id", String(36), nullable=False, server_default=text("''")),
    Column("depth", Integer, nullable=False, server_default=text("0")),
    # Counts what a plan must not have been overtaken by: operations, signals, checks, tags.
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Index(
        "uq_stacks_living_name",
        "project",
        "name",
        unique=True,
        sqlite_where=text("deleted_at IS NULL"),
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(None, "project", "created_at"),
    Index(None, "owner_id"),
)

targets = Table(
    "targets",
    metadata,
    # What a stack can be brought to: a template with its inputs and what it comes to. The id is the operation's that
    # asked.
    Column("id", String(64), primary_key=True),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("description", EncryptedText, nullable=False),
    Column("template", EncryptedText, nullable=False),
    Column("environment", EncryptedText, nullable=False),
    Column("parameters", EncryptedJSON, nullable=False),
    Column("files", EncryptedJSON, nullable=False),
    Column("shown_parameters", EncryptedJSON, nullable=False),
    Column("outputs", EncryptedJSON, nullable=False),
    Column("resources", EncryptedJSON, nullable=False),
    Index(None, "stack_id"),
)

operations = Table(
    "operations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("request", JSON, nullable=False),
    Column("requested_by", JSON, nullable=False),
    Column("timeout", Double, nullable=False),
    Column("accepted_at", Double, nullable=False),
    Column("began_at", Double),
    Column("ended_at", Double),
    Column("deadline", Double),
    Column("workflow_id", String(1000), nullable=False),
    Column("chain_id", String(64), nullable=False),
    Column("superseded_by", String(64), nullable=False),
    Column("reason", EncryptedText, nullable=False),
    Column("summary", String, nullable=False),
    Column("failure", EncryptedJSON),
    Column("target_id", String(64), nullable=False, server_default=text("''")),
    Column("cancel", String(16), nullable=False, server_default=text("''")),
    Column("cancel_now", Boolean, nullable=False, server_default=false()),  # what is in progress is not waited for
    Column("follows", String(64), nullable=False, server_default=text("''")),  # the operation that this one rolls back
    Column("owner_operation", String(64), nullable=False, server_default=text("''")),  # of a nested stack: whose
    # firebrick.fingerprint of the request. NULL: of one that is not compared, or was accepted before this column.
    Column("fingerprint", EncryptedText),
    UniqueConstraint("stack_id", "seq"),
    # The lock of a stack: at most one operation RUNS.
    Index(
        "uq_operations_running",
        "stack_id",
        unique=True,
        sqlite_where=text("state = 'RUNNING'"),
        postgresql_where=text("state = 'RUNNING'"),
    ),
    Index(
        "ix_operations_open",
        "state",
        sqlite_where=text("state IN ('PENDING', 'RUNNING')"),
        postgresql_where=text("state IN ('PENDING', 'RUNNING')"),
    ),
)

resources = Table(
    "resources",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("uuid", String(36), nullable=False),
    Column("name", String(255), nullable=False),
    Column("type", String(255), nullable=False),
    Column("implementation", String(255), nullable=False),
    Column("instant", Boolean, nullable=False),
    Column("concurrency", String(255), nullable=False),
    Column("definition", EncryptedJSON, nullable=False),
    Column("requires", JSON, nullable=False),
    Column("action", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_reason", EncryptedText, nullable=False),
    Column("physical_id", String),
    Column("reference_id", EncryptedText),
    Column("attributes", EncryptedJSON),
    Column("data", EncryptedJSON),
    Column("properties", EncryptedJSON),
    Column("progress", EncryptedJSON),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    # The claim: who has, or last had, the row; lease_until is 0 when nobody holds it.
    Column("claim_seq", Integer, nullable=False),
    Column("claim_run", Integer, nullable=False),
    Column("claim_step", Integer, nullable=False),
    Column("claim_attempt", Integer, nullable=False),
    Column("lease_until", Double, nullable=False),
    # What is known of the action that runs or ran last.
    Column("key", String, nullable=False),
    Column("intent_open", Boolean, nullable=False),
    Column("polling", Boolean, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("outcome", String),  # StepResult of the claimed step, JSON; NULL until it is recorded
    Column("create_key", String, nullable=False),
    Column("create_unsettled", Boolean, nullable=False),
    # What a converging operation makes of it: see firebrick.plan.Role; of operation role_seq.
    Column("role", String(16), nullable=False, server_default=text("''")),
    Column("role_seq", Integer, nullable=False, server_default=text("0")),
    Column("wanted", EncryptedJSON),
    Column("target_requires", JSON),
    Column("claim_phase", Integer, nullable=False, server_default=text("0")),
    # What it was brought to last, and from what; revision counts changes of what dependants see.
    Column("template_id", String(64), nullable=False, server_default=text("''")),
    Column("input_hash", String(64), nullable=False, server_default=text("''")),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("drift", String(255), nullable=False, server_default=text("''")),
    Column("replaces", RowId),
    Column("replaced_by", RowId),
    Column("born_seq", Integer, nullable=False, server_default=text("0")),
    Column("hooks", JSON),  # the names of those that are set, and of those cleared in this operation
    Column("unsettled_until", Double),  # until then a create that was given up may take effect yet
    Column("begun", EncryptedJSON),  # what an update that was begun and has not ended brings it to
    Column("interrupted", Boolean, nullable=False, server_default=false()),  # its action was begun and has not ended
    Index(None, "stack_id", "name"),
    sqlite_autoincrement=True,  # plans name rows by id: an id is never given twice
)

signals = Table(
    "signals",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("resource_name", String(255), nullable=False),
    Column("seq", Integer, nullable=False),  # in its stack, in the order of arrival
    Column("time", Double, nullable=False),
    Column("body", EncryptedJSON, nullable=False),
    Index(None, "stack_id", "resource_name", "seq"),
)

events = Table(
    "events",
    metadata,
    Column("stack_id", ForeignKey("stacks.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("id", String(36), nullable=False),
    Column("time", Double, nullable=False),
    Column("resource_id", RowId),
    Column("resource_name", String(255), nullable=False),
    Column("resource_type", String(255), nullable=False),
    Column("physical_id", String),
    Column("action", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", EncryptedText, nullable=False),
    Column("properties", EncryptedJSON),
    PrimaryKeyConstraint("stack_id", "seq"),
    sqlite_with_rowid=False,
)
