"""What goes with a stream: poster, storyboard, preview, one plain file, waveform."""
