"""The top of the command line. A command's module is imported when the command is called."""

import importlib

import click

import devcred as agent

# name: (module, the line in `devcred --help`)
COMMANDS = {
    "boards": ("boards", "List the boards the project knows."),
    "credential": ("credential", "Register, read, refresh, delete and list device credentials."),
    "demo": ("demo", "The whole journey on virtual boards: no cloud, no hardware."),
    "image": ("image", "Build the file system image of a board."),
    "sign": ("sign", "Compute the user name and password of an MQTT connection."),
    "simulate": ("simulate", "Run the agent's retry policy for a whole fleet."),
    "twin": ("twin", "Run a local twin of ApsaraMQ for MQTT."),
    "vboard": ("vboard", "Run a virtual board on a file system image."),
}


class LazyGroup(click.Group):
    """A group whose commands live in `host_tools.cli.<module>`, each under its own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"host_tools.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from devcred.nearest import nearest

            near = nearest(args[0], COMMANDS)
            hint = f"; did you mean {near}?" if near else ""
            raise click.UsageError(f"no such command: {args[0]}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(agent.__version__, prog_name="devcred")
@click.option("--debug", is_flag=True, help="Show the traceback of an error. DEVCRED_DEBUG=1 does the same.")
def devcred(debug: bool) -> None:
    """Gets a microcontroller onto Alibaba Cloud ApsaraMQ for MQTT, and keeps it there.

    Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 it could not be done,
    2 usage or configuration, 130 interrupted.

    Start with: devcred demo
    """
