"""What can be said of a model before it is trained: layers, arrow notation, multiply-adds."""
