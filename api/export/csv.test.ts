import { describe, expect, it } from 'vitest';
import fastify from 'fastify';
import { type CsvColumn, guardText, sendCsv } from './csv.ts';

interface Row {
  name: string;
  amount: string;
}

const COLUMNS: CsvColumn<Row>[] = [
  { label: 'name', kind: 'text', value: (row) => row.name },
  { label: 'amount', kind: 'number', value: (row) => row.amount },
];

async function csvOf(pages: AsyncIterable<Row[]>): Promise<{ status: number; text: string }> {
  const server = fastify();
  server.get('/', (_request, reply) => sendCsv(reply, { fileName: 'x.csv', columns: COLUMNS, pages }));
  const response = await server.inject('/');
  await server.close();
  return { status: response.statusCode, text: response.body };
}

async function* pagesOf(...pages: Row[][]): AsyncGenerator<Row[]> {
  yield* pages;
}

describe('a text cell', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '\n=1', '＝1+1', '＋1', '－1', '＠SUM(A1)'])(
    'that a spreadsheet would run is defused: %j',
    (text) => {
      expect(guardText(text)).toBe(`'${text}`);
    },
  );

  it.each(['a=b', '', "'=1", '1-1', ' =1'])('that it would not is left alone: %j', (text) => {
    expect(guardText(text)).toBe(text);
  });
});

describe('a CSV answer', () => {
  it('joins pages under one header, with a newline after each row', async () => {
    const { text } = await csvOf(pagesOf([{ name: 'a', amount: '1' }], [], [{ name: 'b', amount: '2.50' }]));
    expect(text).toBe('name,amount\na,1\nb,2.50\n');
  });

  it('guards text and leaves negative numbers alone', async () => {
    const { text } = await csvOf(pagesOf([{ name: '-5', amount: '-5' }]));
    expect(text).toBe("name,amount\n'-5,-5\n");
  });

  it('quotes what needs it', async () => {
    const { text } = await csvOf(pagesOf([{ name: 'say "hi",\nbye', amount: '1' }]));
    expect(text).toBe('name,amount\n"say ""hi"",\nbye",1\n');
  });

  it('is a header alone when there are no rows', async () => {
    expect((await csvOf(pagesOf([]))).text).toBe('name,amount\n');
  });

  it('is an error, not half a file, when the first page cannot be read', async () => {
    async function* failing(): AsyncGenerator<Row[]> {
      throw new Error('no database');
    }
    expect((await csvOf(failing())).status).toBe(500);
  });

  it('keeps order and count over many pages', async () => {
    async function* many(): AsyncGenerator<Row[]> {
      for (let page = 0; page < 50; page++) yield Array.from({ length: 1000 }, (_, i) => ({ name: `n${page * 1000 + i}`, amount: '1' }));
    }
    const lines = (await csvOf(many())).text.trimEnd().split('\n');
    expect(lines).toHaveLength(50_001);
    expect(lines.at(-1)).toBe('n49999,1');
  });
});
