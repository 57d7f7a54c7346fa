import { setTimeout as wait } from 'node:timers/promises';

/** Waits at most a minute until `ask` succeeds against the server `child`. If the server exits, throws with its output. */
export async function answering(
  name: string,
  ask: () => Promise<unknown>,
  child: PromiseLike<{ all?: string; exitCode?: number }>,
): Promise<void> {
  let ended: string | undefined;
  void child.then(({ all = '', exitCode }) => (ended = `exit code ${exitCode}: ${all.slice(-2000)}`));
  for (let tries = 0; tries < 240; tries++) {
    if (ended !== undefined) throw new Error(`${name} exited with ${ended}`);
    const answered = await ask().then(
      () => true,
      () => false,
    );
    if (answered) return;
    await wait(250);
  }
  throw new Error(`${name} does not respond`);
}
