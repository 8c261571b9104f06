"""What can go wrong, by whose hand; the command line turns these into exit codes."""


class LeadscreenError(Exception):
    """Something the user can mend; the message says what was found and what to do (exit code 2)."""


class ConfigError(LeadscreenError):
    """A place folder that cannot be used; the message lists every fault at once, with file and key."""


class InputError(LeadscreenError):
    """An input file that cannot be read at all (a bad row is set aside instead)."""


class TableError(Exception):
    """A table that breaks its own declaration, or counts that do not add up: a bug (exit code 3)."""


class LedgerError(LeadscreenError):
    """A step the ledger's rules refuse, or a ledger that cannot be opened."""
