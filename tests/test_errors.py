"""What an exception says, in one line: the cause, not what was put around it."""

import pytest

from bakeoff.errors import cause_of

MESSAGES = {
    "plain": (ValueError("no such layer"), "ValueError: no such layer"),
    "nothing": (AssertionError(), "AssertionError"),
    "paragraph": (
        NotImplementedError("\nObject Net was\nnot `serializable`.\n\nExample:\n\n\nclass A"),
        "NotImplementedError: Object Net was not `serializable`.",
    ),
    "keras": (
        ValueError(
            "Exception encountered when calling Cut.call().\n\n\x1b[1mtoo many values\x1b[0m\n\n"
            "Arguments received by Cut.call():\n  • args=('<KerasTensor shape=(None, 28)>',)"
        ),
        "ValueError: too many values (in Cut.call())",
    ),
    "keras_with_nothing": (
        NotImplementedError(
            "Exception encountered when calling Cut.call().\n\n\x1b[1m\x1b[0m\n\n"
            "Arguments received by Cut.call():\n  • x=1"
        ),
        "NotImplementedError (in Cut.call())",
    ),
    "shapes": (
        AttributeError(
            "Exception encountered when calling Cut.call().\n\n\x1b[1mCould not infer the shape."
            "\n\nError encountered:\n\nno attribute 'crop'\x1b[0m\n\nArguments received by …"
        ),
        "AttributeError: no attribute 'crop' (in Cut.call())",
    ),
    "loading": (
        TypeError(
            "<class 'Functional'> could not be deserialized properly. Please\n\nconfig={}.\n\n"
            "Exception encountered: Could not locate class 'Patches'. Make sure"
        ),
        "TypeError: Could not locate class 'Patches'. Make sure",
    ),
    "tensorflow": (
        ValueError(
            'in user code:\n\n    File "/a/net.py", line 20, in train_step  *\n        x, y = data'
            "\n\n    ValueError: too many values\n"
        ),
        "ValueError: too many values",
    ),
    "graph": (
        RuntimeError("Graph execution error:\n\nDetected at node Add defined at\n\nnot equal\n"),
        "RuntimeError: not equal",
    ),
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_cause_is_told(kind):
    error, line = MESSAGES[kind]
    assert cause_of(error) == line


def test_a_long_cause_is_cut():
    assert cause_of(ValueError("word " * 1000)).endswith("word …")
    assert len(cause_of(ValueError("word " * 1000))) < 330
