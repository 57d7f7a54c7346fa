import { setTimeout as sleep } from 'node:timers/promises';
import { inputError } from '../../provision/index.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { whole } from '../command/options.ts';
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
const ends = new AbortController();

const program = newCommand('load')
  .description('a steady load of all services of TheAPP; exits with 1 when a request was lost')
  .argument('<url...>', 'where it answers, one for each node')
  .option('--rate <count>', 'requests a second', (text) => whole('--rate', text, 1000), 60)
  .option('--seconds <count>', 'how long', (text) => whole('--seconds', text, 86_400), 60)
  .option('--health <path>', 'only nodes that answer 200 to this path are sent requests', pathOf)
  .option('--deadline <seconds>', 'how long a request may take', (text) => whole('--deadline', text, 60), 10)
  .option('--retry', 'send an idempotent request that failed once more, to another node', false)
  .option('--json', 'one JSON object', false)
  .action(async (given: readonly string[], { seconds, json, ...options }: Options) => {
    const load = await startLoad({ urls: given.map(urlOf), ...options });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ends.abort());
    for (let left = seconds; left > 0 && !ends.signal.aborted; left--) {
      await sleep(1000, undefined, { signal: ends.signal }).catch(() => undefined);
      progress.show('load', lineOf(load.report()));
    }
    progress.show('load', 'comparing what was acknowledged with what is there');
    const report = await load.stop();
    progress.end();
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : textOf(report));
    if (!isFlawless(report)) process.exitCode = 1;
  });

function urlOf(text: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  throw inputError({ place: text, what: 'expected where TheAPP answers, such as http://127.0.0.1:8080' });
}

function pathOf(text: string): string {
  if (text.startsWith('/')) return text;
  throw inputError({ place: '--health', what: `expected a path such as /nodez, found "${text}"` });
}

await runCommand(program, progress.end);
