"""The whole journey on virtual boards, in one process, with real parts."""
