// Walk through the worlds of walk.glb: keys, dragging, teleport, labels on gaze, orbit, WebXR.
// three.js comes from the wheel of NiceGUI; the light is in the colours of the file already.
import { GLTFLoader, OrbitControls, THREE } from "./three.js";

const SPEED = 5; // metres a second
const TURN = 0.004; // radians for each pixel dragged
const EYES = 1.7; // metres above the ground
const START = 13; // metres from the middle of a world
const STEPS = { KeyW: [0, -1], ArrowUp: [0, -1], KeyS: [0, 1], ArrowDown: [0, 1],
                KeyA: [-1, 0], ArrowLeft: [-1, 0], KeyD: [1, 0], ArrowRight: [1, 0] };

const by = (id) => document.getElementById(id);
const { radius, worlds } = JSON.parse(by("worlds").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const canvas = by("view");
const pressed = new Set();
const things = []; // nodes of things; each is {node, name, rest}
const grounds = [];
const clouds = [];
let here = 0; // index of the world around us
let orbiting = false;

// ── the view ────────────────────────────────────────────────────────────────────────────────────
const renderer = makeRenderer();
const scene = new THREE.Scene();
scene.background = new THREE.Color("#dfe4e8");
const camera = new THREE.PerspectiveCamera(60, 1, 0.05, 500);
camera.rotation.order = "YXZ"; // first turn, then nod
const rig = new THREE.Group(); // moves over the ground; the camera, or the headset, moves within it
rig.add(camera);
const bird = new THREE.PerspectiveCamera(50, 1, 0.05, 500);
const orbit = new OrbitControls(bird, canvas);
orbit.enabled = false;
orbit.enableDamping = true;
orbit.maxPolarAngle = 1.5;
orbit.maxDistance = 70;
const floor = new THREE.Mesh(new THREE.CircleGeometry(400, 48),
                             new THREE.MeshBasicMaterial({ color: "#c3c9cf" }));
floor.rotation.x = -Math.PI / 2;
floor.position.y = -0.6;
const label = makeLabel();
scene.add(rig, floor, label);

function makeRenderer() {
  try {
    return new THREE.WebGLRenderer({ canvas, antialias: true });
  } catch (error) {
    say("This browser cannot draw in 3-D (WebGL is off). The .glb file opens in other programs.");
    throw error;
  }
}

function say(text) {
  by("message").textContent = text;
  by("message").hidden = false;
}

function resize() {
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  renderer.setSize(innerWidth, innerHeight, false);
  for (const each of [camera, bird]) {
    each.aspect = innerWidth / innerHeight;
    each.updateProjectionMatrix();
  }
}
addEventListener("resize", () => renderer.xr.isPresenting || resize());
resize();

// ── the worlds ──────────────────────────────────────────────────────────────────────────────────
new GLTFLoader().load("/walk.glb", (file) => {
  scene.add(file.scene);
  file.scene.traverse((node) => {
    const name = node.userData.name ?? node.name; // three.js replaces blanks in `name`
    for (const world of worlds) {
      if (world.things.includes(name)) {
        things.push({ node, name: name.replace(/^\d+: /, ""), rest: node.position.y,
                      flies: world.flying.includes(name) });
      }
      if (name === world.ground) grounds.push(node);
      if (name === world.clouds) clouds.push(node);
    }
  });
  canvas.dataset.ready = "yes";
}, undefined, () => say("The worlds could not be loaded. Is the server still running?"));

function enter(index) {
  here = index;
  const [x, , z] = worlds[index].middle;
  rig.position.set(x, 0, z + START);
  camera.position.set(0, EYES, 0);
  camera.rotation.set(0.12, 0, 0);
  orbit.target.set(x, 3.5, z);
  bird.position.set(x + 6, 8, z + 18);
  showSection();
}

function showSection() {
  document.querySelectorAll("#walk section").forEach((s, n) => s.classList.toggle("here", n === here));
}
enter(0);

// ── moving ──────────────────────────────────────────────────────────────────────────────────────
const typing = (event) => event.ctrlKey || event.metaKey || event.altKey;
addEventListener("keydown", (event) => {
  if (!(event.code in STEPS) || typing(event)) return;
  pressed.add(event.code);
  if (event.target.tagName !== "BUTTON") event.preventDefault();
});
addEventListener("keyup", (event) => pressed.delete(event.code));
addEventListener("blur", () => pressed.clear());

function walk(seconds) {
  const step = new THREE.Vector3();
  for (const code of pressed) step.add(new THREE.Vector3(STEPS[code][0], 0, STEPS[code][1]));
  if (step.lengthSq() === 0) return;
  step.normalize().applyAxisAngle(new THREE.Vector3(0, 1, 0), camera.rotation.y);
  goTo(rig.position.addScaledVector(step, SPEED * seconds));
}

function goTo(point) {
  const [first, last] = [worlds[0].middle, worlds[worlds.length - 1].middle];
  const edge = radius - 1;
  rig.position.x = THREE.MathUtils.clamp(point.x, first[0] - edge, last[0] + edge);
  rig.position.z = THREE.MathUtils.clamp(point.z, first[2] - edge, first[2] + edge);
  const distances = worlds.map(({ middle }) => Math.abs(middle[0] - rig.position.x));
  const nearest = distances.indexOf(Math.min(...distances));
  if (nearest !== here) { here = nearest; showSection(); }
}

let drag = null;
canvas.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, far: 0 };
  canvas.setPointerCapture(event.pointerId);
  canvas.focus();
});
canvas.addEventListener("pointermove", (event) => {
  if (!drag || orbiting) return;
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  drag = { x: event.clientX, y: event.clientY, far: drag.far + Math.hypot(dx, dy) };
  camera.rotation.y += dx * TURN;
  camera.rotation.x = THREE.MathUtils.clamp(camera.rotation.x + dy * TURN, -1.4, 1.4);
});
canvas.addEventListener("pointerup", (event) => {
  if (drag && drag.far < 5 && !orbiting) {
    const pointer = new THREE.Vector2(2 * event.clientX / innerWidth - 1, 1 - 2 * event.clientY / innerHeight);
    ray.setFromCamera(pointer, camera);
    teleport();
  }
  drag = null;
});
canvas.addEventListener("pointercancel", () => { drag = null; });

const ray = new THREE.Raycaster();
function teleport() {
  const [hit] = ray.intersectObjects([...grounds, ...things.map((each) => each.node)]);
  if (hit && !things.some(({ node }) => node === hit.object || node === hit.object.parent)) goTo(hit.point);
}

// ── labels on gaze ──────────────────────────────────────────────────────────────────────────────
function makeLabel() {
  const paper = Object.assign(document.createElement("canvas"), { width: 512, height: 96 });
  const texture = new THREE.CanvasTexture(paper);
  texture.colorSpace = THREE.SRGBColorSpace;
  const sprite = new THREE.Sprite(new THREE.SpriteMaterial({ map: texture, depthTest: false }));
  sprite.visible = false;
  return sprite;
}

function writeLabel(text) {
  const paper = label.material.map.image;
  const pen = paper.getContext("2d");
  pen.clearRect(0, 0, paper.width, paper.height);
  pen.font = "bold 44px system-ui, sans-serif";
  const half = pen.measureText(text).width / 2 + 28;
  pen.fillStyle = "#3e2c34e6";
  pen.beginPath();
  pen.roundRect(256 - half, 8, 2 * half, 80, 40);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.textAlign = "center";
  pen.fillText(text, 256, 63);
  label.material.map.needsUpdate = true;
}

function gaze() {
  const view = orbiting && !renderer.xr.isPresenting ? bird : camera;
  const from = view.getWorldPosition(new THREE.Vector3());
  ray.set(from, view.getWorldDirection(new THREE.Vector3()));
  const [hit] = ray.intersectObjects(things.map((each) => each.node));
  const seen = hit && things.find(({ node }) => node === hit.object || node === hit.object.parent);
  label.visible = Boolean(seen);
  if (seen) {
    const box = new THREE.Box3().setFromObject(seen.node);
    label.position.set((box.min.x + box.max.x) / 2, box.max.y + 0.5, (box.min.z + box.max.z) / 2);
    const size = 0.28 * from.distanceTo(label.position);
    label.scale.set(size, size * 96 / 512, 1);
  }
  const text = seen ? seen.name : "";
  if (by("label").textContent === text) return;
  by("label").textContent = text;
  if (seen) writeLabel(text);
}

// ── buttons ─────────────────────────────────────────────────────────────────────────────────────
by("orbit").addEventListener("click", () => {
  orbiting = orbit.enabled = !orbiting;
  by("orbit").setAttribute("aria-pressed", String(orbiting));
  if (orbiting) {
    const [x, , z] = worlds[here].middle;
    orbit.target.set(x, 3.5, z);
    bird.position.set(x + 6, 8, z + 18);
  }
});
by("next")?.addEventListener("click", () => enter((here + 1) % worlds.length));

// ── virtual reality ─────────────────────────────────────────────────────────────────────────────
renderer.xr.enabled = true;
navigator.xr?.isSessionSupported("immersive-vr").then((yes) => { by("enter-vr").hidden = !yes; })
  .catch(() => {}); // a page without permission for VR is a page without the button
by("enter-vr").addEventListener("click", async () => {
  try {
    const session = await navigator.xr.requestSession("immersive-vr",
                                                      { optionalFeatures: ["local-floor"] });
    await renderer.xr.setSession(session);
    session.addEventListener("end", resize);
  } catch (error) {
    say(`The headset did not start: ${error.message}`);
  }
});
for (const index of [0, 1]) {
  const controller = renderer.xr.getController(index);
  controller.addEventListener("select", () => { // the trigger: go to where the controller points
    const turn = new THREE.Matrix4().extractRotation(controller.matrixWorld);
    ray.ray.origin.setFromMatrixPosition(controller.matrixWorld);
    ray.ray.direction.set(0, 0, -1).applyMatrix4(turn);
    teleport();
  });
  const beam = new THREE.BufferGeometry().setFromPoints([new THREE.Vector3(), new THREE.Vector3(0, 0, -8)]);
  controller.add(new THREE.Line(beam, new THREE.LineBasicMaterial({ color: "#3e2c34" })));
  rig.add(controller);
}

// ── each frame ──────────────────────────────────────────────────────────────────────────────────
const clock = new THREE.Clock();
let frames = 0;
renderer.setAnimationLoop(() => {
  const seconds = Math.min(clock.getDelta(), 0.1);
  if (orbiting) orbit.update(); else walk(seconds);
  if (!calm) {
    things.forEach(({ node, rest, flies }, n) => {
      if (flies) node.position.y = rest + 0.15 * Math.sin(clock.elapsedTime + n);
    });
    clouds.forEach((each) => { each.rotation.y = 0.01 * clock.elapsedTime; });
  }
  if (frames++ % 8 === 0) gaze();
  renderer.render(scene, orbiting && !renderer.xr.isPresenting ? bird : camera);
});

window.walk = { camera, bird, rig, renderer, things, enter, goTo }; // for the console and the tests
