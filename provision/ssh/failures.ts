import { ProvisionError, unreachable } from '../errors.ts';
import { endpoint, type Target } from './target.ts';

/** What makes another try worth while: the machine is on its way up, or the server has too much to do. */
export type Cause = 'booting' | 'crowded' | 'final';

/** What went wrong with a connection, and whether time may heal it. */
export interface Trouble {
  readonly error: ProvisionError;
  readonly cause: Cause;
  /** A few words for a line of progress. */
  readonly short: string;
}

/** What a failed try throws: for whoever decides about the next one. */
export class Unconnected extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.error.message, { cause: trouble.error });
    this.trouble = trouble;
  }
}

interface Wording {
  readonly test: (code: string, message: string) => boolean;
  readonly cause: Cause;
  readonly what: (at: string, target: Target) => string;
  readonly short: string;
  /** Whether the raw error says more than `what` does. */
  readonly raw?: boolean;
  readonly todo?: (target: Target) => string;
}

const is =
  (...codes: string[]) =>
  (code: string) =>
    codes.includes(code);
const says = (pattern: RegExp) => (_: string, message: string) => pattern.test(message);

/** The code that a jump host's refusal to connect onwards is given here. */
export const FORWARD_FAILED = 'EFORWARD';

const wordings: readonly Wording[] = [
  {
    test: is(FORWARD_FAILED),
    cause: 'booting',
    what: (at) => `the jump host could not connect to ${at}`,
    short: 'the jump host gets no connection',
    raw: true,
    todo: () => 'see whether the machine is up and the jump host reaches it',
  },
  {
    test: is('ECONNREFUSED'),
    cause: 'booting',
    what: (at) => `nothing listens at ${at}: connection refused`,
    short: 'connection refused',
    todo: ({ port }) => `see whether the machine is up, sshd runs there, and ${port} is its port`,
  },
  {
    test: is('EHOSTUNREACH', 'EHOSTDOWN'),
    cause: 'booting',
    what: (at) => `no route to ${at}: no machine answers for that address`,
    short: 'no route to it',
    todo: () => 'see whether the machine is up and its address is right',
  },
  {
    test: is('ENETUNREACH', 'EADDRNOTAVAIL'),
    cause: 'final',
    what: (at) => `this computer has no route to the network of ${at}`,
    short: 'no route',
    todo: () => 'see whether a VPN or a network connection is missing, and whether the address is right',
  },
  {
    test: is('ENOTFOUND'),
    cause: 'final',
    what: (_, { address }) => `the name "${address}" does not exist in DNS, /etc/hosts or ssh_config`,
    short: 'unknown name',
    todo: () => 'see whether it is spelt right, or give an address',
  },
  {
    test: is('EAI_AGAIN'),
    cause: 'booting',
    what: (_, { address }) => `the name "${address}" could not be looked up: DNS does not answer`,
    short: 'DNS does not answer',
    todo: () => 'see whether this computer is online, or give an address',
  },
  {
    test: says(/no matching (key exchange|C->S|S->C|host key|cipher|MAC)/i),
    cause: 'final',
    what: (at) => `the SSH server at ${at} and this program have no algorithm in common`,
    short: 'no common algorithm',
    todo: () =>
      'allow one there in sshd_config, such as KexAlgorithms +curve25519-sha256, HostKeyAlgorithms +ssh-ed25519, Ciphers +aes128-gcm@openssh.com (servers that offer post-quantum key exchange only are not supported)',
  },
  {
    test: says(/too many authentication failures/i),
    cause: 'final',
    what: (at, { user }) => `${at} ended the connection: too many keys were tried for user "${user}"`,
    short: 'too many keys',
    todo: () => 'name the one key (key in the inventory, or IdentityFile with IdentitiesOnly yes)',
  },
  // Before time-outs: node-ssh says ETIMEDOUT of a server that has hung up.
  {
    test: (code, message) =>
      is('ECONNRESET', 'EPIPE')(code) || /before handshake|No response from server/.test(message),
    cause: 'crowded',
    what: (at) => `${at} ended the connection before it stood`,
    short: 'connection ended',
    todo: () =>
      'see whether an SSH server listens there, and its log (MaxStartups, AllowUsers, nologin, tcp wrappers)',
  },
  {
    test: (code, message) => code === 'ETIMEDOUT' || /timed out/i.test(message),
    cause: 'booting',
    what: (at) => `${at} does not answer as an SSH server: timed out`,
    short: 'no answer',
    todo: () => 'see whether the machine is up and no firewall stands between',
  },
  {
    test: says(/Invalid identification|Protocol version|Packet length|malformed|Bad packet/i),
    cause: 'final',
    what: (at) => `what listens at ${at} does not speak SSH 2`,
    short: 'not SSH',
    todo: ({ port }) => `see whether ${port} is the port of its SSH server`,
  },
];

/** A raw error of the connection as a person should read it. */
export function trouble(target: Target, error: unknown): Trouble {
  if (error instanceof ProvisionError) return { error, cause: 'final', short: error.parts.what };
  const raw = firstOf(error);
  const code = String(Reflect.get(raw, 'code') ?? '');
  const found = wordings.find(({ test }) => test(code, raw.message));
  const what = found?.what(endpoint(target), target) ?? `no connection to ${endpoint(target)}`;
  const why = found && !found.raw ? {} : { why: raw.message };
  const todo = found?.todo ? { todo: found.todo(target) } : {};
  const said = target.note ? { said: target.note } : {};
  return {
    error: unreachable({ place: target.place, what, ...why, ...said, ...todo }, error),
    cause: found?.cause ?? 'final',
    short: found?.short ?? raw.message,
  };
}

/** A name with several addresses fails with one error for each of them. */
function firstOf(error: unknown): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error instanceof Error ? error : new Error(String(error));
}
