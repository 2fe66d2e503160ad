"""``python -m threatlib``."""

from threatlib.cli import main

if __name__ == "__main__":
    main()
