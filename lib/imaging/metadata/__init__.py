"""What a source says about itself, read typed and bounded."""
