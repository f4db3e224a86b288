"""Export worlds as glTF 2.0, the format that browsers, headsets and Blender read, and read it back.

The light is in the colours already, so the one material is unlit and every reader shows the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from cmlearn.apps.vr.light import face_normals, to_linear, to_srgb
from cmlearn.apps.vr.scenery import RADIUS
from cmlearn.apps.vr.world import Part, World

if TYPE_CHECKING:
    import trimesh

SPACING = 2 * RADIUS + 2.0  # metres between the middles of neighbouring worlds
UNLIT = "KHR_materials_unlit"
OWN_COLOUR = "_COLOUR"  # trimesh writes its own colours as bytes, and other attributes as floats


@dataclass(frozen=True)
class Node:
    """A thing or a piece of scenery, as a reader finds it in a file.

    Attributes:
        name: such as "big red house".
        faces: its number of triangles.
        colours: (K, 3) its different colours in the light, sRGB, the largest area first.
        low: (3,) the least x, y and z, in metres.
        high: (3,) the greatest.
    """

    name: str
    faces: int
    colours: np.ndarray
    low: np.ndarray
    high: np.ndarray


def offset_of(index: int) -> np.ndarray:
    """Return where a world of a gallery stands: side by side along x, (3,) metres."""
    return np.array([index * SPACING, 0.0, 0.0])


def to_glb(worlds: Sequence[World], titles: Sequence[str] | None = None) -> bytes:
    """Write worlds side by side into one binary glTF file.

    Each world is a node, with a node for each of its parts. A node of the second world has a name
    such as "2: big red house".

    Args:
        worlds: one or more worlds.
        titles: what each world shows; kept in `extras` of the file.

    Returns:
        The bytes of a .glb file.

    Raises:
        ValueError: there are no worlds.
    """
    import trimesh

    if not worlds:
        raise ValueError("worlds: at least one is needed")
    scene = trimesh.Scene(metadata={"titles": list(titles or ())})
    for index, world in enumerate(worlds):
        root = f"world {index + 1}"
        scene.graph.update(root, matrix=_moved_by(offset_of(index)))
        for part in world.parts:
            name = part.name if index == 0 else f"{index + 1}: {part.name}"
            scene.add_geometry(
                triangle_soup(part),
                node_name=name,
                geom_name=name,
                parent_node_name=root,
                transform=_moved_by(part.position),
            )
    return bytes(scene.export(file_type="glb", include_normals=True, tree_postprocessor=_paint))


def triangle_soup(part: Part) -> trimesh.Trimesh:
    """Convert a part to trimesh's mesh, with three vertices of its own for each face.

    Faces that share no vertex keep one normal and one colour each: the flat look of low-poly
    models. Colours of vertices are linear in glTF; in one byte each, a night sky would turn green.
    """
    import trimesh

    corners = part.mesh.corners
    linear = np.repeat(to_linear(part.mesh.colours), 3, axis=0).astype(np.float32)
    return trimesh.Trimesh(
        vertices=corners.reshape(-1, 3),
        faces=np.arange(3 * len(corners)).reshape(-1, 3),
        vertex_normals=np.repeat(face_normals(corners), 3, axis=0),
        vertex_attributes={OWN_COLOUR: linear},
        process=False,
    )


def _moved_by(position: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, 3] = position
    return matrix


def _paint(tree: dict[str, Any]) -> None:
    """Give every mesh its colours and one unlit material that shows its front only."""
    tree["materials"] = [
        {
            "name": "painted",
            "extensions": {UNLIT: {}},
            "pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0},
            "doubleSided": False,
        }
    ]
    tree["extensionsUsed"] = [UNLIT]
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            primitive["material"] = 0
            attributes = primitive["attributes"]
            attributes["COLOR_0"] = attributes.pop(OWN_COLOUR)


def read_glb(data: bytes) -> list[Node]:
    """Read a file back with trimesh.

    Args:
        data: the bytes of a .glb file.

    Returns:
        Its nodes with geometry, in the order of their names in the file.

    Raises:
        ValueError: the bytes are no glTF.
    """
    import trimesh

    if data[:4] != b"glTF":
        raise ValueError("data: not a binary glTF file, which begins with the letters glTF")
    scene = trimesh.load_scene(BytesIO(data), file_type="glb", process=False)
    return [_read_node(scene, name) for name in scene.graph.nodes_geometry]


def _read_node(scene: Any, name: str) -> Node:
    matrix, geometry = scene.graph[name]
    mesh = scene.geometry[geometry]
    points = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    linear = np.asarray(mesh.visual.vertex_attributes["color"])[mesh.faces[:, 0], :3]
    colours, which = np.unique(linear, axis=0, return_inverse=True)
    area = np.bincount(which.ravel(), weights=mesh.area_faces)
    by_area = to_srgb(colours[np.argsort(-area)])
    return Node(name, len(mesh.faces), by_area, points.min(0), points.max(0))
