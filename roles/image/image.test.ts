import t from 'tap';
import { secret } from '../../provision/index.ts';
import { debian, vm as host, title } from '../../provision/testing.ts';
import { settings } from './buildah.ts';
import { image } from './index.ts';

const release = { version: '0.1.0-abc', file: '/r.tar.gz', sha256: 'a'.repeat(64), bytes: 1 };
const resources = (given: Parameters<typeof image>[0]) => image(given).resolve([]).resources(debian, host);

t.test('the image is built from the release, with its version', async (t) => {
  const all = resources({ release, base: 'mine:1' });
  t.strictSame(all.map(title), ['docker.image theapp:0.1.0-abc', 'docker.images theapp: keep 3']);
  const [change] = all[0]?.plan({ id: '', recipe: '' }) ?? [];
  t.equal(change?.summary, 'build on mine:1');
  t.match(change?.upload, { from: '/r.tar.gz', bytes: 1 });
  const text = change?.script.text ?? '';
  t.match(text, /--build-arg=VERSION=0\.1\.0-abc'? '?--build-arg=BASE=mine:1/);
  t.match(text, '/context/theapp-0.1.0-abc.tar.gz', 'the name that app/Dockerfile adds');
  t.match(text, '-e docker.mirrors=[URL]');
});

t.test('input', async (t) => {
  const names = (given: Parameters<typeof image>[0]) => image(given).resolve([]);
  t.doesNotThrow(() => names({ release }));
  t.throws(() => names({}), /image\.release/);
  t.throws(() => names({ release: { ...release, version: 'a b' } }), /version that is valid as a tag/);
  t.throws(() => names({ release, base: 'a b' }), /image\.base/);
  t.throws(() => names({ release, name: 'TheApp:1' }), /image\.name/);
});

t.test('with a registry, buildah builds the image and pushes it', async (t) => {
  const registry = {
    host: 'registry.internal',
    port: 5000,
    user: 'theapp',
    password: secret('hidden'),
    certificates: '/etc/x',
  };
  const all = resources({ release, registry, mirrors: ['http://10.0.0.1:5001'] });
  t.strictSame(all.map(title), [
    'apt.packages buildah ca-certificates curl netavark',
    'directory /etc/containers',
    'directory /etc/containers/registries.conf.d',
    'file /etc/containers/registries.conf.d/provision.conf',
    'buildah.image registry.internal:5000/theapp:0.1.0-abc',
  ]);
  t.match(settings(['http://10.0.0.1:5001']), /location = "10\.0\.0\.1:5001"\ninsecure = true\n/);
  t.match(settings(['https://mirror.example']), /location = "mirror\.example"\ninsecure = false\n/);
});
