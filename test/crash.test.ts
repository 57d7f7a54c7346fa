import { createServer, connect as dial, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import type { Event } from '../provision/index.ts';
import { dockerMissing, freshContainer } from '../testing/fleet.ts';
import { inventoryOf, provision, provisioned, type TestMachine } from '../testing/machine.ts';

const skip = await dockerMissing();

/** How often the first run is interrupted before it may finish. */
const POINTS = 20;

/** Files that only the provisioner writes: at any moment each is missing or complete. */
const FILES = [
  '/etc/nginx/conf.d/theapp.conf',
  '/etc/theapp/mysql_pass',
  '/etc/theapp/theapp.env',
  '/etc/systemd/system/theapp.service',
  '/etc/systemd/system/theapp-migrate.service',
  '/etc/redis/theapp.conf',
  '/etc/mysql/mariadb.conf.d/90-provision.cnf',
  '/etc/security/limits.d/50-provision.conf',
  '/etc/systemd/journald.conf.d/50-provision.conf',
];

/** A configuration file, and the service that must have started after it was written. */
const RESTARTS: [string, string][] = [
  ['/etc/redis/theapp.conf', 'redis-server'],
  ['/etc/memcached.conf', 'memcached'],
  ['/etc/mysql/mariadb.conf.d/90-provision.cnf', 'mariadb'],
  ['/etc/theapp/theapp.env', 'theapp'],
  ['/etc/systemd/system/theapp.service', 'theapp'],
  ['/etc/systemd/journald.conf.d/50-provision.conf', 'systemd-journald'],
];

t.test(
  `a first run that is interrupted ${POINTS} times converges`,
  { skip, timeout: 2_400_000 },
  async (t) => {
    const machine = await freshContainer('test-crash', 'debian-13');
    t.teardown(() => machine.destroy());
    const proxy = await cuttable(machine.host.address, machine.host.port ?? 22);
    t.teardown(() => proxy.close());
    const through = inventoryOf('test-crash-proxied', {
      ...machine.host,
      address: '127.0.0.1',
      port: proxy.port,
    });
    const sums: Map<string, string>[] = [];
    let points = 0;
    for (; points < POINTS; points++) {
      const ended =
        points % 2 === 0
          ? await interruptedAt(machine.inventory, points, (child) => child.kill('SIGKILL'))
          : await interruptedAt(through, points, proxy.cut);
      if (ended === 0) break;
      if (points % 2 === 1) t.equal(ended, 4, 'a run whose connection is cut exits with unreachable');
      sums.push(await checksums(machine));
    }
    t.equal(points, POINTS, 'the run was long enough for all interruptions');

    const last = await provisioned('approach_0', '--inventory', machine.inventory);
    t.equal(last.exitCode, 0, 'the next run converges');
    const green = await provisioned('approach_0', '--inventory', machine.inventory);
    t.strictSame([green.exitCode, green.changed], [0, []]);
    await completeFiles(t, machine, sums);
    await noLostRestart(t, machine);
    await fullDisk(t, machine);
    await otherKey(t, machine);
  },
);

t.test('Ctrl-C, and a run that waits for the lock', { skip, timeout: 900_000 }, async (t) => {
  const machine = await freshContainer('test-interrupt', 'debian-13');
  t.teardown(() => machine.destroy());
  await interrupted(t, machine);
});

/** The first Ctrl-C finishes the current change and prints the recap; a run that waits for the lock then continues. */
async function interrupted(t: Test, machine: TestMachine): Promise<void> {
  const events: Event[] = [];
  const waiting: string[] = [];
  let second: ReturnType<typeof provision> | undefined;
  const first = provision(['approach_0', '-i', machine.inventory], (event) => {
    events.push(event);
    if (event.event !== 'progress' || second) return;
    second = provision(['approach_0', '-i', machine.inventory, '--tags', 'memcached'], (other) => {
      if (other.event !== 'progress' || !/another run to release its lock/.test(other.message)) return;
      if (waiting.push(other.message) === 1) first.kill('SIGINT');
    });
  });
  const { exitCode } = await first;
  t.equal(exitCode, 1, 'an interrupted run fails');
  t.match(events.at(-1), { event: 'recap', exitCode: 1 });
  t.match(
    events.filter(({ event }) => event === 'error'),
    [{ message: 'stopped as requested', todo: /run the same command again/ }],
  );
  const changed = events.filter((event) => event.event === 'resource' && event.status === 'changed');
  t.ok(changed.length >= 1, 'the current change was finished');
  t.match(waiting[0], /waiting for another run to release its lock: .*@.* \(pid \d+\), since /);
  t.equal((await second)?.exitCode, 0, 'the run that waited for the lock continued');
}

async function fullDisk(t: Test, machine: TestMachine): Promise<void> {
  // a separate file system, so that the disk of this computer does not fill up
  await machine.ssh(`mv /etc/nginx/conf.d /etc/nginx/conf.d.aside
mkdir /etc/nginx/conf.d
mount -t tmpfs -o size=64k full /etc/nginx/conf.d
head -c 100k /dev/zero >/etc/nginx/conf.d/filler 2>/dev/null || :`);
  const full = await provisioned('approach_0', '-i', machine.inventory, '--tags', 'nginx');
  t.equal(full.exitCode, 1, 'a full disk fails the run');
  t.match(full.errors[0], /No space left on device.*the disk is full: run df -h/s);
  await machine.ssh(
    'umount /etc/nginx/conf.d; rmdir /etc/nginx/conf.d; mv /etc/nginx/conf.d.aside /etc/nginx/conf.d; rm /etc/nginx/conf.d/theapp.conf',
  );
  const again = await provisioned('approach_0', '-i', machine.inventory);
  t.equal(again.exitCode, 0, 'the next run converges');
}

async function otherKey(t: Test, machine: TestMachine): Promise<void> {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAH1kEhDN+MCibTsSttZqffoBRw+BEsDw1bEfVXoZsHi';
  const wrong = inventoryOf('test-wrong-key', machine.host, { host_key: key });
  const run = await provisioned('approach_0', '-i', wrong);
  t.equal(run.exitCode, 4, 'a changed host key is refused');
  t.match(run.errors[0], /key/);
  const stranger = inventoryOf('test-stranger', machine.host, { user: 'nobody-at-all' });
  const refused = await provisioned('approach_0', '-i', stranger);
  t.equal(refused.exitCode, 4, 'a rejected user is unreachable');
  t.match(refused.errors[0], /nobody-at-all/);
  const closed = inventoryOf('test-closed', machine.host, { port: 1 });
  const unreachable = await provisioned('approach_0', '-i', closed);
  t.equal(unreachable.exitCode, 4, 'a closed port is unreachable');
  t.equal(unreachable.recap.hosts[0]?.unreachable, 1);
  t.match(unreachable.errors[0], /\|/, 'the error says what to do');
}

/** Milliseconds after the awaited event at which a run is interrupted: immediately, or during the next change. */
const MOMENTS = [0, 20, 0, 120, 10, 60];

/**
 * Runs until the first change or, for every third point, until a long change reports its progress, and interrupts the
 * run there.
 */
async function interruptedAt(inventory: string, point: number, interrupt: (child: Child) => void) {
  let interrupted = false;
  const child = provision(['approach_0', '--inventory', inventory], (event) => {
    const changed = event.event === 'resource' && event.status === 'changed';
    const inProgress = event.event === 'progress' && /^\d+ %|: \d+ %/.test(event.message) && point % 3 === 0;
    if (interrupted || !(changed || inProgress)) return;
    interrupted = true;
    setTimeout(() => interrupt(child), MOMENTS[point % MOMENTS.length]);
  });
  const { exitCode } = await child;
  return exitCode;
}

type Child = ReturnType<typeof provision>;

interface Proxy {
  readonly port: number;
  /** Resets all connections. */
  cut(): void;
  close(): void;
}

async function cuttable(host: string, port: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(port, host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

async function checksums(machine: TestMachine): Promise<Map<string, string>> {
  const output = await machine.ssh(`sha256sum ${FILES.join(' ')} 2>/dev/null || :`);
  return new Map(output.split('\n').map((line) => [line.slice(66), line.slice(0, 64)]));
}

async function completeFiles(
  t: Test,
  machine: TestMachine,
  sums: readonly Map<string, string>[],
): Promise<void> {
  const final = await checksums(machine);
  t.equal(final.size, FILES.length, 'all files exist');
  for (const file of FILES) {
    const seen = new Set(sums.flatMap((one) => one.get(file) ?? []));
    seen.delete(final.get(file) ?? '');
    t.strictSame([...seen], [], `${file} was always missing or complete`);
  }
  const drafts = await machine.ssh("find /etc /opt -xdev -name '*.provision-draft*'");
  t.equal(drafts, '', 'no draft is left');
}

async function noLostRestart(t: Test, machine: TestMachine): Promise<void> {
  t.equal(await machine.ssh('ls /var/lib/provision/owed'), '', 'no handler is pending');
  for (const [file, unit] of RESTARTS) {
    const [changed, started] = (
      await machine.ssh(
        `stat -c %Y ${file}; date +%s -d "$(systemctl show -p ExecMainStartTimestamp --value ${unit})"`,
      )
    ).split('\n');
    t.ok(Number(started) >= Number(changed), `${unit} was started after ${file} was written`);
  }
}
