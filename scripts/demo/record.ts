import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure } from '../../provision/index.ts';
import type { Checkout } from './checkout.ts';
import { generatedIn, hiddenIn, hiding } from './hidden.ts';
import type { DemoMachines } from './machines.ts';
import { type Recording, readRecording, size } from './recording.ts';
import type { Scenes, Step } from './scenes.ts';
import { openShell } from './shell.ts';
import { type Stage, stageOf } from './stage.ts';
import { tracesHere } from './traces.ts';
import { shortened } from './waits.ts';

export interface RecordOptions {
  /** Seconds that a wait lasts at most. */
  readonly idle: number;
  readonly signal: AbortSignal;
  tell(line: string): void;
}

/**
 * Plays the scenes on real machines and answers what a terminal was sent.
 *
 * @throws ProvisionError when a command ends or answers otherwise than its scene says, and when something of this
 *   computer or a secret could be seen
 */
export async function record(
  scenes: Scenes,
  { folder, env, about, folders }: Checkout,
  machines: DemoMachines,
  { idle, signal, tell }: RecordOptions,
): Promise<Recording> {
  const raw = join(dirname(folder), 'recorded');
  mkdirSync(raw);
  const hidden = () => ({ secrets: [...generatedIn(folder), ...machines.secrets], folders });
  const shell = openShell({ cwd: folder, env: { ...env, ...machines.env }, folder: raw, signal });
  try {
    const hide = (text: string) => hiddenIn(text, hidden());
    await perform(scenes, { stage: stageOf(shell), machines, hide }, tell);
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
  readonly stage: Stage;
  readonly machines: DemoMachines;
  hide(text: string): string;
}

async function perform({ title, scenes }: Scenes, play: Play, tell: (line: string) => void): Promise<void> {
  const { stage, machines } = play;
  await stage.say(title);
  for (const [at, scene] of scenes.entries()) {
    tell(`scene ${at + 1} of ${scenes.length}: ${scene.title}`);
    await stage.title(`${at + 1}. ${scene.title}`);
    for (const step of scene.steps) {
      if (step.only === undefined || step.only === machines.kind) await take(step, play);
    }
  }
}

async function take(step: Step, { stage, machines, hide }: Play): Promise<void> {
  if ('say' in step) return await stage.say(step.say);
  if ('switch_on' in step) return await machines.switchOn(step.switch_on);
  const command = machines.typed(step.run);
  const exitCode = await stage.run(command);
  const shown = await comes(() => stage.output(), step.shows);
  const output = hide(stage.output());
  // rather now than when all has been played
  refuseTraces(output, machines.names);
  if (exitCode === step.exit && shown) return;
  const [expected, found] =
    exitCode === step.exit
      ? [`it to show ${step.shows}`, 'what follows']
      : [`exit code ${step.exit}`, `${exitCode}`];
  throw failure({
    place: command,
    what: 'this is not what its scene says',
    why: `expected ${expected}, found ${found}`,
    said: output,
  });
}

/** Whether a text becomes as it should: what a terminal shows comes a little after it was written. */
async function comes(text: () => string, pattern = ''): Promise<boolean> {
  const wanted = new RegExp(pattern, 'm');
  for (let tries = 0; tries < 50 && !wanted.test(text()); tries++) await sleep(100);
  return wanted.test(text());
}

function refuseTraces(text: string, machines: readonly string[]): void {
  const found = [...new Set(tracesHere(text, machines))];
  if (found.length === 0) return;
  throw failure({
    what: 'the recording tells of this computer, or a secret',
    why: `found ${found.slice(0, 5).join(', ')}`,
    said: text
      .split('\n')
      .filter((line) => found.some((trace) => line.includes(trace)))
      .join('\n'),
    todo: 'leave out of its scene what shows it, or hide it in scripts/demo/hidden.ts',
  });
}
