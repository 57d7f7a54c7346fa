import type { Resource } from '../../provision/authoring.ts';
import { type Secret, secret, sh } from '../../provision/index.ts';

/** The certificate authority, certificate and password file of the registry. Only root can read them. */
export const FOLDER = '/etc/theapp-registry';

/** What the registry needs, and the authority that nodes trust; empty if they do not exist yet. */
export interface Keys {
  readonly ca: string;
  readonly certificate: Secret;
  readonly key: Secret;
  readonly passwords: Secret;
}

/** A script that prints the files on the host that has the keys; `keysOf` reads its output. */
export const showKeys = sh`cd ${FOLDER} 2>/dev/null || exit 0
for one in ca.crt tls.crt tls.key htpasswd; do cat "$one" 2>/dev/null || :; echo '--- end'; done`;

export function keysOf(printed: string): Keys {
  const [ca = '', certificate = '', key = '', passwords = ''] = printed.split(/^--- end$/m);
  const hidden = (text: string) => secret(`${text.trim()}\n`);
  return {
    ca: `${ca.trim()}\n`,
    certificate: hidden(certificate),
    key: hidden(key),
    passwords: hidden(passwords),
  };
}

/** A certificate authority that only signs the certificates of this registry. */
export const authority: Resource<boolean> = {
  kind: 'registry',
  name: 'authority',
  probe: {
    script: sh`openssl x509 -in ${`${FOLDER}/ca.crt`} -noout -checkend 31536000 >/dev/null 2>&1 && echo good || :`,
    read: ({ stdout }) => stdout.trim() === 'good',
  },
  plan: (good) => {
    if (good) return [];
    const script = sh`cd ${FOLDER}
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 3650 -subj '/CN=theapp registry authority' -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout ca.key.draft -out ca.crt.draft 2>/dev/null
mv ca.key.draft ca.key
mv ca.crt.draft ca.crt
rm -f tls.crt`;
    return [{ summary: 'create, valid for ten years', script }];
  },
};

/** A certificate for the registry's name. It is renewed before it expires. */
export function certificate(host: string, days: number): Resource<string> {
  const left = Math.floor((days * 86_400) / 3);
  return {
    kind: 'registry',
    name: `certificate for ${host}`,
    probe: {
      script: sh`cd ${FOLDER} 2>/dev/null || exit 0
[ -e tls.crt ] || exit 0
if openssl x509 -in tls.crt -noout -checkhost ${host} | grep -q 'does match' && openssl verify -CAfile ca.crt tls.crt >/dev/null 2>&1; then
if openssl x509 -in tls.crt -noout -checkend ${left} >/dev/null; then echo good; else echo old; fi
else echo other; fi`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (now) => {
      if (now === 'good') return [];
      const script = sh`cd ${FOLDER}
umask 077
printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' ${host} >extensions
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj ${`/CN=${host}`} -keyout tls.key.draft -out request 2>/dev/null
openssl x509 -req -in request -CA ca.crt -CAkey ca.key -CAcreateserial -days ${days} -extfile extensions -out tls.crt.draft 2>/dev/null
rm -f request extensions
mv tls.key.draft tls.key
mv tls.crt.draft tls.crt`;
      const what = { '': 'create', old: 'renew', other: 'replace: the name or authority has changed' }[now];
      return [{ summary: `${what ?? now}, valid for ${days} days`, script }];
    },
  };
}

/**
 * The registry's password file, hashed with bcrypt by the C library's crypt(3). perl reads the password from standard
 * input, so it is never in argv.
 */
export function passwords(user: string, password: Secret): Resource<boolean> {
  const path = `${FOLDER}/htpasswd`;
  return {
    kind: 'registry',
    name: `password of ${user}`,
    probe: {
      script: sh`if [ -e ${path} ]; then printf '%s\n%s' ${password} "$(cat ${path})" | perl -e ${CHECK} ${user}; fi`,
      read: ({ stdout }) => stdout.trim() === 'same',
    },
    plan: (same) => {
      if (same) return [];
      const script = sh`umask 077
printf '%s' ${password} | perl -e ${HASH} ${user} >${`${path}.draft`}
mv -f ${`${path}.draft`} ${path}`;
      return [{ summary: 'set', script }];
    },
  };
}

const CHECK = `my ($pass, $entry) = <STDIN>; chomp($pass, $entry);
my ($user, $hash) = split /:/, $entry, 2;
print 'same' if $user eq $ARGV[0] && crypt($pass, $hash) eq $hash;`;

/** 22 characters of salt, and 2^10 rounds. */
const HASH = String.raw`my $pass = <STDIN>;
open my $random, '<', '/dev/urandom' or die $!;
read $random, my $bytes, 22;
my @letters = ('.', '/', 'A'..'Z', 'a'..'z', 0..9);
my $salt = join '', map { $letters[ord($_) % 64] } split //, $bytes;
my $hash = crypt($pass, '$2b$10$' . $salt);
die "crypt(3) on this machine does not support bcrypt\n" unless $hash =~ /^\$2b\$/;
print "$ARGV[0]:$hash\n";`;
