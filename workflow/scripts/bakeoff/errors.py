"""The exceptions that mean: the user can mend this."""


class StudyError(Exception):
    """A fault in what the study was given: a config value, a data file, an architecture.

    Its message is a single line that names the file and key, the value, what was expected and
    what to do. The console shows that line alone; the traceback goes to the job's log.
    """


class ConfigError(StudyError):
    """A fault of the value at ``key`` of the config, such as ``data.classes``.

    ``origin`` is the file that the value stands in. A job's functions do not know it:
    :func:`bakeoff.joblog.job_log` puts it in.
    """

    def __init__(self, key, fault, origin="config"):
        super().__init__(f"{origin}: {key}: {fault}")
        self.key = key
        self.fault = fault
