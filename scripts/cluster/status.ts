import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../../provision/index.ts';
import { interruption, newCommand, runCommand } from '../command/command.ts';
import { approachWords, swarmOf } from './approach.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { newSessions } from './sessions.ts';
import { probe } from './status/probe.ts';
import { type State, stateOf } from './status/state.ts';
import { textOf } from './status/text.ts';

interface Options extends Where {
  readonly watch: boolean;
  readonly json: boolean;
}

/** Milliseconds between two probes. */
const EVERY = 2000;

const program = withWhere(
  newCommand('status')
    .description(
      'Shows the nodes, services, tasks and replication of a cluster. Exits with code 1 if the cluster is not healthy.',
    )
    .argument('<approach>', approachWords, swarmOf)
    .option('-w, --watch', 'show the state again every two seconds until Ctrl-C', false)
    .option('--json', 'print one JSON object per probe on stdout', false),
).action(async (approach: string, { watch, json, ...where }: Options) => {
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  const signal = interruption();
  try {
    do {
      const probed = probe(hosts, sessions).then((snapshot) => stateOf(snapshot, Date.now()));
      const state = watch ? await probed.catch((error: unknown) => explain(error)) : await probed;
      show(state, { watch, json });
      process.exitCode = typeof state !== 'string' && state.healthy ? 0 : 1;
      if (watch) await sleep(EVERY, undefined, { signal }).catch(() => undefined);
    } while (watch && !signal.aborted);
  } finally {
    await sessions.close();
  }
});

/** On a terminal, each state replaces the one before. */
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
