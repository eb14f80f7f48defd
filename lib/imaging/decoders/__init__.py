"""How each container is opened, where Pillow alone does not do."""
