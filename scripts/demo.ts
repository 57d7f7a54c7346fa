import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { failure } from '../provision/index.ts';
import { interruption, newCommand, runCommand } from './command/command.ts';
import { oneOf, wholeOption } from './command/options.ts';
import { progressLines } from './command/progress.ts';
import { type Checkout, cloned } from './demo/checkout.ts';
import { pageOf } from './demo/html.ts';
import { type DemoMachines, labMachines, listedMachines } from './demo/machines.ts';
import { record } from './demo/record.ts';
import { readRecording, writeRecording } from './demo/recording.ts';
import { demoOf, loadScenes } from './demo/scenes.ts';
import { svgOf } from './demo/svg.ts';

interface RecordOptions {
  readonly idle: number;
  readonly machines: (typeof kinds)[number];
  readonly inventory?: string;
}

const root = resolve(import.meta.dirname, '..');
const progress = progressLines(process.stderr);
const show = (line: string) => progress.show('demo', line);
const kinds = ['lab', 'containers'] as const;
/** The name of an approach with a demo, or the folder of a demo. */
const demoWords = 'an approach that has a demo, or the folder of a demo';
const existing = (text: string) => {
  demoOf(text);
  return text;
};

const program = newCommand('demo').description(
  'Plays and converts the recordings of real runs in demo/, and makes new ones.',
);

program
  .command('record')
  .argument('<approach>', demoWords, existing)
  .description('run the scenes of a demo on fresh machines, and record the terminal')
  .addOption(
    wholeOption('--idle <seconds>', 'shorten each wait in the recording to this many seconds', {
      most: 60,
      fallback: 2,
    }),
  )
  .option(
    '--machines <kind>',
    `where the fresh machines come from: ${kinds.join(' (the provider that npm run provision chooses) or ')} (--provider docker)`,
    (text: string) => oneOf('--machines', kinds, text),
    'lab' as const,
  )
  .option('-i, --inventory <file>', 'record on the fresh machines in this inventory instead')
  .action(async (named: string, { idle, ...where }: RecordOptions) => {
    const { approach, folder } = demoOf(named);
    const scenes = loadScenes(join(folder, 'scenes.yml'));
    const checkout = await cloned();
    const signal = interruption();
    try {
      const machines = await machinesFor(approach, checkout, where);
      try {
        const recording = await record(scenes, checkout, machines, { idle, signal, progress: show });
        writeRecording(folder, recording);
        writeFileSync(join(folder, 'demo.svg'), await svgOf(recording, scenes.title));
      } finally {
        show('removing the machines');
        await machines.close();
      }
    } finally {
      checkout.remove();
      progress.end();
    }
  });

program
  .command('play')
  .argument('<approach>', demoWords, existing)
  .description('play a recording in this terminal, with scriptreplay')
  .addOption(
    wholeOption('--speed <factor>', 'speed, as a multiple of the original', { most: 1000, fallback: 1 }),
  )
  .action((approach: string, { speed }: { speed: number }) => {
    const at = (name: string) => relative(process.cwd(), join(demoOf(approach).folder, name));
    const words = ['--timing', at('timing'), '--divisor', `${speed}`, at('typescript')];
    const { status, error } = spawnSync('scriptreplay', words, { stdio: 'inherit' });
    if (error)
      throw failure({
        what: 'scriptreplay failed to start',
        why: error.message,
        todo: 'apt-get install bsdutils',
      });
    process.exitCode = status ?? 1;
  });

program
  .command('html')
  .argument('<approach>', demoWords, existing)
  .description('write one self-contained HTML page with a player, chapters and search')
  .option('--out <file>', 'the file to write (default: dist/demo-APPROACH.html)')
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
  .command('svg')
  .argument('<approach>', demoWords, existing)
  .description('draw demo.svg again from the recording')
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
    const switchOn = async (name: string) => show(`switch ${name} on again now`);
    return await listedMachines(approach, checkout, inventory, { switchOn, close: async () => undefined });
  }
  return labMachines(approach, checkout, machines === 'containers' ? 'docker' : undefined);
}

await runCommand(program, progress.end);
