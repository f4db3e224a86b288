// A headset with one view that stands still 1.6 m above the floor, for the tests of the VR button.
globalThis.headset = { asked: [], frames: 0, session: null };

class FakeSession extends EventTarget {
  renderState = {};
  inputSources = [];
  enabledFeatures = ["local-floor"];
  environmentBlendMode = "opaque";
  visibilityState = "visible";
  updateRenderState(state) { Object.assign(this.renderState, state); }
  async requestReferenceSpace() { return new EventTarget(); }
  requestAnimationFrame(draw) {
    return setTimeout(() => { headset.frames += 1; draw(performance.now(), new FakeFrame(this)); }, 16);
  }
  cancelAnimationFrame(handle) { clearTimeout(handle); }
  async end() { this.dispatchEvent(new Event("end")); }
}

class FakeFrame {
  constructor(session) { this.session = session; }
  getPose() { return null; }
  getViewerPose() {
    const pose = new Float32Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1.6, 0, 1]);
    const lens = new Float32Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, -1, 0, 0, -0.2, 0]);
    const transform = { matrix: pose, inverse: { matrix: pose } };
    return { transform, views: [{ eye: "none", projectionMatrix: lens, transform }] };
  }
}

globalThis.XRWebGLLayer = class {
  framebuffer = null;
  framebufferWidth = 256;
  framebufferHeight = 256;
  fixedFoveation = 0;
  getViewport() { return { x: 0, y: 0, width: 256, height: 256 }; }
};
delete globalThis.XRWebGLBinding;
WebGL2RenderingContext.prototype.makeXRCompatible = async () => {};
Object.defineProperty(navigator, "xr", { value: {
  isSessionSupported: async (mode) => mode === "immersive-vr",
  requestSession: async (mode) => {
    headset.asked.push(mode);
    headset.session = new FakeSession();
    return headset.session;
  },
} });
