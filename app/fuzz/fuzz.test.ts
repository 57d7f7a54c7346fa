import { resolve } from 'node:path';
import t from 'tap';
import { type Program, start } from '../../testing/program.ts';
import { startMariadb } from '../../testing/servers/mariadb.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { startRedis } from '../../testing/servers/redis.ts';
import type { OpenApi } from '../src/http/operations/openapi.ts';
import { escapedMarkup, marker } from './hostile.ts';
import { judge } from './judge.ts';
import { immutableState, openLedger, readLedger } from './ledger.ts';
import { targetsOf } from './operations.ts';
import { randomOf } from './random.ts';
import type { Session } from './request.ts';
import { type Shot, shoot } from './shots.ts';
import { type Answer, exchange } from './wire.ts';

/** `FUZZ_SEED=… FUZZ_REQUESTS=… npx node app/fuzz/fuzz.test.ts` repeats a run, or sends more requests. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9);
const most = Number(process.env.FUZZ_REQUESTS ?? 10_000);
const atOnce = 32;
// 10,000 requests take about 25 seconds on an idle machine.
t.setTimeout(Math.max(300_000, 30 * most));

/** The problems found, each with the request that reproduces it. */
const problems: string[] = [];

const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
const [mariadb] = servers;
const main = resolve(import.meta.dirname, '../src/main.ts');
const environment: Record<string, string> = {
  ...Object.assign({}, ...servers.map(({ environment }) => environment)),
  PORT: '0',
  VHOSTS: 'pokedex.example.org=pokedex,counter.example.org=counter,todo.example.org=todos',
  DRAIN_SECONDS: '0',
  // Long timeouts: on a slow machine the dependencies must not appear to be down.
  MYSQL_TIMEOUT_MS: '20000',
  READY_TIMEOUT_MS: '20000',
  REDIS_TIMEOUT_MS: '20000',
  MEMCACHED_TIMEOUT_MS: '20000',
};
const root = await mariadb.root();
t.teardown(async () => {
  root.destroy();
  await Promise.all(servers.map((server) => server.stop()));
});

await start(main, ['migrate'], environment).ended;
const program = start(main, [], environment);
t.teardown(() => program.child.kill('SIGKILL'));
program.ended.then((code) => problems.push(`TheAPP exited with ${code}: ${program.output().slice(-3000)}`));
const url = await program.url();
const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
const targets = targetsOf(document);
/** Operations without input are less interesting: the others are chosen three times as often. */
const aims = targets.flatMap((target) =>
  Array(target.body || target.parameters.length > 0 ? 3 : 1).fill(target),
);
const session = await sessionOf(url);

/** The number of responses by operation and status. */
const seen = new Map(targets.map((target) => [target, new Map<number, number>()]));
let [requests, escaped] = [0, 0];

t.comment(`FUZZ_SEED=${seed}`);
const before = await immutableState(root);
await openLedger(root);
await Promise.all(Array.from({ length: atOnce }, sendAll));
const ledger = await readLedger(root);
t.comment(
  `${requests} requests; statements: ${ledger.prepared.length} prepared, ${ledger.texts.length} as text`,
);

t.equal(problems.length, 0, `every response is correct${problems.slice(0, 20).map((one) => `\n${one}`)}`);

t.test('every operation succeeded at least once, and hostile input got through', async (t) => {
  t.ok(requests >= most, `${requests} requests`);
  for (const [{ method, path }, statuses] of seen) {
    const words = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    t.ok(
      [...statuses.keys()].some((status) => status < 400),
      `${method} ${path}: ${words}`,
    );
  }
  t.ok(ledger.values > 0, 'hostile input reached MariaDB as a value');
  t.ok(escaped > 0, 'hostile input came back in a page, escaped');
});

t.test('every query is parameterised', async (t) => {
  t.ok(ledger.prepared.length < 40, ledger.prepared.join('\n'));
  t.ok(ledger.texts.length < 10, ledger.texts.join('\n'));
  t.same(
    [...ledger.prepared, ...ledger.texts].filter((statement) => statement.includes(marker)),
    [],
  );
});

t.test('the same process still works and has logged no errors', async (t) => {
  t.same([program.child.exitCode, program.child.signalCode], [null, null]);
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  t.same(await immutableState(root), before);
  t.same(complaints(program), []);
  program.child.kill('SIGTERM');
  t.equal(await program.ended, 0);
});

/** One of the concurrent clients. */
async function sendAll() {
  while (requests < most && program.child.exitCode === null) {
    const number = requests;
    // Each request has its own seed, so that a run is reproducible despite the concurrency.
    const shot = shoot(aims, session, randomOf(seed + number * 7919));
    requests += shot.requests;
    const exchanged = await exchange(Number(new URL(url).port), shot.bytes, shot.whole);
    note(shot, exchanged.answers);
    for (const problem of judge(shot, exchanged))
      problems.push(`${problem}\n  ${shot.kind} ${quoted(shot.bytes)}`);
  }
}

function quoted(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1').slice(0, 1500));
}

function note({ target }: Shot, answers: Answer[]) {
  for (const { status, body } of answers) {
    if (escapedMarkup.test(body.toString())) escaped += 1;
    const statuses = target && seen.get(target);
    statuses?.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

/** The CSRF cookie and token of a browser session. */
async function sessionOf(url: string): Promise<Session> {
  const response = await fetch(`${url}/todos/new`, { headers: { accept: 'text/html' } });
  const cookie = response.headers.getSetCookie().map((one) => one.split(';')[0]);
  const [, token = ''] = /name="crumb"[^>]* value="([^"]+)"/.exec(await response.text()) ?? [];
  return { cookie: cookie.join('; '), token };
}

/** Log lines with level error (50) or fatal, malformed lines, and lines that contain raw packets. */
function complaints(program: Program): string[] {
  const lines = program.output().split('\n').filter(Boolean);
  const wrong = lines.filter(
    (line) =>
      !line.startsWith('{') ||
      line.length > 40_000 ||
      /"level":[56]0|unhandled error|uncaught exception|rawPacket/.test(line),
  );
  return wrong.slice(0, 20).map((line) => line.slice(0, 500));
}
