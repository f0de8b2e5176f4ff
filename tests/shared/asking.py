"""What shared tests ask of an error, under both interpreters."""


def refusal(call, *arguments, error=ValueError):
    """The error that the call raises; another, or none, fails the test."""
    try:
        call(*arguments)
    except error as raised:
        return raised
    raise AssertionError("%r was accepted" % (arguments,))


def said(call, *arguments, error=ValueError):
    """The text of the error that the call raises."""
    return str(refusal(call, *arguments, error=error))


def shown(raised):
    """Everything that printing or logging the error could show, its chain on CPython too."""
    parts = []
    while raised is not None:
        parts += [str(raised), repr(raised), repr(raised.args), repr(getattr(raised, "__notes__", ""))]
        raised = getattr(raised, "__cause__", None) or getattr(raised, "__context__", None)
    return "\n".join(parts)
