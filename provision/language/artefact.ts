/** A file on this computer to be sent to hosts, for example a release of TheAPP or a Node.js runtime. */
export interface Artefact {
  readonly version: string;
  /** Its path on this computer. */
  readonly file: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly bytes: number;
}
