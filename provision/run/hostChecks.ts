import { failure, ProvisionError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Verification } from '../language/approach.ts';
import type { Reporter } from '../report/events.ts';
import type { Shell } from '../shell/exchange.ts';
import type { Script } from '../shell/sh.ts';
import type { Open } from './options.ts';

interface HostChecks extends Pick<Verification<string>, 'check'> {
  /** Closes all sessions. */
  close(): Promise<void>;
}

/** The checks of `verify` on the hosts themselves. The first check of a host opens a session on it. */
export function hostChecks(open: Open, report: Reporter): HostChecks {
  const sessions = new Map<string, ReturnType<Open>>();
  const sessionOf = (host: Host) => {
    const progress = (message: string) => report({ event: 'progress', topic: host.name, message });
    const session = sessions.get(host.name) ?? open(host, progress);
    sessions.set(host.name, session);
    return session;
  };
  return {
    async check(host, name, script, judge) {
      const start = performance.now();
      const check = `${host.name}: ${name}`;
      const done = (ok: boolean, answer: string) =>
        report({ event: 'verify', check, ok, seconds: (performance.now() - start) / 1000, answer });
      try {
        done(true, judge(await output(await sessionOf(host), script)));
      } catch (error) {
        if (!(error instanceof ProvisionError)) throw error;
        const { parts, kind } = error;
        done(false, [parts.what, parts.why].filter(Boolean).join(': '));
        throw new ProvisionError(kind, { ...parts, place: parts.place ?? check }, { cause: error });
      }
    },
    async close() {
      const opened = await Promise.allSettled(sessions.values());
      for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    },
  };
}

async function output(session: Pick<Shell, 'exchange'>, script: Script): Promise<string> {
  const { probes, broken } = await session.exchange({ steps: [], probes: [script] });
  const seen = broken ?? probes[0];
  if (seen?.code === 0) return seen.stdout.trim();
  throw failure({
    what: 'the check could not be made',
    why: `exit code ${seen?.code}`,
    said: seen?.stderr ?? '',
    todo: 'fix the cause on the host, then verify again',
  });
}
