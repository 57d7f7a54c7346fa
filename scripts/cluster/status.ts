import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../../provision/index.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { newSessions } from './sessions.ts';
import { probe } from './status/probe.ts';
import { type State, stateOf } from './status/state.ts';
import { textOf } from './status/text.ts';

interface Options extends Where {
  readonly watch: boolean;
  readonly json: boolean;
}

/** Milliseconds between two looks. */
const EVERY = 2000;

const program = withWhere(
  newCommand('status')
    .description('nodes, services, tasks and data of a cluster; exits with 1 when it is not healthy')
    .argument('<approach>', 'which approach: a folder of approaches/')
    .option('-w, --watch', 'look again and again', false)
    .option('--json', 'one JSON object, a line for each look', false),
).action(async (approach: string, { watch, json, ...where }: Options) => {
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  const ends = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ends.abort());
  try {
    do {
      const seen = probe(hosts, sessions).then((sight) => stateOf(sight, Date.now()));
      const state = watch ? await seen.catch((error: unknown) => explain(error)) : await seen;
      show(state, { watch, json });
      process.exitCode = typeof state !== 'string' && state.healthy ? 0 : 1;
      if (watch) await sleep(EVERY, undefined, { signal: ends.signal }).catch(() => undefined);
    } while (watch && !ends.signal.aborted);
  } finally {
    await sessions.close();
  }
});

/** On a terminal each look takes the place of the one before. */
function show(state: State | string, { watch, json }: { watch: boolean; json: boolean }): void {
  if (json) {
    const line = typeof state === 'string' ? { healthy: false, problems: [state] } : state;
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  if (watch && process.stdout.isTTY) process.stdout.write('\x1b[H\x1b[2J');
  process.stdout.write(typeof state === 'string' ? `${state}\n` : textOf(state));
}

await runCommand(program);
