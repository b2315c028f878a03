"""Show all runs of a study, live; see bakeoff/watch.py. No rule's script."""

import sys

from bakeoff.watch import main

if __name__ == "__main__":
    main(sys.argv[1:])
