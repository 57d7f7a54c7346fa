import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';

const script = join(import.meta.dirname, 'image.ts');
const image = (env: Record<string, string>, ...words: string[]) =>
  execa(process.execPath, [script, ...words], { reject: false, env });

t.test('without a daemon it says which one did not answer, and what to do', async (t) => {
  const { exitCode, stderr, stdout } = await image({ DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  t.equal(exitCode, 4);
  t.equal(stdout, '');
  t.match(stderr, /^image: no Docker daemon answers\n/);
  t.match(stderr, /unix:\/\/\/nowhere\/docker\.sock/);
  t.match(stderr, /→ sudo systemctl start docker/);
});

t.test('without the program docker it says how to get it', async (t) => {
  const { exitCode, stderr } = await image({ PATH: '/nowhere' });
  t.equal(exitCode, 1);
  t.match(stderr, /there is no program "docker"[\s\S]*apt-get install/);
});

t.test('an option that is none is bad input', async (t) => {
  t.equal((await image({}, '--bse', 'x')).exitCode, 3);
});
