import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSilent } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { parse } from 'yaml';
import { environment, execForm } from './image/dockerfile.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const script = join(import.meta.dirname, 'image.ts');
const image = (env: Record<string, string>, ...words: string[]) =>
  execa(process.execPath, [script, ...words], { reject: false, env });

t.test('without a daemon, the error names the one that did not answer and what to do', async (t) => {
  const { exitCode, stderr, stdout } = await image({ DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  t.equal(exitCode, 4);
  t.equal(stdout, '');
  t.match(stderr, /^image: no Docker daemon answers\n/);
  t.match(stderr, /unix:\/\/\/nowhere\/docker\.sock/);
  t.match(stderr, /→ sudo systemctl start docker/);
});

t.test('without Docker, the error says how to install it', async (t) => {
  const { exitCode, stderr } = await image({ PATH: '/nowhere' });
  t.equal(exitCode, 1);
  t.match(stderr, /"docker" is not installed[\s\S]*apt-get install/);
});

t.test('an unknown option is bad input', async (t) => {
  for (const words of [
    ['--bse', 'x'],
    ['--bse', 'x', '--help'],
  ])
    t.match(await image({}, ...words), {
      exitCode: 3,
      stdout: '',
      stderr: /there is no option "--bse"; did you mean "--base"\?\n {2}→ npm run image -- --help/,
    });
});

t.test('machines, the README and containers start TheAPP with the same Node options', async (t) => {
  const [program, ...words] = execForm('ENTRYPOINT');
  t.equal(program, 'node');
  const options = words.slice(0, -1);
  t.strictSame(options, [
    '--max-semi-space-size=64',
    '--no-parallel-scavenge',
    '--no-minor-gc-task',
    '--no-allocation-site-pretenuring',
    '--heap-growing-percent=50',
  ]);
  const unit = read('roles/app/templates/theapp.service.hbs');
  t.match(unit, `\nExecStart={{node}} ${options.join(' ')} /opt/theapp/current/theapp.mjs\n`);
  const { MALLOC_ARENA_MAX } = environment();
  t.equal(MALLOC_ARENA_MAX, '1');
  t.match(unit, `\nEnvironment=MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX}\n`);
  t.match(read('app/README.md'), `\`MALLOC_ARENA_MAX=1 node ${options.join(' ')} theapp.mjs\``);
});

t.test('containers of TheAPP have the same memory limit in every approach', async (t) => {
  const { app_memory } = parse(read('roles/compose/defaults.yml'));
  t.match(app_memory, /^\d+m$/);
  t.match(read('approaches/approach_1/compose.yml'), `  mem_limit: \${APP_MEMORY:-${app_memory}}\n`);
  t.match(
    read('approaches/approach_2/theapp.yml'),
    ` memory: ${app_memory.toUpperCase()} }\n        reservations`,
  );
});

t.test('the health check reports what /livez answers', async (t) => {
  const [program = '', ...words] = execForm('HEALTHCHECK [^[]*CMD');
  const ask = async (port: number, timeout = 20_000) =>
    (await execa(program, words, { reject: false, timeout, env: { PORT: String(port) } })).exitCode;
  let status = 200;
  const server = createServer(({ url }, response) => {
    response.statusCode = url === '/livez' ? status : 404;
    response.end('{}');
  });
  const silent = createSilent();
  for (const one of [server, silent]) await once(one.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  t.equal(await ask(port), 0, 'alive');
  for (status of [404, 500, 503]) t.equal(await ask(port), 1, String(status));
  t.equal(
    await ask((silent.address() as AddressInfo).port, 500),
    undefined,
    'hung: it waits until it is killed',
  );
  for (const one of [server, silent]) {
    one.close();
    if ('closeAllConnections' in one) one.closeAllConnections();
  }
  t.equal(await ask(port), 1, 'gone');
});
