import t from 'tap';
import { type Batch, batched, type Change, handler, type Resource } from '../language/resource.ts';
import type { Session } from '../shell/exchange.ts';
import { sh } from '../shell/sh.ts';
import { becomeRoot } from '../testing/root.ts';
import { ask, scratchSession } from '../testing/scratch.ts';
import { converge, type Options } from './converge.ts';
import { debtsProbe } from './debts.ts';
import type { Part } from './items.ts';

const skip = becomeRoot();

/** A file that should exist: the smallest resource there is. */
const touched = (path: string, more: Partial<Resource<boolean>> = {}): Resource<boolean> => ({
  kind: 'touched',
  name: path,
  probe: { script: sh`if [ -e ${path} ]; then echo yes; fi`, read: ({ stdout }) => stdout === 'yes\n' },
  plan: (there) => (there ? [] : [{ summary: 'create', script: sh`: >${path}` }]),
  ...more,
});

/** The same, probed in a batch. */
const batch: Batch<string, boolean> = {
  name: 'exists',
  script: (paths) => sh`for f in ${[...paths]}; do if [ -e "$f" ]; then echo yes; else echo no; fi; done`,
  read: ({ stdout }) =>
    stdout
      .trim()
      .split('\n')
      .map((word) => word === 'yes'),
};
const inBatch = (path: string): Resource<boolean> => ({ ...touched(path), probe: batched(batch, path) });

interface Heard {
  lines: string[];
  trips: number;
}

async function go(session: Session, parts: readonly Part[], more: Partial<Options> = {}): Promise<Heard> {
  const lines: string[] = [];
  const before = session.roundTrips;
  await converge(parts, {
    session,
    reboot: () => Promise.reject(new Error('no resource reboots')),
    check: false,
    owed: new Set(),
    stopping: () => false,
    by: 'test',
    listener: {
      role: () => undefined,
      resource: (_role, { name }, { status, predicted }) =>
        lines.push(`${status}${predicted ? '?' : ''} ${name}`),
      handler: (_role, { name }, status) => lines.push(`${status} ${name}`),
      progress: (_role, line) => lines.push(line),
    },
    ...more,
  });
  return { lines, trips: session.roundTrips - before };
}

const names = (count: number, folder: string) => Array.from({ length: count }, (_, i) => `${folder}/f${i}`);
const parts = (resources: readonly Resource[]) => [{ role: 'r', resources }];

t.test('after a reboot, the rest happens in another session', { skip }, async (t) => {
  const [before, after] = [scratchSession(), scratchSession()];
  for (const one of [before, after]) t.teardown(() => one.close());
  const [first = '', second = '', third = ''] = names(3, t.testdir());
  const all = [touched(first), touched(second, { reboots: true, timeout: 7 }), touched(third)];
  const asked: number[] = [];
  const reboot = async (seconds: number) => {
    asked.push(seconds);
    await before.close();
    return after;
  };
  const { lines } = await go(before, parts(all), { reboot });
  t.strictSame(asked, [7], 'once, with the time limit of the resource');
  t.strictSame(
    lines,
    all.map(({ name }) => `changed ${name}`),
  );
  t.equal(after.roundTrips, 2, 'the probes of the second, and the change of the third');
  t.strictSame((await go(after, parts(all))).lines[1], `ok ${second}`, 'no reboot without a change');
});

t.test('the number of round trips', { skip }, async (t) => {
  for (const [make, what] of [
    [touched, 'own scripts'],
    [inBatch, 'a batch'],
  ] as const) {
    const session = scratchSession();
    t.teardown(() => session.close());
    const all = names(60, t.testdir()).map((path) => make(path));
    const first = await go(session, parts(all));
    t.equal(first.trips, 61, `${what}: one probe and one exchange per change`);
    const second = await go(session, parts(all));
    t.equal(second.trips, 1, `${what}: a converged apply is one round trip`);
    t.strictSame(
      second.lines,
      all.map(({ name }) => `ok ${name}`),
    );
    await ask(session, sh`rm ${`${t.testdirName}/f3`}`);
    const third = await go(session, parts(all));
    t.equal(third.lines.filter((line) => line.startsWith('changed')).join(), `changed ${t.testdirName}/f3`);
    t.equal(third.trips, 7, `${what}: one probe, one change that probes two resources, then 2, 4, 8, 16, 32`);
  }
});

t.test('no decision is made on anything seen before the last change', { skip }, async (t) => {
  const session = scratchSession();
  t.teardown(() => session.close());
  const [a = '', b = ''] = names(2, t.testdir());
  const both = touched(a, {
    plan: (there) => (there ? [] : [{ summary: 'create', script: sh`: >${a}; : >${b}` }]),
  } as Partial<Resource<boolean>>);
  const { lines } = await go(session, parts([both, touched(b)]));
  t.strictSame(lines, [`changed ${a}`, `ok ${b}`]);
});

t.test('--check changes nothing and marks predictions', { skip }, async (t) => {
  const session = scratchSession();
  t.teardown(() => session.close());
  const [a = '', b = '', c = ''] = names(3, t.testdir());
  await ask(session, sh`: >${a}`);
  const reload = handler('reload', sh`false`);
  const wanted = parts([touched(a), touched(b, { notify: [reload] }), touched(a), touched(c)]);
  const { lines, trips } = await go(session, wanted, { check: true });
  t.strictSame(lines, [`ok ${a}`, `pending ${b}`, `ok? ${a}`, `pending? ${c}`, 'pending reload']);
  t.equal(trips, 1);
  t.equal(await ask(session, sh`ls ${t.testdirName}; ls /var/log /var/lib`), 'f0\n/var/lib:\n\n/var/log:\n');
});

t.test('a handler runs once, at the end of its role, and its debt outlives a crash', { skip }, async (t) => {
  const session = scratchSession();
  t.teardown(() => session.close());
  const folder = t.testdir();
  const [a = '', b = '', c = ''] = names(3, folder);
  const good = handler('reload', sh`echo x >>${`${folder}/ran`}; exit 0`);
  const bad = handler('reload', sh`echo broken >&2; false`);
  const wanted = (reload: ReturnType<typeof handler>): Part[] => [
    { role: 'one', resources: [touched(a, { notify: [reload] }), touched(b, { notify: [reload] })] },
    { role: 'two', resources: [touched(c)] },
  ];
  await t.rejects(go(session, wanted(bad)), /one: handler reload: reload failed: exit code 1/);
  const { probes } = await session.exchange({
    steps: [],
    probes: ['script' in debtsProbe ? debtsProbe.script : sh`:`],
  });
  t.equal(probes[0]?.stdout, 'one%3A%20reload\n', 'the debt is recorded on the host');
  const second = await go(session, wanted(good), { owed: new Set(['one%3A%20reload']) });
  t.strictSame(second.lines, [`ok ${a}`, `ok ${b}`, 'ran reload', `changed ${c}`]);
  t.equal(await ask(session, sh`cat ${`${folder}/ran`}; ls /var/lib/provision/owed`), 'x\n');
  const third = await go(session, wanted(good));
  t.strictSame(third.lines, [`ok ${a}`, `ok ${b}`, `ok ${c}`]);
});

t.test('a host keeps a log of its changes', { skip }, async (t) => {
  const session = scratchSession();
  t.teardown(() => session.close());
  const [a = ''] = names(1, t.testdir());
  await go(session, parts([touched(a)]));
  t.match(
    await ask(session, sh`cat /var/log/provision.log`),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ test r: touched .*f0: create\n$/,
  );
});

t.test('an error names the place, the output of the host and what to do', { skip }, async (t) => {
  const change = (script: ReturnType<typeof sh>): readonly Change[] => [{ summary: 'try', script }];
  const table = [
    ['fails', change(sh`echo why >&2; exit 4`), 600, /r: touched f: try failed: exit code 4/, /^why\n$/],
    [
      'full disk',
      change(sh`echo 'x: No space left on device' >&2; exit 1`),
      600,
      /try failed/,
      /No space left on device/,
    ],
    ['too slow', change(sh`sleep 20`), 1, /did not finish within 1 s and was killed/, /^$/],
    ['has no effect', change(sh`:`), 600, /the change was applied, but the host still differs/, /^$/],
  ] as const;
  for (const [what, changes, timeout, message, words] of table) {
    const session = scratchSession();
    const resource = touched('f', { plan: () => changes, timeout });
    const error = await go(session, parts([resource])).then(
      () => undefined,
      (failed) => failed,
    );
    t.match(error, { message, parts: { todo: String } }, what);
    t.match(String(error.parts.said ?? ''), words, `${what}: the host's own words`);
    await session.close();
  }
});

t.test('a run that is asked to stop ends between two changes', { skip }, async (t) => {
  const session = scratchSession();
  t.teardown(() => session.close());
  const [a = '', b = ''] = names(2, t.testdir());
  let asked = 0;
  const stopping = () => asked++ > 0;
  await t.rejects(go(session, parts([touched(a), touched(b)]), { stopping }), /stopped as requested/);
  t.equal(await ask(session, sh`ls ${t.testdirName}`), 'f0\n');
});
