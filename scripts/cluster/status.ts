import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../../provision/index.ts';
import { interruption, newCommand, runCommand } from '../command/command.ts';
import { approachOf, approachWords, environmentsOf, orchestratorOf } from './approach.ts';
import { hostsOf, type Where, withWhere } from './hosts.ts';
import { kubernetesView } from './kubernetes/view.ts';
import { newSessions } from './sessions.ts';
import { swarmView, type View } from './status/view.ts';

interface Options extends Where {
  readonly watch: boolean;
  readonly json: boolean;
  readonly environment?: string;
}

/** Milliseconds between two probes. */
const EVERY = 2000;

const program = withWhere(
  newCommand('status')
    .description(
      'Shows the nodes, services and replication of a cluster, what runs where, and what fails. Exits with code 1 if the cluster is not healthy.',
    )
    .argument('<approach>', approachWords, approachOf)
    .option('-w, --watch', 'show the state again every two seconds until Ctrl-C', false)
    .option('--json', 'print one JSON object per probe on stdout', false)
    .option('--environment <name>', 'show only this environment of approach_4, such as staging'),
).action(async (approach: string, { watch, json, environment, ...where }: Options) => {
  const environments = await environmentsOf(approach, environment);
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  const signal = interruption();
  const view =
    orchestratorOf(approach) === 'kubernetes'
      ? () => kubernetesView(hosts, sessions, environments)
      : () => swarmView(hosts, sessions);
  try {
    do {
      const seen = watch ? await view().catch(failedView) : await view();
      show(seen, { watch, json });
      process.exitCode = seen.state.healthy ? 0 : 1;
      if (watch) await sleep(EVERY, undefined, { signal }).catch(() => undefined);
    } while (watch && !signal.aborted);
  } finally {
    await sessions.close();
  }
});

/** What `--watch` shows while nothing answers. */
function failedView(error: unknown): View {
  const text = explain(error);
  return { state: { healthy: false, problems: [text] }, text: `${text}\n` };
}

/** On a terminal, each state replaces the one before. */
function show({ state, text }: View, { watch, json }: { watch: boolean; json: boolean }): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(state)}\n`);
    return;
  }
  if (watch && process.stdout.isTTY) process.stdout.write('\x1b[H\x1b[2J');
  process.stdout.write(text);
}

await runCommand(program);
