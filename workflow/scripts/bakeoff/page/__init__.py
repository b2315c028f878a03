"""The parts of the report's page: drawings, tables, the gallery of errors, how it was made."""
