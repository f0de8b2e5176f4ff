"""`devcred token`: tokens through the control plane, and the server that hands them to devices."""

import click

from host_tools.cli.lazy import LazyGroup

# name: (module, the line in `devcred token --help`)
COMMANDS = {
    "account": ("token_account", "Manage the token server's accounts."),
    "apply": ("token_calls", "Apply for tokens."),
    "audit": ("token_looks", "Show who got what from the token server."),
    "held": ("token_looks", "List the tokens that the token server holds."),
    "query": ("token_calls", "Ask whether tokens are good."),
    "queue": ("token_looks", "Show the tokens that wait to be revoked, and those that were."),
    "revoke": ("token_calls", "Revoke tokens."),
    "serve": ("token_serve", "Run the token server."),
}


@click.group(cls=LazyGroup, known=COMMANDS)
def token() -> None:
    """Apply for tokens, query and revoke them, or run the server that hands them to devices.

    The AccessKey comes from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or
    from the rest of the SDK's own chain. Tokens go to --out FILE or, with --show-secret, to
    stdout; nowhere else.
    """
