// Takes a picture that was chosen, pasted or dropped, and decodes it for picture.js.

const NO_PICTURE = 'That file is no picture that this browser can read.';
const LARGEST_FILE_MB = 20; // photographs have a few; decoding more may take a phone's memory
const MOST_PIXELS = 64e6; // to decode, at 4 bytes each; a small file can claim far more
const LARGEST_SIDE = 2000; // px; the recipe averages larger pictures down anyway

/**
 * Decode a picture: upright, at most 2,000 px on a side, its levels as they are stored.
 *
 * @param {Blob} blob PNG, JPEG, WebP, GIF (its first frame), BMP, or what else this browser's createImageBitmap reads
 * @returns {Promise<ImageData>} width, height, and data: bytes of red, green, blue and alpha, row by row
 * @throws {Error} in words for people: the file is too large, or no picture
 */
export async function readPicture(blob) {
  if (blob.size > LARGEST_FILE_MB * 1e6) {
    const size = Math.ceil(blob.size / 1e6);
    throw new Error(`That file has ${size} MB; a picture may have ${LARGEST_FILE_MB} MB. Please shrink it.`);
  }
  const [wide, high] = await sizeOf(blob);
  if (wide * high > MOST_PIXELS) {
    throw new Error(`That picture has ${wide}×${high} pixels, ${MOST_PIXELS / 1e6} million at most are read. Please shrink it.`);
  }
  const bitmap = await decode(blob);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high'; // else thin lines break where a picture is shrunk by much
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/** Width and height in px, without decoding. */
async function sizeOf(blob) {
  const address = URL.createObjectURL(blob);
  const image = new Image();
  try {
    await new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject, src: address }));
    return [image.naturalWidth, image.naturalHeight];
  } catch (cause) {
    throw new Error(NO_PICTURE, { cause });
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function decode(blob) {
  try {
    // The server's recipe does not convert colours either, so both see the same levels.
    return await createImageBitmap(blob, { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
  } catch (cause) {
    throw new Error(NO_PICTURE, { cause });
  }
}

/**
 * The first picture of a paste (`event.clipboardData`) or a drop (`event.dataTransfer`).
 *
 * @param {DataTransfer|null} dataTransfer
 * @returns {File|null} null where there is no picture among the files
 */
export function pictureIn(dataTransfer) {
  return [...(dataTransfer?.files ?? [])].find(({ type }) => type.startsWith('image/')) ?? null;
}
