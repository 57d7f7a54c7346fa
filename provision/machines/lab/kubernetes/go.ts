import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { locate } from '../../../computer/programs.ts';
import { failure } from '../../../errors.ts';

/** The folder with the Go modules of the lab's programs. */
export const modules = join(import.meta.dirname, 'modules');

/** The program `go` of this computer. @throws ProvisionError (failed) if it is missing or too old */
export async function requireGo(): Promise<string> {
  const why = await whyNoGo();
  const go = locate('go');
  if (go && why === undefined) return go;
  throw failure({
    place: 'this computer',
    what: 'the lab cannot build Kubernetes',
    ...(why === undefined ? {} : { why }),
    todo: `install Go ${oldest()} or later: https://go.dev/doc/install\n  → or name sources that the machines can reach: -e kubernetes.repository=URL -e containerd.mirrors={…}`,
  });
}

/** Why this computer cannot build Kubernetes; undefined if it can. Tests skip with this reason. */
export async function whyNoGo(): Promise<string | undefined> {
  const go = locate('go');
  if (!go) return 'Go is not installed, or not in the PATH';
  const { stdout = '' } = await execa(go, ['env', 'GOVERSION'], { reject: false, env: local });
  const [, found] = /^go(\d+(?:\.\d+)*)/.exec(stdout) ?? [];
  if (found === undefined) return `${go} does not report a version`;
  return isOlder(found, oldest()) ? `Go ${oldest()} or later is needed, and ${go} is Go ${found}` : undefined;
}

/** Keeps an old Go from downloading a newer one. */
export const local = { GOTOOLCHAIN: 'local' };

/** The version that the modules ask for. */
function oldest(): string {
  const text = readFileSync(join(modules, 'program/go.mod'), 'utf8');
  return /^go (\S+)$/m.exec(text)?.[1] ?? '';
}

/** Compares versions of numbers and dots. */
export function isOlder(version: string, than: string): boolean {
  const [ours, theirs] = [version, than].map((text) => text.split('.').map(Number));
  for (const [at, number] of (theirs ?? []).entries()) {
    const own = ours?.[at] ?? 0;
    if (own !== number) return own < number;
  }
  return false;
}
