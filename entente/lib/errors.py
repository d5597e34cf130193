"""The one root of everything Entente raises on purpose."""


class EntenteError(Exception):
    """Something went wrong that the reader can do something about.

    Every error of Entente descends from this class and lives beside the verb that raises it. Its text says
    what happened and what to do next, in words for the person who meets it; faces print it as it is.
    """
