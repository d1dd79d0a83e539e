"""Start ``python -m MODULE`` without the cost of its imports: a fork of a process that has already imported everything.

``start`` and ``run`` have the arguments of ``subprocess.Popen`` and ``subprocess.run`` that the tests use. The child
has its own process id, working directory, environment, standard streams and exit status; signals to its process id
reach it, and it ends as an interpreter ends. A command that begins with another program, or with a limit on its
resources, must use ``subprocess`` itself.

``real=True`` starts a new interpreter instead. ``NEWSBOT_TEST_PROCESSES=real`` does so for all of them, and so does a
system without pidfd (all but Linux).
"""

from tests.fork_server.job import Constants
from tests.fork_server.process import Process, Running, run, start, start_with

__all__ = ["Constants", "Process", "Running", "run", "start", "start_with"]
