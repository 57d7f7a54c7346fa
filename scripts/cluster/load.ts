import { setTimeout as sleep } from 'node:timers/promises';
import { inputError } from '../../provision/index.ts';
import { interruption, newCommand, runCommand } from '../command/command.ts';
import { wholeOption } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { isFlawless, lineOf, textOf } from './load/text.ts';
import { startLoad } from './load/traffic.ts';

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly health?: string;
  readonly deadline: number;
  readonly retry: boolean;
  readonly json: boolean;
}

const progress = progressLines(process.stderr);

const program = newCommand('load')
  .description(
    'Sends requests to all services of TheAPP at a steady rate. Exits with 1 if a request or acknowledged data was lost.',
  )
  .argument(
    '<url...>',
    'address of TheAPP, such as http://127.0.0.1:8080; one per node',
    (text: string, before: readonly string[] = []) => [...before, urlOf(text)],
  )
  .addOption(wholeOption('--rate <count>', 'requests per second', { most: 1000, fallback: 60 }))
  .addOption(wholeOption('--seconds <count>', 'duration of the load', { most: 86_400, fallback: 60 }))
  .option('--health <path>', 'send requests only to nodes that return 200 for this path', pathOf)
  .addOption(wholeOption('--deadline <seconds>', 'deadline of a request', { most: 60, fallback: 10 }))
  .option('--retry', 'retry a failed idempotent request once, on another node', false)
  .option('--json', 'print one JSON object on stdout', false)
  .action(async (urls: readonly string[], { seconds, json, ...options }: Options) => {
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

function urlOf(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  throw inputError({ place: text, what: 'expected the address of TheAPP, such as http://127.0.0.1:8080' });
}

function pathOf(text: string): string {
  if (text.startsWith('/')) return text;
  throw inputError({ place: '--health', what: `expected a path such as /nodez, found "${text}"` });
}

await runCommand(program, progress.end);
