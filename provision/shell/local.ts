import { spawn } from 'node:child_process';
import type { Shell } from './exchange.ts';
import { openShell } from './shell.ts';

/** A shell on this computer, without a network connection. Ends with `close`. */
export function localShell(
  command: readonly [string, ...string[]] = ['sh'],
): Shell & { close(): Promise<void> } {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: 'pipe' });
  const done = new Promise<void>((resolve) => child.on('close', () => resolve()));
  child.on('error', () => child.stdout.destroy());
  const shell = openShell(child, 'this computer');
  return {
    get roundTrips() {
      return shell.roundTrips;
    },
    exchange: shell.exchange,
    async close() {
      child.stdin.end();
      await done;
    },
  };
}
