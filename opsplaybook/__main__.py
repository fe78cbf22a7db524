"""Let ``python -m opsplaybook`` and the ``opsplaybook`` command reach the command line."""

from opsplaybook.cli import main

if __name__ == "__main__":
    main()
