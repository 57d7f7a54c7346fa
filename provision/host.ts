/** A machine that can be reached over SSH: everything that is needed to do so, and what roles know it by. */
export interface Host {
  readonly name: string;
  /** What ssh is given: an address, a DNS name, or an alias of ssh_config. */
  readonly address: string;
  readonly port?: number;
  readonly user?: string;
  /** Private key files, tried before the agent's and ssh_config's. */
  readonly keyFiles?: readonly string[];
  /** Its public host keys (`ssh-ed25519 AAAA…`), learned by another way than SSH: nothing else is accepted. */
  readonly hostKeys?: readonly string[];
  /** The key of a machine that the provider has just made is accepted the first time and then kept in this file. */
  readonly acceptNewIn?: string;
  readonly groups: readonly string[];
  /** The address at which the approach's other machines reach it. */
  readonly privateAddress?: string;
  /** Where its ports answer on this computer. Guest port → address and port here. */
  readonly forwarded: Readonly<Record<number, { address: string; port: number }>>;
  /** A container on this computer, made by the docker provider: it shares this computer's kernel. */
  readonly container?: boolean;
  /** Variables of this host alone: role → variable → value. */
  readonly vars: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Where such a variable was written, `file:line:column`; its path begins with the role. */
  readonly varsAt?: (path: readonly PropertyKey[]) => string;
  /** A file that holds the password sudo asks for. */
  readonly sudoPasswordFile?: string;
}
