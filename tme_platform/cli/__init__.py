"""The `tme` command, all of it: what a person types, and how answers, progress and problems are printed.

What a command does belongs in the packages below; heavy libraries are imported where they are used, so that
`tme --help` is instant.
"""
