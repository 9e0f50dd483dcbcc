"""The subjects of the command line, one module each.

A subject has `add_to(subjects, reader)`, which describes its commands to argparse and names for each the function that
runs it: `run(options, reader)` writes on standard output what a program may want, and returns the exit status. It
raises a Problem or a SettingsError where it cannot.
"""
