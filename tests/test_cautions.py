"""What a model's own file does with its images and its saving is said where results are read."""

from concluded_study import conclude

SCALED = {"input_scaled_by": 1 / 255}
BOUND = {"loads_with": "its architecture file"}


def cautions(tmp_path, models):
    return conclude(tmp_path, models)[0]["cautions"][1:]


def test_images_divided_a_second_time_are_named(tmp_path):
    assert cautions(tmp_path, {"model_1": SCALED, "model_2": {}}) == [
        "Model 1 multiplies the images by 0.00392 before its first weights, though these are from"
        " 0 to 1 already: that alone may explain a worse result."
    ]


def test_several_models_share_a_sentence(tmp_path):
    models = {"model_1": SCALED | BOUND, "model_2": SCALED | BOUND, "model_3": {}}
    scaled, bound = cautions(tmp_path, models)
    assert scaled.startswith("Models 1 and 2 multiply the images by 0.00392 before their first")
    assert bound == (
        "Models 1 and 2 need their architecture files to load model.keras: docs/architectures.md"
        " says how."
    )


def test_one_model_needs_its_file(tmp_path):
    assert cautions(tmp_path, {"model_1": BOUND}) == [
        "Model 1 needs its architecture file to load model.keras: docs/architectures.md says how."
    ]


def test_a_model_as_it_should_be_is_not_mentioned(tmp_path):
    assert cautions(tmp_path, {"model_1": {}, "model_2": {}}) == []
