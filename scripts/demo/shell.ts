import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { failure } from '../../provision/index.ts';
import { size } from './recording.ts';

export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The folder for the log of `script`. */
  readonly folder: string;
  /** Ends the terminal and all that runs in it. */
  readonly signal: AbortSignal;
}

/** A recorded terminal with one shell for all commands, so that one can wait for a job of another. */
export interface Shell {
  /** Runs a command; its exit code. @throws ProvisionError if the terminal was closed */
  run(code: string): Promise<number>;
  /** The output since the last command began. It may arrive a moment after the exit code, over another pipe. */
  output(): string;
  close(): Promise<void>;
}

/** Runs each command from descriptor 3 in this shell and writes its exit code to descriptor 4. */
const loop = `stty rows ${size.rows} cols ${size.columns}
while IFS= read -r -d '' line <&3; do eval "$line" 3<&- 4>&-; echo $? >&4; done`;

/** Runs bash in `script` (util-linux). */
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
  // Writing fails once the shell has ended; `run` reports that.
  told.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code) => resolve(`the shell exited with ${code}`));
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
