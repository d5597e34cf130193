"""Run a command that ends when its parent does, however the parent ends: python tethered.py PARENT_PID COMMAND...

A script, not a preexec_fn: that would be unsafe beside threads. The tie survives exec. On Linux only; elsewhere the
command runs untied.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        # The kernel watches the thread that forked us: the supervisor starts its programs from its main thread.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit("The parent has ended already.")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
