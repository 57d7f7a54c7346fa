import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { failure, inputError } from '../provision/index.ts';
import { newCommand, runCommand } from './command/command.ts';
import { whole } from './command/options.ts';
import { progressLines } from './command/progress.ts';
import { type Checkout, cloned } from './demo/checkout.ts';
import { pageOf } from './demo/html.ts';
import { containers, type DemoMachines, labMachines, listedMachines } from './demo/machines.ts';
import { record } from './demo/record.ts';
import { readRecording, writeRecording } from './demo/recording.ts';
import { demoOf, loadScenes } from './demo/scenes.ts';
import { svgOf } from './demo/svg.ts';

interface RecordOptions {
  readonly idle: number;
  readonly machines: string;
  readonly inventory?: string;
}

const root = resolve(import.meta.dirname, '..');
const progress = progressLines(process.stderr);
const tell = (line: string) => progress.show('demo', line);
const stops = new AbortController();

const program = newCommand('demo').description('recordings of the real thing: demo/APPROACH');

program
  .command('record <approach>')
  .description('play its scenes on fresh machines, and keep what the terminal was sent')
  .option('--idle <seconds>', 'how long a wait lasts at most', (text) => whole('--idle', text, 60), 2)
  .option('--machines <kind>', "lab, or containers like the tests' hosts", 'lab')
  .option('-i, --inventory <file>', 'fresh machines that exist already, instead')
  .action(async (named: string, { idle, ...where }: RecordOptions) => {
    const { approach, folder } = demoOf(named);
    const scenes = loadScenes(join(folder, 'scenes.yml'));
    const checkout = await cloned();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stops.abort());
    try {
      const machines = await machinesFor(approach, checkout, where);
      try {
        const recording = await record(scenes, checkout, machines, { idle, signal: stops.signal, tell });
        writeRecording(folder, recording);
        writeFileSync(join(folder, 'demo.svg'), await svgOf(recording, scenes.title));
      } finally {
        tell('taking the machines down');
        await machines.close();
      }
    } finally {
      checkout.remove();
      progress.end();
    }
  });

program
  .command('play <approach>')
  .description('the same as scriptreplay, which is all that a recording needs')
  .option('--speed <times>', 'how much faster', (text) => whole('--speed', text, 1000), 1)
  .action((approach: string, { speed }: { speed: number }) => {
    const at = (name: string) => relative(process.cwd(), join(demoOf(approach).folder, name));
    const words = ['--timing', at('timing'), '--divisor', `${speed}`, at('typescript')];
    const { status, error } = spawnSync('scriptreplay', words, { stdio: 'inherit' });
    if (error)
      throw failure({
        what: 'scriptreplay could not be run',
        why: error.message,
        todo: 'apt-get install bsdutils',
      });
    process.exitCode = status ?? 1;
  });

program
  .command('html <approach>')
  .description('one page with a player, chapters and search, that needs nothing else')
  .option('--out <file>', 'where to; dist/demo-APPROACH.html unless said')
  .action(
    async (approach: string, { out = join(root, 'dist', `demo-${approach}.html`) }: { out?: string }) => {
      const { folder } = demoOf(approach);
      const { title } = loadScenes(join(folder, 'scenes.yml'));
      mkdirSync(dirname(resolve(out)), { recursive: true });
      writeFileSync(out, pageOf(readRecording(folder), title));
      process.stdout.write(`${relative(process.cwd(), resolve(out))}\n`);
    },
  );

program
  .command('svg <approach>')
  .description('draw demo.svg again, from its recording')
  .action(async (approach: string) => {
    const { folder } = demoOf(approach);
    const { title } = loadScenes(join(folder, 'scenes.yml'));
    writeFileSync(join(folder, 'demo.svg'), await svgOf(readRecording(folder), title));
  });

async function machinesFor(
  approach: string,
  checkout: Checkout,
  { machines, inventory }: Pick<RecordOptions, 'machines' | 'inventory'>,
): Promise<DemoMachines> {
  if (inventory !== undefined) {
    const switchOn = async (name: string) => tell(`give ${name} its power back now`);
    return await listedMachines(approach, checkout, inventory, { switchOn, close: async () => undefined });
  }
  if (machines === 'lab') return labMachines(approach, checkout);
  if (machines !== 'containers')
    throw inputError({
      place: '--machines',
      what: `there is no "${machines}"`,
      why: 'there are lab, containers',
    });
  tell('starting containers');
  return await containers(approach, checkout);
}

await runCommand(program, progress.end);
