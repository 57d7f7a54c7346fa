import type { BaseAgent, ParsedKey } from 'ssh2';

/** Time limit for a local agent to list its keys, in milliseconds. */
const TIMEOUT_MILLISECONDS = 5000;

/** The keys of the agent at this socket; none if no agent answers. */
export async function agentKeys(socket: string): Promise<{ key: ParsedKey; comment: string }[]> {
  const { createAgent, utils } = (await import('ssh2')).default;
  const listed = await new Promise<unknown[]>((resolve) => {
    const late = setTimeout(() => resolve([]), TIMEOUT_MILLISECONDS);
    createAgent(socket).getIdentities((error, keys) => {
      clearTimeout(late);
      resolve(error ? [] : (keys ?? []));
    });
  });
  return listed.flatMap((entry) => {
    const key = utils.parseKey(entry as ParsedKey);
    return key instanceof Error ? [] : [{ key, comment: key.comment || key.type }];
  });
}

/** The agent restricted to this key, so that keys are offered in a defined order. */
export async function offer(socket: string, key: ParsedKey): Promise<BaseAgent> {
  const { createAgent } = (await import('ssh2')).default;
  return Object.assign(createAgent(socket), {
    getIdentities: (callback: (error: undefined, keys: ParsedKey[]) => void) => callback(undefined, [key]),
  });
}
