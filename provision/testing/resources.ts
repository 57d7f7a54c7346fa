import { execFileSync } from 'node:child_process';
import type { Change, Resource } from '../language/resource.ts';
import { probesOf } from '../run/probes.ts';
import type { Shell } from '../shell/exchange.ts';
import { quote, type Script, sh } from '../shell/sh.ts';

/** What a host says of one resource: its state, by the very scripts that the engine sends. */
export async function stateOf<S>(resource: Resource<S>, shell: Shell): Promise<S> {
  const { scripts, read } = probesOf([resource as Resource]);
  const { probes, broken } = await shell.exchange({ steps: [], probes: scripts });
  if (broken) throw new Error(`the probes are broken: ${broken.stderr}`);
  return read(probes)[0] as S;
}

/** The changes that are pending now; nothing is changed. */
export async function pending<S>(resource: Resource<S>, shell: Shell): Promise<readonly Change[]> {
  return resource.plan(await stateOf(resource, shell));
}

/**
 * Makes a resource so on a real shell, and returns what had to be changed. An upload is a local copy.
 *
 * @throws Error when a change fails (with the shell's words) or when it is still pending afterwards
 */
export async function applyOnce<S>(
  resource: Resource<S>,
  shell: Shell,
  progress?: (line: string) => void,
): Promise<readonly Change[]> {
  const changes = await pending(resource, shell);
  for (const { script, upload } of changes) {
    if (upload) await run(shell, sh`cp -- ${upload.from} ${upload.to}`);
    await run(shell, script, progress);
  }
  const left = await pending(resource, shell);
  if (left.length > 0) throw new Error(`still pending: ${left.map(({ summary }) => summary).join('; ')}`);
  return changes;
}

async function run(shell: Shell, script: Script, progress?: (line: string) => void): Promise<void> {
  const steps = [{ script, timeout: 60 }];
  const reply = await shell.exchange({ steps, probes: [], ...(progress ? { progress } : {}) });
  const seen = reply.steps[0];
  if (seen?.code !== 0) throw new Error(`exit code ${seen?.code}: ${seen?.stderr}`);
}

/** A fingerprint of all that stands in a folder: names, kinds, owners, modes, times of change, content. */
export function fingerprint(folder: string): string {
  const script = `find . -printf '%p %y %u %g %m %T@ %l\\n' | sort; find . -type f -print0 | sort -z | xargs -0r sha256sum`;
  return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
}

/**
 * A command for `localShell`: root's shell that sees copies or scratch folders in the place of some of this computer's
 * own, in a mount namespace of its own. `over` maps a path to what is seen there.
 */
export function isolated(over: Readonly<Record<string, string>>): ['unshare', ...string[]] {
  const mounts = Object.entries(over).map(([path, folder]) => `mount --bind ${quote(folder)} ${quote(path)}`);
  return ['unshare', '--mount', '--', 'sh', '-ec', [...mounts, 'exec sh'].join('\n')];
}
