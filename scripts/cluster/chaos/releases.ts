import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkout } from './provisioner.ts';

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

/** Releases that must never serve a request. Their migrations work; only the server is broken. */
export const bad = badWhere('true');

/** The same, but broken only where a JavaScript expression holds. */
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
