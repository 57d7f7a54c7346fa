import type { Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';

/** Marks the lines of fstab(5) that `swapOn` restores. */
const MARK = '#provision# ';

/** No swap, now and after a reboot: the kubelet accounts for memory as if there were none. */
export const swapOff: Resource<{ readonly used: boolean; readonly stored: boolean }> = {
  kind: 'kubernetes',
  name: 'swap',
  probe: {
    script: sh`if grep -q '^/' /proc/swaps; then echo used; fi
if grep -Eqs '^[^#]\S*\s+\S+\s+swap\s' /etc/fstab; then echo stored; fi`,
    read: ({ stdout }) => ({ used: stdout.includes('used'), stored: stdout.includes('stored') }),
  },
  plan: ({ used, stored }) => [
    ...(stored
      ? [
          {
            summary: 'use no swap after a reboot',
            script: sh`sed -i -E ${`s/^[^#]\\S*\\s+\\S+\\s+swap\\s/${MARK}&/`} /etc/fstab`,
          },
        ]
      : []),
    ...(used ? [{ summary: 'use no swap', script: sh`swapoff --all` }] : []),
  ],
};

/** The swap that `swapOff` has turned off. */
export const swapOn: Resource<boolean> = {
  kind: 'kubernetes',
  name: 'swap',
  probe: {
    script: sh`grep -s ${`^${MARK}`} /etc/fstab || :`,
    read: ({ stdout }) => stdout !== '',
  },
  plan: (marked) =>
    marked
      ? [
          {
            summary: 'use swap again',
            script: sh`sed -i ${`s/^${MARK}//`} /etc/fstab
swapon --all`,
          },
        ]
      : [],
};
