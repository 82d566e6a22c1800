"""Gates before publishing: what a run made is measured, held to limits and to the last accepted run, and published only if it passes."""
