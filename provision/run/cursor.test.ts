import t from 'tap';
import {
  begin,
  type Cursor,
  changed,
  handled,
  next,
  pending,
  probed,
  toProbe,
  toProbeWithChange,
  toProbeWithHandler,
} from './cursor.ts';

/** States that name the resource they belong to. */
const seen = (from: number, count: number) => Array.from({ length: count }, (_, i) => `state ${from + i}`);

const known = (cursor: Cursor) => [...cursor.states.keys()];

t.test('the first probe covers all resources, and none needs another', async (t) => {
  const range = toProbe(begin(5));
  t.strictSame(range, { from: 0, count: 5 });
  let cursor = probed(begin(5), range ?? { from: 0, count: 0 }, seen(0, 5));
  for (let i = 0; i < 5; i++) {
    t.equal(toProbe(cursor), undefined, `resource ${i} is known`);
    t.equal(cursor.states.get(cursor.at), `state ${i}`);
    cursor = next(cursor);
  }
});

t.test('a change forgets what was seen before it', async (t) => {
  const before = next(probed(begin(9), { from: 0, count: 9 }, seen(0, 9)));
  const range = toProbeWithChange(before);
  t.strictSame(range, { from: 1, count: 2 }, 'the exchange probes what it changed, and the next resource');
  const after = changed(before, range, seen(1, 2));
  t.strictSame(known(after), [1, 2]);
  t.equal(toProbe(next(after)), undefined, 'the next resource is known');
  t.strictSame(toProbe(next(next(after))), { from: 3, count: 2 });
});

t.test('the window doubles while nothing changes', async (t) => {
  let cursor: Cursor = changed(begin(100), { from: 0, count: 2 }, seen(0, 2));
  const counts: number[] = [];
  for (; cursor.at < 100; cursor = next(cursor)) {
    const range = toProbe(cursor);
    if (!range) continue;
    counts.push(range.count);
    cursor = probed(cursor, range, seen(range.from, range.count));
  }
  t.strictSame(counts, [2, 4, 8, 16, 32, 64]);
});

t.test('a handler forgets everything, and the next probe covers one resource', async (t) => {
  const before = probed(begin(4), { from: 0, count: 4 }, seen(0, 4));
  const range = toProbeWithHandler(before);
  t.strictSame(range, { from: 1, count: 1 });
  const after = next(handled(before, range, seen(1, 1)));
  t.equal(toProbe(after), undefined);
  t.strictSame(toProbe(next(after)), { from: 2, count: 1 });
});

t.test('after a failed change, no state is left to decide on', async (t) => {
  const cursor = changed(begin(3), { from: 0, count: 2 }, []);
  t.strictSame(toProbe(cursor), { from: 0, count: 2 });
});

t.test('after a pending change, what follows is a prediction, and the known states are kept', async (t) => {
  const cursor = next(pending(probed(begin(2), { from: 0, count: 2 }, seen(0, 2))));
  t.equal(cursor.predicted, true);
  t.equal(toProbe(cursor), undefined);
});
