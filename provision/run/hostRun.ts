import { hostname, userInfo } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { failure, unreachable } from '../errors.ts';
import type { Host } from '../host.ts';
import { type Facts, factsProbe } from '../language/facts.ts';
import type { Session } from '../shell/exchange.ts';
import { debtsProbe } from './debts.ts';
import { stopped } from './failures.ts';
import { HELD, takeLock } from './lock.ts';
import type { RunOptions } from './options.ts';
import { probesOf } from './probes.ts';

/** Seconds to wait for another run's lock: a killed run's last change may still be under way. */
const LOCK_SECONDS = 900;

/** A host in a run: what is known of it so far. */
export interface HostRun {
  readonly host: Host;
  readonly owed: Set<string>;
  readonly counts: { ok: number; changed: number; failed: number; unreachable: number; handlers: number };
  session?: Session;
  facts?: Facts;
  seconds: number;
  /** Out of the run: it failed, or could not be reached. */
  out: boolean;
}

export function newHostRun(host: Host): HostRun {
  const counts = { ok: 0, changed: 0, failed: 0, unreachable: 0, handlers: 0 };
  return { host, owed: new Set(), counts, seconds: 0, out: false };
}

/** The host's session and facts: connecting, the lock, the facts and what is owed are one exchange. */
export async function openHost(
  hostRun: HostRun,
  options: RunOptions,
): Promise<{ session: Session; facts: Facts }> {
  if (hostRun.session && hostRun.facts) return { session: hostRun.session, facts: hostRun.facts };
  if (options.stopping()) throw stopped();
  const { host } = hostRun;
  const progress = (message: string) => options.report({ event: 'progress', topic: host.name, message });
  const session = await options.open(host, progress);
  hostRun.session = session;
  const { scripts, read } = probesOf([
    { kind: 'facts', name: '', probe: factsProbe, plan: () => [] },
    { kind: 'debts', name: '', probe: debtsProbe, plan: () => [] },
  ]);
  const deadline = performance.now() + LOCK_SECONDS * 1000;
  for (;;) {
    const enter = options.check ? {} : { enter: takeLock(`${who()}, since ${new Date().toISOString()}`) };
    const { entered, probes, broken } = await session.exchange({ ...enter, steps: [], probes: scripts });
    if (entered && entered.code !== 0) {
      await lockHeld(entered, deadline, progress, options);
      continue;
    }
    if (broken) throw unreachable({ what: 'the host could not be looked at', said: broken.stderr });
    const [facts, owed] = read(probes) as [Facts, ReadonlySet<string>];
    for (const name of owed) hostRun.owed.add(name);
    hostRun.facts = facts;
    return { session, facts };
  }
}

async function lockHeld(
  { code, stdout, stderr }: { code: number; stdout: string; stderr: string },
  deadline: number,
  progress: (line: string) => void,
  options: RunOptions,
): Promise<void> {
  if (code !== HELD) throw failure({ what: 'the lock could not be taken', said: stdout + stderr });
  const holder = stdout.trim() || 'somebody who has not said who';
  if (options.stopping() || performance.now() > deadline) {
    throw failure({
      what: `another run holds this host's lock: ${holder}`,
      todo: 'wait for it to end; the lock ends with its connection',
    });
  }
  progress(`waiting for another run's lock to be released: ${holder}`);
  await wait(1000);
}

/** Who provisions, from where: what the lock and the journal say. */
export const who = () => `${userInfo().username}@${hostname()} (pid ${process.pid})`;
