"""How much is shown of what there may be too much of."""

MOST_SHOWN = 50
"""With more models, a figure with a row, a cell or a panel a model shows the most accurate.

Of more, analysis.json lists the pairs among these and with a best model.
"""

MOST_NAMED = 20
"""With more models, a figure that names them on its lines and marks names only some."""

HIGHLIGHTED = 8
"""With more than ``MOST_NAMED`` models, so many have colours and names in the overlay."""

MOST_WITH_TEXT = 15
"""Up to so many models, each cell of the matrix of comparisons says its difference."""

MOST_DRAWN = 30
"""With more models, the cells of that matrix are the pixels of one image."""

MOST_PAIRS = 105
"""Up to so many pairs of models (those of 15) all are listed on the page."""

MOST_UNFOLDED = 12
"""Up to so many models, each one's section of the page stands open."""

MOST_EXAMPLES = 60
"""Classes of which the page shows an image at most."""

AUGMENTED_IMAGES = 10
"""Classes of which the page shows an image as augmentation changes it, at most."""

MOST_AUGMENTED = 12
"""Augmentations of which the page shows examples, at most."""

MOST_DESCRIBED = 200
"""With more models, the most accurate have a section, as each takes some 30 kB."""

MOST_CLASSES = 20
"""Up to so many classes a confusion matrix is shown whole."""

MOST_CONFUSIONS = 12
"""Of more classes, so many of the most frequent confusions and of the lowest recalls are."""

MOST_IMAGES = 24
"""How many of the hardest images analysis.json and the page have."""

MOST_IMAGES_IN_WORDS = 12
"""How many of these the conclusions list."""

MOST_FREQUENT = 5
"""How many of the most frequent mistakes the conclusions name."""

MOST_ITEMS = 12
"""How many models a finding goes through one by one; each has a remark of its own anyway."""

MOST_VALUES = 4
"""Up to so many values of a setting, each is told with the models that have it."""

MOST_FOLLOWED = 1000
"""With more runs in a study, the line of an epoch says nothing of the others: it takes too long."""

MOST_IN_PICTURE = 10
"""How many models the picture for slides and chats shows."""

MOST_FAILURES = 5
"""How many failed jobs are named with their lines, on the console and by `watch`."""

MOST_TICKS = 24
"""How many of the last epochs the small line of losses has that `watch` draws."""

LONGEST_LIST = 12
"""How many things a sentence lists before it says how many more there are."""
