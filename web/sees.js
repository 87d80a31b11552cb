// What the model sees: the images that are predicted, enlarged, with the value of each pixel on demand.

const SIDE = 28; // px
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Shows the images of a reading side by side; draws only while its fold is open. */
export class Sees {
  #fold;
  #canvas;
  #words;
  #invitation;
  #images = [];
  #at = null; // {x, y}: the pixel that is pointed at

  constructor(fold, canvas, words) {
    this.#fold = fold;
    this.#canvas = canvas;
    this.#words = words;
    this.#invitation = words.textContent;
    fold.addEventListener('toggle', () => this.#draw());
    canvas.addEventListener('pointermove', (event) => {
      const box = canvas.getBoundingClientRect();
      this.#point((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    canvas.addEventListener('pointerleave', () => this.#leave());
    canvas.addEventListener('blur', () => this.#leave());
    canvas.addEventListener('focus', () => {
      this.#at ??= { x: SIDE / 2, y: SIDE / 2 };
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
    this.#at = { x: clamp(Math.floor(x * this.#canvas.width), this.#canvas.width), y: clamp(Math.floor(y * SIDE), SIDE) };
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
    const { x, y } = this.#at ?? { x: SIDE / 2, y: SIDE / 2 };
    this.#at = { x: clamp(x + step[0], this.#canvas.width), y: clamp(y + step[1], SIDE) };
    this.#draw();
  }

  #draw() {
    if (!this.#fold.open) return;
    const count = Math.max(1, this.#images.length);
    this.#canvas.width = count * SIDE;
    this.#canvas.height = SIDE;
    this.#canvas.style.setProperty('--count', count);
    const context = this.#canvas.getContext('2d');
    context.fillRect(0, 0, this.#canvas.width, SIDE);
    this.#images.forEach((image, index) => context.putImageData(greyImage(image), index * SIDE, 0));
    this.#words.textContent = this.#at === null ? this.#invitation : this.#describe(this.#at);
    if (this.#at === null) return;
    context.fillStyle = getComputedStyle(this.#canvas).color;
    context.globalAlpha = 0.6;
    context.fillRect(this.#at.x, this.#at.y, 1, 1);
  }

  #describe({ x, y }) {
    const image = this.#images[Math.floor(x / SIDE)];
    const place = `row ${y}, column ${x % SIDE}: ${image?.[y * SIDE + (x % SIDE)] ?? 0} of 255`;
    return this.#images.length > 1 ? `image ${Math.floor(x / SIDE) + 1}, ${place}` : place;
  }
}

function greyImage(image) {
  const pixels = new ImageData(SIDE, SIDE);
  image.forEach((value, index) => pixels.data.set([value, value, value, 255], 4 * index));
  return pixels;
}

function clamp(value, limit) {
  return Math.max(0, Math.min(limit - 1, value));
}
