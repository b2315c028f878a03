"""Say what a trained model predicts of image files; see bakeoff/predicting.py. No rule's script."""

import sys

from bakeoff.predicting import main

if __name__ == "__main__":
    main(sys.argv[1:])
