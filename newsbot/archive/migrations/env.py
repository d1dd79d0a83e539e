"""Alembic's door: it is only ever run by ``newsbot.archive.database``, on a connection that already holds the lock."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True, transactional_ddl=True)
context.run_migrations()
