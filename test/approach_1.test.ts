import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { type Host, urlOf } from '../provision/index.ts';
import { startLoad } from '../scripts/cluster/load/traffic.ts';
import { cloneInto } from '../testing/checkout.ts';
import { emulated, freshFleet } from '../testing/fleet.ts';
import { provisioned, ROOT, ssh } from '../testing/machine.ts';

const LAB = 'approach_1';

/** The machine under test. */
interface Stage {
  readonly url: string;
  /** The options with which it is found. */
  readonly options: readonly string[];
  run(...args: string[]): ReturnType<typeof provisioned>;
  /** Runs a script as root and returns its output. Throws if it fails. */
  ask(script: string): Promise<string>;
}

t.test('a fresh machine', { timeout: 2_900_000 }, async (t) => {
  const { hosts, options, close } = await freshFleet(LAB);
  t.teardown(close);
  const [host] = hosts as [Host];
  const run = (...args: string[]) => provisioned(LAB, ...options, ...args);
  const first = await run();
  t.strictSame([first.exitCode, first.errors], [0, []], 'from fresh to verified');
  const stage = {
    url: new URL(urlOf(host, 80)).origin,
    options,
    run,
    ask: (script: string) => ssh(host, script),
  };
  await again(t, stage);
  await drift(t, stage);
  await releases(t, stage);
  await healed(t, stage);
  await decommissioned(t, stage);
});

/** The containers, and when each was last started. */
const containers = ({ ask }: Stage) =>
  ask("docker ps -q | xargs docker inspect --format '{{.Name}} {{.ID}} {{.State.StartedAt}}' | sort");

/** The image and state of the slot that serves. */
const serving = ({ ask }: Stage) =>
  ask(`cd /opt/theapp
if [ -e nginx/live/b ]; then slot=b; else slot=a; fi
docker inspect --format '{{.Config.Image}} {{.State.Status}}' theapp-app-$slot-1`);

async function again(t: Test, stage: Stage): Promise<void> {
  const before = await containers(stage);
  t.equal(before.trim().split('\n').length, 5, 'nginx, one TheAPP, MariaDB, Redis, Memcached');
  const second = await stage.run();
  t.strictSame(
    [second.exitCode, second.errors, second.changed],
    [0, [], []],
    'the second run changes nothing',
  );
  t.equal(second.recap.hosts[0]?.handlers, 0);
  t.equal(await containers(stage), before, 'and no container was restarted');
  const inside = (service: string, script: string) =>
    stage.ask(`docker exec theapp-${service}-1 bash -c '${script}' 2>&1 || :`);
  t.match(await inside('app-a', '>/opt/theapp/x'), 'Read-only file system');
  t.match(
    await inside('mariadb', 'exec 3<>/dev/tcp/10.0.2.2/22'),
    'unreachable',
    'data services cannot reach the outside',
  );
  t.equal(
    await stage.ask(
      'grep -rlsFf /opt/theapp/secrets/app_redis /opt/theapp /var/lib/docker/containers | sort',
    ),
    '/opt/theapp/secrets/app_redis\n/opt/theapp/secrets/redis.conf',
    'a password is stored only where it is read',
  );
}

/** Ways in which it drifts, and the resource that detects each. */
const drifts: [string, string][] = [
  ['docker stop theapp-memcached-1 >/dev/null', 'compose: docker.compose.up'],
  ['echo "# edited" >>/opt/theapp/compose.override.yml', 'compose: compose.slots'],
  ['chmod 0644 /opt/theapp/secrets/app_redis', 'compose: file /opt/theapp/secrets/app_redis'],
  ['systemctl stop theapp-heal', 'compose: service theapp-heal'],
];

async function drift(t: Test, stage: Stage): Promise<void> {
  await stage.ask(drifts.map(([script]) => script).join('\n'));
  const expected = drifts.map(([, resource]) => resource).toSorted();
  const named = (found: readonly string[]) =>
    found.map((one) => expected.find((known) => one.startsWith(known)) ?? `unexpected: ${one}`).toSorted();
  const before = await containers(stage);
  const check = await stage.run('--check');
  t.strictSame(
    [check.exitCode, named(check.changed)],
    [2, expected],
    '--check finds the drift and nothing else',
  );
  t.equal(await containers(stage), before, '--check changed nothing');
  const repair = await stage.run();
  t.strictSame(
    [repair.exitCode, repair.errors, named(repair.changed)],
    [0, [], expected],
    'the drift is repaired',
  );
  const after = (await containers(stage)).split('\n');
  for (const line of before.trim().split('\n')) t.ok(after.includes(line), `${line} was not restarted`);
}

const lightly = { rate: emulated ? 20 : 50, deadline: 20 };

/** Under a steady load: a new release, one that crashes, one that never becomes ready, and a rollback. */
async function releases(t: Test, stage: Stage): Promise<void> {
  const checkout = t.testdir();
  await cloneInto(checkout);
  const main = join(checkout, 'app', 'src', 'main.ts');
  const good = readFileSync(main, 'utf8');
  const release = async (text: string, ...args: string[]) => {
    writeFileSync(main, text);
    const all = ['provision/cli.mjs', LAB, ...stage.options, ...args];
    const settings = { cwd: checkout, reject: false, stdin: 'ignore' } as const;
    const { exitCode, stderr } = await execa(join(ROOT, 'node_modules/.bin/node'), all, settings);
    return { exitCode, stderr };
  };
  const serves = "if (!process.argv.includes('migrate'))";
  const before = await serving(stage);
  const load = await startLoad({ urls: [stage.url], ...lightly });
  const lossless = (what: string) => {
    const { asked, lost, skipped, failures } = load.report();
    t.strictSame(
      [lost, skipped],
      [{ idempotent: 0, others: 0 }, 0],
      `${asked} requests until ${what}: ${JSON.stringify(failures)}`,
    );
  };

  const update = await release(`${good}// another release\n`);
  t.equal(update.exitCode, 0, `a new release${update.exitCode === 0 ? '' : `: ${update.stderr}`}`);
  lossless('it was active');
  const now = await serving(stage);
  t.not(now, before);

  const crashing = await release(`${serves} throw new Error('this release is broken');\n${good}`);
  t.equal(crashing.exitCode, 1, 'a release that crashes fails the run');
  t.match(crashing.stderr, /this release is broken[\s\S]*does not stay up; theapp:\S+ continues to serve/);
  const hanging = `${serves} { setInterval(() => {}, 1000); await new Promise(() => {}); }\n${good}`;
  const never = await release(hanging, '-e', 'compose.ready_seconds=40');
  t.equal(never.exitCode, 1, 'so does a release that never becomes ready');
  t.match(never.stderr, /is not ready after 40 s[\s\S]* continues to serve/);
  t.equal(await serving(stage), now, 'the current release continues to serve');
  lossless('both were rejected');

  const back = await stage.run('--rollback');
  t.strictSame([back.exitCode, back.errors], [0, []], '--rollback');
  t.equal(await serving(stage), before, 'restores the previous release');
  lossless('the rollback was complete');
  const { problems, latency } = await load.stop();
  t.strictSame(problems, [], `counters and todos are as acknowledged; ${JSON.stringify(latency)}`);
}

/** Docker restarts a process that was killed, theapp-heal restarts one that hangs. */
async function healed(t: Test, { ask, run }: Stage): Promise<void> {
  for (const [signal, what] of [
    ['KILL', 'killed'],
    ['STOP', 'hung'],
  ] as const) {
    // until it has been healthy once, a hanging process gets as much time as a slow start
    await ask(
      'for i in $(seq 100); do docker ps -q --filter name=theapp-app --filter health=healthy | grep -q . && exit 0; sleep 1; done; exit 1',
    );
    const since = performance.now();
    await ask(`started() { docker ps -q --filter name=theapp-app | xargs -r docker inspect --format '{{.State.StartedAt}}'; }
before=$(started)
pkill -${signal} -f '^node .*/opt/theapp/theapp.mjs'
for i in $(seq 300); do
if [ "$(started)" != "$before" ] && curl -fs -m 5 http://127.0.0.1/readyz >/dev/null; then exit 0; fi
sleep 1
done
exit 1`);
    t.pass(`${what}; ready again after ${Math.round((performance.now() - since) / 1000)} s`);
  }
  t.match(await ask('journalctl -u theapp-heal -o cat'), /restarting theapp-app-\w-1, which is unhealthy/);
  t.equal((await run('--verify')).exitCode, 0);
}

async function decommissioned(t: Test, { ask, run }: Stage): Promise<void> {
  const off = await run('--decommission', '--purge');
  t.strictSame([off.exitCode, off.errors], [0, []], 'decommission');
  const remains = `command -v dockerd || :
ls -d /var/lib/docker /etc/docker /opt/theapp 2>/dev/null || :
pgrep -l 'dockerd|containerd|node|nginx|mariadbd|redis' || :`;
  t.equal(await ask(remains), '', 'nothing remains');
  const twice = await run('--decommission', '--purge');
  t.strictSame([twice.exitCode, twice.changed], [0, []], 'a second decommission changes nothing');
}
