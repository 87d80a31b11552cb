// At most one question in flight, and the newest one wins.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { NewestWins } from '../../web/newest.js';

/** Lets the promises that are settled run their course. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

let sent;
let said;
let questions;

beforeEach(() => {
  sent = [];
  said = [];
  const send = (question, signal) =>
    new Promise((resolve, reject) => {
      sent.push({ question, signal, resolve, reject });
    });
  questions = new NewestWins(send, {
    onAnswer: (question, answer) => said.push([question, answer]),
    onError: (question, error) => said.push([question, error.message]),
  });
});

const asked = () => sent.map(({ question }) => question);

test('one question is sent at once and answered', async () => {
  questions.ask(() => 'a');
  assert.deepEqual(asked(), ['a']);
  sent[0].resolve(1);
  await settle();
  assert.deepEqual(said, [['a', 1]]);
});

test('while one is in flight the others wait, and only the newest of them is sent', async () => {
  for (const question of ['a', 'b', 'c', 'd']) questions.ask(() => question);
  assert.deepEqual(asked(), ['a']);
  sent[0].resolve(1);
  await settle();
  assert.deepEqual(asked(), ['a', 'd']);
  sent[1].resolve(2);
  await settle();
  assert.deepEqual(said, [
    ['a', 1],
    ['d', 2],
  ]);
});

test('a failure is reported, and the next question is sent', async () => {
  questions.ask(() => 'a');
  questions.ask(() => 'b');
  sent[0].reject(new Error('broken'));
  await settle();
  assert.deepEqual(said, [['a', 'broken']]);
  assert.deepEqual(asked(), ['a', 'b']);
});

test('after cancel no answer arrives, the request is aborted, and a new question is sent at once', async () => {
  questions.ask(() => 'a');
  questions.ask(() => 'b');
  questions.cancel();
  assert.ok(sent[0].signal.aborted);
  questions.ask(() => 'c');
  assert.deepEqual(asked(), ['a', 'c']);
  sent[0].resolve(1); // late
  await settle();
  assert.deepEqual(said, []);
  sent[1].resolve(3);
  await settle();
  assert.deepEqual(said, [['c', 3]]);
});

test('a question asked from within an answer is sent', async () => {
  const send = () => Promise.resolve('yes');
  const answers = [];
  const asking = new NewestWins(send, {
    onAnswer: (question) => {
      answers.push(question);
      if (question < 3) asking.ask(() => question + 1);
    },
    onError: assert.fail,
  });
  asking.ask(() => 1);
  await settle();
  assert.deepEqual(answers, [1, 2, 3]);
});

test('a question that is replaced is never made', async () => {
  const made = [];
  const make = (name) => () => made.push(name);
  for (const name of ['a', 'b', 'c']) questions.ask(make(name));
  sent[0].resolve();
  await settle();
  assert.deepEqual(made, ['a', 'c']);
});
