// Who reads the drawing: the server, or this browser. The switch, its progress, and what it means for privacy.

import { addressOf, parseAddress } from './address.js';
import { Browser } from './browser.js';
import { keepForOffline } from './offline.js';

/** The switch between the two predictors. */
export class Mode {
  #address;
  #parts;
  #server;
  #browser;
  #onChange;
  #worksOffline = false;

  /**
   * @param {{kind: string, mode: string}} address of the page
   * @param {object} parts of the page: `radios`, `links` to the kinds of drawing, `loading` with its `words` and
   *   `progress`, `privacy`
   * @param {Server} server
   * @param {() => void} onChange called when another predictor is to be asked
   */
  constructor(address, parts, server, onChange) {
    this.#address = address;
    this.#parts = parts;
    this.#server = server;
    this.#onChange = onChange;
    this.#browser = new Browser({ onProgress: (progress) => this.#showProgress(progress) });
    for (const radio of parts.radios) radio.addEventListener('change', () => this.choose(radio.value));
    this.#render();
  }

  /** 'server', 'browser', or 'both', where models are compared. */
  get name() {
    return this.#address.kind === 'compare' ? 'both' : this.#address.mode;
  }

  /** What answers first: in either mode, and where models are compared. */
  get predictor() {
    return this.name === 'browser' ? this.#browser : this.#server;
  }

  /** What reads in this browser, whatever the mode; nothing is loaded before it is asked. */
  get browser() {
    return this.#browser;
  }

  /** Change to 'server' or 'browser'; the page's address says it too, so that it can be kept. */
  choose(mode) {
    this.#address = { ...this.#address, mode };
    window.history.replaceState(null, '', addressOf(this.#address));
    this.#render();
    this.#onChange();
  }

  #render() {
    const { radios, links, privacy } = this.#parts;
    for (const radio of radios) radio.checked = radio.value === this.#address.mode;
    for (const link of links) {
      const { kind } = parseAddress(new URL(link.href).search);
      link.href = addressOf({ kind, mode: this.#address.mode });
    }
    privacy.textContent = this.name === 'browser' ? this.#atHome() : this.#away();
  }

  #away() {
    const where = this.#server.url;
    const home = this.name === 'both' ? ', and is read in this browser too' : '';
    return `Your drawing goes to ${where} as 28×28 grey pixels, and nowhere else${home}. The server does not keep it.`;
  }

  #atHome() {
    const offline = this.#worksOffline ? ' The page works without a network now.' : '';
    return `Your drawing stays in this browser: nothing of it is sent anywhere.${offline}`;
  }

  /** @param {{loaded: number, total: number|null}|null} state in bytes; null once nothing is loading */
  #showProgress(state) {
    const { loading, words, progress } = this.#parts;
    loading.hidden = state === null;
    if (state === null) {
      if (this.#browser.isLoaded) this.#prepareForOffline();
      return;
    }
    const { loaded, total } = state;
    const size = total ? ` (${(total / 1e6).toFixed(1)} MB)` : '';
    const text = `Loading the model into this browser${size}…`;
    if (words.textContent !== text) words.textContent = text; // is read out once; the bar shows the rest
    if (total) {
      progress.max = total;
      progress.value = loaded;
    } else {
      progress.removeAttribute('value');
    }
  }

  async #prepareForOffline() {
    this.#worksOffline = await keepForOffline();
    this.#render();
  }
}
