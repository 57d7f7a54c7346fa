import { existsSync } from 'node:fs';
import type { AgentAuthMethod, ParsedKey, PublicKeyAuthMethod } from 'ssh2';
import { type ProvisionError, unreachable } from '../errors.ts';
import { agentKeys, offer } from './agent.ts';
import { readKey } from './keys.ts';
import { fingerprint } from './known.ts';
import { endpoint, type Target, typed } from './target.ts';

interface Candidate {
  readonly key: ParsedKey;
  readonly from: string;
  readonly agent?: string;
}

/** The authentication methods to try, in order, and the keys that cannot be used. */
export interface Identities {
  readonly methods: readonly (PublicKeyAuthMethod | AgentAuthMethod)[];
  /** One line for each method: the key and its source. */
  readonly tried: readonly string[];
  /** One line for each key that cannot be used. */
  readonly unusable: readonly string[];
}

/**
 * The keys for a connection: the host's own files, then the agent's keys (those that are also named by files come
 * first), then the files of ssh_config. Encrypted files are used only through the agent.
 */
export async function identities(target: Target): Promise<Identities> {
  const { utils } = (await import('ssh2')).default;
  const paths = new Set([...target.keyFiles, ...target.identityFiles.filter((file) => existsSync(file))]);
  const files = [...paths].map((file) => ({
    file,
    found: readKey(file, utils.parseKey),
  }));
  const held = target.agent ? await agentKeys(target.agent) : [];
  const named = files.flatMap(({ found }) => (found.publicKey ? [found.publicKey] : []));
  const isNamed = ({ key }: { key: ParsedKey }) => named.some((blob) => blob.equals(key.getPublicSSH()));
  const fromAgent = [
    ...held.filter(isNamed),
    ...(target.identitiesOnly ? [] : held.filter((k) => !isNamed(k))),
  ];
  const usable = (own: boolean): Candidate[] =>
    files.flatMap(({ file, found }) =>
      found.key && target.keyFiles.includes(file) === own ? [{ key: found.key, from: file }] : [],
    );
  const agent = target.agent ? { agent: target.agent } : {};
  const all: Candidate[] = [
    ...usable(true),
    ...fromAgent.map(({ key, comment }) => ({ key, from: `${comment} of the agent`, ...agent })),
    ...usable(false),
  ];
  const seen = new Set<string>();
  const once = all.filter(({ key }) => !seen.has(print(key)) && seen.add(print(key)));
  const methods = await Promise.all(
    once.map(async (one) =>
      one.agent
        ? { type: 'agent' as const, username: target.user, agent: await offer(one.agent, one.key) }
        : { type: 'publickey' as const, username: target.user, key: one.key },
    ),
  );
  return {
    methods,
    tried: once.map(({ key, from }) => `${from} (${print(key)})`),
    unusable: files.flatMap(({ file, found }) =>
      found.problem && !(found.publicKey && seen.has(fingerprint(found.publicKey)))
        ? [`${file}: ${found.problem.why}; ${found.problem.todo}`]
        : [],
    ),
  };
}

/** The error for an authentication that failed: which keys were refused, which cannot be used, and what to do. */
export function refused(
  target: Target,
  { tried, unusable }: Identities,
  left: readonly string[],
): ProvisionError {
  const accepted = left.length > 0 ? `; the server accepts: ${left.join(', ')}` : '';
  const notes = [...unusable, ...(target.note ? [target.note] : [])];
  const first = tried[0]?.replace(/ \(.*$/, '');
  return unreachable({
    place: target.place,
    what:
      tried.length > 0
        ? `${endpoint(target)} refused every key for user "${target.user}"`
        : `no usable key for user "${target.user}" at ${endpoint(target)}`,
    ...(tried.length > 0 ? { why: `tried: ${tried.join(', ')}${accepted}` } : {}),
    ...(notes.length > 0 ? { said: notes.join('\n') } : {}),
    todo:
      tried.length > 0
        ? `check the user name, or install the key on the host: ssh-copy-id ${first?.endsWith('agent') ? '' : `-i ${first} `}${typed(target)}`
        : 'set a key (key in the inventory or IdentityFile in ssh_config), or add one to an agent with ssh-add',
  });
}

function print(key: ParsedKey): string {
  return fingerprint(key.getPublicSSH());
}
