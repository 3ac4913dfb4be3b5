/** The help texts: what the words of finance and of this program mean, in one or two sentences each. The rules behind them: docs/billing.md */
export const TERMS = {
  // Invoices
  draft: 'An invoice that is not fixed yet. It is worked out anew from the usage whenever you open it, and has no number.',
  final: 'An invoice that never changes again. It has a number, and whatever comes in later stands on another document.',
  finalize:
    'Fixes a draft for ever and gives it the next number. What was billed wrongly is put right by a later invoice or a credit note.',
  void: 'Cancels a final invoice. It keeps its number and stays readable, but nothing is owed on it, and its month can be billed again.',
  'credit note': 'A numbered document that gives back money of a final invoice, all of it or a part. The invoice itself stays as it was.',
  correction: 'A credit note that takes back usage which should not have been billed. Later invoices count it.',
  goodwill: 'A credit note that gives back money only. The usage stays billed, so later invoices do not charge the difference again.',
  adjustment: 'What is due because the usage of a month changed after its invoice was final. It stands on the next invoice.',
  'credit balance': 'What is left of invoices and credit notes below zero. The next invoices use it up, oldest first.',
  'as of': 'The moment up to which usage is counted here. What came in later is not in these figures yet.',
  hash: 'A fingerprint of the document’s content. If one character of it changed, the fingerprint would be another one.',
  'billing run': 'Makes the drafts of one month for all customers, or for those you name. A second run makes the drafts anew.',
  period: 'The time an invoice is for: from its first moment up to, and without, the first moment of the next one.',
  'time zone': 'Decides where a day and a month begin for this customer. Days with a change of the clock have 23 or 25 hours.',

  // From lines to the total
  subtotal: 'All lines together, before discounts, the minimum and tax.',
  discount: 'Taken off a meter’s lines or off the invoice: one after the other, each from what the ones before have left.',
  minimum: 'The least that a period costs. Where the lines come to less, the difference is added.',
  tax: 'A percentage of everything above it, rounded once for the whole invoice. The rate is the customer’s.',
  'minor unit': 'The smallest amount of a currency: a cent of a dollar, a yen. Each amount is rounded to it once.',
  rounding:
    'Each amount is rounded once, to the currency’s smallest unit. Exact halves go up, or to the even neighbour if the settings say so.',

  // Prices
  plan: 'The prices of a customer: one for each meter, with discounts and a minimum if there are any.',
  version: 'Each change of a plan makes a new version. Drafts follow the newest one, final invoices keep theirs.',
  'per unit': 'Quantity × price. Units that are included are free.',
  graduated: 'A price in steps: each unit costs what the step says that it falls into.',
  volume: 'A price in steps: all units cost what the step says that the whole quantity reaches.',
  package: 'A price for each package of units. A package that has been started counts whole.',
  flat: 'A fixed fee for the period, whatever the usage.',
  tier: 'A step of a price: the units up to a limit. The limit itself still belongs to the step.',
  'flat fee': 'A fixed amount that is due once a step of the price has been reached.',
  included: 'Units that are free in each period. Only what goes beyond them is charged.',
  overage: 'The units beyond those that are included.',
  proration: 'A fixed fee or minimum for a part of a month costs that part of it, by the exact seconds.',
  unpriced: 'Usage of a meter that the plan has no price for. It is listed with an amount of 0, so that nobody overlooks it.',
  covered: 'Usage that a fixed fee pays for. It is listed with an amount of 0.',

  // Usage
  meter: 'What is counted, such as calls, seconds or tokens. Each meter is a line of the invoice.',
  aggregation:
    'How single events become one quantity: their sum, their number, the largest, the last, or how many different values there are.',
  quantity: 'How much was used, exactly as the file said it. Quantities are never rounded.',
  event: 'One measured quantity of one customer at one moment. A line of a file gives one event for each meter.',
  record: 'An event that was accepted, with the line of the file that it came from.',
  'previous period': 'The same length of time right before the one you look at.',
  live: 'New usage appears here by itself. The time says up to which moment nothing is missing.',

  // Imports
  import: 'One file that was taken in, with everything that came of it. An import can be undone.',
  'dry run': 'Reads and checks the whole file and says what would change. Nothing is stored.',
  mapping: 'Which column of the file says what: the customer, the time, the quantity, the meter.',
  identity: 'What makes an event the same one when it is seen again: an id column, or the content of the line.',
  new: 'Seen for the first time and counted.',
  known: 'Already here with the same content, from another line or file. It is not counted twice.',
  duplicate: 'The same event with the same content once more. It is counted once only.',
  conflict: 'The same event with another content. What came first is counted until somebody decides.',
  rejected: 'A line that could not be read as usage. You can download these lines, mend them and import them again.',
  undo: 'Takes back everything that one import brought. What another file reported too stays.',

  // Pipeline
  'dead letter': 'A message that could not be understood. It is kept with its reason, and can be tried again.',
  replay: 'Tries a dead letter once more, for instance after its cause was mended.',
  watermark: 'How far the work has come: everything before this place has been stored, nothing is left out.',
  lag: 'How many events have come in and are not stored yet.',
  partition: 'Incoming events are dealt out to several queues, so that they can be worked on side by side. A partition is one of them.',
  reconciliation:
    'Usage is kept in two stores. They are compared by customer, meter and hour, again and again; “adds up” means they agree.',
  rebuild: 'Makes the sums for charts and invoices anew from the records. Pages keep working meanwhile.',
  'adds up': 'The parts were added together just now, and they come to this figure exactly.',
} as const satisfies Record<string, string>;

export type TermName = keyof typeof TERMS;
