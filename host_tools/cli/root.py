"""The top of the command line. A command's module is imported when the command is called."""

import click

import devcred as agent
from host_tools.cli.lazy import LazyGroup

# name: (module, the line in `devcred --help`)
COMMANDS = {
    "boards": ("boards", "List the boards the project knows."),
    "credential": ("credential", "Register, read, refresh, delete and list device credentials."),
    "demo": ("demo", "The whole journey on virtual boards: no cloud, no hardware."),
    "image": ("image", "Build the file system image of a board."),
    "proxy": ("proxy", "Put faults in front of any MQTT broker."),
    "sign": ("sign", "Compute the user name and password of an MQTT connection."),
    "simulate": ("simulate", "Run the shipped policies for a whole fleet."),
    "token": ("token", "Apply for tokens, or run the server that hands them to devices."),
    "traceback": ("traceback", "Tell a device's traceback as places in the sources."),
    "twin": ("twin", "Run a local twin of ApsaraMQ for MQTT."),
    "vboard": ("vboard", "Run a virtual board on a file system image."),
}


@click.group(
    cls=LazyGroup,
    known=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(agent.__version__, prog_name="devcred")
@click.option("--debug", is_flag=True, help="Show the traceback of an error. DEVCRED_DEBUG=1 does the same.")
def devcred(debug: bool) -> None:
    """Gets a microcontroller onto Alibaba Cloud ApsaraMQ for MQTT, and keeps it there.

    Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 it could not be done,
    2 usage or configuration, 130 interrupted.

    Start with: devcred demo
    """
