import { inputError } from '../errors.ts';
import { type Notify, notified, type Resource } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import { type Script, sh } from '../shell/sh.ts';
import { absolute } from './check.ts';
import { type PathState, path as probePath } from './paths.ts';

export interface CommandOptions extends Notify {
  run: Script;
  /** Done when something stands at this path. */
  creates?: string;
  /** Done when this script, which only looks, ends with 0. */
  unless?: Script;
  /** Seconds; 600 unless said. */
  timeout?: number;
}

/** What no resource knows how to do. It runs under `set -e` and umask 022, until what it is asked for is there. */
export function command(name: string, options: CommandOptions): Resource {
  const { run, creates, unless, timeout } = options;
  if ((creates === undefined) === (unless === undefined)) {
    throw inputError({
      place: `command ${name}`,
      what: 'exactly one of creates and unless must say when it is done',
      why: creates === undefined ? 'there is neither' : 'there are both',
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
