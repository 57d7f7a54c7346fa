import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Starts a real ssh-agent for one test, adds keys to it, and returns its socket. */
export async function agent(
  t: { teardown(end: () => unknown): unknown },
  ...keys: string[]
): Promise<string> {
  // A socket's path can have at most 107 bytes, and the path of a test's own folder may be longer.
  const folder = await mkdtemp(join(tmpdir(), 'agent-'));
  const socket = join(folder, 's');
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  t.teardown(async () => {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  });
  for (let i = 0; i < 200 && !existsSync(socket); i++) await wait(10);
  for (const key of keys)
    execFileSync('ssh-add', ['-q', key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
}
