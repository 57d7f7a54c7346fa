import { readFileSync, writeFileSync } from 'node:fs';
import type { Session, Upload } from '../shell/exchange.ts';
import { localShell } from '../shell/local.ts';
import type { sh } from '../shell/sh.ts';

/** A session for tests with a real shell and its own, initially empty /run, /var/lib and /var/log. */
export function scratchSession(): Session {
  const mounts = 'for d in /run /var/lib /var/log; do mount -t tmpfs scratch $d || exit 1; done; exec sh';
  const shell = localShell(['unshare', '--map-root-user', '--mount', 'sh', '-c', mounts]);
  return {
    get roundTrips() {
      return shell.roundTrips;
    },
    exchange: shell.exchange,
    upload: async ({ from, to }: Upload) => writeFileSync(to, readFileSync(from), { mode: 0o600 }),
    abort: () => undefined,
    close: shell.close,
  };
}

/** The output of a script in the session. */
export async function ask(session: Session, script: ReturnType<typeof sh>): Promise<string> {
  const { probes } = await session.exchange({ steps: [], probes: [script] });
  return probes[0]?.stdout ?? '';
}
