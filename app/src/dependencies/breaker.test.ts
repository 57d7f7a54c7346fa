import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { createBreaker } from './breaker.ts';
import { Unavailable } from './unavailable.ts';

const gone = () => Promise.reject(new Unavailable('x', 'TIMEOUT', 'no answer'));
const busy = () => Promise.reject(new Unavailable('x', 'BUSY', 'not now'));
const fine = () => Promise.resolve('fine');
const isDown = (error: unknown) => error instanceof Unavailable && error.code === 'TIMEOUT';

t.test('what opens it', async (t) => {
  const bad = () => Promise.reject(new Unavailable('x', 'WRONG', 'wrong'));
  const cases: [string, (() => Promise<unknown>)[], boolean][] = [
    ['five failures in a row', [gone, gone, gone, gone, gone], true],
    ['four do not', [gone, gone, gone, gone], false],
    ['an answer in between starts the count anew', [gone, gone, gone, gone, fine, gone, gone], false],
    ['what a server that is there says does not count', Array(20).fill(busy), false],
    ['nor does a wrong question', Array(20).fill(bad), false],
  ];
  for (const [name, works, open] of cases) {
    const seen = recordingObserver();
    const protect = createBreaker('x', seen.observer, { isDown });
    t.equal(seen.open.get('x'), false, 'told at the start');
    for (const work of works) await outcome(protect(work));
    t.equal(seen.open.get('x'), open, name);
    t.equal(await outcome(protect(fine)), open ? 'BREAKER_OPEN' : 'fine', name);
  }
});

t.test('open, tried once a second, closed by the first success', async (t) => {
  const seen = recordingObserver();
  let opened = 0;
  const protect = createBreaker('x', seen.observer, { isDown, onOpen: () => opened++ });
  for (let at = 0; at < 5; at++) await outcome(protect(gone));
  let asked = 0;
  const count = () => {
    asked++;
    return gone();
  };
  t.strictSame(
    await Promise.all(Array.from({ length: 50 }, () => outcome(protect(count)))),
    Array(50).fill('BREAKER_OPEN'),
  );
  t.equal(asked, 0, 'nothing is sent while it is open');
  t.ok(
    await eventually(
      () => protect(count),
      (code) => code === 'TIMEOUT',
    ),
    'a trial',
  );
  t.equal(await outcome(protect(count)), 'BREAKER_OPEN', 'that failed');
  t.equal(opened, 2);
  t.ok(
    await eventually(
      () => protect(fine),
      (answer) => answer === 'fine',
    ),
  );
  t.equal(seen.open.get('x'), false);
  t.equal(asked, 1);
  t.strictSame([...new Set(seen.calls)].sort(), ['x failed', 'x ok', 'x refused']);
});

t.test('while a trial runs the others are told at once, not when it ends', async (t) => {
  const protect = createBreaker('x', recordingObserver().observer, { isDown });
  for (let at = 0; at < 5; at++) await outcome(protect(gone));
  const { promise: slow, resolve: end } = Promise.withResolvers<string>();
  let sent = false;
  const work = () => {
    sent = true;
    return slow;
  };
  let trial = outcome(protect(work));
  for (; !sent; await sleep(20)) trial = outcome(protect(work));
  t.equal(await outcome(protect(fine)), 'BREAKER_OPEN');
  end('done');
  t.equal(await trial, 'done');
  t.equal(await outcome(protect(fine)), 'fine');
});
