import t from 'tap';
import { explain, failure } from '../../../provision/index.ts';
import type { Provisioned } from './provisioner.ts';
import { rotations } from './rotation.ts';
import type { Subject } from './subject.ts';

const ran = (exitCode: number, ...errors: string[]): Provisioned => ({
  exitCode,
  changed: [],
  errors,
  seconds: 1,
});

t.test('a secret is restored unless the provisioning run succeeds', async (t) => {
  const table: [words: string, provision: () => Promise<Provisioned>, restored: boolean, said: RegExp][] = [
    ['it succeeds', async () => ran(0), false, /^done$/],
    [
      'it fails',
      async () => ran(1, 'a: the disk is full'),
      true,
      /^the secret could not be rotated\n {4}a: the disk is full$/,
    ],
    ['it throws', () => Promise.reject(failure({ what: 'no Node.js' })), true, /^no Node.js$/],
  ];
  for (const [words, provision, restored, said] of table) {
    let secret = 'old';
    const replace = async () => {
      secret = 'new';
      return () => {
        secret = 'old';
      };
    };
    const observe = () => Promise.reject(new Error('nobody observes'));
    const target: Subject = {
      approach: 'x',
      urls: [],
      health: '/',
      progress: () => undefined,
      observe,
      provision,
    };
    for (const { name, prepare } of rotations<Subject>(replace, { mysql: 1, redis: 1 })) {
      const inject = await prepare(target);
      t.match(await inject().then(() => 'done', explain), said, `${name}: ${words}`);
      t.equal(secret, restored ? 'old' : 'new', `${name}: ${words}`);
    }
  }
});
