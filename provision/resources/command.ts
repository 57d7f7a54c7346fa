import { inputError } from '../errors.ts';
import { type Notify, notified, type Resource } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { type Script, sh } from '../shell/sh.ts';
import { absolute } from './check.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface CommandOptions extends Notify {
  run: Script;
  /** The command is skipped if this path exists. */
  creates?: string;
  /** The command is skipped if this read-only script exits with 0. */
  unless?: Script;
  /** Time limit in seconds; default: 600. */
  timeout?: number;
}

/** Runs a command that no other resource covers, under `set -e` and umask 022, unless it has already been done. */
export function command(name: string, options: CommandOptions): Resource {
  const { run, creates, unless, timeout } = options;
  if ((creates === undefined) === (unless === undefined)) {
    throw inputError({
      place: `command ${name}`,
      what: 'exactly one of creates and unless is required',
      why: creates === undefined ? 'neither is set' : 'both are set',
    });
  }
  const summary = 'run';
  const change = {
    summary,
    script: sh`umask 022
${run}`,
  };
  const more = { ...(timeout === undefined ? {} : { timeout }), ...notified(options) };
  if (unless) {
    const probe = { script: unless, read: (seen: Seen) => seen };
    return { kind: 'command', name, probe, plan: ({ code }: Seen) => (code === 0 ? [] : [change]), ...more };
  }
  return {
    kind: 'command',
    name,
    probe: probePath({ path: absolute(`command ${name}: creates`, creates ?? '') }),
    plan: ({ kind }: PathState) => (kind === 'absent' ? [change] : []),
    ...more,
  };
}
