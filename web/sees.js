// What the model sees: the images that are predicted, enlarged, with the value of each pixel on demand.

import { SIZE } from './images.js';

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Shows the images of a reading side by side. */
export class Sees {
  #canvas;
  #words;
  #invitation;
  #images = [];
  #at = null; // {x, y}: the pixel that is pointed at

  constructor(canvas, words) {
    this.#canvas = canvas;
    this.#words = words;
    this.#invitation = words.textContent;
    canvas.addEventListener('pointermove', (event) => {
      const box = canvas.getBoundingClientRect();
      this.#point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    canvas.addEventListener('pointerleave', () => this.#leave());
    canvas.addEventListener('blur', () => this.#leave());
    canvas.addEventListener('focus', () => {
      this.#at ??= { x: SIZE / 2, y: SIZE / 2 };
      this.#draw();
    });
    canvas.addEventListener('keydown', (event) => this.#step(event));
  }

  /** Show these images of 784 pixels each; none: an empty one. */
  show(images) {
    this.#images = images;
    this.#draw();
  }

  #point(x, y) {
    this.#at = { x: clamp(Math.floor(x * this.#canvas.width), this.#canvas.width), y: clamp(Math.floor(y * SIZE), SIZE) };
    this.#draw();
  }

  #leave() {
    this.#at = null;
    this.#draw();
  }

  #step(event) {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault(); // the page does not scroll meanwhile
    const { x, y } = this.#at ?? { x: SIZE / 2, y: SIZE / 2 };
    this.#at = { x: clamp(x + step[0], this.#canvas.width), y: clamp(y + step[1], SIZE) };
    this.#draw();
  }

  #draw() {
    const count = Math.max(1, this.#images.length);
    this.#canvas.width = count * SIZE;
    this.#canvas.height = SIZE;
    this.#canvas.style.setProperty('--count', count);
    const context = this.#canvas.getContext('2d');
    context.fillRect(0, 0, this.#canvas.width, SIZE);
    this.#images.forEach((image, index) => context.putImageData(greyImage(image), index * SIZE, 0));
    this.#words.textContent = this.#at === null ? this.#invitation : this.#describe(this.#at);
    if (this.#at === null) return;
    context.fillStyle = getComputedStyle(this.#canvas).color;
    context.globalAlpha = 0.6;
    context.fillRect(this.#at.x, this.#at.y, 1, 1);
  }

  #describe({ x, y }) {
    const image = this.#images[Math.floor(x / SIZE)];
    const place = `row ${y}, column ${x % SIZE}: ${image?.[y * SIZE + (x % SIZE)] ?? 0} of 255`;
    return this.#images.length > 1 ? `image ${Math.floor(x / SIZE) + 1}, ${place}` : place;
  }
}

function greyImage(image) {
  const pixels = new ImageData(SIZE, SIZE);
  image.forEach((value, index) => pixels.data.set([value, value, value, 255], 4 * index));
  return pixels;
}

function clamp(value, limit) {
  return Math.max(0, Math.min(limit - 1, value));
}
