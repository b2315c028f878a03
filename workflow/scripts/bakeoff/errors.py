"""The exceptions that mean: the user can mend this. And what others say, in short."""

import re

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What Keras and TensorFlow put around an exception: the cause is in a paragraph further down.
_WRAPPING = re.compile(
    r"(\w+: )?(Exception encountered when calling |in user code:$|File \"|Graph execution error:$"
    r"|Detected at node |Arguments received by )"
)
_WHERE = re.compile(r"Exception encountered when calling (.+?)\.?$", re.MULTILINE)
_LAST_PART = re.compile(r"(?:Exception|Error) encountered:\s")
_LONGEST = 300


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

    def __init__(self, key: str, fault: str, origin: str = "config") -> None:
        super().__init__(f"{origin}: {key}: {fault}")
        self.key = key
        self.fault = fault


class Terminated(SystemExit):
    """The end of this process by a signal, which no one may take for anything else."""

    code: int


def cause_of(error: BaseException) -> str:
    """Return what an exception says, in one line: its type and the paragraph with the cause.

    A message of Keras or TensorFlow may begin with where something went wrong ("Exception
    encountered when calling Patches.call().", "in user code:", "Graph execution error:") and say
    only then what: that is taken, and the layer's name put behind it.
    """
    text = _COLOURS.sub("", str(error))
    layers = _WHERE.findall(text)
    where = f" (in {layers[-1]})" if layers else ""
    # Of a layer whose shapes or configuration fail, what it said itself is at the end.
    told = _LAST_PART.split(text)[-1]
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", told) if part.strip()]
    causes = [paragraph for paragraph in paragraphs if not _WRAPPING.match(paragraph)]
    paragraph = causes[0] if causes else ""
    if len(paragraph) > _LONGEST:
        paragraph = paragraph[:_LONGEST].rstrip() + " …"
    name = type(error).__name__
    if not paragraph:
        return name + where
    return (paragraph if paragraph.startswith(f"{name}: ") else f"{name}: {paragraph}") + where
