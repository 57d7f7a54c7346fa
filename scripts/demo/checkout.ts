import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { execa } from 'execa';
import { hashInputs } from '../../approaches/release/inputs.ts';
import { readVersion } from '../../approaches/release/version.ts';
import { imagesFolder } from '../../provision/machines/lab/folders.ts';

const root = resolve(import.meta.dirname, '../..');

/** A clone of this checkout in which a recording is made: it shows a commit, without local changes. */
export interface Checkout {
  readonly folder: string;
  /** The environment of the commands that run in it. */
  readonly env: NodeJS.ProcessEnv;
  /** The commit, and what is built from it. */
  readonly about: Readonly<Record<string, string>>;
  /** The names under which its folders and the user's are shown. */
  readonly folders: Readonly<Record<string, string>>;
  remove(): void;
}

/** It shares packages, downloads and machine images with this checkout; machines and passwords are its own. */
export async function cloned(): Promise<Checkout> {
  const parent = mkdtempSync(join(tmpdir(), 'theapp-demo-'));
  const folder = join(parent, 'theapp');
  await execa('git', ['clone', '--quiet', root, folder]);
  mkdirSync(join(root, '.cache'), { recursive: true });
  for (const name of ['node_modules', '.cache']) symlinkSync(join(root, name), join(folder, name));
  const { version, commit } = await readVersion(folder, hashInputs(folder));
  return {
    folder,
    env: { ...personal(process.env), THEAPP_LAB: join(folder, '.lab'), THEAPP_LAB_IMAGES: imagesFolder() },
    about: { COMMIT: `${commit}`.slice(0, 7), THEAPP: version, NODE: process.version },
    folders: { [folder]: '~/theapp', [root]: '~/theapp', [parent]: '~', [homedir()]: '~' },
    remove: () => rmSync(parent, { recursive: true, force: true }),
  };
}

/** The environment of a person's shell, without the variables of npm and of tests. */
function personal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(npm_|INIT_CWD$|NODE$|NODE_|TAP|CI$|NO_COLOR$|FORCE_COLOR$|COLORTERM$|COLUMNS$|LINES$)/i;
  const kept = Object.entries(env).filter(
    ([name]) => !foreign.test(name) || name.startsWith('NODE_EXTRA_CA'),
  );
  const path = (env.PATH ?? '').split(delimiter).filter((one) => !one.includes('node_modules'));
  return {
    ...Object.fromEntries(kept),
    PATH: path.join(delimiter),
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    npm_config_loglevel: 'silent',
    npm_config_update_notifier: 'false',
  };
}

/** Adds an `ssh` to the PATH that reads these lines before the user's ssh_config. */
export function withSshConfig({ folder, env }: Checkout, config: string): NodeJS.ProcessEnv {
  const bin = join(folder, '.lab', 'bin');
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  writeFileSync(join(bin, 'config'), config);
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F '${join(bin, 'config')}' "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  return { ...env, PATH: `${bin}${delimiter}${env.PATH}` };
}
