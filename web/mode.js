// Who reads the drawing: the server, or this browser. The switch, its progress, and what it means for privacy.

import { Browser } from './browser.js';
import { keepForOffline } from './offline.js';

/** The switch between the two predictors. */
export class Mode {
  #parts;
  #server;
  #browser;
  #onChange;
  #isKept = false; // whether the page works offline

  /**
   * @param {{radios: HTMLInputElement[], loading: HTMLElement, words: HTMLElement, progress: HTMLProgressElement, privacy: HTMLElement}} parts
   * @param {Server} server
   * @param {(predictor: object) => void} onChange called when another one is to be asked
   */
  constructor(parts, server, onChange) {
    this.#parts = parts;
    this.#onChange = onChange;
    this.#server = server;
    this.#browser = new Browser({ onProgress: (progress) => this.#showProgress(progress) });
    const asked = new URLSearchParams(window.location.search).get('mode');
    for (const radio of parts.radios) {
      radio.checked = radio.value === (asked === 'browser' ? 'browser' : 'server');
      radio.addEventListener('change', () => this.choose(radio.value));
    }
    this.#describe();
  }

  /** 'server' or 'browser'. */
  get name() {
    return this.#parts.radios.find((radio) => radio.checked).value;
  }

  /** The predictor of the present mode. */
  get predictor() {
    return this.name === 'browser' ? this.#browser : this.#server;
  }

  /** What reads in this browser, whatever the mode; nothing is loaded before it is asked. */
  get browser() {
    return this.#browser;
  }

  /** Change to a mode; the page's address says it too, so that it can be kept. */
  choose(name) {
    for (const radio of this.#parts.radios) radio.checked = radio.value === name;
    const address = new URL(window.location.href);
    if (name === 'server') address.searchParams.delete('mode');
    else address.searchParams.set('mode', name);
    window.history.replaceState(null, '', address);
    this.#describe();
    this.#onChange(this.predictor);
  }

  #describe() {
    this.#parts.privacy.textContent = this.name === 'browser' ? this.#atHome() : this.#away();
    for (const link of document.querySelectorAll('nav a')) {
      const address = new URL(link.href);
      if (this.name === 'browser') address.searchParams.set('mode', 'browser');
      else address.searchParams.delete('mode');
      link.href = address.href.replace('number=', 'number').replace('compare=', 'compare');
    }
  }

  #away() {
    const where = this.#server.url;
    return `Your drawing goes to ${where} as 28×28 grey pixels, and nowhere else. Neither the page nor the server keeps it.`;
  }

  #atHome() {
    const offline = this.#isKept ? ' The page works without a network now.' : '';
    return `Your drawing stays in this browser: nothing of it is sent anywhere.${offline}`;
  }

  /** @param {{loaded: number, total: number|null}|null} state in bytes; null once nothing is loading */
  #showProgress(state) {
    const { loading, words, progress } = this.#parts;
    loading.hidden = state === null;
    if (state === null) {
      if (this.#browser.isLoaded) this.#keep();
      return;
    }
    const { loaded, total } = state;
    words.textContent = `Loading the model into this browser: ${megabytes(loaded)}${total ? ` of ${megabytes(total)}` : ''}`;
    if (total) {
      progress.max = total;
      progress.value = loaded;
    } else {
      progress.removeAttribute('value');
    }
  }

  async #keep() {
    this.#isKept = await keepForOffline();
    this.#describe();
  }
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
