"""The code behind the rules, room by room.

An idea has one name: its numbers stand under it in ``analysis``, its sentences in ``findings``, its
picture in ``figures``.

- ``study``: the config, what a run depends on, and the readers of a study's files
- ``data``: data sets and what is wrong with them
- ``describe``: what can be said of a model before it is trained
- ``training``: the epoch loop and all else that can change a run's numbers
- ``analysis``: numbers, made of finished runs
- ``findings``: sentences, made of these numbers
- ``figures``: pictures, their style and colours
- ``report``: the page and its tables

Between analysis and the others stand ``numbers``, all that analysis.json holds, and ``results``,
these numbers with the names of the models. Beside them lies what every room uses: errors, files,
logs, how a backend is imported and what it has compiled, garbage collection, wording, Markdown,
tables, and how much is shown of what there may be too much of.
"""
