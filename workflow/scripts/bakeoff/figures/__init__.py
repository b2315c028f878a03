"""Pictures: a module for each kind, their common style and colours."""
