"""What several of the workflow's scripts share."""
