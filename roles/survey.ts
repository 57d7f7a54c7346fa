import type { Context, Facts, Host, Script } from '../provision/index.ts';

type Work = Pick<Context<string>, 'read' | 'remaining' | 'facts'>;

/**
 * Reads the output of a script on each host that the run still reaches, with the facts of the host. A host that fails now
 * has left the run, and is left out.
 */
export async function surveyed<T>(
  work: Work,
  hosts: readonly Host[],
  script: Script,
  read: (host: Host, facts: Facts, printed: string) => T,
): Promise<readonly T[]> {
  const found = await Promise.all(
    work.remaining(hosts).map(async (host) => {
      try {
        // in this order, the first exchange with a host reads both
        const printed = await work.read(host, script, '');
        return [read(host, await work.facts(host), printed)];
      } catch (error) {
        if (work.remaining([host]).length > 0) throw error;
        return [];
      }
    }),
  );
  return found.flat();
}
