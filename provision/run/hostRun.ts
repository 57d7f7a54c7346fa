import { hostname, userInfo } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { failure, unreachable } from '../errors.ts';
import type { Host } from '../host.ts';
import { type Facts, factsProbe } from '../language/facts.ts';
import type { Seen, Session } from '../shell/exchange.ts';
import type { Script } from '../shell/sh.ts';
import { debtsProbe } from './debts.ts';
import { stopped } from './failures.ts';
import { HELD, takeLock } from './lock.ts';
import type { RunOptions } from './options.ts';
import { probesOf } from './probes.ts';

/** Seconds to wait for the lock of another run: after a run is killed, its last change may still be in progress. */
const LOCK_SECONDS = 900;

/** One host in a run, and what is known about it so far. */
export interface HostRun {
  readonly host: Host;
  readonly owed: Set<string>;
  readonly counts: { ok: number; changed: number; failed: number; unreachable: number; handlers: number };
  session?: Session | undefined;
  facts?: Facts | undefined;
  /** Round trips of sessions that a reboot has ended. */
  roundTrips: number;
  seconds: number;
  /** Left out of the rest of the run, because it failed or could not be reached. */
  out: boolean;
}

export function newHostRun(host: Host): HostRun {
  const counts = { ok: 0, changed: 0, failed: 0, unreachable: 0, handlers: 0 };
  return { host, owed: new Set(), counts, roundTrips: 0, seconds: 0, out: false };
}

/** A host whose session is open. */
export interface Opened {
  readonly session: Session;
  readonly facts: Facts;
  /** What the script given to `openHost` printed, if its exchange was the session's first. */
  readonly seen?: Seen | undefined;
}

/**
 * Opens the session of a host, once. The first exchange takes the lock, reads the facts and the debts, and runs another
 * script that reads something, if there is one.
 */
export async function openHost(hostRun: HostRun, options: RunOptions, also?: Script): Promise<Opened> {
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
  const all = also ? [...scripts, also] : scripts;
  const deadline = performance.now() + LOCK_SECONDS * 1000;
  for (;;) {
    const enter = options.check ? {} : { enter: takeLock(`${who()}, since ${new Date().toISOString()}`) };
    const { entered, probes, broken } = await session.exchange({ ...enter, steps: [], probes: all });
    if (entered && entered.code !== 0) {
      await lockHeld(entered, deadline, progress, options);
      continue;
    }
    if (broken)
      throw unreachable({
        what: 'the facts of the host could not be read',
        said: broken.stderr,
        todo: 'use a machine with Debian or Ubuntu, and check that its disk is not full',
      });
    const [facts, owed] = read(probes) as [Facts, ReadonlySet<string>];
    for (const name of owed) hostRun.owed.add(name);
    hostRun.facts = facts;
    return { session, facts, seen: probes[scripts.length] };
  }
}

async function lockHeld(
  { code, stdout, stderr }: { code: number; stdout: string; stderr: string },
  deadline: number,
  progress: (line: string) => void,
  options: RunOptions,
): Promise<void> {
  if (code !== HELD)
    throw failure({
      what: 'the lock on the host could not be taken',
      said: stdout + stderr,
      todo: 'check that /run on the host is writable and that flock (package util-linux) is installed',
    });
  const holder = stdout.trim() || 'an unknown user';
  if (holder.startsWith(`${who()},`))
    throw failure({
      what: 'this machine is also another host of this run, under another name',
      todo: 'list each machine once',
    });
  if (options.stopping() || performance.now() > deadline) {
    throw failure({
      what: `another run holds the lock on this host: ${holder}`,
      todo: 'wait until it ends; the lock is released when its connection closes',
    });
  }
  progress(`waiting for another run to release its lock: ${holder}`);
  await wait(1000);
}

/** Who runs this, and from where. The lock and the log on the host name it. */
export const who = () => `${userInfo().username}@${hostname()} (pid ${process.pid})`;
