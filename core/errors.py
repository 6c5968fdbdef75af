"""The exceptions that a person may see. Anything else is a bug and looks like one in the log."""


class UserError(Exception):
    """Something the user can mend: says what is wrong, where, and what to do.

    ``str(error)`` is one sentence or two, fit for a page and for stderr.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what.rstrip(".")
        self.where = where
        self.remedy = remedy.rstrip(".")

    def __str__(self) -> str:
        sentence = self.what + (f" ({self.where})" if self.where else "") + "."
        return sentence + (f" {self.remedy}." if self.remedy else "")


class Cancelled(Exception):
    """Raised by ``Progress.checkpoint`` inside a task whose user asked it to stop."""
