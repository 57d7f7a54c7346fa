import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from '../../../computer/files.ts';
import { freePort, isFree } from '../../../computer/ports.ts';
import { failure } from '../../../errors.ts';
import { folderOf } from '../folders.ts';

/** The address on which a mirror listens, and the address under which the machines reach it. */
export interface Place {
  readonly listen: string;
  readonly seen: string;
}

export interface MirrorOptions {
  readonly lab: string;
  readonly place: Place;
  /** Returns why the machines cannot reach a registry; undefined if they can. */
  whyUnreachable(): Promise<string | undefined>;
  progress(line: string): void;
  /** Returns the folders that the mirror serves, built if they do not exist. */
  folders(): Promise<readonly string[]>;
}

/** The saved state of a lab: its mirror, or that its machines can reach a registry. */
type State = { readonly registry: true } | Running;
interface Running {
  readonly pid: number;
  readonly folders?: readonly string[];
  readonly listen: string;
  readonly port: number;
  readonly url: string;
}

/**
 * Returns the address of the lab's mirror of registries; undefined if its machines can reach a registry, which is checked
 * once for each lab. Starts the mirror if it is not running, at the address that the machines already use. It is a
 * separate process, because images are also pulled after this command ends, when a node heals or is updated; `endMirror`
 * stops it.
 *
 * @throws ProvisionError (failed)
 */
export async function lastingMirror(options: MirrorOptions): Promise<string | undefined> {
  const { lab, progress } = options;
  const saved = read(lab);
  if (saved && 'registry' in saved) return undefined;
  if (!saved) {
    const why = await options.whyUnreachable();
    if (why === undefined) return saveRegistry(lab);
    progress(`the machines cannot reach a registry (${why}), so the lab serves images that it builds itself`);
  }
  const folders = await options.folders();
  if (saved && mirrorProcess(lab) !== undefined) {
    // the state of an earlier version has no folders
    if (saved.folders?.join() === folders.join()) return saved.url;
    await replaceProcess(lab);
  }
  return await start(options, folders, saved?.port);
}

function saveRegistry(lab: string): undefined {
  writeWhole(stateOf(lab), `${JSON.stringify({ registry: true })}\n`);
}

async function start(
  { lab, place }: MirrorOptions,
  folders: readonly string[],
  before?: number,
): Promise<string> {
  const port = before ?? (await freePort());
  if (before !== undefined && place.listen === '127.0.0.1' && !(await isFree(before))) {
    throw failure({
      place: lab,
      what: `port ${before}, where the machines expect their mirror, is in use`,
      todo: `stop the program that uses it, or create the machines again: npm run lab -- down ${lab}`,
    });
  }
  const log = join(folderOf(lab), 'mirror.log');
  const output = openSync(log, 'a', 0o600);
  const words = [join(import.meta.dirname, 'serve.ts'), stateOf(lab), place.listen, String(port), ...folders];
  const child = spawn(process.execPath, words, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const url = `http://${place.seen}:${port}`;
  const state: Running = { pid: child.pid ?? 0, folders, listen: place.listen, port, url };
  writeWhole(stateOf(lab), `${JSON.stringify(state)}\n`);
  await untilReady(lab, state, log);
  return url;
}

async function untilReady(lab: string, { listen, port }: Running, log: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(`http://${listen}:${port}/v2/`).catch(() => undefined);
    if (response?.ok) return;
    if (mirrorProcess(lab) === undefined) break;
    await sleep(50);
  }
  endMirror(lab);
  const todo = 'specify a mirror that the machines can reach: -e docker.mirrors=[http://…]';
  throw failure({ place: lab, what: 'the mirror did not start', said: readFileSync(log, 'utf8'), todo });
}

/** The process id and the address of a lab's mirror, if it is running. */
export function mirrorProcess(lab: string): { pid: number; url: string } | undefined {
  const state = read(lab);
  if (!state || 'registry' in state) return undefined;
  try {
    // another process may have the same id by now
    const words = readFileSync(`/proc/${state.pid}/cmdline`, 'utf8').split('\0');
    return words.includes(stateOf(lab)) ? { pid: state.pid, url: state.url } : undefined;
  } catch {
    return undefined;
  }
}

/** Stops a lab's mirror and deletes its state. */
export function endMirror(lab: string): void {
  endProcess(lab);
  rmSync(stateOf(lab), { force: true });
}

/** The next process needs the same port. */
async function replaceProcess(lab: string): Promise<void> {
  endProcess(lab);
  for (let tries = 0; tries < 100 && mirrorProcess(lab) !== undefined; tries++) await sleep(50);
}

function endProcess(lab: string): void {
  const running = mirrorProcess(lab);
  if (running) process.kill(running.pid, 'SIGTERM');
}

const stateOf = (lab: string) => join(folderOf(lab), 'mirror.json');

function read(lab: string): State | undefined {
  try {
    return JSON.parse(readFileSync(stateOf(lab), 'utf8')) as State;
  } catch {
    return undefined;
  }
}
