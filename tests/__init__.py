"""The proof. A package of its own name, since others have been known to install a `tests` too."""
