"""The exceptions that the `mnist` command turns into a line on stderr."""


class MnistError(Exception):
    """Something the user can mend; the message says what was expected, what was found, and what to do."""


class WeightsError(MnistError):
    """A file of weights that is missing, or that this version cannot use."""
