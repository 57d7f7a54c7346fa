import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { didYouMean, exitCodes, inputError, ProvisionError } from '../errors.ts';
import type { Host } from '../host.ts';
import { type Extra, parseExtra } from '../input/extraVars.ts';
import { shown } from '../input/yaml.ts';
import type { Approach, Context } from '../language/approach.ts';
import { grouped } from '../language/groups.ts';
import { loadMachines, type Machine } from '../machines/machines.ts';
import type { Provider } from '../machines/provider.ts';
import type { Reporter } from '../report/events.ts';
import { reporterOf } from '../report/reporter.ts';
import { type Applied, dryRun } from '../run/dryRun.ts';
import { type Outcome, run } from '../run/run.ts';
import { secretStore } from '../run/secrets.ts';
import { urlOf, verify } from '../run/verify.ts';
import { type Arguments, parseArguments } from './arguments.ts';
import { interrupts } from './interrupts.ts';
import { limit } from './limit.ts';
import { askPassword } from './password.ts';
import { opener } from './sessions.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The whole command. Answers its exit code: 0 agreed, 1 failed, 2 differences, 3 bad input, 4 unreachable. */
export async function main(argv: readonly string[]): Promise<number> {
  const started = performance.now();
  let report = await reporterOf({ json: argv.includes('--json'), diff: false, verbose: false });
  let exitCode: number;
  let outcome: Outcome | undefined;
  let urls: readonly string[] = [];
  try {
    const args = parseArguments(argv);
    if (!args) return 0;
    report = await reporterOf(args);
    const plan = await prepare(args);
    if (args.list) return list(plan, args.json);
    const hosts = await plan.provider.hosts({
      approach: plan.name,
      machines: plan.machines,
      yes: args.yes,
      image: args.image,
      progress: (topic, message) => report({ event: 'progress', topic, message }),
    });
    outcome = await act(plan, hosts, args, report);
    exitCode = outcome.exitCode;
    urls = plan.approach.urls({ hosts: plan.grouped(hosts), url: urlOf });
    if (exitCode === 0 && asksAfterwards(args)) await verify(plan.approach, hosts, report);
  } catch (error) {
    exitCode = tell(error, report, argv.includes('-v') || argv.includes('--verbose'));
  }
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  report({
    event: 'recap',
    exitCode,
    urls: exitCode === 0 ? urls : [],
    hosts: outcome?.hosts ?? [],
    seconds,
  });
  return exitCode;
}

/** Everything that can be known, and be wrong, before a machine is brought up or contacted. */
interface Plan {
  readonly name: string;
  readonly approach: Approach;
  readonly machines: Readonly<Record<string, Machine>>;
  readonly provider: Provider;
  readonly extras: readonly Extra[];
  readonly applied: readonly Applied[];
  grouped(hosts: readonly Host[]): Readonly<Record<string, readonly Host[]>>;
}

async function prepare(args: Arguments): Promise<Plan> {
  const { name, folder } = find(args.approach);
  const machines = loadMachines(folder);
  const extras = args.extraVars.map(parseExtra);
  const { default: approach } = (await import(join(folder, 'index.ts'))) as { default: Approach };
  const { choose } = await import('../machines/choose.ts');
  const provider = await choose(args, name);
  const known =
    provider.name === 'static' ? await listed(provider, args, name, machines) : expected(machines);
  limit(args.limit, known);
  const others = args.rollback || args.decommission ? [approach.provision] : [];
  const applied = await dryRun(approach, known, extras, actionOf(approach, args), ...others);
  checkTags(args.tags, applied);
  return {
    name,
    approach,
    machines,
    provider,
    extras,
    applied,
    grouped: (hosts) => grouped(approach.groups, hosts),
  };
}

/** The hosts of an inventory: reading it contacts nothing. */
const listed = (
  provider: Provider,
  { yes, image }: Arguments,
  approach: string,
  machines: Readonly<Record<string, Machine>>,
) => provider.hosts({ approach, machines, yes, image, progress: () => undefined });

/** The hosts that machines.yml will become, as far as it says. */
const expected = (machines: Readonly<Record<string, Machine>>): Host[] =>
  Object.entries(machines).map(([name, { groups, address }]) => ({
    name,
    groups,
    address: '',
    forwarded: {},
    vars: {},
    ...(address === undefined ? {} : { privateAddress: address }),
  }));

/** An approach of this project by its name, or one that stands elsewhere by its folder: `./mine`. */
function find(name: string | undefined): { name: string; folder: string } {
  if (name !== undefined && (name.startsWith('.') || name.includes('/'))) return elsewhere(resolve(name));
  const folder = join(ROOT, 'approaches');
  const known = readdirSync(folder).filter((entry) => existsSync(join(folder, entry, 'index.ts')));
  if (name !== undefined && known.includes(name)) return { name, folder: join(folder, name) };
  const todo = `npm run provision -- ${known[0] ?? 'approach_0'}`;
  if (name === undefined) throw inputError({ what: `which approach? There are: ${known.join(', ')}`, todo });
  throw inputError({
    what: `there is no approach "${name}"${didYouMean(name, known)} (there are: ${known.join(', ')})`,
    todo,
  });
}

function elsewhere(folder: string): { name: string; folder: string } {
  if (existsSync(join(folder, 'index.ts'))) return { name: basename(folder), folder };
  throw inputError({
    place: shown(folder),
    what: 'there is no approach in this folder',
    why: 'expected index.ts and machines.yml',
  });
}

function checkTags(tags: readonly string[], applied: readonly Applied[]): void {
  const roles = [...new Set(applied.flatMap(({ calls }) => calls.map(({ role }) => role)))];
  for (const tag of tags) {
    if (roles.includes(tag)) continue;
    throw inputError({
      place: `--tags ${tag}`,
      what: `there is no role "${tag}"${didYouMean(tag, roles)}`,
      todo: `one of: ${roles.join(', ')}`,
    });
  }
}

function actionOf(approach: Approach, { decommission, rollback, purge }: Arguments) {
  if (decommission) return (context: Context<string>) => approach.decommission({ ...context, purge });
  if (!rollback) return (context: Context<string>) => approach.provision(context);
  const { rollback: back } = approach;
  if (!back) throw inputError({ place: '--rollback', what: 'this approach cannot go back' });
  return (context: Context<string>) => back(context);
}

async function act(plan: Plan, hosts: readonly Host[], args: Arguments, report: Reporter): Promise<Outcome> {
  const { name, approach, provider, extras } = plan;
  const names = hosts.map((host) => host.name);
  report({ event: 'start', approach: name, provider: provider.name, hosts: names, check: args.check });
  if (args.verify) {
    await verify(approach, hosts, report);
    return { hosts: [], exitCode: 0 };
  }
  const password = args.askBecomePass ? await askPassword() : undefined;
  const { stopping, signal, done } = interrupts(report);
  const { confirmer } = await import('./confirm.ts');
  try {
    return await run(approach, hosts, actionOf(approach, args), {
      check: args.check,
      limit: limit(args.limit, hosts),
      ...(args.tags.length > 0 ? { tags: new Set(args.tags) } : {}),
      extras,
      forks: args.step ? 1 : args.forks,
      stopping,
      report,
      open: opener(provider.name, signal, password),
      secret: secretStore(join(ROOT, '.secrets', `${name}.json`)),
      ...(args.step ? { confirm: confirmer() } : {}),
    });
  } finally {
    done();
  }
}

/** Whole runs only: a limited one need not have brought everything up. */
const asksAfterwards = ({ check, decommission, verify: only, tags, limit: to }: Arguments) =>
  !check && !decommission && !only && tags.length === 0 && to === 'all';

function list({ name, provider, applied }: Plan, json: boolean): number {
  const rows = applied.flatMap(({ hosts, calls }) =>
    calls.map(({ role }) => ({ role, hosts: hosts.map((host) => host.name) })),
  );
  if (json)
    process.stdout.write(
      `${JSON.stringify({ event: 'list', approach: name, provider: provider.name, roles: rows })}\n`,
    );
  else {
    process.stdout.write(`${name} (${provider.name})\n`);
    for (const { role, hosts } of rows) process.stdout.write(`  ${role.padEnd(14)} ${hosts.join(', ')}\n`);
  }
  return 0;
}

function tell(error: unknown, report: Reporter, verbose: boolean): number {
  const errors = error instanceof AggregateError ? error.errors : [error];
  for (const one of errors) {
    const known = one instanceof ProvisionError ? one : undefined;
    const message = one instanceof Error ? one.message : String(one);
    const { said, todo = known ? undefined : 'this is a defect: run again with -v and report it' } =
      known?.parts ?? {};
    const stack = verbose && one instanceof Error ? one.stack : undefined;
    const words = [said?.trim(), stack].filter(Boolean).join('\n');
    report({
      event: 'error',
      kind: known?.kind ?? 'failed',
      message,
      ...(words ? { said: words } : {}),
      ...(todo ? { todo } : {}),
    });
  }
  return Math.max(...errors.map((one) => (one instanceof ProvisionError ? exitCodes[one.kind] : 1)));
}
