"""A process that outlives a command and ends the groups of processes that it leaves behind when it is killed.

The command writes the identifier of each group into a pipe, a line each. The system closes the pipe with the command,
however that ends. Light imports only.
"""

import signal
import sys

from tme_platform.cli.process_groups import end_groups


def main() -> None:
    """Wait for the end of the pipe, and end what is left of the groups."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal, and for the command
    end_groups([int(line) for line in sys.stdin])


if __name__ == "__main__":
    main()
