"""Values and rules without I/O: they import nothing but each other."""
