"""The checker of `make shapes`: beartype, for which an integer is a number, too, as type checkers have it (PEP 484)."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
