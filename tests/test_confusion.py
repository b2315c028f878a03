"""Tests of what is made of the answers: mistakes, hard images, disputed labels, agreement."""

from itertools import combinations, product
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics

from bakeoff.analysis.agreement import Shares, _between_seeds, shares
from bakeoff.analysis.confusion import confusion_matrix, recalls
from bakeoff.analysis.hard_classes import stands_out
from bakeoff.errors import StudyError
from bakeoff.findings.disputed import _predicted_otherwise
from bakeoff.numbers import Disputed, mistakes
from bakeoff.study.readers import read_data_set, undisputed
from concluded_study import collect_and_conclude, conclude, said
from fabricated_study import fabricate_data, fabricate_run


def answered(answers, classes, sure=0.9):
    """Return probabilities (images, classes) that answer with ``answers``."""
    probabilities = np.full((len(answers), classes), (1 - sure) / (classes - 1))
    probabilities[np.arange(len(answers)), answers] = sure
    return {"probabilities": probabilities, "images": len(answers), "classes": classes}


def conclude_answers(folder, answers, classes=3, **options):
    """Conclude a study of ``answers``: a list of answers a model, or one of them a seed."""
    runs, seeds = {}, (0,)
    for number, given in enumerate(answers, 1):
        if isinstance(given, dict):
            runs[f"model_{number}"] = {s: answered(a, classes) for s, a in given.items()}
            seeds = tuple(given)
        else:
            runs[f"model_{number}"] = answered(given, classes)
    images = len(next(iter(given.values())) if isinstance(given, dict) else given)
    return conclude(folder, runs, seeds, images=images, classes=classes, **options)


def table(findings, key):
    """Return a finding's table as a list of dicts from column to cell."""
    found = next(finding for finding in findings["findings"] if finding["key"] == key)["table"]
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


# Mistakes


@pytest.mark.parametrize("classes", [3, 257])
def test_each_class_is_told_from_all_others(tmp_path, classes):
    labels = np.arange(600) % classes
    last_wrong = np.where(labels == classes - 1, 0, labels)
    runs = [dict.fromkeys((0, 1), labels), dict.fromkeys((0, 1), last_wrong)]
    numbers = conclude_answers(tmp_path, runs, classes)[0]["numbers"]
    assert [model["accuracy"]["value"] for model in numbers["models"]] == [
        1,
        np.mean(labels != classes - 1),
    ]
    confusion = np.array(numbers["errors"]["confusion"])
    mistakes_of = confusion - np.diag(confusion.diagonal())
    assert np.argwhere(mistakes_of).tolist() == [[classes - 1, 0]]
    assert numbers["errors"]["hardest"][0]["predictions"] == {"model_1": classes - 1, "model_2": 0}


@pytest.mark.parametrize("classes", [2, 10, 256])
def test_confusions_and_recalls_are_those_of_scikit_learn(classes):
    generator = np.random.default_rng(classes)
    labels = generator.integers(classes, size=900, dtype=np.uint8)
    predicted = np.where(
        generator.random((3, 900)) < 0.7, labels, generator.integers(classes, size=(3, 900))
    ).astype(np.uint8)
    confusion = confusion_matrix(labels, predicted, classes)
    several = np.tile(labels, 3), predicted.ravel()
    np.testing.assert_array_equal(
        confusion, metrics.confusion_matrix(*several, labels=range(classes))
    )
    expected = metrics.recall_score(
        *several, labels=range(classes), average=None, zero_division=np.nan
    )
    np.testing.assert_allclose(np.array(recalls(confusion), float), expected)


def test_mistakes_are_counted_and_the_most_frequent_come_first():
    confusion = np.array([[5, 2, 0], [4, 9, 2], [0, 1, 7]])
    assert mistakes(confusion.tolist()) == [(1, 0, 4), (0, 1, 2), (1, 2, 2), (2, 1, 1)]


def test_a_class_without_test_images_has_no_recall():
    assert recalls(np.array([[3, 1], [0, 0]])) == [0.75, None]


def test_the_hardest_class_and_the_commonest_mistakes_are_named(tmp_path):
    # Labels are 0 1 2 0 1 2 0 1 2 0 1 2.
    findings, _ = conclude_answers(
        tmp_path,
        [
            [0, 1, 1, 0, 1, 1, 0, 1, 2, 0, 1, 2],
            [0, 1, 1, 0, 1, 2, 0, 1, 2, 1, 1, 2],
            [0, 1, 1, 1, 1, 2, 1, 1, 2, 0, 1, 2],
        ],
        data={"class_names": ["T-shirt", "hat", "shoe"]},
    )
    text = said(findings, "errors")
    # Pooled: 8 of 12 shoes are right, 9 of 12 T-shirts and all hats.
    assert "Class shoe has the lowest share of correct predictions, 66.67 %" in text
    assert "It is last for 2 of the 3: Models 1 and 2." in text
    assert "shoe taken for hat (4 times) and T-shirt taken for hat (3 times), of 7" in text
    assert (
        "Of the 12 test images, 1 fooled every model, 1 more than half of them, 5 at least one."
        in text
    )
    rows = table(findings, "errors")
    assert [row["Class with lowest share right"] for row in rows] == [
        "shoe",
        "T-shirt and shoe",
        "T-shirt",
    ]
    assert rows[0]["Wrong predictions"] == "2"
    assert rows[0]["Most frequent mistake"] == "shoe taken for hat"


def test_a_model_without_mistakes_has_no_last_class(tmp_path):
    perfect = [0, 1, 2] * 4
    findings, _ = conclude_answers(tmp_path, [perfect, [0, 1, 1] * 2 + perfect[6:]])
    assert "It is last for 1 of the 2: Model 2." in said(findings, "errors")


def test_a_class_with_clearly_more_errors_than_each_other_is_the_hardest(tmp_path):
    answers = np.arange(600) % 3
    # 60 of 200 images of class 2, and 10 of 200 of class 1.
    answers[2:180:3] = 0
    answers[1:30:3] = 0
    findings, _ = conclude_answers(tmp_path, [answers])
    assert said(findings, "errors").startswith("Class 2 is the hardest: 70.00 % of its test")
    # Five errors more than the next class are not enough, with as many images.
    answers[1:165:3] = 0
    findings, _ = conclude_answers(tmp_path, [answers])
    assert "Class 2 has the lowest share of correct predictions, 70.00 %, against" in said(
        findings, "errors"
    )


def test_a_class_stands_out_by_chance_in_few_studies_of_equal_classes():
    generator = np.random.default_rng(2)
    labels = (np.arange(600) % 5).astype(np.uint8)
    found = 0
    for _ in range(300):
        wrong = generator.random((1, 600)) < 0.05
        model = SimpleNamespace(runs=[SimpleNamespace(correct=~wrong[0])])
        hardest = int(np.argmax(np.bincount(labels, weights=wrong[0])))
        found += stands_out([model], labels, hardest)
    assert found <= 15
    wrong = (labels == 3) & (np.arange(600) < 200)
    model = SimpleNamespace(runs=[SimpleNamespace(correct=~wrong)])
    assert stands_out([model], labels, 3)
    assert not stands_out([model], labels, 2)


def test_findings_hold_each_models_confusions_summed_over_the_seeds(tmp_path):
    right, wrong = [0, 1, 2, 0], [0, 2, 2, 1]
    findings, _ = conclude_answers(tmp_path, [{0: right, 1: wrong}, {0: right, 1: right}])
    first, second = findings["numbers"]["models"]
    assert first["confusion"] == [[3, 1, 0], [0, 1, 1], [0, 0, 2]]
    assert first["recall"] == [0.75, 0.5, 1.0]
    assert second["recall"] == [1.0, 1.0, 1.0]
    assert findings["numbers"]["data"]["class_names"] == ["0", "1", "2"]


def test_mistakes_that_the_mean_over_the_seeds_undoes_are_not_denied(tmp_path):
    labels = [0, 1, 2] * 10
    runs = {seed: [*labels] for seed in range(5)}
    for seed, own in runs.items():
        own[seed] = (own[seed] + 1) % 3
    findings, _ = conclude_answers(tmp_path, [runs, dict.fromkeys(runs, labels)])
    assert [model["confusion"][0][1] for model in findings["numbers"]["models"]] == [2, 0]
    assert said(findings, "hardest") == (
        "There is no test image that at least one model gets wrong by the mean of its seeds'"
        " probabilities."
    )


def test_without_mistakes_there_is_nothing_to_list(tmp_path):
    findings, text = conclude_answers(tmp_path, [[0, 1, 2], [0, 1, 2]])
    assert said(findings, "errors").startswith(
        "No model makes any: every test image was predicted correctly"
    )
    assert "no test image that at least one model gets wrong." in said(findings, "hardest")
    assert findings["numbers"]["errors"]["hardest"] == []
    assert "predict the same class for 100.00 %" in said(findings, "agreement")
    assert "nan" not in text.lower()


def test_one_kind_of_mistake_is_put_in_the_singular(tmp_path):
    findings, _ = conclude_answers(tmp_path, [[0, 1, 1, 0, 1, 2]])
    text = said(findings, "errors")
    assert "There is only one kind of mistake: 2 taken for 1 (1 time)." in text
    assert "Of the 6 test images, Model 1 gets 1 wrong." in text
    assert "all models" not in text


def test_many_equally_frequent_mistakes_are_shortened(tmp_path):
    # Each of 40 classes has two images, the first of which is answered wrongly.
    images = np.arange(80)
    answers = (images + (images < 40)) % 40
    findings, _ = conclude_answers(tmp_path, [answers], classes=40)
    text = said(findings, "errors")
    assert text.startswith(
        "Of the test images of each class, 50.00 % are predicted correctly: no class stands out."
    )
    assert "10 taken for 11 (1 time) and 29 more, of 40 wrong predictions in all." in text


# The hardest images


def test_hardest_images_are_those_that_most_models_then_most_runs_get_wrong(tmp_path):
    # Labels are 0 1 2 0 1 2 and so on. Model 1 gets image 2 wrong, both get image 5 wrong; of image
    # 3, Model 1 has one run wrong, but the mean of its probabilities is right.
    right = [0, 1, 2] * 8
    sure = answered([0, 1, 1, 0, 1, 0, *right], 3, 0.9)
    unsure = answered([0, 1, 0, 1, 1, 0, *right], 3, 0.6)
    other = answered([0, 1, 2, 0, 1, 1, *right], 3)
    findings, _ = conclude(
        tmp_path,
        {"model_1": {0: sure, 1: unsure}, "model_2": {0: other, 1: other}},
        seeds=(0, 1),
        images=30,
        classes=3,
        data={"test_index": [3, 10, 20, 30, 40, 947, *range(1000, 1024)]},
        dataset={"disputed": [947, 5]},
    )
    assert findings["numbers"]["errors"]["hardest"] == [
        {
            "row": 5,
            "index": 947,
            "label": 2,
            "disputed": True,
            "wrong_models": 2,
            "predictions": {"model_1": 0, "model_2": 1},
            "known": False,
        },
        {
            "row": 2,
            "index": 20,
            "label": 2,
            "disputed": False,
            "wrong_models": 1,
            "predictions": {"model_1": 1, "model_2": 2},
            "known": False,
        },
    ]
    first = table(findings, "hardest")[0]
    assert first == {
        "Index": "947",
        "Label": "2",
        "Commonest wrong prediction": "0",
        "Models wrong": "2 of 2",
        "Label disputed": "yes",
    }


def test_equally_wrong_images_are_ordered_by_the_probability_of_their_label(tmp_path):
    probabilities = np.tile([[0.9, 0.1], [0.1, 0.9]], (15, 1))
    probabilities[:4] = [[0.6, 0.4], [0.9, 0.1], [0.3, 0.7], [0.6, 0.4]]
    findings, _ = conclude(
        tmp_path, {"model_1": {"probabilities": probabilities}}, images=30, classes=2
    )
    assert [image["row"] for image in findings["numbers"]["errors"]["hardest"]] == [1, 2, 3]
    assert "There are 3 test images that Model 1 gets wrong. First come those whose label" in said(
        findings, "hardest"
    )


def test_at_most_24_images_are_described(tmp_path):
    right = [0, 1, 2] * 100
    findings, _ = conclude_answers(tmp_path, [[1] * 90 + right, [2] * 90 + right])
    assert len(findings["numbers"]["errors"]["hardest"]) == 24
    assert len(table(findings, "hardest")) == 12
    assert "the 12 hardest of the 90 test images" in said(findings, "hardest")


# Disputed labels


def test_undisputed_images_are_found_by_their_place_in_the_whole_test_set():
    mask = undisputed(np.array([3, 5, 947]), [947, 2, 3])
    assert mask.tolist() == [False, True, False]
    assert undisputed(np.array([3, 5]), []).tolist() == [True, True]


def test_accuracy_without_disputed_labels(tmp_path):
    # Of ten images, 0 and 1 are disputed. Model 1 gets only these wrong; Model 2 gets image 0
    # right, images 1 and 2 wrong; Model 3 gets none wrong.
    labels = np.arange(10) % 3
    answers = [labels.copy() for _ in range(3)]
    answers[0][[0, 1]] = 2
    answers[1][[1, 2]] = 0
    disputed = {"disputed": [0, 1], "disputed_note": "See Northcutt et al. (2021)."}
    findings, _ = conclude_answers(tmp_path, answers, dataset=disputed)
    text = said(findings, "disputed")
    assert (
        "The labels of 2 of the 10 test images are in doubt. See Northcutt et al. (2021)." in text
    )
    assert "predicts 1 of 2 such images otherwise than labelled, from 0 (Model 3) to 2" in text
    assert "all 3 models do so for none of them." in text
    assert "With them Model 3 has the highest test accuracy, without them Models 1 and 3." in text
    assert "would have 80.00 %. Model 3 has more:" in text
    without = {row["Model"]: row["Without disputed labels"] for row in table(findings, "disputed")}
    assert without == {"Model 1": "100.00 %", "Model 2": "87.50 %", "Model 3": "100.00 %"}


def test_no_model_below_the_limit_is_said_to_fit_noise(tmp_path):
    labels = np.arange(10) % 3
    answers = labels.copy()
    answers[[0, 5]] = 2, 0
    findings, _ = conclude_answers(tmp_path, [answers, answers], dataset={"disputed": [0]})
    text = said(findings, "disputed")
    assert "The label of 1 of the 10 test images is in doubt." in text
    assert "both models do so for 1 of them" in text
    assert "Models 1 and 2 have the highest test accuracy with and without them." in text
    assert "may be wrong" not in text


def test_disputed_labels_are_not_spoken_of_where_there_are_none(tmp_path):
    answers = [[0, 1, 2, 1, 1, 2]]
    findings, _ = conclude_answers(tmp_path, answers)
    assert "disputed" not in {finding["key"] for finding in findings["findings"]}
    assert "Label disputed" not in table(findings, "hardest")[0]
    # A subset may hold none of them.
    findings, _ = conclude_answers(
        tmp_path, answers, dataset={"disputed": [947]}, data={"test_index": [1, 2, 3, 4, 5, 6]}
    )
    assert said(findings, "disputed") == (
        "1 test label is listed as in doubt; none of the 6 test images of this study has such a"
        " label."
    )


def test_a_place_beyond_the_test_set_is_refused(tmp_path):
    file = fabricate_data(tmp_path, images=20)
    with pytest.raises(StudyError, match=r"^config: data.disputed: 20; expected indices from 0 to"):
        read_data_set(file, [3, 20])
    assert read_data_set(file, [3, 19]).disputed.nonzero()[0].tolist() == [3, 19]


# Agreement


def test_agreement_is_that_of_every_pair_of_runs():
    generator = np.random.default_rng(0)
    labels = generator.integers(256, size=5000, dtype=np.uint8)
    predicted = [
        np.where(generator.random((seeds, 5000)) < 0.8, labels, labels // 2).astype(np.uint8)
        for seeds in (3, 1, 2)
    ]
    found = shares(predicted, labels, 256)
    for i, j in product(range(3), repeat=2):
        pairs = (
            list(combinations(predicted[i], 2))
            if i == j
            else list(product(predicted[i], predicted[j]))
        )
        if not pairs:
            assert np.isnan(found.same[i, j])
            continue
        same = np.mean([metrics.accuracy_score(a, b) for a, b in pairs])
        both = sum(((a != labels) & (b != labels)).sum() for a, b in pairs)
        either = sum(((a != labels) | (b != labels)).sum() for a, b in pairs)
        assert found.same[i, j] == pytest.approx(same)
        assert found.common[i, j] == pytest.approx(both / either)
    one, other = predicted[0][:1], predicted[1]
    jaccard = metrics.jaccard_score(one[0] != labels, other[0] != labels)
    assert shares([one, other], labels, 256).common[0, 1] == pytest.approx(jaccard)


def test_models_that_differ_just_as_much_as_their_seeds_do_not_differ_more():
    # The mean of 0.1 and 0.2 is above 0.15 in its last digit.
    same = np.array([[0.1, 0.15], [0.15, 0.2]])
    unknown = np.full((2, 2), np.nan)
    assert _between_seeds(Shares(same, unknown, unknown), [True, True]).models_differ_more == 0


def test_errors_that_have_nothing_to_do_with_each_other_are_common_by_chance():
    labels = np.zeros(100, np.uint8)
    one, other = np.zeros((1, 100), np.uint8), np.zeros((1, 100), np.uint8)
    one[0, :20] = 1
    other[0, ::5] = 1  # Every fifth image: four of the first's errors, 16 others.
    found = shares([one, other], labels, 2)
    assert found.same[0, 1] == pytest.approx(0.68)
    assert found.common[0, 1] == found.by_chance[0, 1] == pytest.approx(4 / 36)


def test_models_that_differ_more_than_their_seeds_are_told_from_those_that_do_not(tmp_path):
    labels = np.arange(60) % 3

    def wrong(*images):
        answers = labels.copy()
        answers[list(images)] = (labels[list(images)] + 1) % 3
        return answers

    # Two seeds of one model differ in two images, two models in four (their common errors: none).
    findings, _ = conclude_answers(
        tmp_path, [{0: wrong(1, 2), 1: wrong(1, 3)}, {0: wrong(11, 12), 1: wrong(11, 13)}]
    )
    text = said(findings, "agreement")
    assert "Models 1 and 2 predict the same class for 93.33 % of the test images." in text
    assert "Two models share 0.00 % of their mistakes; by chance it would be" in text
    assert "with different seeds predict the same class for 96.67 % of the test images" in text
    assert "over 2 models and share 33.33 % of their mistakes." in text
    assert "another seed changes 3.33 % of the predictions, another model 6.67 %." in text


def test_means_that_look_alike_are_no_range():
    models = {key: type("Named", (), {"name": key.upper()})() for key in "abc"}
    found = Disputed({}, {}, {"a": 4 / 3, "b": 1.3, "c": 1.3}, by_all=1)
    results = SimpleNamespace(
        nothing_learned=False,
        analysis=SimpleNamespace(disputed=found),
        data=SimpleNamespace(disputed=2),
        by_key=models,
        learned=[*models.values()],
        finished=[*models.values()],
        that_count="",
    )
    assert _predicted_otherwise(results) == (
        "On average a model predicts 1.3 of 2 such images otherwise than labelled; all 3 models do"
        " so for 1 of them."
    )
    found.sound["c"] = 1
    assert "otherwise than labelled, from 1 (C) to 1.3 (A); all" in _predicted_otherwise(results)


def test_pairs_that_look_equally_alike_are_not_set_apart(tmp_path):
    # Of 30,000 images, Models 1 and 2 differ in 3,000, and each from Model 3 in 3,001.
    labels = np.arange(30_000) % 3
    answers = [labels.copy() for _ in range(3)]
    answers[1][:3000] += 1
    answers[2][1500:4501] += 1
    findings, _ = conclude_answers(tmp_path, [answer % 3 for answer in answers])
    same = findings["numbers"]["agreement"]["same"]
    assert (same["low"], same["high"]) == (pytest.approx(0.9 - 1 / 30_000), pytest.approx(0.9))
    assert "for 90.00 % of the test images on average over 3 pairs." in said(findings, "agreement")


def test_the_most_and_the_least_alike_pair_are_named(tmp_path):
    labels = np.arange(20) % 3
    answers = [labels.copy() for _ in range(3)]
    answers[1][0] = 1
    answers[2][[0, 1, 2, 3]] = 1, 2, 0, 1
    findings, _ = conclude_answers(tmp_path, answers)
    text = said(findings, "agreement")
    assert "Two models predict the same class for 86.67 % of the test images" in text
    assert "from 80.00 % (Models 1 and 3) to 95.00 % (Models 1 and 2)." in text
    assert "how alike two seeds are is not known" in text
    assert [row["Most like"] for row in table(findings, "agreement")] == [
        "Model 2",
        "Model 1",
        "Model 2",
    ]


def test_one_model_agrees_with_itself_only_over_seeds(tmp_path):
    findings, _ = conclude_answers(tmp_path, [[0, 1, 2]])
    assert said(findings, "agreement") == "One run alone has nothing to agree with."
    findings, _ = conclude_answers(tmp_path, [{0: 8 * [0, 1, 2], 1: 8 * [0, 1, 1]}])
    text = said(findings, "agreement")
    assert text.startswith("Two runs of Model 1 with different seeds predict the same class for")
    assert "architecture" not in text


# Faulty files


@pytest.mark.parametrize(
    ("labels", "shape", "fault"),
    [
        ([0, 1, 2, 0, 1], (6, 3), r"probabilities \(6, 3\) and labels \(5,\)"),
        ([0, 1, 2, 0, 1, 1], (6, 3), "labels of other test images"),
        ([0, 1, 2, 0, 1, 2], (6, 4), "4 probabilities an image; expected 3"),
        ([0, 1, 2, 0, 1, 2], None, "probabilities that are not numbers"),
    ],
)
def test_predictions_that_do_not_fit_are_refused_in_one_line(tmp_path, labels, shape, fault):
    study = {
        "title": "A study",
        "dataset": {"name": "mnist", "title": "MNIST", "validation": "test", "disputed": []},
        "models": [{"model": "model_1", "name": "Model 1", "description": "", "family": ""}],
        "seeds": [0],
        "unfinished": [],
        "metric": "accuracy",
        "published": None,
    }
    folder = fabricate_run(tmp_path, "model_1", images=6, classes=3)
    data = fabricate_data(tmp_path, images=6, classes=3)
    probabilities = np.full(shape or (6, 3), np.nan if shape is None else 0.3, np.float32)
    labels = np.array(labels, np.uint8)
    np.savez(folder / "predictions.npz", probabilities=probabilities, labels=labels)
    with pytest.raises(StudyError, match=fault) as error:
        collect_and_conclude(tmp_path, study, data, [folder])
    assert str(error.value).startswith(str(folder / "predictions.npz"))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "analysis.json").exists()


def test_data_that_cannot_be_read_are_refused_in_one_line(tmp_path):
    file = fabricate_data(tmp_path)
    (file.with_name("per_image.npz")).write_bytes(b"not an npz")
    with pytest.raises(StudyError, match=r"per_image\.npz: cannot be read") as error:
        read_data_set(file, [])
    assert "\n" not in str(error.value)
