"""What breaks things by a seed: in the model, and on the local stage."""
