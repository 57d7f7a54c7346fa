import type { Approach, Context } from './approach.ts';
import { converge, type Listener, type Part, title } from './converge.ts';
import { failure, ProvisionError } from './errors.ts';
import type { Extra } from './extra.ts';
import type { Facts } from './facts.ts';
import type { Host } from './machines/provider.ts';
import { masked } from './masked.ts';
import { type Member, newMember, opened, who } from './member.ts';
import { pool } from './pool.ts';
import type { HostRecap, Reporter } from './report/events.ts';
import type { Change, Resource } from './resource.ts';
import type { RoleCall } from './role.ts';
import type { Session } from './session.ts';
import type { Secret } from './shell/secret.ts';
import type { Script } from './shell/sh.ts';
import { grouped, layersOf } from './walk.ts';

export interface RunOptions {
  readonly check: boolean;
  /** The hosts that `apply` may touch. */
  readonly limit: readonly Host[];
  /** The roles that `apply` may apply; all when absent. */
  readonly tags?: ReadonlySet<string>;
  readonly extras: readonly Extra[];
  /** How many hosts are worked on side by side. */
  readonly forks: number;
  /** True after the first Ctrl-C. */
  readonly stopping: () => boolean;
  readonly report: Reporter;
  readonly open: (host: Host, progress: (line: string) => void) => Promise<Session>;
  readonly secret: (name: string) => Secret;
  readonly confirm?: (
    host: string,
    role: string,
    resource: Resource,
    changes: readonly Change[],
  ) => Promise<boolean>;
}

/** Ends an approach's code when there is no host left to go on with; it has been reported already. */
class NobodyLeft extends Error {}

export interface Outcome {
  readonly hosts: readonly HostRecap[];
  /** 0 agreement, 1 failed, 2 `--check` found differences, 4 unreachable. */
  readonly exitCode: number;
}

/**
 * Runs one of an approach's actions over its hosts. A host that fails is left out of the rest; all others are
 * heard to the end.
 */
export async function run<G extends string>(
  approach: Approach<G>,
  hosts: readonly Host[],
  action: (context: Context<G>) => Promise<void>,
  given: RunOptions,
): Promise<Outcome> {
  const options = masked(given);
  const members = new Map(hosts.map((host) => [host.name, newMember(host)]));
  const limited = new Set(options.limit.map(({ name }) => name));
  const context: Context<G> = {
    hosts: grouped(approach.groups, hosts),
    secret: options.secret,
    artefact: (make) => make(),
    apply: async (to, ...calls) => {
      const wanted = calls.filter(({ role }) => options.tags?.has(role) ?? true);
      const targets = [to].flat().filter(({ name }) => limited.has(name));
      if (wanted.length === 0 || targets.length === 0) return;
      const alive = targets.flatMap(({ name }) => members.get(name) ?? []).filter(({ out }) => !out);
      await pool(alive, options.forks, (member) =>
        guarded(member, options, () => applyTo(member, wanted, options)),
      );
      if (options.stopping() || alive.every(({ out }) => out)) throw new NobodyLeft();
    },
    remaining: (of) => of.filter(({ name }) => limited.has(name) && members.get(name)?.out === false),
    read: async (host, script) => {
      let value = '';
      await one(members, host, options, async (member) => {
        value = await readFrom(member, script, options);
      });
      return value;
    },
    facts: async (host) => {
      let facts: Facts | undefined;
      await one(members, host, options, async (member) => {
        facts = (await opened(member, options)).facts;
      });
      return facts as Facts;
    },
  };
  try {
    await action(context);
  } catch (error) {
    if (!(error instanceof NobodyLeft)) throw error;
  } finally {
    await Promise.all([...members.values()].map(({ session }) => session?.close()));
  }
  return outcome([...members.values()], options);
}

async function one(
  members: ReadonlyMap<string, Member>,
  host: Host,
  options: RunOptions,
  work: (member: Member) => Promise<void>,
): Promise<void> {
  const member = members.get(host.name);
  if (member && !member.out) await guarded(member, options, () => work(member));
  if (!member || member.out) throw new NobodyLeft();
}

/** Does something on a host and keeps the time; what goes wrong takes the host out of the run. */
async function guarded(member: Member, options: RunOptions, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await work();
  } catch (error) {
    member.out = true;
    if (!(error instanceof ProvisionError)) throw error;
    if (error.kind === 'unreachable') member.counts.unreachable++;
    else member.counts.failed++;
    const { said, todo } = error.parts;
    const host = member.host.name;
    options.report({
      event: 'error',
      host,
      kind: error.kind,
      message: error.message.startsWith(`${host}: `) ? error.message.slice(host.length + 2) : error.message,
      ...(said ? { said: said.trim() } : {}),
      ...(todo ? { todo } : {}),
    });
  } finally {
    member.seconds += (performance.now() - start) / 1000;
  }
}

async function applyTo(member: Member, calls: readonly RoleCall[], options: RunOptions): Promise<void> {
  const { session, facts } = await opened(member, options);
  const { host, owed } = member;
  const parts: Part[] = calls.map((call) => ({
    role: call.role,
    resources: call.resolve(layersOf(call, host, options.extras)).resources(facts, host),
  }));
  await converge(parts, {
    session,
    owed,
    check: options.check,
    stopping: options.stopping,
    by: who(),
    listener: listenerOf(member, options),
  });
}

function listenerOf({ host, counts }: Member, { report, confirm }: RunOptions): Listener {
  return {
    role: (role) => report({ event: 'role', host: host.name, role }),
    resource: (role, resource, { status, predicted, changes, seconds }) => {
      if (status === 'changed' || status === 'pending') counts.changed++;
      else counts.ok++;
      const shown = changes.map(({ summary, diff }) => ({ summary, ...(diff ? { diff } : {}) }));
      const named = { event: 'resource', host: host.name, role, resource: title(resource) } as const;
      report({ ...named, status, predicted, changes: shown, seconds });
    },
    handler: (role, { name }, status, seconds) => {
      counts.handlers++;
      report({ event: 'handler', host: host.name, role, handler: name, status, seconds });
    },
    progress: (role, line) => report({ event: 'progress', topic: `${host.name}: ${role}`, message: line }),
    ...(confirm ? { confirm: (role, resource, changes) => confirm(host.name, role, resource, changes) } : {}),
  };
}

async function readFrom(member: Member, script: Script, options: RunOptions): Promise<string> {
  const { session } = await opened(member, options);
  const { probes, broken } = await session.exchange({ steps: [], probes: [script] });
  const [seen] = probes;
  if (seen?.code === 0 && !broken) return seen.stdout.trim();
  throw failure({ what: 'a value could not be read', said: (broken ?? seen)?.stderr ?? '' });
}

function outcome(members: readonly Member[], { check, stopping }: RunOptions): Outcome {
  const hosts = members.map(({ host, counts, session, seconds }) => ({
    host: host.name,
    ...counts,
    roundTrips: session?.roundTrips ?? 0,
    seconds: Number(seconds.toFixed(3)),
  }));
  const any = (key: 'failed' | 'unreachable' | 'changed') => hosts.some((host) => host[key] > 0);
  const differs = check && (any('changed') || hosts.some(({ handlers }) => handlers > 0));
  const exitCode = any('failed') || stopping() ? 1 : any('unreachable') ? 4 : differs ? 2 : 0;
  return { hosts, exitCode };
}
