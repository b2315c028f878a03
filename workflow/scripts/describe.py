"""Print the study's models with their sizes."""

from bakeoff import tables as t
from bakeoff.joblog import job_log, say
from bakeoff.study.readers import read_description


def describe(names, descriptions):
    """Print a table of parameters, multiply-adds and outputs, a row a model.

    ``names`` maps the models to what they are called; ``descriptions`` are the paths of their
    descriptions in the same order.
    """
    rows = []
    for (model, name), path in zip(names.items(), descriptions, strict=True):
        found = read_description(path, model)
        counted = t.count(found["multiply_adds"])
        if found["multiply_adds_not_counted"]:
            counted = t.absent("unknown")
        output = ", ".join(map(str, ["n", *found["output_shape"]]))
        row = [t.model(name), t.text(model), t.count(found["parameters"]["total"])]
        rows.append([*row, counted, t.text(output)])
    columns = ["Model", "Key", "Parameters", "Multiply-adds", "Output"]
    say(t.Table(columns, rows, align="llrrr").as_text())


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        describe(snakemake.params.names, snakemake.input.descriptions)
