"""Print the study's models with their sizes."""

from bakeoff import tables as t
from bakeoff.joblog import job_log, say
from bakeoff.study.readers import read_description


def describe(models, descriptions):
    """Print a table of parameters, multiply-adds and outputs, a row a model.

    ``models`` are those of the reported study; ``descriptions`` are the paths of their
    descriptions in the same order.
    """
    rows, variants = [], any("made_of" in entry for entry in models)
    for entry, path in zip(models, descriptions, strict=True):
        model = entry["model"]
        found = read_description(path, model)
        counted = t.count(found["multiply_adds"])
        if found["multiply_adds_not_counted"]:
            counted = t.absent("unknown")
        output = ", ".join(map(str, ["n", *found["output_shape"]]))
        row = [t.model(entry["name"]), t.text(model)]
        row += [t.text(entry.get("made_of", model))] * variants
        rows.append([*row, t.count(found["parameters"]["total"]), counted, t.text(output)])
    columns = ["Model", "Key", *["Architecture"] * variants, "Parameters", "Multiply-adds"]
    say(t.Table([*columns, "Output"], rows, align=f"ll{'l' * variants}rrr").as_text())


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        describe(snakemake.params.models, snakemake.input.descriptions)
