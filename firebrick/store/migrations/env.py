"""Alembic's entry: migrations run in the transaction that firebrick.store.migrate has begun and locked.

To write a new one: ``alembic.command.revision(config, autogenerate=True)`` with the same configuration.
"""

from alembic import context

from firebrick.store.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
