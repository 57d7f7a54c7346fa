import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildRelease } from '../approaches/release/build.ts';

/** Builds the release, unpacks it into a folder and returns the path of theapp.mjs. */
export async function unpackRelease(folder: string): Promise<string> {
  const { file, version } = await buildRelease();
  await execa('tar', ['-xzf', file, '-C', folder]);
  return join(folder, `theapp-${version}`, 'theapp.mjs');
}

export interface Program {
  child: ChildProcess;
  /** All its output so far, from both streams. */
  output(): string;
  /** Its URL, once it logs it. Throws with its output if it exits before. */
  url(): Promise<string>;
  /** The exit code, or the signal that terminated it. */
  ended: Promise<number | string>;
}

/** Processes to kill when the test ends, for whatever reason. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the program with only the given environment and PATH. */
export function start(file: string, args: string[], environment: Record<string, string>): Program {
  const child = spawn('node', [file, ...args], { env: { PATH: process.env.PATH, ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part));
  const ended = new Promise<number | string>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal ?? '')),
  );
  running.add(child);
  ended.then(() => running.delete(child));
  const url = () =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = /"address":"([^"]+)"/.exec(output)?.[1];
        if (found) resolve(found);
      };
      child.stdout.on('data', look);
      look();
      ended.then((code) => reject(new Error(`exited with ${code}: ${output}`)));
    });
  return { child, output: () => output, url, ended };
}
