"""glTF files, validated by two readers: trimesh and pygltflib."""

from __future__ import annotations

import numpy as np
import pygltflib
import pytest

from cmlearn.apps.vr.gltf import SPACING, read_glb, to_glb
from cmlearn.apps.vr.world import compile_world
from tests.apps.vr.scenes import NIGHT, SEA

WORLDS = [compile_world(NIGHT), compile_world(SEA)]


@pytest.fixture(scope="module")
def glb() -> bytes:
    return to_glb(WORLDS, ["at night", "on the sea"])


def test_every_part_is_a_node_with_its_faces(glb):
    nodes = {node.name: node for node in read_glb(glb)}
    wanted = {part.name: part for part in WORLDS[0].parts}
    wanted |= {f"2: {part.name}": part for part in WORLDS[1].parts}
    assert nodes.keys() == wanted.keys()
    assert all(nodes[name].faces == part.mesh.size for name, part in wanted.items())


def test_bounds_are_those_of_the_world_and_worlds_stand_side_by_side(glb):
    nodes = {node.name: node for node in read_glb(glb)}
    for index, world in enumerate(WORLDS):
        for part in world.parts:
            node = nodes[f"2: {part.name}" if index else part.name]
            points = part.corners.reshape(-1, 3) + (index * SPACING, 0, 0)
            assert node.low == pytest.approx(points.min(0), abs=1e-4)
            assert node.high == pytest.approx(points.max(0), abs=1e-4)
    assert nodes["sky"].high[0] < nodes["2: sky"].low[0]


def test_colours_survive_to_the_last_level(glb):
    nodes = {node.name: node for node in read_glb(glb)}
    for part in WORLDS[0].parts:
        wanted = {tuple(colour) for colour in part.mesh.colours.tolist()}
        assert {tuple(colour) for colour in nodes[part.name].colours.tolist()} == wanted


def test_a_second_reader_finds_the_same(glb):
    file = pygltflib.GLTF2.load_from_bytes(glb)
    assert file.asset.version == "2.0"
    assert file.extensionsUsed == ["KHR_materials_unlit"]
    assert file.scenes[0].extras["titles"] == ["at night", "on the sea"]
    roots = {node.name: node for node in file.nodes if node.name.startswith("world ")}
    assert [len(root.children) for root in roots.values()] == [len(w.parts) for w in WORLDS]
    assert roots["world 2"].matrix[12] == SPACING
    house = next(node for node in file.nodes if node.name == "big red house")
    [primitive] = file.meshes[house.mesh].primitives
    assert primitive.material == 0 and not file.materials[0].doubleSided
    for accessor in (primitive.attributes.POSITION, primitive.attributes.NORMAL):
        assert file.accessors[accessor].type == "VEC3"
    colour = file.accessors[primitive.attributes.COLOR_0]
    assert (colour.componentType, colour.type) == (pygltflib.FLOAT, "VEC3")
    assert colour.count == 3 * WORLDS[0].parts[0].mesh.size


def test_no_index_leads_out_of_its_vertices(glb):
    file = pygltflib.GLTF2.load_from_bytes(glb)
    for mesh in file.meshes:
        [primitive] = mesh.primitives
        count = file.accessors[primitive.attributes.POSITION].count
        view = file.bufferViews[file.accessors[primitive.indices].bufferView]
        data = file.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
        indices = np.frombuffer(data, "<u4")
        assert len(indices) == count and indices.max() == count - 1


def test_the_same_worlds_give_the_same_bytes(glb):
    assert to_glb(WORLDS, ["at night", "on the sea"]) == glb


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="at least one"):
        to_glb([])
    with pytest.raises(ValueError, match="not a binary glTF"):
        read_glb(b"\x89PNG")
