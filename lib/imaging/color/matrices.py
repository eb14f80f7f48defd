"""Calculate with colours as vectors of three: no more than profiles and tone maps need."""

from __future__ import annotations

from collections.abc import Sequence

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]
"""Three rows."""


def rgb_to_xyz(chromaticities: Sequence[float]) -> Matrix:
    """Return what makes XYZ of linear RGB, for x and y of white, red, green and blue.

    White has the luminance 1. Raises ArithmeticError for what are no colours.
    """
    white, *primaries = (
        (x / y, 1.0, (1 - x - y) / y)
        for x, y in zip(chromaticities[::2], chromaticities[1::2], strict=True)
    )
    luminances = times(inverse(columns(*primaries)), white)
    return columns(
        *(
            (x * light, y * light, z * light)
            for (x, y, z), light in zip(primaries, luminances, strict=True)
        )
    )


def columns(*vectors: Vector) -> Matrix:
    """Return the matrix of three columns."""
    a, b, c = zip(*vectors, strict=True)
    return a, b, c


def times(matrix: Matrix, vector: Sequence[float]) -> Vector:
    """Return a matrix times a vector."""
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def product(one: Matrix, other: Matrix) -> Matrix:
    """Return a matrix times a matrix."""
    return columns(*(times(one, column) for column in columns(*other)))


def inverse(matrix: Matrix) -> Matrix:
    """Invert by Cramer's rule: the cross product of two rows is a column, but for the scale."""
    a, b, c = matrix
    across = [_cross(b, c), _cross(c, a), _cross(a, b)]
    scale = sum(p * q for p, q in zip(a, across[0], strict=True))
    return columns(*((x / scale, y / scale, z / scale) for x, y, z in across))


def _cross(a: Vector, b: Vector) -> Vector:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
