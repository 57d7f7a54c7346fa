import { failure, ProvisionError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Approach, Context } from '../language/approach.ts';
import type { Facts } from '../language/facts.ts';
import { grouped } from '../language/groups.ts';
import type { RoleCall } from '../language/role.ts';
import type { HostRecap } from '../report/events.ts';
import { warnings } from '../report/warnings.ts';
import type { Script } from '../shell/sh.ts';
import { converge, type Listener } from './converge.ts';
import { type HostRun, newHostRun, openHost, who } from './hostRun.ts';
import { layersOf } from './inputCheck.ts';
import { type Part, title } from './items.ts';
import type { RunOptions } from './options.ts';
import { pool } from './pool.ts';
import { reboot } from './reboot.ts';
import { redacted } from './redaction.ts';
import { verify } from './verify.ts';

/** Ends an approach's code when no host is left to work on. The failures have been reported already. */
class NobodyLeft extends Error {}

export interface Outcome {
  readonly hosts: readonly HostRecap[];
  /** 0 converged, 1 failed, 2 `--check` found differences, 4 unreachable. */
  readonly exitCode: number;
}

/**
 * Runs one of an approach's actions on its hosts. A host that fails is left out of the rest of the run; all others
 * continue to the end.
 */
export async function run<G extends string>(
  approach: Approach<G>,
  hosts: readonly Host[],
  action: (context: Context<G>) => Promise<void>,
  given: RunOptions,
): Promise<Outcome> {
  const options = redacted(given);
  const hostRuns = new Map(hosts.map((host) => [host.name, newHostRun(host)]));
  const { limit } = options;
  const context: Context<G> = {
    hosts: grouped(approach.groups, hosts),
    environments: approach.environments ?? [],
    secret: options.secret,
    secrets: options.secrets,
    artefact: (make) => make(),
    variables: (host, call) => call.resolve(layersOf(call, host, options.extras)).vars,
    warn: warnings(options.report),
    say: (message) => options.report({ event: 'note', message }),
    confirm: async (question) => {
      if (!options.check) await options.ask(question);
    },
    verify: async (environment) => {
      if (!options.check)
        await verify({ ...approach, environments: [environment] }, hosts, options.report, options.open);
    },
    apply: async (to, ...calls) => {
      const wanted = calls.filter(({ role }) => options.tags?.has(role) ?? true);
      const targets = [to].flat().filter(({ name }) => limit.has(name));
      if (wanted.length === 0 || targets.length === 0) return;
      const alive = targets.flatMap(({ name }) => hostRuns.get(name) ?? []).filter(({ out }) => !out);
      await pool(alive, options.forks, (hostRun) =>
        guarded(hostRun, options, () => applyTo(hostRun, wanted, options)),
      );
      if (options.stopping() || alive.every(({ out }) => out)) throw new NobodyLeft();
    },
    remaining: (of) => of.filter(({ name }) => limit.has(name) && hostRuns.get(name)?.out === false),
    read: async (host, script) => {
      let value = '';
      await one(hostRuns, host, options, async (hostRun) => {
        value = await readFrom(hostRun, script, options);
      });
      return value;
    },
    facts: async (host) => {
      let facts: Facts | undefined;
      await one(hostRuns, host, options, async (hostRun) => {
        facts = (await openHost(hostRun, options)).facts;
      });
      return facts as Facts;
    },
  };
  try {
    await action(context);
  } catch (error) {
    if (!(error instanceof NobodyLeft)) throw error;
  } finally {
    await Promise.all([...hostRuns.values()].map(({ session }) => session?.close()));
  }
  return outcome([...hostRuns.values()], options);
}

async function one(
  hostRuns: ReadonlyMap<string, HostRun>,
  host: Host,
  options: RunOptions,
  work: (hostRun: HostRun) => Promise<void>,
): Promise<void> {
  const hostRun = hostRuns.get(host.name);
  if (hostRun && !hostRun.out) await guarded(hostRun, options, () => work(hostRun));
  if (!hostRun || hostRun.out) throw new NobodyLeft();
}

/** Does some work on a host and measures the time. An error takes the host out of the run. */
async function guarded(hostRun: HostRun, options: RunOptions, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await work();
  } catch (error) {
    hostRun.out = true;
    if (!(error instanceof ProvisionError)) throw error;
    if (error.kind === 'unreachable') hostRun.counts.unreachable++;
    else hostRun.counts.failed++;
    const { said, todo } = error.parts;
    const host = hostRun.host.name;
    options.report({
      event: 'error',
      host,
      kind: error.kind,
      message: error.message.startsWith(`${host}: `) ? error.message.slice(host.length + 2) : error.message,
      ...(said ? { said: said.trim() } : {}),
      ...(todo ? { todo } : {}),
    });
  } finally {
    hostRun.seconds += (performance.now() - start) / 1000;
  }
}

async function applyTo(hostRun: HostRun, calls: readonly RoleCall[], options: RunOptions): Promise<void> {
  const { session, facts } = await openHost(hostRun, options);
  const { host, owed } = hostRun;
  const parts: Part[] = calls.map((call) => ({
    role: call.role,
    resources: call.resolve(layersOf(call, host, options.extras)).resources(facts, host),
  }));
  await converge(parts, {
    session,
    reboot: (seconds) => reboot(hostRun, options, seconds),
    owed,
    check: options.check,
    stopping: options.stopping,
    by: who(),
    listener: listenerOf(hostRun, options),
  });
}

function listenerOf({ host, counts }: HostRun, { report, confirm }: RunOptions): Listener {
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

async function readFrom(hostRun: HostRun, script: Script, options: RunOptions): Promise<string> {
  const opened = await openHost(hostRun, options, script);
  const { probes, broken } = opened.seen
    ? { probes: [opened.seen] }
    : await opened.session.exchange({ steps: [], probes: [script] });
  const [seen] = probes;
  if (seen?.code === 0 && !broken) return seen.stdout.trim();
  throw failure({
    what: 'the approach could not read a value from the host',
    why: `exit code ${(broken ?? seen)?.code}`,
    said: (broken ?? seen)?.stderr ?? '',
    todo: 'fix the cause on the host, then run again',
  });
}

function outcome(hostRuns: readonly HostRun[], { check, stopping }: RunOptions): Outcome {
  const hosts = hostRuns.map(({ host, counts, session, roundTrips, seconds }) => ({
    host: host.name,
    ...counts,
    roundTrips: roundTrips + (session?.roundTrips ?? 0),
    seconds: Number(seconds.toFixed(3)),
  }));
  const any = (key: 'failed' | 'unreachable' | 'changed') => hosts.some((host) => host[key] > 0);
  const differs = check && (any('changed') || hosts.some(({ handlers }) => handlers > 0));
  const exitCode = any('failed') || stopping() ? 1 : any('unreachable') ? 4 : differs ? 2 : 0;
  return { hosts, exitCode };
}
