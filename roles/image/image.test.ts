import t from 'tap';
import { debian, vm as host, title } from '../../provision/testing.ts';
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
