import { write } from '../../provision/authoring.ts';
import { lines, reveal, type Script, type Secret, secret, sh } from '../../provision/index.ts';
import { ENCRYPTION } from './controlPlane.ts';

const PKI = '/etc/kubernetes/pki';

/** What all control planes of a cluster share: its authorities, and the keys of service accounts and of Secrets. */
const FILES = [
  ...['ca', 'front-proxy-ca', 'etcd/ca'].flatMap((name) => [`${PKI}/${name}.crt`, `${PKI}/${name}.key`]),
  `${PKI}/sa.pub`,
  `${PKI}/sa.key`,
  ENCRYPTION,
];

/** Prints the shared files of a control plane. */
export const showShared = sh`for one in ${FILES}; do cat "$one" 2>/dev/null || :; echo '--- end'; done`;

/** Reads what `showShared` printed. */
export const sharedOf = (printed: string): Secret[] => {
  const texts = printed.split(/^--- end$/m);
  return FILES.map((_, i) => secret(`${(texts[i] ?? '').trim()}\n`));
};

/** Writes the shared files on a host that becomes a control plane. */
export const writeShared = (
  texts: readonly Secret[],
): Script => sh`mkdir -p -m 0755 -- ${PKI} ${`${PKI}/etcd`}
${lines(FILES.map((path, i) => written(path, reveal(texts[i] ?? secret('')))))}`;

const written = (path: string, text: string) => sh`(
${write(path, { text, secrets: [text] }, { owner: 'root', group: 'root', mode: /\.(crt|pub)$/.test(path) ? '0644' : '0600' })}
)`;
