"""When and in what order: the command line, the steps of a run, the Prefect flow."""
