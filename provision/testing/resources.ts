import { execFileSync } from 'node:child_process';
import type { Change, Resource } from '../language/resource.ts';
import { probesOf } from '../run/probes.ts';
import type { Shell } from '../shell/exchange.ts';
import { quote, type Script, sh } from '../shell/sh.ts';

/** The state of a resource, probed with the same scripts that the engine sends. */
export async function stateOf<S>(resource: Resource<S>, shell: Shell): Promise<S> {
  const { scripts, read } = probesOf([resource as Resource]);
  const { probes, broken } = await shell.exchange({ steps: [], probes: scripts });
  if (broken) throw new Error(`the probes are broken: ${broken.stderr}`);
  return read(probes)[0] as S;
}

/** The changes that are pending now. Changes nothing. */
export async function pending<S>(resource: Resource<S>, shell: Shell): Promise<readonly Change[]> {
  return resource.plan(await stateOf(resource, shell));
}

/**
 * Applies a resource with a real shell and returns the changes that were made. An upload is a local copy.
 *
 * @throws Error if a change fails (with the shell's output) or is still pending afterwards
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
  const remaining = await pending(resource, shell);
  if (remaining.length > 0)
    throw new Error(`still pending: ${remaining.map(({ summary }) => summary).join('; ')}`);
  return changes;
}

async function run(shell: Shell, script: Script, progress?: (line: string) => void): Promise<void> {
  const steps = [{ script, timeout: 60 }];
  const reply = await shell.exchange({ steps, probes: [], ...(progress ? { progress } : {}) });
  const seen = reply.steps[0];
  if (seen?.code !== 0) throw new Error(`exit code ${seen?.code}: ${seen?.stderr}`);
}

/** A fingerprint of a folder's contents: names, types, owners, modes, modification times and content. */
export function fingerprint(folder: string): string {
  const script = `find . -printf '%p %y %u %g %m %T@ %l\\n' | sort; find . -type f -print0 | sort -z | xargs -0r sha256sum`;
  return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
}

/**
 * A command for `localShell`: a root shell in its own mount namespace, in which other folders replace some of this
 * computer's. `over` maps a path to the folder that replaces it.
 */
export function isolated(over: Readonly<Record<string, string>>): ['unshare', ...string[]] {
  const mounts = Object.entries(over).map(([path, folder]) => `mount --bind ${quote(folder)} ${quote(path)}`);
  return ['unshare', '--mount', '--', 'sh', '-ec', [...mounts, 'exec sh'].join('\n')];
}
