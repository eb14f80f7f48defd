"""Turn one image source into renditions: load, normalize, resize, transform, encode."""
