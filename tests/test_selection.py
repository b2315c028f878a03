"""Which models are shown where there are too many for all."""

from types import SimpleNamespace

from bakeoff.limits import MOST_SHOWN
from bakeoff.selection import most_accurate, ranked


def test_all_are_shown_where_there_is_room():
    assert most_accurate([0.9, None, 0.8], lambda accuracy: accuracy, 3) == ([0.9, None, 0.8], [])


def test_of_more_the_most_accurate_are_shown_in_their_order():
    models = {"a": 0.7, "b": None, "c": 0.9, "d": 0.8, "e": 0.85}
    shown, said = most_accurate(list(models), models.get, 3)
    assert shown == ["c", "d", "e"]
    assert said == ["Shown: the 3 of 5 models with the highest test accuracy"]


def test_those_without_an_accuracy_come_last():
    models = {"a": None, "b": 0.1, "c": None}
    assert most_accurate(list(models), models.get, 2)[0] == ["a", "b"]


def test_those_that_finished_are_ranked_and_the_others_named():
    accuracies = {"Model 1": 0.97, "Model 2": None, "Model 3": 0.99}
    models = [
        SimpleNamespace(name=name, score=accuracy and SimpleNamespace(value=accuracy))
        for name, accuracy in accuracies.items()
    ]
    shown, said = ranked(models)
    assert [model.name for model in shown] == ["Model 3", "Model 1"]
    assert said == ["Not shown (diverged): Model 2"]


def test_the_choice_is_among_those_that_finished():
    accuracy = SimpleNamespace(value=0.9)
    finished = [SimpleNamespace(name=f"m{i}", score=accuracy) for i in range(MOST_SHOWN)]
    lost = [SimpleNamespace(name="lost", score=None)] * 3
    assert ranked(lost + finished) == (finished, ["Not shown (diverged): lost, lost and lost"])
