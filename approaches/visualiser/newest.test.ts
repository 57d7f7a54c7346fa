import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { newestOf } from './newest.ts';

t.test('one read for all visitors, and the last state while none succeeds', async (t) => {
  const answers = [
    () => sleep(50, 'first'),
    () => Promise.reject(new Error('it does not answer')),
    () => Promise.resolve('second'),
  ];
  let reads = 0;
  const newest = newestOf(async () => await answers[reads++]?.());
  const [one, other] = await Promise.all([newest(), newest()]);
  t.match(one, { last: { state: 'first' } });
  t.equal(other, one, 'two visitors at once');
  t.equal(await newest(), one, 'a moment later');
  t.equal(reads, 1);
  await sleep(1010);
  t.match(await newest(), { last: one.last as object, error: 'it does not answer' });
  await sleep(1010);
  t.strictSame(
    { ...(await newest()), last: undefined },
    { last: undefined },
    'no error once it answers again',
  );
  t.equal((await newest()).last?.state, 'second');
});

t.test('nothing could be read yet', async (t) => {
  const newest = newestOf(() => Promise.reject(new Error('no file')));
  t.strictSame(await newest(), { error: 'no file' });
});
