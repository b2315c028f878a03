"""Decide after a look which models go on, by the runs that are there."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bakeoff.analysis.looks import Decision, decide, plan_of
from bakeoff.analysis.sampling import TestSample
from bakeoff.data.prepared import PreparedData
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log, say
from bakeoff.study.decisions import read_decision
from bakeoff.study.looks import Looks, budget_seconds
from bakeoff.study.origins import check_planned
from bakeoff.study.readers import (
    card_value,
    check_alike,
    read_card,
    read_data_set,
    read_probabilities,
)


def decide_look(
    of, look, planned, data_file, cards, predictions, before, decision_file, fingerprints=None
):
    """Write what is decided after a look, numbered from 1, and what it was made of.

    ``of`` is the text that :class:`bakeoff.study.looks.Looks` holds. ``planned`` are the (model,
    seed) pairs of the runs whose paths ``cards`` and ``predictions`` are, ``before`` the paths of
    the decisions of the looks before. Where these have been decided anew meanwhile, and no longer
    ask for just these runs, there is no decision yet: it is None, and the next command makes it.
    Raises :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    settings = json.loads(of)
    decided = [Decision(**held) for path in before if (held := read_decision(path, of))]
    looks = Looks(settings["plan"], of, Path(decision_file).parent, [*map(asdict, decided)])
    decision = None
    if looks.next == look and looks.runs_at(look) == planned:
        if fingerprints is not None:
            check_planned(cards, fingerprints, PreparedData.read(data_file).checksum)
        data = read_data_set(data_file, [])
        correct, seconds = _answers(planned, cards, predictions, data)
        plan = plan_of(settings["plan"])
        sample = TestSample(data.labels, data.groups, settings["metric"]).ranking
        decision = decide(correct, plan, decided, of=sample)
        if over := _out_of_budget(decision, settings["plan"], seconds):
            decision = decide(correct, plan, decided, of=sample, out_of_budget=over)
    else:
        say(f"Look {look} is not decided: the looks before ask for other runs than planned.")
    held = {"of": of, "decision": decision and asdict(decision)}
    with write_atomically(decision_file) as temporary:
        temporary.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def _answers(runs, cards, predictions, data):
    """Return each model's answers, bool (runs, images), and the seconds of each of its runs."""
    correct, seconds, read = {}, {}, []
    for (model, seed), card_file, file in zip(runs, cards, predictions, strict=True):
        card = read_card(card_file, model, seed, {})
        read.append(card)
        seconds.setdefault(model, []).append(card_value(card, card_file, "seconds", "job"))
        correct.setdefault(model, [])
        if card_value(card, card_file, "status") == "ok":
            probabilities = read_probabilities(file, data)
            correct[model].append(probabilities.argmax(axis=1) == data.labels)
    check_alike(read, cards)
    answers = {
        model: np.array(found).reshape(len(found), len(data.labels))
        for model, found in correct.items()
    }
    return answers, seconds


def _out_of_budget(decision, plan, seconds):
    """Return whether the budget is spent, or the next look would take more than it leaves, or None.

    ``seconds`` maps each model to how long each of its runs took: others take as long on average.
    """
    budget = budget_seconds(plan["budget"])
    if budget is None or decision.ended:
        return None
    added = plan["looks"][decision.look] - decision.seeds
    spent = sum(map(sum, seconds.values()))
    if spent >= budget:
        return "budget spent"
    asked = sum(added * np.mean(seconds[model]) for model in decision.goes_on)
    return "budget" if spent + asked > budget else None


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        decide_look(
            snakemake.params.of,
            int(snakemake.wildcards.look),
            [(model, seed) for model, seed in json.loads(snakemake.params.runs)],
            snakemake.input.data,
            snakemake.input.cards,
            snakemake.input.predictions,
            snakemake.input.before,
            snakemake.output.decision,
            json.loads(snakemake.params.fingerprints),
        )
