import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { size } from './recording.ts';
import type { Shell } from './shell.ts';

/** A shell as a person sits before it. */
export interface Stage {
  /** A line that begins a scene. */
  title(text: string): Promise<void>;
  /** What a person reads meanwhile. */
  say(text: string): Promise<void>;
  /** Typed at a prompt and run; its exit code. */
  run(command: string): Promise<number>;
  /** What the last command has shown so far. */
  output(): string;
}

/** Seconds: a letter, before Enter, and to read what was answered. */
const TYPING = { letter: 0.035, enter: 0.4, reading: 1.6 };

const prompt = '\x1b[32m$\x1b[0m ';
const titled = { on: '\x1b[1m# ', off: '\x1b[0m' };

export function stageOf(shell: Shell): Stage {
  const show = (text: string) => shell.run(`printf %s ${quoted(text)}`);
  const type = async (text: string) => {
    for (const letter of text) {
      await show(letter);
      await sleep(TYPING.letter * 1000);
    }
    await sleep(TYPING.enter * 1000);
    await show('\n');
  };
  const reading = () => sleep(TYPING.reading * 1000);
  return {
    async title(text) {
      await show(`\n${titled.on}${text}${titled.off}\n`);
      await reading();
    },
    async say(text) {
      await show(
        folded(text)
          .map((line) => `\x1b[2m# ${line}\x1b[0m\n`)
          .join(''),
      );
      await reading();
    },
    async run(command) {
      await show(prompt);
      await type(command);
      const exitCode = await shell.run(command);
      await reading();
      return exitCode;
    },
    output: () => stripVTControlCharacters(shell.output()).replaceAll('\r\n', '\n'),
  };
}

/** The titles of scenes in what the terminal was sent, and where they begin. */
export function titlesIn(sent: string): { index: number; text: string }[] {
  const parts = sent.split(titled.on);
  let index = parts[0]?.length ?? 0;
  return parts.slice(1).map((part) => {
    const found = { index, text: part.slice(0, part.indexOf(titled.off)) };
    index += titled.on.length + part.length;
    return found;
  });
}

/** A word for the shell, whatever is in it. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Lines that fit beside the `# `. */
function folded(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.trim().split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > size.columns - 4) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
}
