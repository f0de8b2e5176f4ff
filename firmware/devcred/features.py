"""What this build of the agent carries: the sources as they stand, all of it.

Read as `features.NAME` and never imported by name: there the host's bundler decides when a board
is to carry less. What is left without any of these signs, connects, stays connected, names the
causes of what fails, and comes back.
"""

# Messages and telemetry, kept on flash while there is no link.
OUTBOX = True
# Commands by P2P; needs OUTBOX.
COMMANDS = True
# The user's own app.py; needs OUTBOX.
APP = True
# Token mode's login.
TOKEN = True
# Tokens from an application server, in time and over the open session; needs TOKEN and OUTBOX.
RENEWAL = True
# The rules of the configuration, which the host checks in any case.
CHECKS = True
# To each cause a sentence on the console.
TEXTS = True
# LED and button.
STATUS = True
# Switching the radio off and on, and rebooting, where nothing else brings a network back.
RECOVERY = True
