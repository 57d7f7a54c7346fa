import { join } from 'node:path';
import { execa } from 'execa';
import { failure } from '../errors.ts';
import { contained } from './contained.ts';
import { computer, type Program } from './programs.ts';
import { forSuite, oneLines, readSources } from './sources.ts';
import { outOfSpace } from './space.ts';

/** What Debian's packages are signed with; also on an Ubuntu that builds a Debian image. */
const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What building a tree takes on this computer. */
export const treePrograms = (root: boolean): Program[] => [
  { name: 'mmdebstrap', package: 'mmdebstrap' },
  { name: debianKeyring, package: 'debian-archive-keyring' },
  { name: 'tar', package: 'tar' },
  ...(root
    ? []
    : [
        { name: 'newuidmap', package: 'uidmap' },
        { name: 'unshare', package: 'util-linux' },
      ]),
];

export interface Tree {
  readonly suite: string;
  readonly packages: readonly string[];
  /** Options of mmdebstrap(1): its variant, its hooks, what it leaves out. */
  readonly options: readonly string[];
  /** A folder to work in, with an empty `tmp` in it. */
  readonly draft: string;
  /** The archive it becomes. */
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A Debian tree as a tar archive, from the package sources of this computer.
 *
 * @throws ProvisionError (failed) with the builder's own words
 */
export async function debianTree(tree: Tree, say: (words: string) => void): Promise<void> {
  const { suite, packages, options, draft, file } = tree;
  const here = computer();
  const own = here.id === 'debian' ? forSuite(readSources(), here.codename, suite) : [];
  const { builder } = await contained();
  const command = [
    ...builder,
    'mmdebstrap',
    `--mode=${here.root ? 'root' : 'unshare'}`,
    '--format=tar',
    `--keyring=${debianKeyring}`,
    `--include=${packages.join(',')}`,
    ...options,
    suite,
    '-',
    ...own.flatMap(oneLines),
  ];
  // in another user namespace the lab's private folder cannot be entered
  const env = { ...tree.env, ...(here.root ? { TMPDIR: join(draft, 'tmp') } : {}) };
  const line = (text: string) => {
    const doing = steps.exec(text);
    if (doing) say(`building it: ${doing[1]}`);
  };
  await run(command, { doing: 'mmdebstrap', cwd: draft, env, stdout: file, line });
}

/** Of mmdebstrap's words, those that say what takes time. */
const steps = /^I: (?:running )?((?:apt-get|downloading|extracting|installing|creating).*?)\.*$/;

export interface Step {
  /** What it does, for the error. */
  readonly doing: string;
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** The file its output goes to. */
  readonly stdout?: string;
  /** Hears each line of its words. */
  line?(line: string): void;
}

/** Runs one program that makes an image. @throws ProvisionError (failed) with its own words */
export async function run([program = '', ...args]: readonly string[], step: Step): Promise<void> {
  const { doing, cwd, env = {}, input = '', stdout, line } = step;
  const child = execa(program, args, {
    cwd,
    env,
    input,
    reject: false,
    lines: true,
    ...(stdout ? { stdout: { file: stdout }, buffer: { stdout: false } } : {}),
  });
  if (line) for await (const text of child.iterable({ from: 'stderr' })) line(text);
  const { exitCode, stderr, shortMessage } = await child;
  if (exitCode === 0) return;
  const said = (stderr ?? []).filter((text) => !/^[ID]: /.test(text)).join('\n');
  throw (
    outOfSpace(said, cwd) ??
    failure({
      place: 'image',
      what: `${doing} failed`,
      why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
      said,
      todo: 'see that this computer reaches its package sources (apt-get update), then try again',
    })
  );
}
