import t from 'tap';
import { secret } from '../../shell/secret.ts';
import { recipeOf } from '../docker/image/build.ts';
import { digestOf, pushed, readManifest } from './image.ts';

const registry = {
  host: 'registry.internal',
  port: 5000,
  user: 'theapp',
  password: secret('the-password'),
  certificates: '/etc/containerd/certs.d/registry.internal:5000',
};
const source = { version: '1', file: '/r.tar.gz', sha256: 'a'.repeat(64), bytes: 1 };
const options = {
  dockerfile: 'FROM x\n',
  context: { name: 'theapp.tar.gz', source },
  args: { VERSION: '1' },
  base: 'mine:1',
  storage: '/var/lib/images',
  hint: 'use a mirror',
};
const resource = pushed(registry, 'theapp:1', options);
const digest = `sha256:${'b'.repeat(64)}`;
/** As registry:2 answers. */
const answer = (recipe: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nDocker-Content-Digest: ${digest}\r\n\r\n{"schemaVersion":2,"annotations":{"provision.recipe":"${recipe}"}}`;

t.test('an image is built when the registry has none, or one from another recipe', async (t) => {
  const summaries = (stdout: string) => resource.plan(readManifest({ stdout })).map(({ summary }) => summary);
  const table: [string, string[]][] = [
    ['', ['build and push on mine:1']],
    [answer(recipeOf(options)), []],
    [answer('0123456789abcdef'), ['build again and push: its contents have changed on mine:1']],
    [
      answer('').replace(/"annotations.*$/, '}'),
      ['build again and push: its contents have changed on mine:1'],
    ],
  ];
  for (const [stdout, expected] of table) t.strictSame(summaries(stdout), expected, JSON.stringify(stdout));
});

t.test('the password is no argument of a program, and the upload is checked first', async (t) => {
  const [change] = resource.plan({ digest: '', recipe: '' });
  const script = change?.script.text ?? '';
  if (!('script' in resource.probe)) throw new Error('the probe belongs to a batch');
  const texts = [script, resource.probe.script.text, digestOf(registry, 'theapp:1').text];
  for (const line of texts
    .join('\n')
    .split('\n')
    .filter((line) => line.includes('the-password')))
    t.match(line, /^(\( umask 077; |digest=\$\()?printf /, 'printf is a part of the shell');
  t.ok(script.indexOf('sha256sum') < script.indexOf('buildah'));
  t.match(script, 'this host cannot pull the base image of theapp:1: use a mirror');
  t.match(script, /--build-arg=VERSION=1'? '?--build-arg=BASE=mine:1/);
});

t.test('input', async (t) => {
  t.throws(() => pushed(registry, 'theapp', options), /with its tag/);
  const context = { ...options.context, source: { ...source, sha256: 'x' } };
  t.throws(() => pushed(registry, 'theapp:1', { ...options, context }), /sha256/);
});
