import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { cloneInto } from './checkout.ts';
import { provisioned, ROOT, type TestMachine } from './machine.ts';

/** Provisions the machine under test with more arguments. */
export type Run = (...args: string[]) => ReturnType<typeof provisioned>;

/** Ways in which a machine drifts, and the resource that detects each. */
const drifts: [string, string][] = [
  ['apt-get remove -y curl', 'common: apt.packages ca-certificates curl tzdata unattended-upgrades'],
  ['echo "# edited" >>/etc/nginx/conf.d/theapp.conf', 'nginx: file /etc/nginx/conf.d/theapp.conf'],
  ['systemctl stop memcached', 'memcached: service memcached'],
  ['chmod 0666 /etc/memcached.conf', 'memcached: file /etc/memcached.conf'],
  ['sed -i s/always/everysec/ /etc/redis/theapp.conf', 'redis: file /etc/redis/theapp.conf'],
  ['chown nobody /etc/theapp/theapp.env', 'app: file /etc/theapp/theapp.env'],
  ['rm /etc/theapp/redis_pass', 'app: file /etc/theapp/redis_pass'],
  ['ln -sfn /bin/true /usr/local/bin/node', 'nodejs: symlink /usr/local/bin/node'],
  [
    "mariadb -e \"REVOKE DELETE ON theapp.* FROM 'theapp'@'127.0.0.1'\"",
    'mariadb: mysql.user theapp@127.0.0.1',
  ],
  ['gpasswd -d theapp systemd-journal', 'app: user theapp'],
  ['sysctl -q -w net.core.somaxconn=128', 'common: sysctl'],
];

/** What approach_0 must do on a provisioned machine, from its second run until it is decommissioned. */
export async function lifetime(t: Test, machine: TestMachine, run: Run): Promise<void> {
  const second = await run();
  t.equal(second.exitCode, 0);
  t.strictSame(second.changed, [], 'the second run changes nothing');
  const [host] = second.recap.hosts;
  t.equal(host?.changed, 0);
  t.equal(host?.handlers, 0);
  t.equal(host?.roundTrips, 2, 'one apply: two round trips');
  t.equal((await run('--check')).exitCode, 0, '--check finds no difference');
  t.equal((await run('--verify')).exitCode, 0);
  await driftAndRepair(t, machine, run);
  await releases(t, machine);
  await overTls(t, run);
  await decommissioned(t, machine, run);
}

async function driftAndRepair(t: Test, machine: TestMachine, plain: Run): Promise<void> {
  const run: Run = (...args) => plain('-e', 'app.groups=[systemd-journal]', ...args);
  t.strictSame(
    (await run()).changed,
    ['app: user theapp'],
    'setting a variable changes only what it affects',
  );
  await machine.ssh(drifts.map(([script]) => script).join('\n'));
  const expected = drifts.map(([, resource]) => resource);
  const matches = (found: readonly string[]) =>
    found.map((one) => expected.find((known) => one.startsWith(known)) ?? `unexpected: ${one}`).toSorted();
  const before = await fingerprint(machine);
  const check = await run('--check', '--diff');
  t.equal(check.exitCode, 2, '--check finds the drift');
  t.strictSame(matches(check.changed), expected.toSorted(), 'and nothing else');
  t.equal(await fingerprint(machine), before, '--check changed nothing');
  t.match(JSON.stringify(check.events), /# edited/, '--diff shows the edit');

  const repair = await run();
  t.equal(repair.exitCode, 0);
  t.strictSame(matches(repair.changed), expected.toSorted(), 'exactly the drift is repaired');
  const after = await run();
  t.strictSame([after.exitCode, after.changed], [0, []], 'the next run changes nothing');
}

/** A fingerprint of what could have changed: packages, configuration, units, kernel settings, grants. */
const fingerprint = (machine: TestMachine) =>
  machine.ssh(`dpkg-query -W -f '\${Package} \${Status}\\n' | sha256sum
find /etc /opt/theapp /opt/node -xdev -printf '%p %m %u %g %l\\n' | sort | sha256sum
find /etc -xdev -type f -exec sha256sum {} + | sort | sha256sum
systemctl list-units --no-legend --plain --state=active '*.service' | awk '{print $1}' | grep -v '@\\|session\\|user' | sort | sha256sum
sysctl -n vm.swappiness net.core.somaxconn
mariadb -N -e "SHOW GRANTS FOR 'theapp'@'127.0.0.1'"
ls /var/lib/provision/owed`);

/** A run rolls back a release that does not become ready. `--rollback` also replaces a good one by the previous one. */
async function releases(t: Test, machine: TestMachine): Promise<void> {
  const checkout = t.testdir();
  await cloneInto(checkout);
  const from = async (...args: string[]) => {
    const all = ['provision/cli.mjs', 'approach_0', '-i', machine.inventory, ...args];
    const { exitCode, stderr } = await execa(join(ROOT, 'node_modules/.bin/node'), all, {
      cwd: checkout,
      reject: false,
      stdin: 'ignore',
    });
    return { exitCode, stderr };
  };
  const main = join(checkout, 'app', 'src', 'main.ts');
  const good = readFileSync(main, 'utf8');
  const at = () => machine.ssh('readlink /opt/theapp/current');
  const before = await at();

  writeFileSync(main, `throw new Error('this release is broken');\n${good}`);
  const bad = await from();
  t.equal(bad.exitCode, 1, 'a release that does not become ready fails the run');
  t.match(
    bad.stderr,
    /this release is broken[\s\S]*rolled back to \S+, which is ready/,
    'the error says why',
  );
  t.equal(await at(), before, 'the previous release is back');
  t.equal(
    (await provisioned('approach_0', '-i', machine.inventory, '--verify')).exitCode,
    0,
    'the previous release works',
  );

  writeFileSync(main, `${good}// another release\n`);
  t.equal((await from()).exitCode, 0, 'a good release replaces the previous one');
  t.not(await at(), before);
  const back = await provisioned('approach_0', '-i', machine.inventory, '--rollback');
  t.strictSame([back.exitCode, back.errors], [0, []]);
  t.equal(await at(), before, '--rollback restores the previous release');
}

async function overTls(t: Test, run: Run): Promise<void> {
  const on = await run('-e', 'nginx.tls=self_signed');
  t.strictSame([on.exitCode, on.errors], [0, []]);
  const checks = on.events.flatMap((event) => (event.event === 'verify' ? [event.answer] : []));
  t.match(checks[0], /^200 Hello world! \(through https:/, 'plain HTTP redirects to TLS');
  const again = await run('-e', 'nginx.tls=self_signed');
  t.strictSame([again.exitCode, again.changed], [0, []]);
  t.equal((await run()).exitCode, 0, 'without the variable, the run succeeds too');

  const taken = await run('-e', 'nginx.http_port=3000');
  t.equal(taken.exitCode, 1, 'a port that TheAPP uses fails the run');
  t.match(taken.errors.join(), /has not loaded the new configuration[\s\S]*Address already in use/);
  t.equal((await run()).exitCode, 0, 'with the previous port the run succeeds');
}

/**
 * Finds processes by the files that they execute, including deleted ones. Names are not enough: a kernel worker may be
 * called kworker/…-inode_switch_wbs, Node's main thread MainThread, and redis-server is a link.
 */
const LEFT = `for exe in /proc/[0-9]*/exe; do
readlink "$exe" | grep -E '/opt/node/|/(nginx|mariadbd|redis-[^/]*|memcached)( |$)' || :
done
ls -d /opt/theapp /etc/theapp /opt/node 2>/dev/null || :`;

async function decommissioned(t: Test, machine: TestMachine, run: Run): Promise<void> {
  for (const one of ['/usr/sbin/nginx', '/usr/sbin/mariadbd', '/opt/node/', '/redis-', '/usr/bin/memcached'])
    t.match(await machine.ssh(LEFT), one, `${one} runs`);
  const off = await run('--decommission');
  t.equal(off.exitCode, 0, 'decommission');
  t.strictSame(off.errors, []);
  t.equal(await machine.ssh(LEFT), '', 'no process and no folder remains');
  t.match(await machine.ssh('ls /var/lib/mysql/theapp'), /data/, 'the data remains');
  const again = await run('--decommission');
  t.strictSame([again.exitCode, again.changed], [0, []], 'a second decommission changes nothing');
  t.equal((await run('--decommission', '--purge')).exitCode, 0);
  t.equal(await machine.ssh('ls -d /var/lib/mysql 2>/dev/null || :'), '', '--purge removes the data');
}
