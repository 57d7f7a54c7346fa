import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { size } from './recording.ts';
import type { Shell } from './shell.ts';

/** A shell with a prompt, at which commands appear as if a person typed them. */
export interface Prompt {
  /** Shows the title of a scene. */
  title(text: string): Promise<void>;
  /** Shows a comment. */
  say(text: string): Promise<void>;
  /** Types a command and runs it; its exit code. */
  run(command: string): Promise<number>;
  /** The output of the last command so far. */
  output(): string;
}

/** Seconds for one letter, before Enter, and to read the output. */
const TYPING = { letter: 0.035, enter: 0.4, reading: 1.6 };

const sign = '\x1b[32m$\x1b[0m ';
const titled = { on: '\x1b[1m# ', off: '\x1b[0m' };

export function promptOf(shell: Shell): Prompt {
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
      await show(sign);
      await type(command);
      const exitCode = await shell.run(command);
      await reading();
      return exitCode;
    },
    output: () => stripVTControlCharacters(shell.output()).replaceAll('\r\n', '\n'),
  };
}

/** The titles of scenes in the output of the terminal, and where they begin. */
export function titlesIn(sent: string): { index: number; text: string }[] {
  const parts = sent.split(titled.on);
  let index = parts[0]?.length ?? 0;
  return parts.slice(1).map((part) => {
    const found = { index, text: part.slice(0, part.indexOf(titled.off)) };
    index += titled.on.length + part.length;
    return found;
  });
}

/** A text, quoted for the shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The text, broken into lines that fit after the `# `. */
function folded(text: string): string[] {
  const lines: string[] = [''];
  for (const word of text.trim().split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length > size.columns - 4) lines.push(word);
    else lines.splice(-1, 1, longer);
  }
  return lines;
}
