// The pad: turns pointer events into a drawing, and shows it on the canvas.

import { drawInk, inkCanvas } from './ink.js';

const PALM = 70; // px: a touch that is wider is no fingertip
const PEN_REST_MS = 1000; // for so long after a pen was there a touch is the hand that holds it

/** Binds a canvas to a Drawing; `onChange` is called when ink was added and when the pen was lifted. */
export class Pad {
  #canvas;
  #drawing;
  #onChange;
  #pointer = null; // the one pointer that draws: {id, kind}; a second finger or a palm is ignored
  #penSeen = -Infinity;
  #frame = null; // the animation frame that will show what was drawn since the last one

  constructor(canvas, drawing, onChange) {
    this.#canvas = canvas;
    this.#drawing = drawing;
    this.#onChange = onChange;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    canvas.addEventListener('pointerup', (event) => this.#lift(event));
    canvas.addEventListener('pointercancel', (event) => this.#lift(event)); // the system took it: what is drawn stays
    canvas.addEventListener('lostpointercapture', (event) => this.#lift(event));
    new ResizeObserver(() => this.#resize()).observe(canvas);
    window.addEventListener('resize', () => this.#resize()); // zooming changes the pixels, not always the size
  }

  /** Whether the pen is down. */
  get isDrawing() {
    return this.#pointer !== null;
  }

  /** Let go of the stroke in progress, so that Clear and Undo act on what is there. */
  release() {
    if (this.#pointer === null) return;
    const { id } = this.#pointer;
    this.#pointer = null;
    this.#canvas.releasePointerCapture(id);
  }

  /** Show the drawing. */
  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    const context = this.#canvas.getContext('2d');
    context.resetTransform();
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    drawInk(context, this.#drawing.strokes);
    if (this.#drawing.picture !== null) drawImage(context, this.#drawing.picture);
  }

  #down(event) {
    const { pointerId, pointerType, button } = event;
    if (pointerType === 'pen') this.#penSeen = event.timeStamp;
    if (button !== 0 || this.#isHand(event)) return;
    if (this.#pointer !== null) {
      if (pointerType !== 'pen' || this.#pointer.kind !== 'touch') return;
      this.release(); // the palm came down before its pen
      this.#drawing.discard();
    }
    this.#pointer = { id: pointerId, kind: pointerType };
    this.#canvas.setPointerCapture(pointerId); // the stroke goes on where the pointer leaves the pad
    this.#drawing.begin(this.#point(event));
    this.draw();
    this.#onChange();
  }

  #move(event) {
    if (event.pointerType === 'pen') this.#penSeen = event.timeStamp;
    if (event.pointerId !== this.#pointer?.id) return;
    // A browser delivers one event a frame; the points in between are coalesced in it. Pressure is ignored: the image
    // that is predicted has strokes of one width.
    const events = event.getCoalescedEvents?.() ?? [];
    this.#drawing.extend((events.length > 0 ? events : [event]).map((each) => this.#point(each)));
    this.#frame ??= requestAnimationFrame(() => this.draw());
    this.#onChange();
  }

  #lift(event) {
    if (event.pointerId !== this.#pointer?.id) return;
    this.#pointer = null;
    this.#drawing.end();
    this.draw();
    this.#onChange();
  }

  #isHand({ pointerType, width, timeStamp }) {
    return pointerType === 'touch' && (width > PALM || timeStamp - this.#penSeen < PEN_REST_MS);
  }

  #point(event) {
    const box = this.#canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.width };
  }

  #resize() {
    const box = this.#canvas.getBoundingClientRect();
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(box.width * scale), Math.round(box.height * scale)];
    if (width === this.#canvas.width && height === this.#canvas.height) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.draw();
  }
}

/** Show the 784 pixels that were found in a picture, as ink of the present colour. */
function drawImage(context, image) {
  const { width, height } = context.canvas;
  const side = Math.min(width, height);
  context.resetTransform();
  context.imageSmoothingQuality = 'high';
  context.drawImage(inkCanvas(image, context.strokeStyle), (width - side) / 2, (height - side) / 2, side, side);
}
