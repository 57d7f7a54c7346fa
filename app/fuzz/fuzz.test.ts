import { resolve } from 'node:path';
import t from 'tap';
import { type Program, start } from '../../testing/program.ts';
import { startMariadb } from '../../testing/servers/mariadb.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { startRedis } from '../../testing/servers/redis.ts';
import type { OpenApi } from '../src/http/operations/openapi.ts';
import { escapedMarkup, marker } from './hostile.ts';
import { judge } from './judge.ts';
import { openLedger, readLedger, solidState } from './ledger.ts';
import { targetsOf } from './operations.ts';
import { randomOf } from './random.ts';
import type { Session } from './request.ts';
import { type Shot, shoot } from './shots.ts';
import { type Answer, exchange } from './wire.ts';

/** `FUZZ_SEED=… FUZZ_REQUESTS=… npx node app/fuzz/fuzz.test.ts` sends the same again, or more. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9);
const most = Number(process.env.FUZZ_REQUESTS ?? 10_000);
const atOnce = 32;
// 10,000 take some 25 seconds on a machine of its own.
t.setTimeout(Math.max(300_000, 30 * most));

/** What was wrong, each with what to send to see it again. */
const problems: string[] = [];

const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
const [mariadb] = servers;
const main = resolve(import.meta.dirname, '../src/main.ts');
const environment: Record<string, string> = {
  ...Object.assign({}, ...servers.map(({ environment }) => environment)),
  PORT: '0',
  VHOSTS: 'pokedex.example.org=pokedex,counter.example.org=counter,todo.example.org=todos',
  DRAIN_SECONDS: '0',
  // The dependencies are up: a machine that is slow shall not make them look as if they were not.
  MYSQL_TIMEOUT_MS: '20000',
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
program.ended.then((code) => problems.push(`it ended with ${code}: ${program.output().slice(-3000)}`));
const url = await program.url();
const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
const targets = targetsOf(document);
/** Those that take nothing from their caller have less to get wrong. */
const aims = targets.flatMap((target) =>
  Array(target.body || target.parameters.length > 0 ? 3 : 1).fill(target),
);
const session = await sessionOf(url);

/** What was answered, by operation. */
const seen = new Map(targets.map((target) => [target, new Map<number, number>()]));
let [requests, escaped] = [0, 0];

t.comment(`FUZZ_SEED=${seed}`);
const before = await solidState(root);
await openLedger(root);
await Promise.all(Array.from({ length: atOnce }, sendAll));
const ledger = await readLedger(root);
t.comment(
  `${requests} requests; statements: ${ledger.prepared.length} prepared, ${ledger.texts.length} as text`,
);

t.equal(
  problems.length,
  0,
  `every answer is as it should be${problems.slice(0, 20).map((one) => `\n${one}`)}`,
);

t.test('nothing of it was in vain', async (t) => {
  t.ok(requests >= most, `${requests} requests`);
  for (const [{ method, path }, statuses] of seen) {
    const words = [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
    t.ok(
      [...statuses.keys()].some((status) => status < 400),
      `${method} ${path}: ${words}`,
    );
  }
  t.ok(ledger.values > 0, 'something of ours reached MariaDB as a value');
  t.ok(escaped > 0, 'something of ours came back in a page, escaped');
});

t.test('every query is parameterised', async (t) => {
  t.ok(ledger.prepared.length < 40, ledger.prepared.join('\n'));
  t.ok(ledger.texts.length < 10, ledger.texts.join('\n'));
  t.same(
    [...ledger.prepared, ...ledger.texts].filter((statement) => statement.includes(marker)),
    [],
  );
});

t.test('the same process still serves, and has nothing to complain of', async (t) => {
  t.same([program.child.exitCode, program.child.signalCode], [null, null]);
  t.equal((await fetch(`${url}/readyz`)).status, 200);
  t.same(await solidState(root), before);
  t.same(complaints(program), []);
  program.child.kill('SIGTERM');
  t.equal(await program.ended, 0);
});

/** One of those who send at the same time. */
async function sendAll() {
  while (requests < most && program.child.exitCode === null) {
    const number = requests;
    // Each from its own number, so that it is the same again however the others come between.
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

/** The cookie and the token that a browser would have. */
async function sessionOf(url: string): Promise<Session> {
  const response = await fetch(`${url}/todos/new`, { headers: { accept: 'text/html' } });
  const cookie = response.headers.getSetCookie().map((one) => one.split(';')[0]);
  const [, token = ''] = /name="crumb"[^>]* value="([^"]+)"/.exec(await response.text()) ?? [];
  return { cookie: cookie.join('; '), token };
}

/** Lines of its log that tell of an error (50) or of worse, or that repeat what they should not. */
function complaints(program: Program): string[] {
  const lines = program.output().split('\n').filter(Boolean);
  const wrong = lines.filter(
    (line) => !line.startsWith('{') || line.length > 40_000 || /"level":[56]0|a defect|rawPacket/.test(line),
  );
  return wrong.slice(0, 20).map((line) => line.slice(0, 500));
}
