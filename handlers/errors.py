"""Why a request cannot be answered."""

from handlers.json_text import compact


class PayloadError(Exception):
    """A request that cannot be answered.

    Attributes:
        code: the HTTP status: 400, 415 for a content type that is not listed, 500 where the fault is ours.
        kind: the kind of error in one CamelCase word, the answer's `type` and the metric's label.
        message: what was expected and what was found.
    """

    def __init__(self, kind: str, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code, self.kind, self.message = code, kind, message

    def to_json(self) -> bytes:
        """The body of the answer."""
        return compact({"code": self.code, "type": self.kind, "message": self.message})
