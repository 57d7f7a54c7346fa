import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../provision/index.ts';
import type { Checkout } from './checkout.ts';
import { generatedIn, hiddenIn, hiding } from './hidden.ts';
import type { DemoMachines } from './machines.ts';
import { type Prompt, promptOf } from './prompt.ts';
import { type Recording, readRecording, size } from './recording.ts';
import type { Scenes, Step } from './scenes.ts';
import { openShell } from './shell.ts';
import { tracesHere } from './traces.ts';
import { shortened } from './waits.ts';

export interface RecordOptions {
  /** Maximum duration of a wait in seconds. */
  readonly idle: number;
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/**
 * Runs the scenes on real machines and records the output of the terminal.
 *
 * @throws ProvisionError if a command differs from its scene, or if the recording would reveal this computer or a secret
 */
export async function record(
  scenes: Scenes,
  { folder, env, about, folders }: Checkout,
  machines: DemoMachines,
  { idle, signal, progress }: RecordOptions,
): Promise<Recording> {
  const raw = join(dirname(folder), 'recorded');
  mkdirSync(raw);
  const hidden = () => ({ secrets: [...generatedIn(folder), ...machines.secrets], folders });
  const shell = openShell({ cwd: folder, env: { ...env, ...machines.env }, folder: raw, signal });
  try {
    const hide = (text: string) => hiddenIn(text, hidden());
    await perform(scenes, { prompt: promptOf(shell), machines, hide }, progress);
  } finally {
    await shell.close();
  }
  const { moments } = readRecording(raw);
  const shown = shortened(hiding(moments, hidden()), idle);
  refuseTraces(shown.map(({ text }) => text).join(''), machines.names);
  const terminal = { TERM: `${env.TERM}`, COLUMNS: `${size.columns}`, LINES: `${size.rows}` };
  return { about: { ...about, MACHINES: machines.kind, ...terminal }, moments: shown };
}

interface Play {
  readonly prompt: Prompt;
  readonly machines: DemoMachines;
  hide(text: string): string;
}

async function perform(
  { title, scenes }: Scenes,
  play: Play,
  progress: (line: string) => void,
): Promise<void> {
  const { prompt, machines } = play;
  await prompt.say(title);
  for (const [at, scene] of scenes.entries()) {
    progress(`scene ${at + 1} of ${scenes.length}: ${scene.title}`);
    await prompt.title(`${at + 1}. ${scene.title}`);
    for (const step of scene.steps) {
      if (step.only === undefined || step.only === machines.kind) await take(step, play);
    }
  }
}

async function take(step: Step, { prompt, machines, hide }: Play): Promise<void> {
  if ('say' in step) return await prompt.say(step.say);
  if ('switch_on' in step) return await machines.switchOn(step.switch_on);
  const command = machines.typed(step.run);
  const exitCode = await prompt.run(command);
  const shown = await matches(() => prompt.output(), step.shows);
  const output = hide(prompt.output());
  // Fails here, not after all scenes.
  refuseTraces(output, machines.names);
  if (exitCode === step.exit && shown) return;
  const [expected, found] =
    exitCode === step.exit
      ? [`output that matches ${step.shows}`, ':']
      : [`exit code ${step.exit}`, ` ${exitCode}`];
  throw failure({
    place: command,
    what: 'the command differs from its scene',
    why: `expected ${expected}, found${found}`,
    said: output,
  });
}

/** Whether a text matches within 5 s: a terminal shows output a moment after it was written. */
async function matches(text: () => string, pattern = ''): Promise<boolean> {
  const wanted = new RegExp(pattern, 'm');
  for (let tries = 0; tries < 50 && !wanted.test(text()); tries++) await sleep(100);
  return wanted.test(text());
}

function refuseTraces(text: string, machines: readonly string[]): void {
  const found = [...new Set(tracesHere(text, machines))];
  if (found.length === 0) return;
  throw failure({
    what: 'the recording reveals this computer or a secret',
    why: `found ${found.slice(0, 5).join(', ')}`,
    said: text
      .split('\n')
      .filter((line) => found.some((trace) => line.includes(trace)))
      .join('\n'),
    todo: 'remove the command from its scene, or hide the text in scripts/demo/hidden.ts',
  });
}
