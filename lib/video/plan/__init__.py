"""What is made of a source, and what that costs; decided before anything is decoded."""
