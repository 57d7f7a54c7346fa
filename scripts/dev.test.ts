import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';

const script = join(import.meta.dirname, 'dev.ts');
const dev = (env: Record<string, string>, ...words: string[]) =>
  execa(process.execPath, [script, ...words], { reject: false, env, stdin: 'ignore' });

t.test('without Docker, the error says how to install it and what works without it', async (t) => {
  const { exitCode, stderr, stdout } = await dev({ PATH: '/nowhere' });
  t.equal(exitCode, 1);
  t.equal(stdout, '');
  t.match(stderr, /"docker" is not installed\n {2}→ .*https:.*npm run app/);
});

t.test('without a daemon, the error names the one that did not answer', async (t) => {
  for (const words of [[], ['stop']]) {
    const { exitCode, stderr } = await dev({ DOCKER_HOST: 'unix:///nowhere/docker.sock' }, ...words);
    t.equal(exitCode, 4, words.join(' '));
    t.match(stderr, /^dev: no Docker daemon answers\n.*unix:\/\/\/nowhere\/docker\.sock/);
  }
});

t.test('unknown words are bad input', async (t) => {
  for (const words of [
    ['--prot', '1'],
    ['--port', 'x'],
    ['nothing'],
    ['lgos', '--help'],
    ['up', 'x'],
    ['up', '--bogus', '--help'],
  ])
    t.equal((await dev({ PATH: '/nowhere' }, ...words)).exitCode, 3, words.join(' '));
});
