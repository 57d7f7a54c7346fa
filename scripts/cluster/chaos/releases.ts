import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure } from '../../../provision/index.ts';
import { checkout, type Provisioned, requireSuccess } from './provisioner.ts';
import type { Scenario } from './scenario.ts';
import type { Subject } from './subject.ts';

/** The files that a provisioning run reads, which are copied. Its state is shared. */
const copied = [
  'app',
  'approaches',
  'nginx',
  'provision',
  'roles',
  'scripts',
  'package.json',
  'package-lock.json',
  'LICENSE',
  'tsconfig.json',
];
const shared = ['node_modules', '.secrets', '.cache', '.vagrant', 'Vagrantfile'];

/** The entry point of TheAPP: code at its top runs first. */
const main = 'app/src/main.ts';

/**
 * A copy of this checkout with another release of TheAPP, to provision from. Machines, secrets and downloads are shared.
 * `code` is added at the top of the entry point.
 */
export function anotherRelease(code: string): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-release-'));
  for (const name of copied) cpSync(join(checkout, name), join(folder, name), { recursive: true });
  for (const name of shared)
    if (existsSync(join(checkout, name))) symlinkSync(join(checkout, name), join(folder, name));
  const path = join(folder, main);
  writeFileSync(path, `${code}\n${readFileSync(path, 'utf8')}`);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Deploys another release. `code` is added at the top of its entry point. */
export async function deploy(target: Subject, code: string): Promise<Provisioned> {
  const { folder, remove } = anotherRelease(code);
  return await target.provision({ from: folder }).finally(remove);
}

/** What differs between kinds of clusters when they are updated. */
interface Update {
  readonly description: string;
  readonly healthySeconds: number;
  readonly mayReplace: readonly string[];
}

/** A good release is deployed, which must be accepted. */
export const update = ({ healthySeconds, ...more }: Update): Scenario<Subject> => ({
  ...more,
  name: 'update',
  bounds: { protects: 'all', healthySeconds },
  prepare: async (target) => async () => {
    requireSuccess(await deploy(target, '// another release'), 'the release was refused');
    return undefined;
  },
});

/** The bad releases: the code of each, the end of its scenario's name, and what it does. */
const kinds = [
  { kind: 'crash', name: 'crash', does: 'crashes at startup' },
  { kind: 'neverReady', name: 'never-ready', does: 'never becomes ready' },
  { kind: 'answers500', name: '500', does: 'answers every request with 500' },
] as const;

/** What differs between kinds of clusters when a release is bad. */
interface BadReleases<Target> {
  readonly healthySeconds: number;
  readonly mayReplace?: readonly string[];
  /** What the run must say when it refuses a release. */
  readonly reasons: Readonly<Record<(typeof kinds)[number]['kind'], RegExp>>;
  /** A JavaScript expression that holds where the release is bad; by default, everywhere. */
  readonly where?: (target: Target) => string;
}

/** Bad releases are deployed. Each must be refused with the reason; the cluster rolls back by itself. */
export const badReleases = <Target extends Subject>({
  reasons,
  healthySeconds,
  where = () => 'true',
  ...more
}: BadReleases<Target>): Scenario<Target>[] =>
  kinds.map(({ kind, name, does }) => ({
    ...more,
    name: `bad-release-${name}`,
    description: `a release that ${does} is deployed`,
    bounds: { protects: 'all', healthySeconds },
    prepare: async (target) => async () => {
      const { exitCode, errors } = await deploy(target, badWhere(where(target))[kind]);
      const said = errors.join('\n');
      if (exitCode === 0) throw failure({ what: 'a bad release was accepted' });
      if (reasons[kind].test(said)) return undefined;
      throw failure({ what: 'a bad release was refused without naming the reason', said });
    },
  }));

/**
 * Code of releases that must never serve a request where a JavaScript expression holds. Their migrations work; only the
 * server is broken.
 */
export function badWhere(condition: string) {
  return {
    crash: `if (${condition} && !process.argv.includes('migrate')) throw new Error('this release is broken');`,
    neverReady: answering(condition, "request.url === '/readyz'", 503),
    answers500: answering(condition, "!/^\\/(readyz|livez)$/.test(request.url ?? '')", 500),
  } as const;
}

/** Code that answers some requests in place of the application. */
function answering(condition: string, which: string, status: number): string {
  return `import bad from 'node:http';
const broken = ${condition};
const emit = bad.Server.prototype.emit;
bad.Server.prototype.emit = function (this: bad.Server, name: string, ...words: unknown[]) {
  const [request, response] = words as [bad.IncomingMessage, bad.ServerResponse];
  if (!broken || name !== 'request' || !(${which})) return emit.call(this, name, ...words);
  response.writeHead(${status}).end('{"status":"broken"}');
  return true;
} as typeof emit;`;
}
