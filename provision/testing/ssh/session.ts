import { existsSync, readFileSync } from 'node:fs';
import type { Seen, Session } from '../../shell/exchange.ts';
import { sh } from '../../shell/sh.ts';
import type { SessionOptions } from '../../ssh/open.ts';

/** Session options for tests: short timeouts, no retries, no progress. */
export function options(more: Partial<SessionOptions> = {}): SessionOptions {
  return {
    sudo: {},
    connectSeconds: 10,
    progress: () => undefined,
    signal: new AbortController().signal,
    retry: false,
    ...more,
  };
}

/** Runs one probe in one round trip. */
export async function probe(session: Session, script = sh`id -un`): Promise<Seen | undefined> {
  return (await session.exchange({ steps: [], probes: [script] })).probes[0];
}

/** An `ssh_config` and a `known_hosts` file that isolate the tests from the user's own. */
export function blank(folder: string, lines = ''): { config: string; known: string; text: string } {
  const known = `${folder}/known_hosts`;
  const text = `${lines}\nHost *\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile none\n  IdentityFile none\n  IdentityAgent none\n`;
  return { config: `${folder}/ssh_config`, known, text };
}

export const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
