/** A machine of a lab as `lab status --json` shows it. Ports are of this computer's loopback. */
export interface Status {
  readonly name: string;
  readonly provider: 'qemu' | 'docker';
  readonly state: 'running' | 'stopped';
  readonly image: string;
  /** Of a virtual machine. */
  readonly accelerator?: 'kvm' | 'tcg';
  /** The emulator's process. */
  readonly pid?: number;
  /** What Docker calls a container. */
  readonly container?: string;
  readonly ssh?: number;
  /** Port of the machine → port here. */
  readonly ports: Readonly<Record<number, number>>;
  readonly privateAddress?: string;
  readonly snapshots: readonly string[];
}
