import { execa } from 'execa';
import { failure } from '../../errors.ts';
import type { System } from './system.ts';
import { packages, source } from './tree.ts';

/** How many seconds a registry may take to answer. */
const ANSWER_SECONDS = 6;

/**
 * Pulls an official image. Only the daemon knows its mirrors and proxies, so the daemon sends the request; the client
 * prints "Pulling from" once the registry has answered.
 */
export async function pull(
  image: string,
  report: (line: string) => void,
  seconds = ANSWER_SECONDS,
): Promise<{ ok: true } | { ok: false; why: string }> {
  report(`requesting ${image} from the registry`);
  const child = execa('docker', ['pull', image], { reject: false, stdin: 'ignore', all: true });
  let answered = false;
  const timer = setTimeout(() => answered || child.kill('SIGTERM'), seconds * 1000);
  child.stdout.on('data', (data: Buffer) => {
    if (!answered && /Pulling from/.test(String(data))) answered = true;
    if (answered) report(`pulling ${image}`);
  });
  const { exitCode, all } = await child;
  clearTimeout(timer);
  if (exitCode === 0) return { ok: true };
  if (!answered && child.killed) return { ok: false, why: `no answer in ${seconds} s` };
  return { ok: false, why: reasonIn(all ?? '') };
}

/** The last part of the daemon's error is the reason: `… lookup registry-1.docker.io: no such host`. */
export function reasonIn(output: string): string {
  const last = output.trim().split('\n').at(-1) ?? '';
  return last.split(': ').slice(-2).join(': ').slice(0, 200) || 'no reason given';
}

/** Builds a system's image on the official one. @throws ProvisionError (failed) with the builder's output */
export async function build(
  { name, base, packages: more }: System,
  tag: string,
  report: (line: string) => void,
): Promise<void> {
  const args = [`BASE=${base}`, `PACKAGES=${[...packages, ...more].join(' ')}`];
  const words = ['build', '--tag', tag, ...args.flatMap((one) => ['--build-arg', one]), source];
  const child = execa('docker', words, { reject: false, stdin: 'ignore', all: true, lines: true });
  for await (const line of child.iterable({ from: 'all' })) {
    const step = /^(?:Step \d+\/\d+ : |#\d+ \[[^\]]*\] )(.{1,60})/.exec(line)?.[1];
    if (step) report(`${name}: ${step}`);
  }
  const { exitCode, all } = await child;
  if (exitCode === 0) return;
  throw failure({
    place: name,
    what: 'the image could not be built',
    said: (all ?? []).join('\n'),
    todo: `check that containers can reach the package sources: docker run --rm ${base} apt-get update`,
  });
}
