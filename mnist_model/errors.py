"""The one exception that the `mnist` command turns into a line on stderr."""


class MnistError(Exception):
    """Something the user can mend; the message says what was expected, what was found, and what to do."""
