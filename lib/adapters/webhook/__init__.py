"""Post to a receiver on the internet that nobody here has chosen but who deployed the stage."""
