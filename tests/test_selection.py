"""Which models are shown where there are too many for all."""

from types import SimpleNamespace

from bakeoff.limits import MOST_SHOWN
from bakeoff.selection import most_accurate, ranked, shown_of


def study_of(models, ranks, measure="test accuracy"):
    """Return what is read of Results with these models, in the order of their ranks."""
    return SimpleNamespace(models=models, ranked=ranks, measure=measure)


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
    shown, said = ranked(study_of(models, [models[2], models[0]]))
    assert [model.name for model in shown] == ["Model 3", "Model 1"]
    assert said == ["Not shown (diverged): Model 2"]


def test_the_choice_is_among_those_that_finished():
    accuracy = SimpleNamespace(value=0.9)
    finished = [SimpleNamespace(name=f"m{i}", score=accuracy) for i in range(MOST_SHOWN)]
    lost = [SimpleNamespace(name="lost", score=None)] * 3
    said = ["Not shown (diverged): lost, lost and lost"]
    assert ranked(study_of(lost + finished, finished)) == (finished, said)


def test_models_keep_their_ranks_and_what_ranks_them_is_named():
    models = [
        SimpleNamespace(name=f"m{i}", score=SimpleNamespace(value=0.9 + i / 1000))
        for i in range(MOST_SHOWN + 2)
    ]
    # The most accurate left at a look.
    ranks = [*reversed(models[:-1]), models[-1]]
    shown, said = ranked(study_of(models, ranks, "balanced test accuracy"))
    assert shown == [*reversed(models[2:-1]), models[-1]]
    which = f"the {MOST_SHOWN} of {MOST_SHOWN + 2} models with the highest balanced test accuracy"
    assert said == [f"Shown: {which}"]
    study = study_of(models, ranks, "balanced test accuracy")
    assert shown_of(study) == (models[2:], said)
    assert shown_of(study, MOST_SHOWN + 2) == (models, [])
