import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { sh } from '../../provision/index.ts';
import { localShell } from '../../provision/testing.ts';
import { startNginx } from '../../testing/servers/nginx.ts';
import { freePort } from '../../testing/servers/process.ts';
import { reloaded } from './reload.ts';

/** An nginx that responds with the number of its configuration, and the script under test. */
async function generations(t: Test) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const http = (generation: number) => `server { listen 127.0.0.1:${port}; return 200 ${generation}; }`;
  const { folder, pid, log, configure, stop } = await startNginx(http(0), url);
  t.teardown(stop);
  const shell = localShell();
  t.teardown(() => shell.close());
  const script = reloaded({
    reload: sh`nginx -q -p ${folder} -c nginx.conf -s reload`,
    pid,
    log,
    seconds: 5,
  });
  return {
    configure: (generation: number, more = '') => configure(`${http(generation)}\n${more}`),
    answer: async () => (await fetch(url)).text(),
    async reload() {
      const { steps } = await shell.exchange({ steps: [{ script, timeout: 60 }], probes: [] });
      return { code: steps[0]?.code, said: steps[0]?.stderr };
    },
  };
}

t.test('after a reload, no response comes from the old configuration', async (t) => {
  const { configure, reload, answer } = await generations(t);
  for (let generation = 1; generation <= 10; generation++) {
    configure(generation);
    t.match(await reload(), { code: 0 });
    const answers = new Set(await Promise.all(Array.from({ length: 20 }, answer)));
    t.strictSame([...answers], [String(generation)]);
  }
});

t.test('a configuration that nginx rejects fails with its error', async (t) => {
  const { configure, reload, answer } = await generations(t);
  const taken = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  configure(1, `server { listen 127.0.0.1:${taken}; }`);
  const { code, said } = await reload();
  t.equal(code, 1);
  t.match(said, /nginx has not loaded the new configuration.*\n.*\[emerg\].*Address already in use/s);
  t.equal(await answer(), '0', 'the old configuration still serves');
  configure(2);
  t.match(await reload(), { code: 0 }, 'the next configuration is loaded');
  t.equal(await answer(), '2');
});
