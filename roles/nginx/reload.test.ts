import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { freePort, launch, locate } from '../../app/test/servers/process.ts';
import { localShell } from '../../provision/shell/local.ts';
import { sh } from '../../provision/shell/sh.ts';
import { reloaded } from './reload.ts';

/** A real nginx with two workers in a folder of its own, which answers its generation. */
async function nginx(t: Test) {
  const folder = t.testdir();
  const [port, pid, log] = [await freePort(), join(folder, 'pid'), join(folder, 'error.log')];
  const configure = (generation: number, more = '') =>
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; worker_processes 2; pid ${pid}; error_log ${log};
events {}
http {
  access_log off;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port}; return 200 ${generation}; }
  ${more}
}`,
    );
  configure(0);
  const server = launch(
    locate('nginx', 'nginx'),
    ['-q', '-p', folder, '-c', 'nginx.conf'],
    join(folder, 'out'),
  );
  t.teardown(() => server.end('SIGTERM'));
  const shell = localShell();
  t.teardown(() => shell.close());
  const reload = sh`nginx -q -p ${folder} -c nginx.conf -s reload`;
  const script = reloaded({ reload, pid, log, seconds: 5 });
  const answer = async () => (await fetch(`http://127.0.0.1:${port}/`)).text();
  for (const end = Date.now() + 30_000; (await answer().catch(() => '')) !== '0'; await sleep(20))
    if (Date.now() > end) throw new Error('nginx does not start');
  return {
    configure,
    answer,
    async reload() {
      const { steps } = await shell.exchange({ steps: [{ script, timeout: 60 }], probes: [] });
      return { code: steps[0]?.code, said: steps[0]?.stderr };
    },
  };
}

t.test('after a reload nobody answers with the configuration before it', async (t) => {
  const { configure, reload, answer } = await nginx(t);
  for (let generation = 1; generation <= 10; generation++) {
    configure(generation);
    t.match(await reload(), { code: 0 });
    const answers = new Set(await Promise.all(Array.from({ length: 20 }, answer)));
    t.strictSame([...answers], [String(generation)]);
  }
});

t.test('a configuration that nginx does not take fails, in its own words', async (t) => {
  const { configure, reload, answer } = await nginx(t);
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const taken = (other.address() as { port: number }).port;
  configure(1, `server { listen 127.0.0.1:${taken}; }`);
  const { code, said } = await reload();
  t.equal(code, 1);
  t.match(said, /nginx has not taken the new configuration.*\n.*\[emerg\].*Address already in use/s);
  t.equal(await answer(), '0', 'the one before answers on');
  configure(2);
  t.match(await reload(), { code: 0 }, 'and the next one is taken');
  t.equal(await answer(), '2');
});
