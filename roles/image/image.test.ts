import t from 'tap';
import { built, recipeOf } from './build.ts';
import { image } from './index.ts';
import { kept } from './prune.ts';

const release = { version: '0.1.0-abc', file: '/r.tar.gz', sha256: 'a'.repeat(64), bytes: 1 };
const recipe = { release, name: 'theapp', base: null, dockerfile: 'FROM x\n' };
const wanted = recipeOf(recipe);

t.test('built: plans on what docker image inspect says', async (t) => {
  const { probe, plan } = built(recipe);
  if (!('script' in probe)) return void t.fail('it has a probe of its own');
  const planned = (stdout: string) =>
    plan(probe.read({ code: 0, stdout, stderr: '' })).map(({ summary }) => summary);
  const id = `sha256:${'b'.repeat(64)}`;
  const table: [string, string[]][] = [
    ['', ['build']],
    [`${id} ${wanted}\n`, []],
    [`${id} 0123456789abcdef\n`, ['build again: made of something else']],
    [`${id} \n`, ['build again: made of something else']],
  ];
  for (const [stdout, summaries] of table) t.strictSame(planned(stdout), summaries, JSON.stringify(stdout));
});

t.test('what decides an image', async (t) => {
  const others = [
    { ...recipe, base: 'node:24-trixie-slim' },
    { ...recipe, dockerfile: 'FROM y\n' },
    { ...recipe, release: { ...release, sha256: 'c'.repeat(64) } },
  ];
  t.equal(new Set([recipe, ...others].map(recipeOf)).size, 4);
  t.equal(recipeOf({ ...recipe, release: { ...release, file: '/elsewhere' } }), wanted, 'not where it lies');
});

t.test('the build is told what it needs, and the upload is checked first', async (t) => {
  const [change] = built({ ...recipe, base: 'mine:1' }).plan({ id: '', recipe: '' });
  t.match(change?.upload, { from: '/r.tar.gz', bytes: 1 });
  const text = change?.script.text ?? '';
  t.match(text, /--build-arg=VERSION=0\.1\.0-abc'? '?--build-arg=BASE=mine:1/);
  t.match(text, '--tag=theapp:0.1.0-abc');
  t.ok(text.indexOf('sha256sum') < text.indexOf('docker build'));
});

t.test('kept: the newest, and what a container was made of', async (t) => {
  const planned = (keep: number, stdout: string, present?: string) => {
    const { probe, plan } = kept('theapp', keep, present);
    if (!('script' in probe)) throw new Error('it has a probe of its own');
    return plan(probe.read({ code: 0, stdout, stderr: '' }))
      .map(({ summary }) => summary)
      .join();
  };
  const table: [number, string, string][] = [
    [2, '\n', ''],
    [2, 'theapp:3\ntheapp:2\n\n', ''],
    [2, 'theapp:3\ntheapp:2\ntheapp:1\n\n', 'remove theapp:1'],
    [2, 'theapp:3\ntheapp:2\ntheapp:1\n\nnginx:1.28\ntheapp:1\n', ''],
    [0, 'theapp:3\ntheapp:2\n\n', 'remove theapp:3, theapp:2'],
  ];
  for (const [keep, stdout, summary] of table) t.equal(planned(keep, stdout), summary, stdout);
  const three = 'theapp:3\ntheapp:2\ntheapp:1\n\n';
  t.equal(planned(2, three, 'theapp:1'), 'remove theapp:2', 'the present release stays, however old it is');
  t.equal(planned(2, three, 'theapp:3'), 'remove theapp:1');
});

t.test('input', async (t) => {
  const names = (given: Parameters<typeof image>[0]) => image(given).resolve([]);
  t.doesNotThrow(() => names({ release }));
  t.throws(() => names({}), /image\.release/);
  t.throws(() => names({ release: { ...release, version: 'a b' } }), /version that can be a tag/);
  t.throws(() => names({ release, base: 'a b' }), /image\.base/);
  t.throws(() => names({ release, name: 'TheApp:1' }), /image\.name/);
});
