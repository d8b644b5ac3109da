"""The parent of one backend, which dies when we do.

Run as a script: `python -I -S keeper.py COMMAND…`. Standard input is a pipe from the process that
started it and is never written to: when that process ends, however it ends, the pipe closes and the
command is killed. Standard output carries one line, the command's process id; what the command
writes goes to standard error, which is its log. Imports nothing of ours, so that it starts in 20 ms.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def _die_with_keeper() -> None:
    """Covers what the pipe cannot: the keeper itself being killed. Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _kill_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    os.read(sys.stdin.fileno(), 1)
    child.kill()


def main() -> int:
    """Run the command until it ends or our starter does."""
    child = subprocess.Popen(  # noqa: S603 - the command is the stack's own
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=sys.stderr,
        preexec_fn=_die_with_keeper,  # noqa: PLW1509 - no thread exists yet
    )
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
    threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    os._exit(main() & 0xFF)  # not sys.exit: it would wait for the thread that reads
