import { execa } from 'execa';
import { failure } from '../../errors.ts';
import type { System } from './system.ts';
import { packages, source } from './tree.ts';

/** Seconds in which a registry has to say that it has an image. */
const ANSWERS = 6;

/**
 * Has the daemon fetch an official image. The daemon knows its mirrors and proxies, so it is what asks: its client
 * prints "Pulling from" once the registry has answered.
 */
export async function pull(
  image: string,
  tell: (line: string) => void,
  seconds = ANSWERS,
): Promise<{ ok: true } | { ok: false; why: string }> {
  tell(`asking the registry for ${image}`);
  const child = execa('docker', ['pull', image], { reject: false, stdin: 'ignore', all: true });
  let answered = false;
  const timer = setTimeout(() => answered || child.kill('SIGTERM'), seconds * 1000);
  child.stdout.on('data', (data: Buffer) => {
    if (!answered && /Pulling from/.test(String(data))) answered = true;
    if (answered) tell(`pulling ${image}`);
  });
  const { exitCode, all } = await child;
  clearTimeout(timer);
  if (exitCode === 0) return { ok: true };
  if (!answered && child.killed) return { ok: false, why: `no answer in ${seconds} s` };
  return { ok: false, why: reasonIn(all ?? '') };
}

/** The last part of what the daemon says is the reason: `… lookup registry-1.docker.io: no such host`. */
export function reasonIn(said: string): string {
  const last = said.trim().split('\n').at(-1) ?? '';
  return last.split(': ').slice(-2).join(': ').slice(0, 200) || 'it does not say why';
}

/** Whether a registry answers the daemon, without fetching anything. */
export async function reachesRegistry(image: string, seconds = ANSWERS): Promise<boolean> {
  const child = execa('docker', ['pull', image], {
    reject: false,
    stdin: 'ignore',
    timeout: seconds * 1000,
  });
  let answered = false;
  child.stdout.on('data', (data: Buffer) => {
    if (!/Pulling from/.test(String(data))) return;
    answered = true;
    child.kill('SIGTERM');
  });
  await child;
  return answered;
}

/** @throws ProvisionError (failed) with the builder's own words */
export async function build(
  { name, base, packages: more }: System,
  tag: string,
  tell: (line: string) => void,
): Promise<void> {
  const args = [`BASE=${base}`, `PACKAGES=${[...packages, ...more].join(' ')}`];
  const words = ['build', '--tag', tag, ...args.flatMap((one) => ['--build-arg', one]), source];
  const child = execa('docker', words, { reject: false, stdin: 'ignore', all: true, lines: true });
  for await (const line of child.iterable({ from: 'all' })) {
    const step = /^(?:Step \d+\/\d+ : |#\d+ \[[^\]]*\] )(.{1,60})/.exec(line)?.[1];
    if (step) tell(`${name}: ${step}`);
  }
  const { exitCode, all } = await child;
  if (exitCode === 0) return;
  throw failure({
    place: name,
    what: 'the image could not be built',
    said: (all ?? []).join('\n'),
    todo: `see that containers reach the package sources (docker run --rm ${base} apt-get update)`,
  });
}
