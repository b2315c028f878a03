"""The one exception that means: the user can mend this."""


class StudyError(Exception):
    """A fault in what the study was given: a config value, a data file, an architecture.

    Its message is a single line that names the file and key, the value, what was expected and
    what to do. The console shows that line alone; the traceback goes to the job's log.
    """
