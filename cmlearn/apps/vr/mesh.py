"""Triangle meshes of simple shapes: box, frustum, ellipsoid and slab."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

Rgb = tuple[int, int, int]
Point = tuple[float, float, float]

_BOX_CORNERS = [(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
_BOX_FACES = [
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
    *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
]


@dataclass(frozen=True)
class Mesh:
    """A surface of triangles. x points right, y up and -z away from the camera of the picture.

    Attributes:
        vertices: (V, 3) float, corner points.
        faces: (F, 3) int, the corners of each triangle, counter-clockwise seen from outside.
        colours: (F, 3) uint8 sRGB.
        lit: (F,) bool; faces that are not lit keep their colour in any light.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    lit: np.ndarray

    @property
    def size(self) -> int:
        """The number of faces."""
        return len(self.faces)

    @property
    def corners(self) -> np.ndarray:
        """The corner points of each face, (F, 3, 3) float."""
        return self.vertices[self.faces]


_EMPTY = Mesh(
    np.empty((0, 3)), np.empty((0, 3), int), np.empty((0, 3), np.uint8), np.empty(0, bool)
)


def build(vertices: object, faces: object, colour: Rgb, lit: bool = True) -> Mesh:
    """Make a mesh of one colour."""
    index = np.array(faces, int)
    colours = np.tile(np.array(colour, np.uint8), (len(index), 1))
    return Mesh(np.array(vertices, float), index, colours, np.full(len(index), lit))


def box(size: Point, centre: Point, colour: Rgb, lit: bool = True) -> Mesh:
    """Make a box of 12 triangles.

    Args:
        size: its extent along x, y and z.
        centre: its centre.
        colour: sRGB, 0 to 255.
        lit: whether light changes its colour.
    """
    vertices = np.array(_BOX_CORNERS) * size + centre
    return build(vertices, _BOX_FACES, colour, lit)


def frustum(
    bottom: float, top: float, height: float, base: Point, colour: Rgb, sides: int = 12
) -> Mesh:
    """Make an upright cylinder, cone (`top` is 0) or prism (few sides).

    Args:
        bottom: radius of its lower end.
        top: radius of its upper end.
        height: its extent along y.
        base: the centre of its lower end.
        colour: sRGB, 0 to 255.
        sides: number of side faces; 4 make a box or a pyramid whose sides face along x and z.
    """
    angles = (np.arange(sides) + 0.5) * 2 * np.pi / sides
    circle = np.stack([np.sin(angles), np.zeros(sides), np.cos(angles)], axis=1)
    ends: list[np.ndarray] = [
        circle * bottom,
        circle * top + (0, height, 0),
        np.zeros((1, 3)),
        np.array([[0, height, 0]]),
    ]
    faces: list[tuple[int, int, int]] = []
    for i in range(sides):
        j = (i + 1) % sides
        faces += [(i, j, sides + j), (i, sides + j, sides + i)]
        faces += [(2 * sides, j, i), (2 * sides + 1, sides + i, sides + j)]
    return build(np.concatenate(ends) + base, faces, colour)


def ellipsoid(radii: Point, centre: Point, colour: Rgb, rings: int = 7, segments: int = 12) -> Mesh:
    """Make a ball or an ellipsoid of rings from pole to pole.

    Args:
        radii: half of its extent along x, y and z.
        centre: its centre.
        colour: sRGB, 0 to 255.
        rings: bands between the poles.
        segments: faces of each band.
    """
    polar = np.repeat(np.arange(1, rings) * np.pi / rings, segments)
    around = np.tile(np.arange(segments) * 2 * np.pi / segments, rings - 1)
    sphere = np.stack(
        [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)], axis=1
    )
    vertices = np.concatenate([[(0, 1, 0)], sphere, [(0, -1, 0)]])
    return build(vertices * radii + centre, _ring_faces(rings, segments), colour)


def _ring_faces(rings: int, segments: int) -> list[tuple[int, int, int]]:
    """Faces of an ellipsoid: vertex 0 is the upper pole, the last one the lower pole."""
    last = 1 + (rings - 1) * segments
    faces: list[tuple[int, int, int]] = []
    for i in range(segments):
        j = (i + 1) % segments
        faces += [(0, 1 + i, 1 + j), (last, last - segments + j, last - segments + i)]
        for ring in range(rings - 2):
            a, b = 1 + ring * segments, 1 + (ring + 1) * segments
            faces += [(a + i, b + i, b + j), (a + i, b + j, a + j)]
    return faces


def slab(points: Sequence[tuple[float, float]], depth: float, centre: Point, colour: Rgb) -> Mesh:
    """Extrude a flat shape along z.

    Args:
        points: its outline, (x, y) counter-clockwise; every point sees the mean of all points.
        depth: its thickness.
        centre: added to all points; z is that of the middle of the slab.
        colour: sRGB, 0 to 255.
    """
    count = len(points)
    outline = np.array(points, float)
    both = np.concatenate([outline, outline.mean(0, keepdims=True)])
    front, back = (np.column_stack([both, np.full(count + 1, z)]) for z in (depth / 2, -depth / 2))
    faces: list[tuple[int, int, int]] = []
    for i in range(count):
        j, behind = (i + 1) % count, count + 1
        faces += [(count, i, j), (behind + count, behind + j, behind + i)]
        faces += [(i, behind + i, behind + j), (i, behind + j, j)]
    return build(np.concatenate([front, back]) + centre, faces, colour)


def fan(points: np.ndarray, colour: Rgb, lit: bool = True) -> Mesh:
    """Fill a flat convex outline with triangles around its mean.

    Args:
        points: (N, 3) float, counter-clockwise seen from the side that shows.
        colour: sRGB, 0 to 255.
        lit: whether light changes its colour.
    """
    count = len(points)
    faces = [(count, i, (i + 1) % count) for i in range(count)]
    return build(np.concatenate([points, points.mean(0, keepdims=True)]), faces, colour, lit)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Join meshes into one; of no meshes, an empty one."""
    meshes = [_EMPTY, *meshes]
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts)]),
        np.concatenate([mesh.colours for mesh in meshes]),
        np.concatenate([mesh.lit for mesh in meshes]),
    )


def transformed(mesh: Mesh, by: Point | np.ndarray = (0, 0, 0), scale: float = 1.0) -> Mesh:
    """Scale a mesh about the origin, then move it."""
    return replace(mesh, vertices=mesh.vertices * scale + np.array(by))


def turned(mesh: Mesh, axis: int, angle: float) -> Mesh:
    """Turn a mesh about the x (0), y (1) or z (2) axis through the origin, in radians."""
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    vertices = mesh.vertices.copy()
    cos, sin = math.cos(angle), math.sin(angle)
    vertices[:, a] = cos * mesh.vertices[:, a] - sin * mesh.vertices[:, b]
    vertices[:, b] = sin * mesh.vertices[:, a] + cos * mesh.vertices[:, b]
    return replace(mesh, vertices=vertices)


def inside_out(mesh: Mesh) -> Mesh:
    """Turn the faces of a mesh over, so that they show to somebody inside it."""
    return replace(mesh, faces=mesh.faces[:, ::-1])


def outlined(mesh: Mesh, width: float, ink: Rgb) -> Mesh:
    """Add a dark outline: a slightly larger copy that shows only its inner side.

    From every side the copy sticks out behind the silhouette. This is the "inverted hull" of
    cartoon renderers.

    Args:
        mesh: a convex shape.
        width: of the outline.
        ink: its colour, sRGB.
    """
    outward = mesh.vertices - mesh.vertices.mean(0)
    extent = np.maximum(np.abs(outward).max(0), 1e-9)
    hull = build(mesh.vertices + outward / extent * width, mesh.faces[:, ::-1], ink, lit=False)
    return join([mesh, hull])
