import { setTimeout as wait } from 'node:timers/promises';
import { failure, ProvisionError, unreachable } from '../errors.ts';
import type { Session } from '../shell/exchange.ts';
import { sh } from '../shell/sh.ts';
import { stopped } from './failures.ts';
import { type HostRun, openHost } from './hostRun.ts';
import type { RunOptions } from './options.ts';

/** In memory, so it is gone once the host has rebooted. The boot id is not enough: containers have their computer's. */
const MARKER = '/run/provision-rebooting';
/** Milliseconds between two attempts to reach a host that reboots. */
const PAUSE = 1000;

/**
 * Reboots a host and opens its session again, with the lock and the facts.
 *
 * @throws ProvisionError (failed) if the host refuses to reboot, (unreachable) if it does not come back in time
 */
export async function reboot(hostRun: HostRun, options: RunOptions, seconds: number): Promise<Session> {
  const end = performance.now() + seconds * 1000;
  await request(hostRun);
  options.report({ event: 'progress', topic: hostRun.host.name, message: 'rebooting' });
  for (;;) {
    await wait(PAUSE);
    leave(hostRun);
    if (options.stopping()) throw stopped();
    const found = await attempt(hostRun, options);
    if (!(found instanceof ProvisionError)) return found;
    if (performance.now() > end) throw late(seconds, found);
  }
}

/** The connection may break before the reply, and a signal may end the shell. */
async function request({ session }: HostRun): Promise<void> {
  const script = sh`: >${MARKER}
systemctl --no-block reboot`;
  const reply = await tolerant(session?.exchange({ steps: [{ script, timeout: 60 }], probes: [] }));
  if (!reply || reply instanceof ProvisionError) return;
  const [{ code, stderr } = { code: 0, stderr: '' }] = reply.steps;
  if (code > 0 && code < 128)
    throw failure({
      what: 'the host refused to reboot',
      said: stderr,
      todo: 'reboot it by hand, then run again',
    });
}

/** Ends a session that the reboot has ended, or is about to end. */
function leave(hostRun: HostRun): void {
  hostRun.roundTrips += hostRun.session?.roundTrips ?? 0;
  hostRun.session?.abort();
  hostRun.session = undefined;
  hostRun.facts = undefined;
}

/** The session once the host has rebooted, or why there is none yet. */
async function attempt(hostRun: HostRun, options: RunOptions): Promise<Session | ProvisionError> {
  const script = sh`if [ -e ${MARKER} ]; then echo before; else echo after; fi`;
  const found = await tolerant(
    openHost(hostRun, options).then(async ({ session }) => ({
      session,
      reply: await session.exchange({ steps: [], probes: [script] }),
    })),
  );
  if (!found || found instanceof ProvisionError) return found ?? notYet();
  return found.reply.probes[0]?.stdout.trim() === 'after' ? found.session : notYet();
}

const notYet = () => unreachable({ what: 'it answers, but has not rebooted' });

/** While a host goes down and comes up, it can refuse or break a connection in any way, and still be locked. */
async function tolerant<T>(work: Promise<T> | undefined): Promise<T | ProvisionError | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ProvisionError) return error;
    throw error;
  }
}

const late = (seconds: number, last: ProvisionError) =>
  unreachable(
    {
      what: `the host did not come back within ${seconds} s of its reboot`,
      why: last.message,
      todo: 'look at its console; when it is up, run the same command again',
    },
    last,
  );
