// Models side by side: the CNN on the server, the MLP on the server, and the CNN in this browser, on the same drawing.

import { AnswerView } from './answer-view.js';
import { Reader } from './reader.js';
import { Server } from './server.js';

/** Add a reader and a view for each model beside the first, which the page has already. */
export function addReaders({ drawing, task, server, browser, onChange, readers, views }) {
  const place = document.getElementById('answers');
  const [first] = place.children;
  name(first, 'CNN on the server', 'reader-name');
  for (const [title, predictor] of [
    ['MLP on the server', new Server(server.url, 'mnist_mlp')],
    ['CNN in this browser', browser],
  ]) {
    const card = first.cloneNode(true);
    for (const notice of card.querySelectorAll('.notice')) notice.remove(); // one for all of them is enough
    for (const part of card.querySelectorAll('[id]')) part.removeAttribute('id');
    // Three voices at once would be none: the first is the one that is read out.
    card.querySelector('.said').setAttribute('aria-live', 'off');
    name(card, title, `reader-name-${readers.length}`);
    place.append(card);
    readers.push(new Reader(drawing, task, predictor, onChange));
    views.push(new AnswerView(card));
  }
}

function name(card, title, id) {
  const heading = card.querySelector('.name');
  heading.id = id;
  heading.textContent = title;
  heading.hidden = false;
  card.setAttribute('aria-labelledby', id);
}
