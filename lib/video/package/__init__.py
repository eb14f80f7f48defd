"""From an encoder's files to what players stream: CMAF, HLS, DASH, WebVTT."""
