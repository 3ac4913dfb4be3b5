"""Reads a file by Python's csv module and sums it up by its decimal module, and prints what a case expects.

What the file is (its encoding, its delimiter...) is said here by hand, from its documentation or from looking at it:

    independent.py FILE [--encoding cp1252] [--delimiter ';'] [--quote none] [--escape '\\'] [--skip 3] [--comment '#']
                   [--width 5] [--no-header] [--trailing]  [--rows | --digest | --totals ...]

    --totals --customer COLUMN --time COLUMN --meter COLUMN --quantity COLUMN [--only COLUMN=a,b] [--time-format %d/%m/%Y] [--thousands ,]
"""
import argparse
import csv
import gzip
import hashlib
import io
import json
from datetime import datetime, timezone
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

parser = argparse.ArgumentParser()
parser.add_argument('file')
parser.add_argument('--encoding', default='utf-8-sig')
parser.add_argument('--delimiter', default=',')
parser.add_argument('--quote', default='"')
parser.add_argument('--escape')
parser.add_argument('--skip', type=int, default=0)
parser.add_argument('--comment')
parser.add_argument('--width', type=int)
parser.add_argument('--no-header', action='store_true')
parser.add_argument('--trailing', action='store_true')
for mode in ('rows', 'digest', 'totals'):
    parser.add_argument('--' + mode, action='store_true')
for column in ('customer', 'time', 'meter', 'quantity'):
    parser.add_argument('--' + column)
parser.add_argument('--only', action='append', default=[])
parser.add_argument('--time-format')
parser.add_argument('--zone', default='UTC')
parser.add_argument('--thousands', default='')
options = parser.parse_args()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(',', ':'))


def read():
    """Physical line and cells of each record that is no blank line."""
    with open(options.file, 'rb') as source:
        data = source.read()
    if data[:2] == b'\x1f\x8b':
        data = gzip.decompress(data)
    text = io.StringIO(data.decode(options.encoding), newline='')
    for _ in range(options.skip):
        text.readline()
    quoting = {'quoting': csv.QUOTE_NONE} if options.quote == 'none' else {'quotechar': options.quote}
    escape = {'escapechar': options.escape, 'doublequote': False} if options.escape else {}
    csv.field_size_limit(1 << 30)
    reader = csv.reader(text, delimiter=options.delimiter, **quoting, **escape)
    line = options.skip + 1
    for cells in reader:
        if cells and not (options.comment and cells[0].startswith(options.comment)):
            yield line, cells[:-1] if options.trailing and cells[-1] == '' else cells
        line = options.skip + reader.line_num + 1


records = list(read())
header = [f'#{n + 1}' for n in range(len(records[0][1]))] if options.no_header else records.pop(0)[1]
width = options.width or len(header)


rules = [rule.split('=', 1) for rule in options.only]


def selected(cells):
    value = dict(zip(header, cells))
    return all(value[column] in allowed.split(',') for column, allowed in rules)


def row(cells):
    if len(cells) == width:
        return compact(cells) if selected(cells) else 'not_selected'
    return 'too_few_cells' if len(cells) < width else 'too_many_cells'


lines = [compact(header)] + [f'{line} {row(cells)}' for line, cells in records]
if options.rows:
    print('--- header', lines[0], '--- rows', *lines[1:], sep='\n')
if options.digest:
    print('--- digest', len(records), hashlib.sha256(''.join(line + '\n' for line in lines).encode()).hexdigest())


def instant(text):
    time = datetime.strptime(text, options.time_format) if options.time_format else datetime.fromisoformat(text.replace(' UTC', '+00:00'))
    time = time.replace(tzinfo=ZoneInfo(options.zone)) if time.tzinfo is None else time
    return time.astimezone(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')


def plain(number):
    text = format(number, 'f')
    return (text.rstrip('0').rstrip('.') if '.' in text else text) or '0'


if options.totals:
    sums, times = {}, []
    with localcontext() as context:
        context.prec = 60
        for _, cells in records:
            value = dict(zip(header, cells))
            if selected(cells) and value[options.quantity] != '':
                key = value[options.customer], value[options.meter]
                count, total = sums.get(key, (0, Decimal(0)))
                text = value[options.quantity]
                sums[key] = count + 1, total + Decimal(text.replace(options.thousands, '') if options.thousands else text)
                times.append(instant(value[options.time]))
    print('--- totals', min(times), max(times))
    print(*sorted(compact([*key, count, plain(total)]) for key, (count, total) in sums.items()), sep='\n')
