"""How the learning rate moves over the epochs of a run.

Importing this imports Keras, which must find its backend prepared.
"""

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras.optimizers import schedules


def scheduled(
    peak: float, settings: Mapping[str, Any], steps: int
) -> schedules.LearningRateSchedule | None:
    """Return what an optimizer takes as its learning rate, or None where it keeps its own.

    ``peak`` is the optimizer's own rate, ``settings`` those of a run, and ``steps`` how many steps
    an epoch has. Rates follow the optimizer's own count of steps, which a checkpoint holds.
    """
    given = settings.get("schedule")
    if given is None:
        return None
    total = steps * settings["epochs"]
    if given["name"] == "one_cycle":
        rise = given.get("warmup", 0.3 * settings["epochs"]) * steps
        return OneCycle(peak, rise, total, given.get("start", 0.04), given.get("final", 1e-4))
    warmup = round(given.get("warmup", 0) * steps)
    schedule = _after_warmup(peak, given, steps, total - warmup)
    return Warmup(schedule, peak, warmup) if warmup else schedule


def _after_warmup(peak, given, steps, left):
    match given["name"]:
        case "cosine":
            return schedules.CosineDecay(peak, max(left, 1), alpha=given.get("final", 0.0))
        case "step":
            every, factor = given["every"] * steps, given.get("factor", 0.1)
            return schedules.ExponentialDecay(peak, every, factor, staircase=True)
        case "exponential":
            return schedules.ExponentialDecay(peak, steps, given["factor"])
        case "constant":
            return schedules.ExponentialDecay(peak, 1, 1.0)
    raise ValueError(given["name"])


class Warmup(schedules.LearningRateSchedule):
    """The rate rises evenly to ``peak`` in so many ``steps``; then ``schedule`` begins.

    The first step has a rate already: with none, it would teach nothing.
    """

    def __init__(self, schedule: Any, peak: float, steps: int):
        self.schedule, self.peak, self.steps = schedule, peak, steps

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        step = keras.ops.cast(step, "float32")
        rising = self.peak * (step + 1) / self.steps
        later = self.schedule(keras.ops.maximum(step - self.steps, 0.0))
        return keras.ops.where(step < self.steps, rising, later)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal schedule."""
        held = schedules.serialize(self.schedule)
        return {"schedule": held, "peak": self.peak, "steps": self.steps}


class OneCycle(schedules.LearningRateSchedule):
    """One rise to ``peak`` and one fall, both half a cosine (Smith and Topin 2019).

    It begins at ``peak`` times ``start``, is at the peak after ``rise`` of ``total`` steps, and
    ends at ``peak`` times ``final``.
    """

    def __init__(self, peak: float, rise: float, total: int, start: float, final: float):
        self.peak, self.rise, self.total, self.start, self.final = peak, rise, total, start, final

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        step = keras.ops.cast(step, "float32")
        up = keras.ops.minimum(step / max(self.rise, 1), 1.0)
        fallen = keras.ops.maximum(step - self.rise, 0.0) / max(self.total - self.rise, 1)
        down = keras.ops.minimum(fallen, 1.0)
        rising = self.start + (1 - self.start) * (1 - keras.ops.cos(math.pi * up)) / 2
        falling = self.final + (1 - self.final) * (1 + keras.ops.cos(math.pi * down)) / 2
        return self.peak * keras.ops.where(step < self.rise, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal schedule."""
        names = ("peak", "rise", "total", "start", "final")
        return {name: getattr(self, name) for name in names}
