"""What smartrec costs, in numbers: each module is a program, called by ``python -m``."""
