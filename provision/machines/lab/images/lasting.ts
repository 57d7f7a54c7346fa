import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from '../../../computer/files.ts';
import { freePort, isFree } from '../../../computer/ports.ts';
import { failure } from '../../../errors.ts';
import { folderOf } from '../folders.ts';
import { blobsOf } from './blobs.ts';
import { buildStandIns } from './build.ts';

/** Where a mirror listens, and what that address is to the machines. */
export interface Place {
  readonly listen: string;
  readonly seen: string;
}

export interface Wanting {
  readonly lab: string;
  readonly place: Place;
  readonly yes: boolean;
  /** Why the machines reach no registry; undefined when they do. */
  unreached(): Promise<string | undefined>;
  progress(line: string): void;
  /** The archive with the images; the stand-ins, unless it is given. */
  archive?(): Promise<string>;
}

/** What is remembered of a lab's mirror, or that its machines want none. */
type State = { readonly registry: true } | Running;
interface Running {
  readonly pid: number;
  readonly archive: string;
  readonly listen: string;
  readonly port: number;
  readonly url: string;
}

/**
 * The address of the lab's own mirror of Docker Hub, where its machines reach no registry: started if it does not run,
 * and at the address that the machines know. It is a process of its own, since images are pulled long after the
 * command has ended, when a node heals or is updated; `endMirror` ends it. Asked once for each lab.
 *
 * @throws ProvisionError (failed)
 */
export async function lastingMirror(wanting: Wanting): Promise<string | undefined> {
  const { lab, yes, progress } = wanting;
  const kept = read(lab);
  if (kept && 'registry' in kept) return undefined;
  if (!kept) {
    const why = await wanting.unreached();
    if (why === undefined) return keepRegistry(lab);
    progress(`the machines reach no registry (${why}): a mirror with images from Debian's packages`);
  }
  const archive = (await wanting.archive?.()) ?? (await buildStandIns({ yes, progress })).file;
  if (kept && mirrorProcess(lab) !== undefined) {
    if (kept.archive === archive) return kept.url;
    endProcess(lab);
  }
  await blobsOf(archive, progress);
  return await start(wanting, archive, kept?.port);
}

function keepRegistry(lab: string): undefined {
  writeWhole(stateOf(lab), `${JSON.stringify({ registry: true })}\n`);
}

async function start({ lab, place }: Wanting, archive: string, before?: number): Promise<string> {
  const port = before ?? (await freePort());
  if (before !== undefined && place.listen === '127.0.0.1' && !(await isFree(before))) {
    throw failure({
      place: lab,
      what: `port ${before}, where the machines expect their mirror, is taken`,
      todo: `end the program that has it, or make the machines anew: npm run lab -- down ${lab}`,
    });
  }
  const log = join(folderOf(lab), 'mirror.log');
  const output = openSync(log, 'a', 0o600);
  const words = [join(import.meta.dirname, 'serve.ts'), stateOf(lab), archive, place.listen, String(port)];
  const child = spawn(process.execPath, words, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const url = `http://${place.seen}:${port}`;
  const state: Running = { pid: child.pid ?? 0, archive, listen: place.listen, port, url };
  writeWhole(stateOf(lab), `${JSON.stringify(state)}\n`);
  await answering(lab, state, log);
  return url;
}

async function answering(lab: string, { listen, port }: Running, log: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await fetch(`http://${listen}:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return;
    if (mirrorProcess(lab) === undefined) break;
    await sleep(50);
  }
  endMirror(lab);
  const todo = 'name a mirror that the machines reach: -e docker.mirrors=[http://…]';
  throw failure({ place: lab, what: 'the mirror did not start', said: readFileSync(log, 'utf8'), todo });
}

/** The process of a lab's mirror and its address, when it runs. */
export function mirrorProcess(lab: string): { pid: number; url: string } | undefined {
  const state = read(lab);
  if (!state || 'registry' in state) return undefined;
  try {
    // another process may have its number by now
    const words = readFileSync(`/proc/${state.pid}/cmdline`, 'utf8').split('\0');
    return words.includes(stateOf(lab)) ? { pid: state.pid, url: state.url } : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a lab's mirror, and forgets it. */
export function endMirror(lab: string): void {
  endProcess(lab);
  rmSync(stateOf(lab), { force: true });
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
