import { lines, type Script, sh } from '../shell/sh.ts';

/** Whether a kernel supports IPsec, and the evidence for it. */
export interface Ipsec {
  /** `unknown` if neither its modules nor its configuration are visible, as in many containers. */
  readonly has: 'yes' | 'no' | 'unknown';
  /** For messages: `/proc/config.gz has no CONFIG_INET_ESP`. */
  readonly seen: string;
}

/**
 * The kernel features that an encrypted overlay network needs: ESP, and the interface through which Docker configures
 * it. ESP includes its ciphers (XFRM_ESP in the kernel's net/xfrm/Kconfig selects them).
 */
const parts = [
  { name: 'esp4', folder: 'net/ipv4', option: 'CONFIG_INET_ESP' },
  { name: 'xfrm_user', folder: 'net/xfrm', option: 'CONFIG_XFRM_USER' },
] as const;
type Part = (typeof parts)[number];

/**
 * Probes whether each feature is a loaded, installed or built-in module, or else part of the kernel's configuration. It
 * loads no module, and starts no process on a machine with the usual modules. The shell variable `kernel` contains the
 * kernel release. Tests pass another `root`.
 */
export const ipsecProbe = (
  root = '',
): Script => sh`modules=${`${root}/lib/modules`}/$kernel config=${`${root}/proc/config.gz`} unseen=
${lines(parts.map((part) => findModule(part, root)))}
if [ -n "$unseen" ] && [ -r "$config" ]; then
echo config=yes
gzip -dc "$config" | grep -E ${`^(${parts.map(({ option }) => option).join('|')})=`} || :
fi`;

const findModule = (
  { name, folder }: Part,
  root: string,
) => sh`set -- "$modules"/kernel/${`${folder}/${name}.ko`}*
if [ -d ${`${root}/sys/module/${name}`} ]; then echo ${`${name}=loaded`}
elif [ -e "$1" ]; then echo ${`${name}=installed`}
elif [ ! -r "$modules/modules.builtin" ]; then unseen=yes
elif grep -qF ${`/${name}.ko`} "$modules/modules.builtin"; then echo ${`${name}=built in`}
else echo ${`${name}=missing`}; fi`;

/** Parses the output of the probe. */
export function readIpsec(get: (key: string) => string): Ipsec {
  const found = parts.map((part) => readPart(part, get));
  const has = (['no', 'unknown'] as const).find((one) => found.some((part) => part.has === one)) ?? 'yes';
  const seen = found.filter((part) => part.has === has).map((part) => part.seen);
  return { has, seen: [...new Set(seen)].join(', ') };
}

function readPart({ name, option }: Part, get: (key: string) => string): Ipsec {
  const state = get(name);
  const modules = `/lib/modules/${get('kernel')}`;
  if (state === 'missing') return { has: 'no', seen: `${modules} has no module ${name}` };
  if (state !== '') return { has: 'yes', seen: `${name} is ${state}` };
  if (get('config') === '') return { has: 'unknown', seen: `there is no ${modules}, and no /proc/config.gz` };
  const value = get(option);
  if (value === '') return { has: 'no', seen: `/proc/config.gz has no ${option}` };
  if (value === 'y') return { has: 'yes', seen: `${name} is built in` };
  return { has: 'unknown', seen: `${name} is a module, and there is no ${modules}` };
}
