import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inputError, urlOf } from '../../provision/index.ts';
import { interruption, newCommand, runCommand } from '../command/command.ts';
import { wholeOption } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { folderOf, hostsOf } from './hosts.ts';
import { portOf } from './load/port.ts';
import { isFlawless, lineOf, textOf } from './load/text.ts';
import { startLoad } from './load/traffic.ts';

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly health?: string;
  readonly deadline: number;
  readonly retry: boolean;
  readonly json: boolean;
  readonly environment?: string;
}

const progress = progressLines(process.stderr);

const program = newCommand('load')
  .description(
    'Sends requests to all services of TheAPP at a steady rate. Exits with code 1 if a request or acknowledged data was lost.',
  )
  .argument(
    '<target...>',
    'an approach, such as approach_2, for all its machines; or the address of TheAPP on each node, such as http://127.0.0.1:8080',
    (text: string, before: readonly string[] = []) => [...before, targetOf(text)],
  )
  .addOption(wholeOption('--rate <count>', 'requests per second', { most: 1000, fallback: 60 }))
  .addOption(
    wholeOption('--seconds <count>', 'duration of the load, in seconds', { most: 86_400, fallback: 60 }),
  )
  .option('--health <path>', 'send requests only to nodes that return 200 for this path', pathOf)
  .addOption(
    wholeOption('--deadline <seconds>', 'how long to wait for an answer, in seconds', {
      most: 60,
      fallback: 10,
    }),
  )
  .option('--retry', 'retry a failed idempotent request once, on another node', false)
  .option('--environment <name>', 'the environment of approach_4, such as staging; by default, production')
  .option('--json', 'print one JSON object on stdout', false)
  .action(async (targets: readonly string[], { seconds, json, environment, ...options }: Options) => {
    const urls = (await Promise.all(targets.map((target) => urlsOf(target, environment)))).flat();
    progress.show('load', `waiting for TheAPP at ${urls.join(', ')}`);
    const load = await startLoad({ urls, ...options });
    const signal = interruption();
    for (let left = seconds; left > 0 && !signal.aborted; left--) {
      await sleep(1000, undefined, { signal }).catch(() => undefined);
      progress.show('load', lineOf(load.report()));
    }
    progress.show('load', 'comparing acknowledged data with stored data');
    const report = await load.stop();
    progress.end();
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : textOf(report));
    if (!isFlawless(report)) process.exitCode = 1;
  });

/** An approach, or the address of a node. @throws ProvisionError (input) for anything else */
function targetOf(text: string): string {
  if (/^approach_\w+$/.test(text)) return basename(folderOf(text));
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  throw inputError({ place: text, what: 'expected the address of TheAPP, such as http://127.0.0.1:8080' });
}

/** Where TheAPP answers: at a node, or at all machines of an approach. */
async function urlsOf(target: string, environment: string | undefined): Promise<string[]> {
  if (target.includes('://')) return [target];
  const port = await portOf(target, environment);
  return (await hostsOf(target, {})).map((host) => new URL(urlOf(host, port)).origin);
}

function pathOf(text: string): string {
  if (text.startsWith('/')) return text;
  throw inputError({ place: '--health', what: `expected a path such as /nodez, found "${text}"` });
}

await runCommand(program, progress.end);
