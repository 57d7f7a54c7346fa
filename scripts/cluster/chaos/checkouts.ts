import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from './provision.ts';

/** What a run of the provisioner reads, and what it keeps. */
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

/** Where every program of TheAPP begins; what stands at the top of it runs before all else. */
const main = 'app/src/main.ts';

/**
 * A copy of this checkout with another TheAPP in it, from which it can be provisioned: the machines, the secrets and
 * what was downloaded are the same. `code` is what it has more, at its beginning.
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

/** Releases that nobody should ever be served by. Migrations run as they should: it is the server that is bad. */
export const bad = {
  crash: "if (!process.argv.includes('migrate')) throw new Error('this release is broken');",
  neverReady: answering("request.url === '/readyz'", 503),
  answers500: answering("!/^\\/(readyz|livez)$/.test(request.url ?? '')", 500),
} as const;

/** Answers some requests itself, whatever the application would have said. */
function answering(which: string, status: number): string {
  return `import bad from 'node:http';
const emit = bad.Server.prototype.emit;
bad.Server.prototype.emit = function (this: bad.Server, name: string, ...words: unknown[]) {
  const [request, response] = words as [bad.IncomingMessage, bad.ServerResponse];
  if (name !== 'request' || !(${which})) return emit.call(this, name, ...words);
  response.writeHead(${status}).end('{"status":"broken"}');
  return true;
} as typeof emit;`;
}
