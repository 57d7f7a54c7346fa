import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { privateFolder } from '../../../computer/files.ts';
import { withLock } from '../../../computer/lock.ts';
import { outOfSpace, requireSpace } from '../../../computer/space.ts';
import { ticking } from '../../../computer/ticking.ts';
import { failure } from '../../../errors.ts';
import { architecture } from '../../qemu/architecture.ts';
import { imagesFolder } from '../folders.ts';
import { local, modules, requireGo } from './go.ts';
import { versions } from './versions.ts';

/** A program that the lab builds from a Go module. */
export interface Program {
  readonly name: string;
  readonly version: string;
  /** The folder in modules/, and the package in it. */
  readonly module: string;
  readonly package: string;
  /** Variables that the linker sets, as upstream's own build does. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Builds a program, once for each recipe, and returns its file. A build without Go's build cache takes minutes; it runs
 * at low priority.
 *
 * @throws ProvisionError (failed) with the compiler's output
 */
export async function built(program: Program, progress: (line: string) => void): Promise<string> {
  const file = fileOf(program);
  if (existsSync(file)) return file;
  const folder = privateFolder(join(imagesFolder(), 'programs'));
  const doing = `building ${program.name} ${program.version}`;
  // the locks of all programs are one: two compilers at once only slow each other down
  await withLock(folder, doing, progress, () => build(program, file, doing, progress), 3600);
  return file;
}

/** The file of a program, whether it has been built or not. */
export const fileOf = (program: Program) =>
  join(imagesFolder(), 'programs', `${program.name}-${program.version}-${recipeOf(program)}`);

/** A hash of everything that defines the program, except the version of Go. */
export function recipeOf(program: Program): string {
  const sources = readdirSync(join(modules, program.module))
    .sort()
    .map((name) => [name, readFileSync(join(modules, program.module, name), 'utf8')]);
  const parts = [architecture().name, program, sources, flags(program), settings];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

async function build(program: Program, file: string, doing: string, progress: (line: string) => void) {
  if (existsSync(file)) return;
  const go = await requireGo();
  const draft = `${file}.draft`;
  rmSync(draft, { recursive: true, force: true });
  privateFolder(draft);
  requireSpace(draft, 1, doing);
  try {
    // Go may add checksums to the module, which must not change this checkout
    cpSync(join(modules, program.module), join(draft, 'module'), { recursive: true });
    if (program.module === 'program') replaceVersion(join(draft, 'module/go.mod'), program);
    await ticking(progress, doing, () => compile(go, program, draft));
    renameSync(join(draft, program.name), file);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function compile(go: string, program: Program, draft: string): Promise<void> {
  const words = ['-n', '19', go, 'build', ...flags(program), '-o', join(draft, program.name)];
  const options = { cwd: join(draft, 'module'), env: { ...settings, ...local }, reject: false } as const;
  const { exitCode, stderr, shortMessage } = await execa('nice', [...words, program.package], options);
  if (exitCode === 0) return;
  const said = stderr
    .split('\n')
    .filter((line) => !line.startsWith('go: downloading '))
    .join('\n');
  const todo = 'check that this computer can reach its module proxy (go env GOPROXY), then try again';
  throw (
    outOfSpace(said, draft) ??
    failure({
      place: program.name,
      what: 'building it from Go modules failed',
      why: exitCode === undefined ? `${shortMessage}` : `exit code ${exitCode}`,
      said,
      todo,
    })
  );
}

const settings = { CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' };

function flags({ variables }: Program): string[] {
  const set = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  return ['-trimpath', '-ldflags', ['-s -w', ...set].join(' ')];
}

/** Kubernetes 1.36.3 consists of the modules v1.36.3 and v0.36.3. */
function replaceVersion(file: string, { name, version }: Program): void {
  const [own] = versions.kubernetes;
  if (name !== 'kubernetes' || version === own) return;
  const part = (full: string) => full.replace(/^1\./, 'v0.');
  const text = readFileSync(file, 'utf8').replaceAll(`v${own}`, `v${version}`);
  writeFileSync(file, text.replaceAll(part(own), part(version)));
}
