/** Tells what is being waited for: over and over in one line of a terminal, once elsewhere. */
export function progressOf(out: NodeJS.WriteStream) {
  let last = '';
  return {
    tell(topic: string, line: string) {
      if (out.isTTY) out.write(`\r\x1b[K  … ${topic}: ${line}`.slice(0, (out.columns || 80) + 3));
      else {
        // A clock that goes on is nothing new.
        const words = `${topic}: ${line.replace(/: \d+ s$/, '')}`;
        if (words !== last) out.write(`  … ${words}\n`);
        last = words;
      }
    },
    /** Before anything else is written. */
    clear() {
      if (out.isTTY) out.write('\r\x1b[K');
    },
  };
}
