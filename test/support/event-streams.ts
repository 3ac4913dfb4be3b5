/** A reader of server-sent events over a real socket. */
export interface SentEvent {
  /** `message` where the server names none. */
  event: string;
  data: unknown;
}

export interface EventReader {
  readonly events: readonly SentEvent[];
  /** Resolves when the server has ended the stream; rejects where it broke off. */
  readonly ended: Promise<void>;
  leave(): Promise<void>;
}

/** Throws where the answer is no stream. */
export async function openEvents(url: string, headers: Record<string, string>): Promise<EventReader> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers, signal: leaving.signal });
  if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) throw new Error(await response.text());
  const events: SentEvent[] = [];
  const read = async () => {
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const complete = text.split('\n\n');
      text = complete.pop() ?? '';
      events.push(...complete.flatMap(toEvent));
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  return {
    events,
    ended,
    leave: () => {
      leaving.abort();
      return ended;
    },
  };
}

/** Comments are none. */
function toEvent(text: string): SentEvent[] {
  const fields = new Map(text.split('\n').map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]));
  const data = fields.get('data');
  return data === undefined ? [] : [{ event: fields.get('event') ?? 'message', data: JSON.parse(data) as unknown }];
}
