import { join } from 'node:path';
import t from 'tap';
import { z } from 'zod';
import { inputError } from '../errors.ts';
import type { Host } from '../host.ts';
import { parseExtra } from '../input/extraVars.ts';
import { type Approach, approach, type Context } from '../language/approach.ts';
import { role } from '../language/role.ts';
import type { Event } from '../report/events.ts';
import type { Seen, Session } from '../shell/exchange.ts';
import { secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { who } from './hostRun.ts';
import { checkInput } from './inputCheck.ts';
import { run } from './run.ts';

/** A role that only has variables. */
const name = 'sized';
const folder = join(t.testdir({ [name]: { 'defaults.yml': 'mode: null\nsize: 1\n' } }), name);
const vars = z.strictObject({ mode: z.string().nullable(), size: z.int() });
const sized = role({ folder, vars, tasks: () => [] });

const host = (own: Host['vars'] = {}): Host => ({
  name: 'a',
  address: '127.0.0.1',
  groups: ['app'],
  forwarded: {},
  vars: own,
});

/** An approach that looks at its own variables, and warns. */
const looking = (seen: unknown[]): Approach<'app'> =>
  approach({
    groups: ['app'],
    async provision({ hosts, apply, variables, warn }) {
      const [first] = hosts.app;
      if (first) seen.push(variables(first, sized({ size: 2 })));
      warn('one');
      warn('two');
      warn('one');
      await apply(hosts.app, sized({ size: 2 }));
    },
    verify: async () => undefined,
    decommission: async () => undefined,
    urls: () => [],
  });

const layers: [string, Host['vars'], string[], object][] = [
  ['the call is above the defaults', {}, [], { mode: null, size: 2 }],
  ["the host's own are above the call", { [name]: { size: 3 } }, [], { mode: null, size: 3 }],
  ['-e is above all', { [name]: { size: 3 } }, [`${name}.size=4`, `${name}.mode=x`], { mode: 'x', size: 4 }],
];

t.test(
  'before the first connection, variables have their final values, and no warning is shown',
  async (t) => {
    for (const [words, own, given, expected] of layers) {
      const seen: unknown[] = [];
      const { provision } = looking(seen);
      await checkInput(looking(seen), [host(own)], given.map(parseExtra), provision);
      t.strictSame(seen, [expected], words);
    }
  },
);

t.test('one error lists all wrong variables, even if the approach reads them first', async (t) => {
  const seen: unknown[] = [];
  const wrong = [`${name}.size=x`, `${name}.mode=1`].map(parseExtra);
  await t.rejects(checkInput(looking(seen), [host()], wrong, looking(seen).provision), {
    message:
      /mode: expected a string, found the number 1 \(text that looks like a number .*\)\n.*size: expected a number, found "x"/,
  });
  t.strictSame(seen, [{ mode: null, size: 2 }]);
});

t.test('files that a role needs are checked before the first connection', async (t) => {
  const broken = { 'defaults.yml': '{}\n', templates: { 'x.hbs': '{{#if x}}' } };
  const templated = join(t.testdir({ templated: broken }), 'templated');
  const tasks = () => [];
  const check = () => {
    throw inputError({ place: 'values.yaml:1', what: 'wrong' });
  };
  const table: [object, RegExp][] = [
    [role({ folder: templated, vars: z.strictObject({}), tasks })(), /x\.hbs:1: Parse error/],
    [role({ folder, vars, tasks, check })(), /values\.yaml:1: wrong/],
  ];
  for (const [call, message] of table) {
    const provision = ({ hosts, apply }: Context<'app'>) =>
      apply(hosts.app, call as ReturnType<typeof sized>);
    await t.rejects(checkInput(looking([]), [host()], [], provision), { kind: 'input', message });
  }
});

t.test('in a run: the same variables, and each warning once', async (t) => {
  for (const [words, own, given, expected] of layers) {
    const [seen, events]: [unknown[], Event[]] = [[], []];
    const { provision } = looking(seen);
    const action = (context: Context<'app'>) => provision({ ...context, apply: async () => undefined });
    const { exitCode } = await run(looking(seen), [host(own)], action, {
      check: false,
      limit: new Set(),
      extras: given.map(parseExtra),
      forks: 1,
      stopping: () => false,
      report: (event) => void events.push(event),
      open: () => Promise.reject(new Error('nobody is contacted')),
      secret: () => secret('x'),
      secrets: () => Promise.reject(new Error('no environments')),
      ask: () => Promise.reject(new Error('nobody is asked')),
    });
    t.strictSame([exitCode, seen], [0, [expected]], words);
    const warnings = ['one', 'two'].map((message) => ({ event: 'warning', message }));
    t.strictSame(events, warnings, 'each once');
  }
});

/** A session that answers like a host with Debian, and counts the exchanges. `entered` is the answer to the lock. */
function fakeSession(entered?: Seen) {
  const facts = 'distribution=debian\nversion=13\n';
  const session: Session & { roundTrips: number } = {
    roundTrips: 0,
    exchange: async ({ enter, probes }) => {
      session.roundTrips++;
      return {
        ...(enter ? { entered: entered ?? { code: 0, stdout: '', stderr: '' } } : {}),
        steps: [],
        probes: probes.map(({ text }) => {
          const stdout = text.includes('os-release') ? facts : text.startsWith('echo ') ? text.slice(5) : '';
          return { code: 0, stdout, stderr: '' };
        }),
      };
    },
    upload: () => Promise.reject(new Error('nothing is uploaded')),
    abort: () => undefined,
    close: async () => undefined,
  };
  return session;
}

/** Runs some code on one host that has this session. */
async function ranOn(session: Session, provision: Approach<'app'>['provision']) {
  const events: Event[] = [];
  const definition = { ...looking([]), provision };
  const { exitCode, hosts } = await run(definition, [host()], provision, {
    check: false,
    limit: new Set(['a']),
    extras: [],
    forks: 1,
    stopping: () => false,
    report: (event) => void events.push(event),
    open: async () => session,
    secret: () => secret('x'),
    secrets: () => Promise.reject(new Error('no environments')),
    ask: () => Promise.reject(new Error('nobody is asked')),
  });
  return { exitCode, events, roundTrips: hosts[0]?.roundTrips };
}

t.test('the first exchange with a host also reads what the approach asks first', async (t) => {
  const seen: string[] = [];
  const { roundTrips } = await ranOn(fakeSession(), async ({ hosts, facts, read }) => {
    const [first] = hosts.app as [Host];
    seen.push(await read(first, sh`echo one`), (await facts(first)).version, await read(first, sh`echo two`));
  });
  t.strictSame(seen, ['one', '13', 'two']);
  t.equal(roundTrips, 2);
});

t.test('a machine that is listed twice does not wait for itself', async (t) => {
  const held = { code: 75, stdout: `${who()}, since 2026-01-01T00:00:00.000Z\n`, stderr: '' };
  const { exitCode, events } = await ranOn(fakeSession(held), async ({ hosts, read }) => {
    await read(hosts.app[0] as Host, sh`echo one`);
  });
  t.equal(exitCode, 1);
  t.match(events, [{ event: 'error', host: 'a', message: /also another host of this run/, todo: /once/ }]);
});

t.test('what the code says, asks and verifies, in one environment', async (t) => {
  const both = approach<'app', 'staging' | 'production'>({
    groups: ['app'],
    environments: ['staging', 'production'],
    async provision({ environments, say, confirm, verify }) {
      say(`in ${environments.join(', ')}`);
      await verify('staging');
      await confirm('go on?');
      say('it goes on');
    },
    verify: async ({ environments }) => void seen.push(`verify ${environments.join()}`),
    decommission: async () => undefined,
    urls: () => [],
  });
  const seen: string[] = [];
  const ran = (check: boolean, answer: string) => {
    seen.length = 0;
    return run(
      { ...both, environments: ['production'] },
      [host()],
      (context) => both.provision(context as never),
      {
        check,
        limit: new Set(),
        extras: [],
        forks: 1,
        stopping: () => false,
        report: (event) => void seen.push(event.event === 'note' ? event.message : event.event),
        open: () => Promise.reject(new Error('nobody is contacted')),
        secret: () => secret('x'),
        secrets: () => Promise.reject(new Error('no secrets')),
        ask: async (question) => {
          seen.push(question);
          if (answer !== 'y') throw new Error('cancelled');
        },
      },
    );
  };
  t.match(await ran(false, 'y'), { exitCode: 0 });
  t.strictSame(seen, ['in production', 'verify staging', 'go on?', 'it goes on']);
  await t.rejects(ran(false, 'n'), /cancelled/);
  t.equal(seen.at(-1), 'go on?');
  await ran(true, 'n');
  t.strictSame(seen, ['in production', 'it goes on'], 'a dry run asks nothing, and sends no requests');
});
