import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { createBreaker } from './breaker.ts';
import { Unavailable } from './unavailable.ts';

const gone = () => Promise.reject(new Unavailable('x', 'TIMEOUT', 'no answer'));
const busy = () => Promise.reject(new Unavailable('x', 'BUSY', 'not now'));
const fine = () => Promise.resolve('fine');
const isDown = (error: unknown) => error instanceof Unavailable && error.code === 'TIMEOUT';

t.test('opens after five consecutive failures', async (t) => {
  const bad = () => Promise.reject(new Unavailable('x', 'WRONG', 'wrong'));
  const cases: [string, (() => Promise<unknown>)[], boolean][] = [
    ['five consecutive failures open it', [gone, gone, gone, gone, gone], true],
    ['four do not', [gone, gone, gone, gone], false],
    ['a success in between resets the count', [gone, gone, gone, gone, fine, gone, gone], false],
    ['errors from a server that is up do not count', Array(20).fill(busy), false],
    ['rejected queries do not count', Array(20).fill(bad), false],
  ];
  for (const [name, works, open] of cases) {
    const seen = recordingObserver();
    const protect = createBreaker('x', seen.observer, { isDown });
    t.equal(seen.open.get('x'), false, 'reported at the start');
    for (const work of works) await outcome(protect(work));
    t.equal(seen.open.get('x'), open, name);
    t.equal(await outcome(protect(fine)), open ? 'BREAKER_OPEN' : 'fine', name);
  }
});

t.test('while open it tries once a second, and the first success closes it', async (t) => {
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
    'a trial is sent',
  );
  t.equal(await outcome(protect(count)), 'BREAKER_OPEN', 'the trial failed');
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

t.test('while a trial runs, other calls fail at once instead of waiting for it', async (t) => {
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
