import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Test } from 'tap';
import { kubernetes } from '../roles/kubernetes/index.ts';
import { commands, FOLDER, FUNCTIONS } from '../roles/kubernetes/maintenance/files.ts';
import type { Given } from './nodes.ts';
import { newControlPlane } from './servers/controlPlane.ts';

type Parts = Parameters<typeof newControlPlane>[0];

/** A control plane with the commands of the role kubernetes. `run` runs one of them, `call` a function that they share. */
export async function controlPlane(t: Test, given: Given = {}, parts?: Parts) {
  const home = await newControlPlane(parts);
  t.teardown(home.stop);
  const { root, bin } = home;
  for (const path of [FOLDER, 'etc/kubernetes/encryption', 'usr/local/lib', 'usr/local/sbin'])
    mkdirSync(join(root, path), { recursive: true });
  writeFileSync(join(root, 'etc/kubernetes/encryption/config.yaml'), 'the key\n');
  for (const { kind, name, plan } of commands(kubernetes(given).resolve([]).vars)) {
    const text = kind === 'file' ? plan({ kind: 'absent' })[0]?.diff?.after : undefined;
    if (text !== undefined) writeFileSync(join(root, name), text, { mode: 0o755 });
  }
  const env = { MAINTENANCE_ROOT: root, PATH: `${bin}:${process.env.PATH}` };
  const run = (command: string, ...words: string[]) =>
    execa(join(root, `usr/local/sbin/kubernetes-${command}`), words, { env, reject: false, all: true });
  const call = (words: string) =>
    execa('sh', ['-euc', `. '${join(root, FUNCTIONS)}'; ${words}`], { env, reject: false, all: true });
  return { ...home, run, call };
}

/** The names of the snapshots of a control plane. */
export const snapshotsIn = (root: string) =>
  readdirSync(join(root, 'var/backups/kubernetes')).filter((name) => name.endsWith('.tar.gz'));
