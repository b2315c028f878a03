"""Numbers: what the runs of a study say of its models, without a word or a picture."""
