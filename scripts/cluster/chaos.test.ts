import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import type { Host } from '../../provision/index.ts';
import { type PowerCommands, powerOf } from './chaos/power.ts';
import { suites } from './chaos/suites.ts';
import { rotateSecret } from './chaos/swarm/secret.ts';

// Long only on a busy computer.
t.setTimeout(240_000);

t.test('scenario names are unique', async (t) => {
  for (const { all } of Object.values(suites)) {
    t.equal(new Set(all.map(({ name }) => name)).size, all.length);
    for (const { name } of all) t.match(name, /^[a-z0-9-]+$/);
  }
});

t.test('a secret is rotated and restored', async (t) => {
  const file = join(t.testdir({ 'approach_2.json': '{"mysql":"old","redis":"r"}' }), 'approach_2.json');
  const revert = rotateSecret(file, 'mysql');
  const { mysql, redis } = JSON.parse(readFileSync(file, 'utf8'));
  t.match(mysql, /^[\w-]{32}$/);
  t.equal(redis, 'r');
  revert();
  t.match(JSON.parse(readFileSync(file, 'utf8')), { mysql: 'old' });
  t.throws(
    () => rotateSecret(join(t.testdir({ 'none.json': '{}' }), 'none.json'), 'mysql'),
    /has no "mysql"/,
  );
});

t.test('the command', async (t) => {
  const run = (...words: string[]) =>
    execa(process.execPath, [resolve(import.meta.dirname, 'chaos.ts'), ...words], {
      reject: false,
      env: { THEAPP_LAB: t.testdir() },
    });
  const { stdout } = await run('approach_2', '--list');
  t.equal(stdout.split('\n').length, suites.swarm.all.length);
  t.equal((await run('approach_2', 'bad-release', '--list')).stdout.split('\n').length, 3);
  t.match(await run('approach_2', 'drian'), {
    exitCode: 3,
    stderr: /scenario: expected one of update, .*, found "drian"; did you mean "drain"/,
  });
  t.equal((await run('approach_4', '--list')).stdout.split('\n').length, suites.kubernetes.all.length);
  t.match(await run('approach_4', 'disk-full'), {
    exitCode: 3,
    stderr: /scenario: expected one of update, .*, memcached-killed, found "disk-full"/,
  });
  t.match(await run('approach_4', 'drain', '--environment', 'stagin'), {
    exitCode: 3,
    stderr: /environment: expected one of staging, production, found "stagin"/,
  });
  t.match(await run('approach_2', 'drain', '--environment', 'staging'), {
    exitCode: 3,
    stderr: /approach_2 has no environments/,
  });
  t.match(await run('approach_2', 'drian', '--help'), { exitCode: 3, stderr: /found "drian"/ });
  t.match(await run('approach_9', '--help'), { exitCode: 3, stderr: /no approach "approach_9"/ });
  t.match(await run('approach_0', 'drain', '--write'), {
    exitCode: 3,
    stderr: /this file has no place for the table/,
  });
  t.match(await run('approach_0', 'drain'), { exitCode: 1, stderr: /has no machines/ });
});

t.test('power commands for machines outside the lab', async (t) => {
  const file = join(t.testdir(), 'log');
  const host: Host = { name: 'worker9', address: '10.0.0.9', groups: [], forwarded: {}, vars: {} };
  const words = (commands: PowerCommands) =>
    powerOf('here', { provider: 'static', ...commands }, () => undefined);
  const power = words({
    powerOff: `echo off $HOST >>'${file}'`,
    powerOn: `echo on $ADDRESS; echo no such plug >&2; exit 3`,
  });
  t.equal(power.restarts, true);
  await power.off(host);
  t.equal(readFileSync(file, 'utf8'), `off ${host.name}\n`);
  await t.rejects(power.on(host), /^worker9: .*exit code 3/);
  await t.rejects(words({}).off(host), /cannot switch them off/);
});
