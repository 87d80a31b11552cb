// The images that predictors take: 28×28 pixels, row by row, ink bright on 0. No DOM.

export const SIZE = 28; // px, the side
export const PIXELS = SIZE * SIZE;

/** Images of 784 bytes each as one row of bytes. */
export function packed(images) {
  const bytes = new Uint8Array(images.length * PIXELS);
  images.forEach((image, index) => bytes.set(image, index * PIXELS));
  return bytes;
}
