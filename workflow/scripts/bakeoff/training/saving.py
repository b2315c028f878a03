"""Saving a model as Keras's file."""


def save_model(model, path):
    """Save a built, uncompiled ``model`` as Keras's file ``path``, which ends in ``.keras``.

    A class without a ``get_config`` that names its arguments cannot be told in the file's
    configuration. Its weights are saved all the same:
    :func:`bakeoff.describe.saving.load_with_file` reads those alone.
    """
    try:
        model.save(path)
    except NotImplementedError:
        model.get_config = lambda: {"name": model.name}
        try:
            model.save(path)
        finally:
            del model.get_config
