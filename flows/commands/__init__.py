"""What the commands show: one module per command, imported only when the command is called."""
