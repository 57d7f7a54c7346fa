import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { failure } from '../../provision/index.ts';
import { size } from './recording.ts';

export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where `script` writes what the terminal is sent. */
  readonly folder: string;
  /** Ends it, and whatever it runs. */
  readonly signal: AbortSignal;
}

/** A terminal that is being recorded, with one shell in it: what one command starts, another may wait for. */
export interface Shell {
  /** Its exit code. @throws ProvisionError when the terminal is closed */
  run(code: string): Promise<number>;
  /** What was shown since the last run began. It may come a moment after the exit code: another way leads to it. */
  output(): string;
  close(): Promise<void>;
}

/** Runs what it is told on descriptor 3, each in this very shell, and says on 4 how it ended. */
const loop = `stty rows ${size.rows} cols ${size.columns}
while IFS= read -r -d '' line <&3; do eval "$line" 3<&- 4>&-; echo $? >&4; done`;

/** `script` of util-linux, and bash in it. */
export function openShell({ cwd, env, folder, signal }: ShellOptions): Shell {
  const files = ['--log-out', join(folder, 'typescript'), '--log-timing', join(folder, 'timing')];
  const child = spawn(
    'script',
    ['--quiet', '--flush', '--return', '--logging-format', 'classic', ...files, '--command', loop],
    { cwd, env: { ...env, SHELL: '/bin/bash' }, stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe'], signal },
  );
  const [, shown, , told, answers] = child.stdio as [Writable, Readable, null, Writable, Readable];
  let output = '';
  shown.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  // it cannot be written to once it has ended, and that is what is said
  told.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code) => resolve(`it ended with ${code}`));
  });
  const codes = createInterface({ input: answers })[Symbol.asyncIterator]();
  return {
    async run(code) {
      output = '';
      told.write(`${code}\0`);
      const { done, value } = await codes.next();
      if (!done) return Number(value);
      throw failure({ what: 'the terminal was closed', why: await ended });
    },
    output: () => output,
    async close() {
      told.end();
      await ended;
    },
  };
}
