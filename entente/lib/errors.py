"""The one root of everything Entente raises on purpose."""


class EntenteError(Exception):
    """Something went wrong that the reader can do something about.

    Every error of Entente descends from this class and lives beside the verb that raises it. Its text says
    what happened and what to do next, in words for the person who meets it; faces print it as it is.
    """


class WrongFields(EntenteError):
    """What was entered cannot be meant. `errors`: name of the field, "" for all of them -> what would do."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors
