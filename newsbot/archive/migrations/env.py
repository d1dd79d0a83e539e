"""The script that Alembic runs. Only ``newsbot.archive.database`` calls it, on a connection that holds the lock."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True, transactional_ddl=True)
context.run_migrations()
