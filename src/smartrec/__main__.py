"""`python -m smartrec` is the `smartrec` command."""

from smartrec.cli.main import main

if __name__ == "__main__":
    main()
