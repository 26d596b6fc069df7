"""`smartrec doctor` and `smartrec report`: what is looked at, and what mends what is amiss."""
