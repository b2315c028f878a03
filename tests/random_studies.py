"""Finished studies made up at random, odd ones above all: for the test of every later step.

Hypothesis draws what a study is like, a :class:`RandomStudy`; the numbers in its files follow from
that and its ``entropy`` alone.
"""

from dataclasses import dataclass
from itertools import cycle

import numpy as np
from hypothesis import strategies as st

from bakeoff.study.config import reported_study
from bakeoff.wording import one_line
from fabricated_study import fabricate_data, fabricate_run
from report_checks import slips

NAMES = [
    *("LeNet", "VGG-like", "1", "0.99", "best", "diverged", "Model", "Model 01", "model_1", "NA"),
    *("a|b", r"a\|b", "\\", "|", "||", "`code`", "```", "*", "**bold**", "_em_", "~~struck~~"),
    *("<b>bold</b>", "<script>alert(1)</script>", "<!-- note", "</td></table>", "&lt;&amp;&#35; x"),
    *('"quoted"', "it's", '" onload="alert(1)', "'><svg/onload=alert(1)>", "]]>", "a < b > c & d"),
    *("[link](https://a.b)", "x![image](x.png)", "[a]: https://a.b", "[ ] to do", "[^1]"),
    *("# heading", "heading #", "- dash", "--", "-5", "+1", "1. first", "> quote", "$x_1$ and $y$"),
    *("=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "x, y", "a;b", "{{ 7 * 7 }}", "{% if %}", "{0} {x}"),
    *("100 %", "%s %d", "https://a.b/c?d=e&f=g", "p-values", "5 points"),
    *("two\nlines", "tab\tstop\r\n", "a\u00a0b\u3000c", "\u200bzero\u2060width"),
    *("漢字のモデル", "모델 하나", "😀", "\U0001f469\u200d\U0001f467 family", "🇫🇷 flag"),
    *("e\u0301le\u0300ve", "नमूना", "ตัวแบบ", "שלום", "نموذج", "אב 12 גד", "Ω ≈ ç√", "ﬁne"),
    *("a rather long name " * 8, "x" * 300, "漢" * 80, "😀" * 40, "z " * 60),
]
"""Names and descriptions that something may trip over, none of which breaks a rule of English."""

_GIVEN = {"architecture": "net", "arguments": {"filters": 64, "name": "a<b>|`c`"}}

_ALPHABET = "abXY019 .,|\\`*_~<>&[]()#+-=!$%{}\"'/:é漢😀א"

PERFECT, WRONG, CHANCE, TWIN, USUAL = "perfect", "wrong", "at chance", "as the one before", "usual"

ALL, EARLY, BEST, EARLY_AND_BEST = "all epochs", "stops early", "best epoch", "early and best"
"""How a model's last and its judged epoch come about, where validation is a holdout."""

LAYERS = ("one", "dense", "unpooled", "branches", "padded", "none", "custom", "unknown sizes")


@dataclass(frozen=True)
class RandomModel:
    """A model: ``diverged`` are indices of seeds, ``skill`` its share of correct predictions."""

    name: str
    description: str
    family: str
    answers: str
    skill: float
    layers: str
    diverged: tuple[int, ...]
    curve: str
    chosen: str = ALL


@dataclass(frozen=True)
class RandomStudy:
    """What a study is like: see the strategies below for what each part may be."""

    models: tuple[RandomModel, ...]
    seeds: tuple[int, ...]
    epochs: int
    images: int
    classes: int
    class_names: str
    empty_classes: bool
    holdout: bool
    subset: bool
    disputed: int
    published: str
    title: str
    machines: str
    latency: str
    unfinished: tuple[str, ...]
    show_images: bool
    metric: str
    groups: int | None
    entropy: int

    def generator(self, *salt):
        """Return a random generator of this study's own, one for each ``salt`` (integers)."""
        return np.random.default_rng([self.entropy, *salt])


def _clean(name):
    """Tell whether a random name cannot be taken for a slip of ours, such as a doubled comma."""
    name = one_line(name)
    return bool(name) and not slips(f"X {name}, {name} and ({name}): {name}.") and not slips(name)


def _texts():
    return st.one_of(
        st.sampled_from(NAMES[:4]),
        st.sampled_from(NAMES),
        st.text(_ALPHABET, min_size=1, max_size=12).filter(_clean),
    )


@st.composite
def random_models(draw, count, seeds):
    """Draw ``count`` models whose names differ when they are shown."""
    taken, models = set(), []
    for number in range(1, count + 1):
        name = draw(st.one_of(st.just(f"Model {number}"), _texts()))
        if one_line(name) in taken or draw(st.integers(0, 9)) == 9:
            name = f"{name} {number}"
        taken.add(one_line(name))
        lost = draw(st.sampled_from(["none"] * 12 + ["some", "all"]))
        places = () if lost == "none" else tuple(range(seeds))
        if lost == "some":
            places = tuple(place for place in places if draw(st.booleans()))
        models.append(
            RandomModel(
                name=name,
                description=draw(_texts()),
                family=draw(st.sampled_from(["plain", "other", "a|b", "<i>", "漢字", "f5", "f6"])),
                answers=draw(st.sampled_from([USUAL] * 12 + [PERFECT, WRONG, CHANCE, TWIN])),
                skill=draw(st.sampled_from([0.9, 0.5, 0.99, 0.999, 0.1])),
                layers=draw(st.sampled_from(LAYERS[:5] * 3 + LAYERS)),
                diverged=places,
                curve=draw(st.sampled_from(["falling", "flat", "rising", "noisy", "zero", "huge"])),
                chosen=draw(st.sampled_from([ALL] * 6 + [EARLY, BEST, EARLY_AND_BEST])),
            )
        )
    return tuple(models)


@st.composite
def random_studies(draw, models=(1, 2, 3, 4, 5, 6, 7), classes=None):
    """Draw a study of one of the numbers of ``models``, and of so many ``classes`` if given."""
    count = draw(st.sampled_from(models))
    seeds = 1 if count > 16 else draw(st.sampled_from([1] * 6 + [2] * 5 + [3, 3, 5, 12]))
    classes = classes or draw(st.sampled_from([10] * 6 + [2, 3, 7, 20, 21, 26, 200]))
    images = draw(st.sampled_from([60, 2, 3, 5, 9, 24, 25, 100, 360, 1000, 2000, 10_000]))
    # What is held in memory and written: no more than 16 MB of probabilities.
    images = max(2, min(images, 4_000_000 // (classes * count * seeds)))
    return RandomStudy(
        models=draw(random_models(count, seeds)),
        seeds=tuple(draw(st.permutations([*range(9), 2147483647, 10, 42]))[:seeds]),
        epochs=draw(st.sampled_from([1, 2, 3, 4, 5, 6, 13, 15, 60])),
        images=images,
        classes=classes,
        class_names=draw(st.sampled_from(["numbers", "words", "hostile"])),
        empty_classes=draw(st.booleans()),
        holdout=draw(st.booleans()),
        subset=draw(st.booleans()),
        disputed=draw(st.sampled_from([0, 0, 1, 2, 12, 10_000])),
        published=draw(st.sampled_from(["none", "none", "all", "some", "other data", "others"])),
        title=draw(_texts()),
        machines=draw(st.sampled_from(["one", "one", "shared", "several", "moved"])),
        latency=draw(st.sampled_from(["usual", "usual", "zero", "equal"])),
        unfinished=tuple(draw(st.lists(_texts(), max_size=2, unique_by=one_line))),
        show_images=draw(st.booleans()),
        metric=draw(st.sampled_from(["accuracy", "accuracy", "balanced_accuracy"])),
        groups=draw(st.sampled_from([None, None, 1, 2, 5, 12, 50, 10_000])),
        entropy=draw(st.integers(0, 2**32 - 1)),
    )


def reported(plan):
    """Return the reported study of a :class:`RandomStudy`, as the workflow's params hold it."""
    places = plan.generator(1).permutation(_places(plan))
    names = {key: model.name for key, model in _keyed(plan)}
    names |= {f"u{number}": name for number, name in enumerate(plan.unfinished, 1)}
    described = {key: {"description": "x", "family": "x"} for key in names}
    described |= {
        key: {"description": model.description, "family": model.family}
        for key, model in _keyed(plan)
    }
    config = {
        "study": {"title": plan.title, "seeds": list(plan.seeds)}
        | {"show_images": plan.show_images, "metric": plan.metric},
        "data": {
            "dataset": "mnist" if plan.classes == 10 else "other",
            "title": "MNIST" if plan.classes == 10 else "Other | *data*",
            "note": None,
            "validation": "holdout" if plan.holdout else "test",
            "disputed": sorted(places[: plan.disputed].tolist()),
            "disputed_note": "Three readers doubted them." if plan.classes == 10 else None,
        },
        "models": {
            key: {"name": names[key], "architecture": key} | given | described[key]
            for key, given in zip(names, cycle([{"arguments": {}}, _GIVEN]))
        },
    }
    finished = [key for key, _ in _keyed(plan)]
    unfinished = [key for key in names if key not in finished]
    return reported_study(config, finished, unfinished, _published(plan))


def fabricate(folder, plan):
    """Write the data and all runs of a :class:`RandomStudy` under ``folder``."""
    labels = _labels(plan)
    names = {
        "numbers": [str(label) for label in range(plan.classes)],
        "words": [f"class {label}" for label in range(plan.classes)],
        "hostile": [f"{NAMES[label % 30]} {label}" for label in range(plan.classes)],
    }
    fabricate_data(
        folder,
        dataset=reported(plan)["dataset"]["name"],
        images=plan.images,
        classes=plan.classes,
        class_names=names[plan.class_names],
        test_index=_places(plan),
        labels=labels,
        groups=_groups(plan),
        size=4,
    )
    for number, (key, model) in enumerate(_keyed(plan)):
        # A twin has all of the model before, but for what it is called.
        like = number
        while like and plan.models[like].answers == TWIN:
            like -= 1
        for place, seed in enumerate(plan.seeds):
            _fabricate_run(folder, plan, key, model, seed, place, like, labels)


def _keyed(plan):
    return [(f"m{number}", model) for number, model in enumerate(plan.models, 1)]


def _places(plan):
    """Return each test image's place in the whole test set."""
    if not plan.subset:
        return np.arange(plan.images)
    return np.sort(plan.generator(2).choice(3 * plan.images, plan.images, replace=False))


def _labels(plan):
    generator = plan.generator(3)
    known = np.arange(plan.classes)
    if plan.empty_classes:
        known = generator.choice(known, max(1, plan.classes // 2), replace=False)
    return generator.choice(known, plan.images).astype(np.uint8)


def _groups(plan):
    """Return the number of each test image's group, some with many images, or None."""
    if plan.groups is None:
        return None
    generator = plan.generator(6)
    return np.floor(plan.groups * generator.random(plan.images) ** 2).astype(int)


def _fabricate_run(folder, plan, key, model, seed, place, like, labels):
    generator = plan.generator(4, like, place)
    kind = plan.models[like].answers
    predicted = _predicted(plan, kind, plan.models[like].skill, generator, labels)
    diverged = place in model.diverged
    epochs = max(1, plan.epochs - like % 3) if plan.machines == "several" else plan.epochs
    chosen = plan.models[like].chosen if plan.holdout else ALL
    ends_early = diverged or chosen in (EARLY, EARLY_AND_BEST)
    trained = 1 + int(generator.integers(epochs)) if ends_early else epochs
    judged = trained
    if chosen in (BEST, EARLY_AND_BEST) and not diverged:
        judged = 1 + int(generator.integers(trained))
    accuracy = float(np.mean(predicted == labels))
    layers, notation = _layers(model.layers, like)
    uncounted = [layer["name"] for layer in layers if layer["multiply_adds"] is None]
    counted = sum(layer["multiply_adds"] or 0 for layer in layers)
    fabricate_run(
        folder,
        key,
        seed,
        accuracy=accuracy,
        epochs=trained,
        images=plan.images,
        classes=plan.classes,
        parameters=sum(layer["parameters"] for layer in layers) or 10 + 1000 * like,
        multiply_adds=counted,
        multiply_adds_not_counted=uncounted,
        latency_ms={"usual": 0.3 + float(generator.random()), "zero": 0.0, "equal": 1.0}[
            plan.latency
        ],
        curves=_curves(plan, model, trained, judged, accuracy, diverged, generator),
        status="diverged" if diverged else "ok",
        layers=layers,
        notation=notation,
        probabilities=_probabilities(plan, kind, predicted, generator),
        labels=labels,
        **made_of(plan, int(like)),
        planned=epochs,
        judged=judged,
        stopped_by_callback=bool(trained < epochs and not diverged and (like + place) % 3 == 0),
        **_recipe(chosen, like),
        **_circumstances(plan, place),
        **({} if diverged else {"clean_train": _clean_train(kind, accuracy, generator)}),
    )


def made_of(plan, like):
    """Return a run's architecture and arguments: some differ in one argument, or in several."""
    alike = plan.generator(7).choice(["none", "three", "all", "by pairs"])
    if alike == "by pairs":
        # Each argument has two models or more, which are one factor together.
        return {"architecture": f"architecture_{like % 2}", "arguments": {"filters": like // 2}}
    if alike == "all" or (alike == "three" and like < 3):
        return {"architecture": "architecture", "arguments": {"filters": 16 * (1 + like)}}
    arguments = {"filters": 16 * (1 + like % 3), "wide": bool(like % 2)}
    return {"architecture": f"architecture_{like % 5}", "arguments": arguments}


def _predicted(plan, kind, skill, generator, labels):
    """Return a run's answers, uint8 (images,)."""
    if kind == CHANCE:
        return np.zeros_like(labels)
    right = {PERFECT: 1.0, WRONG: 0.0}.get(kind, skill)
    wrong = (labels + generator.integers(1, plan.classes, plan.images)) % plan.classes
    return np.where(generator.random(plan.images) < right, labels, wrong).astype(np.uint8)


def _probabilities(plan, kind, predicted, generator):
    """Return probabilities (images, classes) of which those ``predicted`` are the highest."""
    chance = 1 / plan.classes
    if kind == CHANCE:
        return np.full((plan.images, plan.classes), chance)
    sure = generator.choice([1.0, 0.999, 0.9, 0.5, 0.05], plan.images)
    highest = chance + (1 - chance) * sure
    rest = (1 - highest) / (plan.classes - 1)
    probabilities = np.repeat(rest[:, None], plan.classes, axis=1)
    probabilities[np.arange(plan.images), predicted] = highest
    return probabilities


def _recipe(chosen, like):
    """Return what a card says of how the last and the judged epoch were chosen."""
    stopping = {"patience": 1 + int(like) % 6, "min_delta": 0.01 * (int(like) % 2)}
    stopping["monitor"] = "val_accuracy" if int(like) % 3 == 2 else "val_loss"
    training = {
        "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
        "early_stopping": stopping if chosen in (EARLY, EARLY_AND_BEST) else None,
        "evaluate": "best" if chosen in (BEST, EARLY_AND_BEST) else "last",
    }
    return {"training": training}


def _curves(plan, model, epochs, judged, accuracy, diverged, generator):
    """Return a history's losses and accuracies, float32 as Keras gives them."""
    epoch = np.arange(1, epochs + 1)
    shape = {
        "falling": 2 / epoch,
        "flat": np.full(epochs, 0.3),
        "rising": 0.1 * epoch,
        "noisy": 0.3 + generator.random(epochs),
        "zero": np.zeros(epochs),
        "huge": 1e30 / epoch,
    }[model.curve]
    jitter = 1 + 0.01 * generator.random(epochs) * (model.curve != "flat")
    # Whole numbers of images, the judged epoch's those that are predicted correctly.
    known = generator.integers(0, plan.images + 1, epochs) / plan.images
    known[judged - 1] = accuracy
    curves = {
        "loss": shape * jitter / 2,
        "accuracy": np.clip(known + 0.01, 0, 1),
        "val_loss": shape * jitter,
        "val_accuracy": generator.permutation(known) if plan.holdout else known,
    }
    if plan.holdout:
        curves |= {"test_loss": shape, "test_accuracy": known}
    curves = {name: values.astype(np.float32).astype(float) for name, values in curves.items()}
    if diverged:
        for name in ("loss", "val_loss"):
            curves[name][-1] = generator.choice([np.nan, np.inf])
    return curves


def _clean_train(kind, accuracy, generator):
    if kind == PERFECT:
        return {"loss": 0.0, "accuracy": 1.0, "images": 1000}
    share = min(1.0, accuracy + generator.choice([0, 0.005, 0.2]))
    return {"loss": float(generator.random()), "accuracy": round(1000 * share) / 1000} | {
        "images": 1000
    }


def _circumstances(plan, place):
    """Return the fields of a card that say where, how and on what a run ran."""
    dataset = {
        "name": "mnist",
        "title": "MNIST",
        "checksum": "0" * 64,
        "validation": "holdout" if plan.holdout else "test",
        "train_images": 2 + 5 * plan.images,
        "validation_images": plan.images,
        "test_images": plan.images,
        "classes": plan.classes,
    }
    fields = {"dataset": dataset}
    several = plan.machines == "several"
    if several:
        fields |= {
            "device": f"GPU: {NAMES[(7 * place) % len(NAMES)].strip() or 'x'} {place}",
            "threads": 1 + place,
            "precision": ["float32", "mixed_bfloat16"][place % 2],
            "commit": None,
        }
    if several or plan.machines == "shared":
        fields["concurrent_runs"] = 1 + place
    if plan.machines == "moved":
        versions = {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0"}
        piece = {"device": "CPU: made up", "threads": 2, "versions": versions, "runs": 1}
        moved = piece | {"device": "CPU: another", "first_epoch": 2, "seconds": 1.0}
        fields["pieces"] = [piece | {"first_epoch": 1, "seconds": 1.0}, moved]
        fields["resumed"] = True
    return fields


def _published(plan):
    """Return published figures of some of the models, and a claim of each kind about them."""
    if plan.published == "none":
        return None
    generator = plan.generator(5)
    keys = {"some": _keyed(plan)[::2], "others": [("elsewhere", None)]}.get(
        plan.published, _keyed(plan)
    )
    models = {
        key: {"name": model.name if model else "Elsewhere", "parameters": 1000 * (number + 1)}
        | {"train_loss": 0.02, "val_loss": 0.3, "train_accuracy": 0.99}
        | {"test_accuracy": round(float(generator.random()), 4)}
        for number, (key, model) in enumerate(keys)
    }
    alone = ["overfits_slightly", "overfits_strongly", "worth_more_epochs", "parameters"]
    alone += ["not_worth_more_epochs", "last_epoch_misleads"]
    comparing = ["most_accurate", "less_accurate", "overfits_less", "slower"]
    comparing += ["highest_train_accuracy"]
    claims = [{"id": kind, "claim": f"Claim {kind}", "kind": kind} for kind in alone]
    if len(models) > 1:
        first, *others = models
        claims += [
            {"id": kind, "claim": f"{NAMES[number]} is so", "kind": kind, "models": [first]}
            for number, kind in enumerate(comparing)
        ]
        claims += [
            {"id": f"{kind}_than", "claim": "So", "kind": kind, "models": others, "than": [first]}
            for kind in comparing
        ]
    setting = {"dataset": "some_other" if plan.published == "other data" else "mnist"}
    setting |= {"train_images": 60_000, "validation": "test", "runs": 1 + len(models) % 2}
    setting |= {"test_images": plan.images if plan.entropy % 2 else 10_000, "epochs": plan.epochs}
    return {
        "title": "CNN | *Models*",
        "called": "the paper",
        "setting": setting,
        "models": models,
        "conclusions": claims,
    }


def _layers(kind, number):
    """Return a made-up network's layers, as describe_layers gives them, and its notation.

    Those of one ``kind`` have other kernels and parameters by their ``number``.
    """
    layers = [_layer("input", "InputLayer", [], [28, 28, 1])]

    def add(name, class_name, **fields):
        layers.append(_layer(name, class_name, [layers[-1]["name"]], [26, 26, 8], **fields))

    kernel = [3, 5, 7][number % 3]
    convolution = {"kernel_size": [kernel, kernel], "pads": kind == "padded", "parameters": 80}
    convolution["multiply_adds"] = 50_000
    if kind == "none":
        return [], "(1x28x28) --(Whatever)--> 10"
    if kind == "custom":
        add("own", "Own<Layer>|`x`", parameters=7, multiply_adds=None)
    elif kind == "unknown sizes":
        layers.append(_layer("any", "Resizing", ["input"], [None, None, 1]))
    elif kind != "dense":
        add("conv", "Conv2D", **convolution)
    if kind == "branches":
        layers.append(_layer("side", "Conv2D", ["input"], [26, 26, 8], **convolution))
        layers.append(_layer("add", "Add", ["conv", "side"], [26, 26, 8]))
    if kind in ("one", "padded", "branches"):
        add("pool", "MaxPooling2D", pool_size=[2, 2], pads=False)
    dense = {"units": 10, "activation": "softmax", "parameters": 100 + number % 7}
    dense["multiply_adds"] = 90
    layers.append(_layer("dense", "Dense", [layers[-1]["name"]], [10], **dense))
    line = "(1x28x28) --(3x3 kernel)--> (8x26x26) --> 10"
    return layers, f"{line} - layer1\nlayer1 --> ``` ~~~" if kind == "branches" else line


def _layer(name, class_name, inputs, shape, **fields):
    return {
        "name": name,
        "class": class_name,
        "inputs": inputs,
        "output_shape": shape,
        "parameters": 0,
        "trainable_parameters": 0,
        "multiply_adds": 0,
    } | fields
