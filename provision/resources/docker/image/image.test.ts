import t from 'tap';
import type { Resource } from '../../../language/resource.ts';
import { secret } from '../../../shell/secret.ts';
import { built, type ImageOptions, recipeOf } from './build.ts';
import { digestOf, pushed } from './push.ts';
import { tags } from './tags.ts';

/** The summaries of a resource's changes on a host where its probe prints this. */
function planned<S>({ probe, plan }: Resource<S>, stdout: string): string[] {
  if (!('script' in probe)) throw new Error('the probe belongs to a batch');
  return plan(probe.read({ code: 0, stdout, stderr: '' })).map(({ summary }) => summary);
}

const tag = 'theapp:0.1.0-abc';
const source = { version: '1', file: '/r.tar.gz', sha256: 'a'.repeat(64), bytes: 1 };
const context = { name: 'theapp.tar.gz', source };
const options: ImageOptions = {
  dockerfile: 'FROM x\n',
  context,
  args: { VERSION: '0.1.0-abc' },
  leftovers: 'org.example.title=x',
  hint: 'use a mirror',
};
const wanted = recipeOf(options);

t.test('an image is built when there is none, or when its recipe has changed', async (t) => {
  const id = `sha256:${'b'.repeat(64)}`;
  const table: [string, string[]][] = [
    ['', ['build']],
    [`${id} ${wanted}\n`, []],
    [`${id} 0123456789abcdef\n`, ['rebuild: its contents have changed']],
    [`${id} \n`, ['rebuild: its contents have changed']],
  ];
  for (const [stdout, summaries] of table)
    t.strictSame(planned(built(tag, options), stdout), summaries, JSON.stringify(stdout));
  t.strictSame(planned(built(tag, { ...options, base: 'mine:1' }), ''), ['build on mine:1']);
});

t.test('the recipe covers the base, the Dockerfile, the arguments and the file in the context', async (t) => {
  const others: ImageOptions[] = [
    { ...options, base: 'node:24-trixie-slim' },
    { ...options, dockerfile: 'FROM y\n' },
    { ...options, args: { VERSION: '0.2.0' } },
    { ...options, context: { ...context, source: { ...source, sha256: 'c'.repeat(64) } } },
  ];
  t.equal(new Set([options, ...others].map(recipeOf)).size, 5);
  t.equal(
    recipeOf({ ...options, context: { ...context, source: { ...source, file: '/elsewhere' } } }),
    wanted,
    'the path of the file is not part of it',
  );
});

t.test('docker build gets every option, and the upload is checked first', async (t) => {
  const [change] = built(tag, { ...options, base: 'mine:1' }).plan({ id: '', recipe: '' });
  t.match(change?.upload, { from: '/r.tar.gz', to: '/var/tmp/.theapp-0.1.0-abc.provision-upload', bytes: 1 });
  const text = change?.script.text ?? '';
  t.match(text, /--build-arg=VERSION=0\.1\.0-abc'? '?--build-arg=BASE=mine:1/);
  t.match(text, '--tag=theapp:0.1.0-abc');
  t.match(text, "docker image prune --force --filter 'label=org.example.title=x'");
  t.match(text, "'this host cannot pull the base image of theapp:0.1.0-abc: use a mirror'");
  t.ok(text.indexOf('sha256sum') < text.indexOf('docker build'));
});

t.test('docker.image: input', async (t) => {
  t.throws(() => built('theapp', options), /with its tag/);
  t.throws(
    () => built(tag, { ...options, context: { ...context, source: { ...source, sha256: 'x' } } }),
    /sha256/,
  );
});

t.test('docker.images keeps the newest tags and those that containers use', async (t) => {
  const summary = (keep: number, stdout: string, current?: string) =>
    planned(tags('theapp', { keep, ...(current ? { current } : {}) }), stdout).join();
  const table: [number, string, string][] = [
    [2, '\n', ''],
    [2, 'theapp:3\ntheapp:2\n\n', ''],
    [2, 'theapp:3\ntheapp:2\ntheapp:1\n\n', 'remove theapp:1'],
    [2, 'theapp:3\ntheapp:2\ntheapp:1\n\nnginx:1.28\ntheapp:1\n', ''],
    [0, 'theapp:3\ntheapp:2\n\n', 'remove theapp:3, theapp:2'],
  ];
  for (const [keep, stdout, expected] of table) t.equal(summary(keep, stdout), expected, stdout);
  const three = 'theapp:3\ntheapp:2\ntheapp:1\n\n';
  t.equal(summary(2, three, 'theapp:1'), 'remove theapp:2', 'the current release is kept, whatever its age');
  t.equal(summary(2, three, 'theapp:3'), 'remove theapp:1');
});

t.test('an image is pushed when the registry does not have it', async (t) => {
  const at = { host: 'registry.internal', port: 5000, user: 'theapp', password: secret('the-password') };
  const push = pushed(at, 'theapp:1');
  const here = 'registry.internal:5000/theapp@sha256:aaa';
  const table: [string, string[]][] = [
    [`${here}\n\nsha256:aaa\n`, []],
    [`${here}\n\nsha256:bbb\n`, ['push: the registry has a different image with this tag']],
    [`${here}\n\n`, ['push']],
    ['\n\nsha256:bbb\n', ['push: the registry has a different image with this tag']],
    ['\n', ['push']],
  ];
  for (const [stdout, expected] of table)
    t.strictSame(planned(push, stdout), expected, JSON.stringify(stdout));
  t.match(digestOf(at, 'theapp:1').text, '-F registry.internal:5000/theapp@');
  if (!('script' in push.probe)) throw new Error('the probe belongs to a batch');
  t.notMatch(push.probe.script.text, /curl.*the-password/, 'the password is not an argument of curl');
  t.match(push.probe.script.text, '/v2/theapp/manifests/1');
});
