"""Colours: profiles and signals in, sRGB out."""
