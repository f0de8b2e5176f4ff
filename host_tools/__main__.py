"""`python -m host_tools`: the same as `devcred`."""

from host_tools.cli import main

main()
