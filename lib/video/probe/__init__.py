"""What a source is: tracks, times and sizes, read before anything is decoded."""
