/** Lines about long waits, a topic each: rewritten in place on a terminal, otherwise one now and then. */
export interface Progress {
  show(topic: string, line: string): void;
  /** The last line stays, and what is written next begins on a line of its own. */
  end(): void;
}

/** What is needed of `process.stderr`. */
interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Without a terminal a line that only counts on (`…: 12 s`) is shown every ten seconds. */
export function progressLines(stream: Terminal): Progress {
  if (!stream.isTTY) return plain((line) => stream.write(`${line}\n`));
  let open = '';
  return {
    show(topic, line) {
      if (open && open !== topic) stream.write('\n');
      stream.write(`\r\u001b[K${`${topic}: ${line}`.slice(0, (stream.columns ?? 80) - 1)}`);
      open = topic;
    },
    end() {
      if (open) stream.write('\n');
      open = '';
    },
  };
}

export function plain(write: (line: string) => void, now: () => number = Date.now): Progress {
  const shown = new Map<string, { words: string; at: number }>();
  return {
    show(topic, line) {
      const words = line.replace(/\d+/g, '#');
      const last = shown.get(topic);
      if (last && last.words === words && now() - last.at < 10_000) return;
      shown.set(topic, { words, at: now() });
      write(`${topic}: ${line}`);
    },
    end() {},
  };
}
