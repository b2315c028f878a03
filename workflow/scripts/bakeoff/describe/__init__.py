"""What can be said of a model before it is trained: layers, arrow notation, multiply-adds."""

KERAS_ALONE, ITS_FILE = "keras alone", "its architecture file"
"""What loads a saved model, as its description says. Here, as all else of this room needs Keras."""
