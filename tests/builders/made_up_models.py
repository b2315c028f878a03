"""Studies of any number of made-up models, each a little larger than the one before."""

from projects import copy_workflow

ARCHITECTURE = '''"""Made up: {units} units."""

import keras
from keras import layers

from architectures.blocks import classify


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, classify(layers.Flatten()(inputs), ({units},), num_classes))
'''


def made_up_study(folder, models, seeds):
    """Make a copy of the workflow in ``folder`` with a study of so many made-up models."""
    project = copy_workflow(folder)
    keys = [f"size_{number:04}" for number in range(1, models + 1)]
    for number, key in enumerate(keys, 1):
        source = ARCHITECTURE.format(units=number)
        (folder / "architectures" / f"{key}.py").write_text(source)
    config = project.read_config()
    config["study"] |= {"models": keys, "seeds": list(seeds), "published": None}
    config["models"] = {
        key: {"name": f"Size {n}", "description": f"{n} units", "family": f"family {n % 10}"}
        for n, key in enumerate(keys, 1)
    }
    # Nothing is fetched: the first job ends by itself, if it is left the time for it.
    config["data"]["mirrors"] = ["no-such-folder"]
    project.write_config(config)
    return folder
