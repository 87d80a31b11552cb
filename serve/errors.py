"""The exception that ends `mnist serve` with one line on stderr."""


class ServeError(Exception):
    """The service cannot start or go on; the message says why and what to do."""
