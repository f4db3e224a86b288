"""Drawn scenes as small worlds to walk around in, compiled from pictures by plain code."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "exhibits": ["Exhibit", "describe_exhibit", "exhibit_of", "make_exhibits"],
        "gltf": ["read_glb", "to_glb"],
        "light": ["LIGHTS", "Light", "face_normals", "lambert", "to_linear", "to_srgb"],
        "mesh": ["Mesh", "box", "ellipsoid", "frustum", "join", "outlined", "slab"],
        "models": ["model_of"],
        "rasteriser": ["Camera", "order_errors", "picture_camera", "rasterise", "render_world"],
        "turntable": ["orbit", "turntable_frames", "write_turntable"],
        "world": ["Part", "World", "compile_world", "place"],
    },
)
