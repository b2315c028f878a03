"""Every number of a study: what analysis.json holds.

``analysis/`` computes them, once, and ``findings/``, ``figures/`` and ``report/`` make words,
pictures and the page of them; they compute none. Models are named by their keys in the config, so
that another name or description changes no number. Accuracies and differences between them are
shares of 1, intervals have a level of 95 %, times are in seconds unless a name says otherwise.
``workflow/schemas/analysis.schema.json`` is made of this module.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from bakeoff.levels import LEVEL

POWER_SEEDS = 200
"""The most seeds that are reckoned with: more are for nobody."""

CLEARLY_CHEAPER = 1.5
"""How many times as much a model must cost for another to count as cheaper."""

SMALL_LEAD = 0.0005
"""A lead in accuracy, as a share of 1, that is no reason to pay more unless it is proven."""

_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}

Confusion = list[list[int]]
"""How often each label (row) was predicted as each class (column)."""


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Accuracy(Estimate):
    """A model's test accuracy, or its balanced one: the mean over the seeds, and each seed's.

    ``sd`` is the sample standard deviation between seeds, None with one.
    """

    sd: float | None
    by_seed: dict[int, float]


@dataclass(frozen=True)
class Comparison:
    """Accuracy of one model minus that of another, with its interval: balanced, if that ranks.

    ``only_a`` and ``only_b`` count the predictions that only one of the two got right, over all
    seeds. ``p`` belongs to the hypothesis of no difference; ``p_holm`` is corrected for all that
    is compared together, and so are ``low`` and ``high``: all these intervals at once hold the
    true differences with the confidence 1 - ``level``, and zero lies in one just where its
    ``p_holm`` is not below ``level``. ``ahead`` is the estimated probability that a run of a is
    more accurate than one of b, or None with one seed. In a study of looks, all of them are of the
    runs that both had at the last look at which they were compared.
    """

    difference: float
    low: float
    high: float
    only_a: int
    only_b: int
    p: float
    p_holm: float
    ahead: float | None
    level: float = LEVEL

    @property
    def one_seed(self) -> bool:
        """Whether two trained networks are compared, not two models."""
        return self.ahead is None

    @property
    def significant(self) -> bool:
        """Whether the two differ: the models, or with one seed the two trained networks."""
        return self.p_holm < self.level

    @property
    def told_apart(self) -> bool:
        """Whether the two models are shown to differ, which one run of each cannot show.

        Another run of the same models may differ the other way round. Where seeds move accuracy
        by 0.1 percentage points (standard deviation), the test of the networks calls some of ten
        equal models different in two studies of three: docs/statistics.md.
        """
        return self.significant and not self.one_seed

    def reversed(self) -> "Comparison":
        """Return the same comparison seen from the other model."""
        return replace(
            self,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            only_a=self.only_b,
            only_b=self.only_a,
            ahead=None if self.ahead is None else 1 - self.ahead,
        )


@dataclass(frozen=True)
class Trend:
    """Slope of a loss per epoch with its interval, over ``epochs`` epochs up to the last.

    ``verdict`` is "flat" when the whole interval is so near to zero that ``epochs`` more would
    change the loss by less than ``epochs.FLAT`` of it, "falling" or "rising" when it lies on one
    side of zero, otherwise "noisy": the losses wander too much to tell. It has no numbers when
    there are too few epochs ("unknown"), and where early stopping chose the last epoch of a run for
    its losses, or a callback did ("stopped early"): they are no sample then.
    """

    verdict: Literal["falling", "rising", "flat", "noisy", "unknown", "stopped early"]
    epochs: int
    slope: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Overfitting:
    """How much better a model is on training images than on others.

    ``gap`` with its interval is the accuracy on training images (dropout off) minus that on test
    images. ``verdict`` is "none" when the interval reaches down to zero, "harmful" when validation
    loss is shown to have risen besides and is not falling again, otherwise "harmless"; "untested"
    where the epoch that is judged, or the last, was chosen by validation loss or accuracy, so that
    a rise before it could not show. Losses are those of the judged epoch; ``lowest_loss`` is the
    lowest of the mean over the runs, up to the last epoch that all have.
    """

    verdict: Literal["none", "harmless", "harmful", "untested"]
    train_accuracy: float
    gap: float
    low: float
    high: float
    train_loss: float
    val_loss: float
    lowest_loss: float
    lowest_epoch: int


@dataclass(frozen=True)
class Fluctuation:
    """How validation accuracy moves over the last ``epochs`` epochs.

    ``deviation`` is the standard deviation between epochs, pooled over the seeds; ``range`` the
    widest of the seeds' ranges.
    """

    epochs: int
    deviation: float
    range: float


@dataclass(frozen=True)
class Bin:
    """Predictions whose confidence lies above ``low`` and up to ``high``.

    Their mean confidence and accuracy are None where there are none.
    """

    low: float
    high: float
    predictions: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Calibration:
    """How far a model's probabilities can be taken at their word.

    ``ece`` is the expected calibration error; ``by_chance`` is the mean, and ``limit`` the 95 %
    point, of the error that a calibrated network with the same confidences shows on as many
    images.
    """

    ece: float
    by_chance: float
    limit: float
    mean_confidence: float
    bins: list[Bin]

    @property
    def beyond_chance(self) -> bool:
        """Whether the error is more than chance alone gives."""
        # Sums of the same probabilities in another order differ in their last digits.
        return self.ece > self.limit + 1e-9


@dataclass(frozen=True)
class Circumstances:
    """Under what a run took place.

    ``concurrent`` is the most runs that shared the machine at a time; ``moved`` tells whether it
    went on in other circumstances after an interruption.
    """

    device: str
    threads: int
    concurrent: int
    backend: str
    precision: str
    python: str
    keras: str
    backend_version: str
    moved: bool

    @property
    def software(self) -> str:
        """Backend, Keras and Python with their versions."""
        backend = _BACKENDS.get(self.backend, self.backend)
        return f"{backend} {self.backend_version}, Keras {self.keras}, Python {self.python}"


@dataclass(frozen=True)
class Run:
    """One run: ``planned`` epochs, of which it trained for ``epochs``.

    A run that ``diverged``, its loss being no number, ended early and has no accuracies. Those of
    the ``judged_epoch`` stand in runs.csv; ``best_epoch`` is the first one with the highest
    validation accuracy. ``stopped_by_callback`` says whether a callback of its architecture ended
    it before the planned epochs, and not the config's early stopping.
    """

    seed: int
    diverged: bool
    planned: int
    epochs: int
    judged_epoch: int
    best_epoch: int | None
    circumstances: Circumstances
    stopped_by_callback: bool = False

    @property
    def stopped_early(self) -> bool:
        """Whether early stopping, or a callback, ended it."""
        return self.epochs < self.planned and not self.diverged

    @property
    def stopped_by_rule(self) -> bool:
        """Whether the config's early stopping ended it."""
        return self.stopped_early and not self.stopped_by_callback


@dataclass(frozen=True)
class EarlyStopping:
    """When runs end before their last epoch: see the config's schema."""

    patience: int
    min_delta: float
    monitor: Literal["val_loss", "val_accuracy"]


@dataclass(frozen=True, eq=False)
class Model:
    """What is known of a model. Numbers are means over the runs that finished.

    A model of which all runs diverged has no measurements (None). ``standing`` says how it stands
    against the best model, from which ``against_best``, the best minus this one, differs;
    ``worse_than`` is the most accurate model that it is shown to be worse than, best or not;
    ``odd_seeds`` are those of runs that learned nothing although others of the model did.
    ``judged_by`` says which epoch's weights count: the last, or the best by a validation measure.
    ``epochs`` are those of the longest run, ``val_loss`` is that after the judged. ``cost`` has
    parameters, multiply-adds for one image where all are known, and the latency in milliseconds.
    ``recall`` is that of each class, None for one without test images.
    """

    model: str
    runs: list[Run]
    diverged: list[Run]
    notation: str
    input_scaled_by: list[float]
    needs_file_to_load: bool
    judged_by: Literal["last", "val_loss", "val_accuracy"]
    early_stopping: EarlyStopping | None
    cost: dict[str, int | float]
    standing: Literal[
        "best",
        "ahead on common seeds",
        "too close to call",
        "network is worse",
        "worse",
        "worse than another",
        "not compared",
        "diverged",
    ]
    above_chance: bool | None = None
    odd_seeds: list[int] = field(default_factory=list)
    against_best: Comparison | None = None
    worse_than: str | None = None
    accuracy: Accuracy | None = None
    balanced_accuracy: Accuracy | None = None
    train_accuracy: Estimate | None = None
    epochs: int | None = None
    val_loss: float | None = None
    trend: Trend | None = None
    overfitting: Overfitting | None = None
    fluctuation: Fluctuation | None = None
    calibration: Calibration | None = None
    confusion: Confusion | None = None
    recall: list[float | None] | None = None


@dataclass(frozen=True)
class Groups:
    """The groups that the test images come in: patients, writers, sites.

    ``name`` says which, None where that is not known. The smallest and the largest have so many
    images. With fewer than ``needed`` groups, no two of the study's models can be called different,
    as p-values are corrected for so many ``pairs``. ``divided`` is how many test images are of
    groups that have training images too.
    """

    name: str | None
    number: int
    smallest: int
    largest: int
    needed: int
    divided: int
    pairs: int

    @property
    def too_few(self) -> bool:
        """Whether no two models can be called different."""
        return self.number < self.needed


@dataclass(frozen=True)
class Data:
    """The images. ``known`` test images are training images too.

    Without these, test accuracies would differ by ``known_change`` on average over the models that
    learned, in their sound runs; None where there are none of these images, or no others, or where
    nothing was learned. ``chance`` is what always predicting the commonest class reaches by the
    study's metric. ``by_class`` counts the test images of each class.
    """

    class_names: list[str]
    train_images: int
    validation_images: int
    test_images: int
    validation: Literal["test", "holdout"]
    disputed: int
    known: int
    known_change: float | None
    chance: float
    by_class: list[int]
    groups: Groups | None

    @property
    def imbalance(self) -> float:
        """How many times as many test images the largest class has as the smallest with any."""
        present = [images for images in self.by_class if images]
        return max(present) / min(present)


@dataclass(frozen=True)
class Needed:
    """What it would take to tell a model from the best, from which it is not told yet.

    With the ``present`` seeds, at least 2, a difference is shown with the probability POWER if it
    is at least ``detectable``; with any number of them, at least ``limit``, as the images stay.
    Unless ``told``, these seeds do not tell how much they stay for: ``limit``, and what it would
    take, are then the least that they can be, by the images that every test adds. If the difference
    is as seen, so many ``seeds`` of each would do, None where no number up to POWER_SEEDS does;
    ``seeds_if_largest`` if it is ``largest``, the end of its interval. Where no number of seeds can
    do, so many test ``images`` would (or groups of them). ``seconds`` is how long the runs that are
    missing for ``seeds`` would train, at the speed of those that are there.
    """

    model: str
    present: int
    difference: float
    largest: float
    detectable: float | None
    limit: float | None
    told: bool
    seeds: int | None
    seeds_if_largest: int | None
    images: int | None
    seconds: float | None


@dataclass(frozen=True)
class Power:
    """What the study could have shown, and what it would take to show more.

    ``best`` is the best model, or the first of them. From it, a difference is shown with the
    probability POWER, after the correction for ``comparisons``, if it is at least ``detectable``,
    the lowest and the highest for the models of ``needed``, or without any for all others, and with
    any number of seeds at least ``limit``; None where no model has two seeds in common with it, and
    where the test images come in so few groups that none is shown. ``told`` is whether each of
    these models' is: see :class:`Needed`. ``by_seeds`` has what it would be with other numbers of
    seeds, from the most that any of these models has in common with it. ``needed`` has each that is
    too close to call; ``one_seed`` those that are so with one seed in common, of which a second one
    would cost ``second_seed`` seconds in all, the best's counted. If differences are as seen,
    between the two numbers of ``seeds`` would settle each of the former that seeds can settle: the
    runs that are missing, the best's counted, take so many ``seconds``.
    """

    best: str
    comparisons: int
    detectable: list[float] | None
    limit: list[float] | None
    told: bool
    needed: list[Needed]
    seeds: list[int] | None
    seconds: float | None
    one_seed: list[str]
    second_seed: float | None
    by_seeds: dict[int, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """Two models compared."""

    a: str
    b: str
    comparison: Comparison


@dataclass(frozen=True)
class Pairs:
    """How many pairs were compared, and those to list.

    Of many models, these are the pairs with a best one and those among the most accurate: a
    thousand models have half a million, of which no figure or table shows more.
    """

    number: int
    all_on_one_seed: bool
    any_on_one_seed: bool
    listed: list[Pair]


@dataclass(frozen=True)
class Bargain:
    """A model, a cheaper one that does as well, and how many times as much the first costs."""

    model: str
    cheaper: str
    ratios: dict[str, float]
    comparison: Comparison


@dataclass(frozen=True)
class Times:
    """Why times cannot be compared, if they cannot.

    ``shared`` is the most runs that shared a machine, ``moved`` the number of runs that went on
    elsewhere; ``unlike`` has the different values of what else should have been the same.
    """

    shared: int
    moved: int
    unlike: dict[str, list[str]]

    @property
    def comparable(self) -> bool:
        """Whether times say something of the models."""
        return self.shared <= 1 and not self.moved and not self.unlike


@dataclass(frozen=True)
class Setting:
    """A setting of the training in which models differ: ``values`` maps each to its models."""

    name: str
    values: dict[str, list[str]]


@dataclass(frozen=True)
class Factor:
    """What it does that one thing has another value, over models that are otherwise equal.

    ``values`` are the two, as texts. ``pairs`` are keys of models, [with the second value, with the
    first]; ``differences`` those of their accuracies, second minus first, by the metric that ranks;
    ``difference`` is their mean, ``p`` its p-value and ``p_holm`` that corrected for all factors
    (Holm); ``low`` and ``high`` are its interval, all factors' holding together (Bonferroni), which
    holds zero just where ``p_holm`` is not below the level. With one of ``seeds``, it is that of
    the trained networks.
    """

    name: str
    values: list[str]
    pairs: list[list[str]]
    differences: list[float]
    difference: float
    p: float
    p_holm: float
    low: float
    high: float
    seeds: int


@dataclass(frozen=True)
class EpochChoice:
    """A model's accuracies by the epoch at which one stops, means over its seeds.

    ``val_last``, ``val_best`` and ``val_mean`` are validation accuracies after the last epoch,
    after each run's best and on average over the last ones, the latter None where there are too
    few epochs; ``test_last`` and ``test_best`` the test accuracies after the last epoch and after
    the best by validation.
    """

    val_last: float
    val_best: float
    val_mean: float | None
    test_last: float
    test_best: float


@dataclass(frozen=True)
class LastEpochs:
    """How much the last epochs fluctuate, over the models that learned and their sound runs.

    ``fluctuation`` and ``choice`` are by model, the former of those with enough epochs;
    ``deviation``, of validation accuracy, is pooled over these, ``between`` are the most accurate
    model and the next that is not equal, ``tied`` tells whether another is equal to the first,
    ``gap`` is their difference in test accuracy, None without two, and ``gap_deviation`` the
    standard deviation of that difference between the last epochs, each the mean over its runs.
    ``judge`` tells whether the last epoch can judge between them: "poor" when the gap is below
    that, "unsure" below three of it, otherwise "good", None where there is nothing to judge.
    ``early`` are the models of which a run had an epoch better than its last;
    ``ahead_last``, ``ahead_best`` and ``ahead_once`` those ahead in validation accuracy after the
    last epoch, by their best, and after at least one of the last.
    """

    fluctuation: dict[str, Fluctuation]
    choice: dict[str, EpochChoice]
    deviation: float | None
    between: list[str]
    tied: bool
    gap: float | None
    gap_deviation: float | None
    judge: Literal["poor", "unsure", "good"] | None
    early: list[str]
    ahead_last: list[str]
    ahead_best: list[str]
    ahead_once: list[str]


@dataclass(frozen=True)
class Group:
    """Architectures that share a trait, each a list of models: test accuracies, mean gap."""

    label: str
    architectures: list[list[str]]
    mean: float
    low: float
    high: float
    gap: float


@dataclass(frozen=True)
class Trait:
    """A trait in which architectures differ, and its permutation test.

    ``p`` and ``p_holm`` are None where so few architectures differ that no result could be below
    the level.
    """

    name: str
    groups: list[Group]
    p: float | None
    p_holm: float | None = None


@dataclass(frozen=True)
class Traits:
    """The traits ``looked_at``, and those of them in which the architectures differ.

    Each of the different ``architectures`` is a list of models.
    """

    looked_at: list[str]
    architectures: list[list[str]]
    compared: list[Trait]


@dataclass(frozen=True)
class HardestClass:
    """The classes with the lowest and the highest share of right predictions.

    ``stands_out`` tells whether the lowest, being one, is beyond chance; ``last_for`` are the
    models of which it is the lowest, too.
    """

    lowest: list[int]
    lowest_share: float
    highest: list[int]
    highest_share: float
    stands_out: bool
    last_for: list[str]


@dataclass(frozen=True)
class HardImage:
    """A test image that models get wrong.

    ``row`` is its row in the prepared data, ``index`` that in the data set's own test set. It is
    ``known`` where the same image stands among the training images. ``predictions`` are those of
    the models, of each that of the mean of its runs' probabilities.
    """

    row: int
    index: int
    label: int
    disputed: bool
    wrong_models: int
    predictions: dict[str, int]
    known: bool = False


@dataclass(frozen=True)
class Errors:
    """The wrong predictions of the models that learned, in their sound runs.

    ``wrong`` counts the test images by the number of models that get them wrong, from none to
    all.
    """

    confusion: Confusion
    hardest_class: HardestClass
    wrong: list[int]
    hardest: list[HardImage]


@dataclass(frozen=True)
class Disputed:
    """What test images with labels in doubt do to accuracies.

    ``otherwise`` is the mean number of them that a run of a model predicts otherwise than
    labelled, ``without`` the accuracy on all others, by finished model; ``sound`` is the former of
    the models that learned, in their sound runs, and ``by_all`` how many all of these do so for.
    """

    otherwise: dict[str, float]
    without: dict[str, float]
    sound: dict[str, float]
    by_all: int


@dataclass(frozen=True)
class Alike:
    """How alike a model predicts: to the others on average, to the one most like it, to itself.

    ``between_seeds`` is None with one seed. ``common`` is the share of the images that at least
    one of the two gets wrong which both do, None without any.
    """

    mean: float
    most_like: str
    same: float
    common: float | None
    between_seeds: float | None


@dataclass(frozen=True)
class Span:
    """A mean over pairs of models, and the pairs with the lowest and the highest share."""

    mean: float
    low: float
    low_pair: tuple[str, str]
    high: float
    high_pair: tuple[str, str]


@dataclass(frozen=True)
class BetweenSeeds:
    """How alike two runs of one model are, on average over the ``models`` with several seeds.

    ``models_differ_more`` counts, of ``pairs`` of such models, those that differ more than their
    own seeds do; ``other_models`` is the mean share of equal predictions over these pairs. None
    with one such model.
    """

    models: int
    same: float
    common: float | None
    pairs: int = 0
    other_models: float | None = None
    models_differ_more: int = 0


@dataclass(frozen=True)
class Agreement:
    """How alike the models predict.

    ``same`` is the share of test images to which two models give the same prediction. ``common``
    is the share of the images that at least one of two gets wrong which both do, averaged over
    ``common_pairs`` pairs; ``by_chance`` what it would be if their errors had nothing to do with
    each other. None where no pair makes errors.
    """

    models: list[str]
    pairs: int
    same: Span | None
    common: float | None
    common_pairs: int
    by_chance: float | None
    between_seeds: BetweenSeeds | None
    each: dict[str, Alike]


@dataclass(frozen=True)
class Vote:
    """The soft vote of ``members``: the mean of their probabilities.

    ``by_seed`` is its accuracy with one run of each member, over the ``seeds`` seeds with a run of
    each that learned; ``comparison`` sets that of all models against the best model on these seeds,
    corrected for any of them being that, and ``best_on_seeds`` is what the best has on them;
    ``together`` is that of all ``runs`` in one vote, None where it is no other.
    """

    who: Literal["all", "group", "best"]
    members: list[str]
    runs: int
    parameters: int
    seeds: int
    by_seed: Estimate | None
    comparison: Comparison | None
    best_on_seeds: float | None
    together: Estimate | None


@dataclass(frozen=True)
class Ensemble:
    """Votes of the models that learned. ``group`` is the best and all not shown to be worse."""

    runs: int
    group: list[str]
    votes: list[Vote]


@dataclass(frozen=True)
class Reproduced:
    """One of our figures beside the published one.

    ``ours`` is the mean over the seeds. ``low`` and ``high`` bound what another run here would
    give; they come from the standard deviation between ``seeds``, or, with one, from the
    ``images``; both are None, with the ``basis``, where nothing bounds it. ``within`` tells
    whether the published figure lies there.
    """

    ours: float
    published: float
    low: float | None = None
    high: float | None = None
    basis: Literal["seeds", "images"] | None = None
    within: bool | None = None

    @property
    def difference(self) -> float:
        """Ours minus the published one."""
        return self.ours - self.published


@dataclass(frozen=True)
class Claim:
    """What a study says of the published conclusion with this ``number`` in its file.

    ``about`` and ``against`` are the models that it is about and that it compares them with, as
    far as they finished; ``missing`` the others. Each of the comparisons that it takes bears it
    out (``borne_out``), goes against it (``refuted``), or is not decided (``open``).

    One comparison that goes against it makes a claim not hold. Otherwise it is not tested when
    models are missing, holds when all bear it out, and is not decided when some are open.
    """

    number: int
    about: list[str]
    against: list[str]
    missing: list[str]
    borne_out: int
    refuted: int
    open: int

    @property
    def comparisons(self) -> int:
        """How many comparisons it takes."""
        return self.borne_out + self.refuted + self.open

    @property
    def verdict(self) -> Literal["holds", "does not hold", "not decided", "not tested"]:
        """What becomes of the claim."""
        if self.refuted:
            return "does not hold"
        if self.missing or not self.comparisons:
            return "not tested"
        return "not decided" if self.open else "holds"


@dataclass(frozen=True)
class Known:
    """Each finished model's mean test accuracy without images that are training images too."""

    without: dict[str, float]


@dataclass(frozen=True)
class Published:
    """Our figures of published models beside the published ones, and the conclusions."""

    figures: dict[str, dict[str, Reproduced]]
    claims: list[Claim]


@dataclass(frozen=True)
class Look:
    """A look at a study whose seeds are given where they decide: see :mod:`bakeoff.analysis.looks`.

    So many ``models`` had ``seeds`` each by then, of which some ``left``; ``level`` was spent.
    """

    look: int
    seeds: int
    level: float
    models: int
    left: list[str]


@dataclass(frozen=True)
class Racer:
    """What became of a model by the last ``look`` that it took part in, with so many ``runs``.

    Where it ``left``, the ``difference`` by which it was ``worse_than`` another, as it was then,
    has an interval that holds with those of all pairs and looks, and ``p`` is corrected for these:
    None where none of its runs was finished. The interval of its ``accuracy`` holds whatever the
    look at which the model's runs ended.
    """

    model: str
    look: int
    runs: int
    left: bool
    worse_than: str | None
    difference: Estimate | None
    p: float | None
    accuracy: Estimate | None


@dataclass(frozen=True)
class Race:
    """Seeds where they decide: what ``looks`` at a study led to, and why it ``ended``.

    ``level`` is that of all planned looks.
    ``racers`` are the models: those that stayed, the most accurate first, then those that left, the
    last first. ``largest`` is the end farthest from zero of the intervals of differences between
    those that stayed, and ``equivalent`` what such a difference may be for models that need not
    be shown to differ; None where there is none. ``spent`` are the runs that were trained, of as
    many as ``planned`` for the last look if no model left.
    """

    level: float
    equivalent: float | None
    looks: list[Look]
    racers: list[Racer]
    ended: str | None
    largest: float | None
    spent: int
    planned: int

    @property
    def stayed(self) -> list[str]:
        """The models that did not leave."""
        return [racer.model for racer in self.racers if not racer.left]


@dataclass(frozen=True)
class Analysis:
    """All of it. Lists of models without a place of their own are in the study's order.

    ``metric`` is what ranks the models, and what all comparisons are of. ``ranked`` are the
    finished models, the best by it first; ``best`` those that share the first place, ``learned``
    those that count in averages: shown to be better than chance, or all where none is.
    ``sd_between_seeds`` is pooled over the models with several. What asks for models that learned
    is None where there are none. ``looks`` is None where all models were to have the same seeds;
    otherwise it is by these that models are called different, ``ranked`` has those that left last,
    and ``power`` is None. ``latencies`` is None where each run has measured its own at its end;
    else each model's was measured alone, later, under these circumstances.
    """

    metric: Literal["accuracy", "balanced_accuracy"]
    data: Data
    models: list[Model]
    ranked: list[str]
    best: list[str]
    learned: list[str]
    sd_between_seeds: float | None
    pairs: Pairs
    bargains: list[Bargain]
    times: Times
    settings: list[Setting]
    factors: list[Factor]
    last_epochs: LastEpochs | None
    traits: Traits | None
    errors: Errors | None
    disputed: Disputed | None
    agreement: Agreement | None
    power: Power | None
    ensemble: Ensemble | None
    published: Published | None
    known: Known | None = None
    looks: Race | None = None
    latencies: Times | None = None

    @property
    def times_of_latencies(self) -> Times:
        """Why latencies cannot be compared, if they cannot."""
        return self.latencies or self.times

    def runs(self) -> Iterator[Run]:
        """Yield every run, those that diverged after those of the same model that finished."""
        for model in self.models:
            yield from model.runs
            yield from model.diverged


def mistakes(confusion: Confusion) -> list[tuple[int, int, int]]:
    """Return the wrong predictions as (label, predicted, times), the most frequent first.

    Those that are equally frequent follow in the order of labels and predictions.
    """
    found = [
        (label, predicted, times)
        for label, row in enumerate(confusion)
        for predicted, times in enumerate(row)
        if times and predicted != label
    ]
    return sorted(found, key=lambda mistake: -mistake[2])
