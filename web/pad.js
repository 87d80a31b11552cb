// The pad: turns pointer events into a drawing, and shows it on the canvas.

const PEN = 0.045; // the width of the visible pen, in pad widths; what is sent has a width of its own

/** Binds a canvas to a Drawing; `onChange` is called when ink was added and when the pen was lifted. */
export class Pad {
  #canvas;
  #drawing;
  #pointer = null; // the one pointer that draws; a second finger or a palm is ignored

  constructor(canvas, drawing, onChange) {
    this.#canvas = canvas;
    this.#drawing = drawing;
    canvas.addEventListener('pointerdown', (event) => {
      if (this.#pointer !== null || event.button !== 0) return;
      event.preventDefault();
      this.#pointer = event.pointerId;
      canvas.setPointerCapture(event.pointerId); // the stroke goes on where the pointer leaves the pad
      drawing.begin(this.#point(event));
      this.draw();
      onChange();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (event.pointerId !== this.#pointer) return;
      // A browser delivers one event a frame; the points in between are coalesced in it.
      const events = event.getCoalescedEvents?.() ?? [];
      drawing.extend((events.length > 0 ? events : [event]).map((each) => this.#point(each)));
      this.draw();
      onChange();
    });
    const lift = (event) => {
      if (event.pointerId !== this.#pointer) return;
      this.#pointer = null;
      drawing.end();
      this.draw();
      onChange();
    };
    canvas.addEventListener('pointerup', lift);
    canvas.addEventListener('pointercancel', lift); // the system took the pointer: what was drawn stays
    canvas.addEventListener('lostpointercapture', lift);
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** Whether the pen is down. */
  get isDrawing() {
    return this.#pointer !== null;
  }

  /** Let go of the stroke in progress, so that Clear and Undo act on what is there. */
  release() {
    if (this.#pointer === null) return;
    const pointer = this.#pointer;
    this.#pointer = null;
    this.#canvas.releasePointerCapture(pointer);
  }

  /** Show the drawing. */
  draw() {
    const context = this.#canvas.getContext('2d');
    const { width, height } = this.#canvas; // points are in units of the width
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = PEN * width;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const [first, ...others] of this.#drawing.strokes) {
      context.beginPath();
      context.moveTo(first.x * width, first.y * width);
      // A canvas shows nothing for a line of no length: a dot is a very short one, and round caps do the rest.
      if (others.length === 0) context.lineTo(first.x * width + 0.01, first.y * width);
      for (const { x, y } of others) context.lineTo(x * width, y * width);
      context.stroke();
    }
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.width };
  }

  #resize() {
    const box = this.#canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(box.width * scale);
    this.#canvas.height = Math.round(box.height * scale);
    this.draw();
  }
}
